"""Two wishes in one message: where it could be cut, and when it is; with a network that knows words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlu.model_folder import Labels
from nlu.multi import (
    MAX_CUTS,
    MAX_PARTS,
    STRENGTH_WEIGHT,
    WHOLE_WEIGHT,
    Cut,
    Look,
    View,
    evidence_of,
    find_compounds,
    find_cuts,
    find_pieces,
    place_compound,
)
from nlu.runtime import Network, Outputs, Understander
from nlu.scores import COSINE_SCALE
from nlu.words import split

TOPICS = ("order", "refund", "address", "hours")
PIECES = [
    "where is",
    "my order",
    "the refund",
    "address",
    "hours",
    ",",
    ".",
    "?",
    " and ",
    " also ",
    "\n",
    "—",
    "，",
    " ",
]
ANY_TEXT = st.one_of(st.text(max_size=60), st.lists(st.sampled_from(PIECES), max_size=14).map(" ".join))


CUT = Cut(1, 2, strength=2)


def view(text: str) -> View:
    logits = np.asarray([4.0 * text.count(topic) for topic in TOPICS], dtype=np.float32)
    is_one_topic = np.count_nonzero(logits) == 1
    return View(logits, is_out_of_scope=not logits.any(), familiarity=0.5 + 0.5 * is_one_topic)


def looking_at(text: str) -> Look:
    return lambda start, end: view(text[start:end])


def sides(text: str) -> list[tuple[str, str]]:
    return [(text[: cut.left_end], text[cut.right_start :]) for cut in find_cuts(text, split(text).words)]


def pieces(text: str, threshold: float = 0.4) -> list[tuple[str, str]]:
    found = find_pieces(len(text), find_cuts(text, split(text).words), looking_at(text), threshold)
    return [(text[piece.start : piece.end], TOPICS[piece.view.best]) for piece in found]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("where is my order and when do you open", ("where is my order", "when do you open")),
        ("Where is it now? When do you open?", ("Where is it now?", "When do you open?")),
        ("where is it now, and also when do you open", ("where is it now", "when do you open")),
        ("where is my order\nwhen do you open", ("where is my order", "when do you open")),
        ("the lamp broke — what now please", ("the lamp broke", "what now please")),
        ("我的订单在哪里？退款多久能到", ("我的订单在哪里？", "退款多久能到")),
    ],
)
def test_a_text_can_be_cut_where_people_join_wishes(text: str, expected: tuple[str, str]) -> None:
    assert sides(text) == [expected]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "where is my order NL-10234",
        "hello, where is my order",
        "it costs 12.50 in all, no",
        "is it the well-known blue lamp",
        "and where is my order",
        "I bought sandals from a brand store",
    ],
)
def test_a_text_of_one_clause_has_no_place_to_cut(text: str) -> None:
    assert sides(text) == []


def test_the_strongest_places_are_tried_where_there_are_many() -> None:
    text = "a b, c d, e f, g h, i j. k l? m n and o p"
    cuts = find_cuts(text, split(text).words)
    assert len(cuts) == MAX_CUTS
    assert [text[cut.left_end - 1] for cut in cuts if cut.strength == 3] == [".", "?"]


def test_two_and_three_wishes_are_told_apart() -> None:
    assert pieces("where is my order and what about my refund") == [
        ("where is my order", "order"),
        ("what about my refund", "refund"),
    ]
    assert [intent for _, intent in pieces("the order is late. my refund too, and your hours please")] == [
        "order",
        "refund",
        "hours",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "where is my order and when does the order come",
        "where is my order and what is the weather",
        "my order refund and the refund order",
    ],
)
def test_the_same_wish_twice_a_foreign_side_or_doubt_leaves_a_text_whole(text: str) -> None:
    assert pieces(text) == []


def test_an_aside_is_not_cut_off() -> None:
    text = "my address is here and where is my order"
    cuts = find_cuts(text, split(text).words)
    assert pieces(text)
    for aside in (TOPICS.index("address"), TOPICS.index("order")):
        assert find_pieces(len(text), cuts, looking_at(text), 0.4, {aside}) == []
    assert find_pieces(len(text), cuts, looking_at(text), 0.4, {TOPICS.index("hours")})


def test_a_familiar_whole_speaks_against_a_cut_and_the_end_of_a_sentence_for_it() -> None:
    left, right = view("my order"), view("my refund")
    less, more = (
        evidence_of(CUT, replace(view("my order"), familiarity=familiarity), left, right)
        for familiarity in (1.4, 1.0)
    )
    assert more - less == pytest.approx(0.4 * WHOLE_WEIGHT)
    assert evidence_of(Cut(1, 2, strength=3), view("my order"), left, right) > more


def test_a_higher_threshold_leaves_a_text_whole() -> None:
    text = "where is my order and what about my refund"
    left, right = sides(text)[0]
    evidence = evidence_of(CUT, view(text), view(left), view(right))
    assert evidence == pytest.approx(1 - 0.5 * WHOLE_WEIGHT + 4 / COSINE_SCALE + 2 * STRENGTH_WEIGHT)
    assert pieces(text, evidence - 0.1)
    assert pieces(text, evidence) == []


@given(text=ANY_TEXT)
def test_cuts_lie_in_the_text_in_its_order_and_leave_words_on_both_sides(text: str) -> None:
    cuts = find_cuts(text, split(text).words)
    assert [cut.left_end for cut in cuts] == sorted({cut.left_end for cut in cuts})
    for cut in cuts:
        assert 0 < cut.left_end <= cut.right_start < len(text)
        assert split(text[: cut.left_end]).words
        assert split(text[cut.right_start :]).words


@given(text=ANY_TEXT, threshold=st.floats(-2, 2))
def test_pieces_never_overlap_and_never_mean_the_same(text: str, threshold: float) -> None:
    found = find_pieces(len(text), find_cuts(text, split(text).words), looking_at(text), threshold)
    assert len(found) != 1
    assert len(found) <= MAX_PARTS
    assert len({piece.view.best for piece in found}) == len(found)
    edges = [edge for piece in found for edge in (piece.start, piece.end)]
    assert edges == sorted(edges)
    assert all(0 <= piece.start < piece.end <= len(text) for piece in found)


def test_a_compound_class_is_one_whose_parts_are_classes() -> None:
    assert find_compounds(["order", "refund", "order+refund", "order+lost", "+", "order+"]) == {
        "order+refund": (0, 1)
    }


def test_a_compounds_wishes_stand_where_they_fit_best() -> None:
    text = "what about my refund and where is my order"
    cuts = find_cuts(text, split(text).words)
    assert place_compound((0, 1), len(text), cuts, looking_at(text)) == [(1, 0, 20), (0, 25, len(text))]
    assert place_compound((0, 1), len(text), [], looking_at(text)) == [(0, 0, len(text)), (1, 0, len(text))]


class CountingNetwork(Network):
    """The network of another model, which counts its runs."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self.runs = 0

    @property
    def is_on_gpu(self) -> bool:
        return False

    def run(self, ids: Sequence[int]) -> Outputs:
        self.runs += 1
        return self._network.run(ids)


def splitting(understander: Understander, network: Network, labels: Labels | None = None) -> Understander:
    """The same model, which cuts at any evidence at all."""
    return Understander(
        understander.manifest,
        labels or replace(understander.labels, split_threshold=-1e9, out_of_scope_threshold=-1e9),
        understander._encoder,
        network,
        understander.bank,
        understander.bank_examples,
    )


def test_model_tells_two_wishes_and_says_the_same_of_the_whole_text(understander: Understander) -> None:
    text = "where is my order NL-10234 and please cancel the blue lamp"
    parse = splitting(understander, understander._network).parse([text])[0]
    assert [(part.intent, text[part.start : part.end]) for part in parse.parts] == [
        ("order_status", "where is my order NL-10234"),
        ("cancel_order", "please cancel the blue lamp"),
    ]
    assert ["NL-10234" in [entity.value for entity in part.entities] for part in parse.parts] == [True, False]
    never = replace(understander.labels, split_threshold=None, out_of_scope_threshold=-1e9)
    whole = splitting(understander, understander._network, never).parse([text])[0]
    assert whole.parts == ()
    assert replace(parse, parts=()) == whole


def test_only_a_text_with_a_place_to_cut_costs_more_than_one_run(understander: Understander) -> None:
    network = CountingNetwork(understander._network)
    model = splitting(understander, network)
    model.parse(["where is my order 10204"])
    assert network.runs == 1
    model.parse(["where is my order and please cancel the lamp"])
    assert network.runs == 1 + 3


@given(text=ANY_TEXT)
def test_parts_of_any_text_lie_in_it_in_order(understander: Understander, text: str) -> None:
    parse = splitting(understander, understander._network).parse([text])[0]
    edges = [edge for part in parse.parts for edge in (part.start, part.end)]
    assert edges == sorted(edges)
    assert all(0 <= edge <= len(text) for edge in edges)
    for part in parse.parts:
        assert part.ranking[0] == (part.intent, part.confidence)
        assert set(part.entities) <= set(parse.entities)


def test_a_compound_class_gives_its_parts_without_a_threshold(understander: Understander) -> None:
    intents = tuple(
        "order_status+thank" if name == "cancel_order" else name for name in understander.labels.intents
    )
    examples = tuple(
        replace(one, intent="order_status+thank" if one.intent == "cancel_order" else one.intent)
        for one in understander.bank_examples
    )
    labels = replace(understander.labels, intents=intents, split_threshold=None)
    model = Understander(
        understander.manifest,
        labels,
        understander._encoder,
        understander._network,
        understander.bank,
        examples,
    )
    parse = model.parse(["please cancel the blue lamp 3"])[0]
    assert parse.intent == "order_status+thank"
    assert [(part.intent, part.start, part.end) for part in parse.parts] == [
        ("order_status", 0, len(parse.text)),
        ("thank", 0, len(parse.text)),
    ]
