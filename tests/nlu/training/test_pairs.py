"""The threshold of cuts: pairs of texts, and a network that knows words instead of one that was trained."""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np

from nlu.multi import STRENGTH_WEIGHT, WHOLE_WEIGHT, View
from nlu.scores import COSINE_SCALE
from nlu.training.pairs import (
    MAX_SINGLES,
    LookAtTexts,
    Said,
    SplitCalibration,
    build_pairs,
    calibrate_split,
    join,
)

TOPICS = ("order", "refund", "address", "hours")
SINGLES = [
    Said(f"{opening} {topic} number {number}", (intent,))
    for intent, topic in enumerate(TOPICS)
    for number, opening in enumerate(["where is my", "tell me of the", "what about that", "the"])
]


TWO_WISHES = 1.0 - 0.5 * WHOLE_WEIGHT + 4.0 / COSINE_SCALE
"""The evidence of a cut between two topics that `view` knows, but for the strength of the cut, 1 to 3 steps."""


def view(text: str) -> View:
    """Know a topic by its word; several are less familiar than one, and a text that names none is foreign."""
    logits = np.asarray([4.0 * (topic in text) for topic in TOPICS], dtype=np.float32)
    return View(logits, is_out_of_scope=not logits.any(), familiarity=0.5 + 0.5 * (logits.sum() == 4.0))


def calibrate(singles: Sequence[Said], look: LookAtTexts, taught: Sequence[Said] = ()) -> SplitCalibration:
    return calibrate_split(singles, taught, TOPICS, look, seed=1)


class Looker:
    """Counts what is looked at."""

    def __init__(self) -> None:
        self.calls: list[Sequence[str]] = []

    def __call__(self, texts: Sequence[str]) -> list[View]:
        self.calls.append(texts)
        return [view(text) for text in texts]


def test_pairs_of_known_wishes_are_cut_and_texts_alone_stay_whole() -> None:
    found = calibrate(SINGLES, Looker())
    assert found.threshold is not None
    assert found.threshold < TWO_WISHES + 3 * STRENGTH_WEIGHT
    assert found.false_splits == 0.0
    assert found.same_splits == 0.0


def test_the_threshold_rises_above_texts_that_sound_like_two_wishes_and_are_one() -> None:
    tricky = [Said("the order is here, the refund is sure", (2,)) for _ in range(10)]
    plain, raised = (calibrate([*SINGLES, *more], Looker()) for more in ([], tricky))
    assert plain.threshold is not None
    assert raised.threshold is not None
    assert raised.threshold >= TWO_WISHES + STRENGTH_WEIGHT - 1e-6
    assert raised.false_splits == 0.0


def test_without_held_out_texts_or_with_one_intent_nothing_is_cut() -> None:
    assert calibrate([], Looker()) == SplitCalibration()
    assert calibrate(SINGLES[:4], Looker()).threshold is None


def test_all_is_looked_at_in_one_call_and_each_piece_once() -> None:
    looker = Looker()
    calibrate(SINGLES, looker)
    (texts,) = looker.calls
    assert len(set(texts)) == len(texts)


def test_many_texts_without_a_place_to_cut_cost_no_more_than_few() -> None:
    few, many = Looker(), Looker()
    calibrate(SINGLES * 20, few)
    calibrate(SINGLES * (MAX_SINGLES // 2), many)
    assert len(many.calls[0]) <= 2 * len(few.calls[0])


def test_the_same_seed_gives_the_same_threshold() -> None:
    assert calibrate(SINGLES, Looker()) == calibrate(SINGLES, Looker())


def test_pairs_are_of_the_intents_that_are_asked_for() -> None:
    generator = random.Random(5)
    different = build_pairs(SINGLES, 30, generator, is_same=False)
    same = build_pairs(SINGLES, 30, generator, is_same=True)
    assert len(different) == len(same) == 30
    assert all(said.intents[0] != said.intents[1] for said in different)
    assert all(len(said.intents) == 1 for said in same)


def test_a_second_text_goes_on_in_the_first_ones_sentence_or_begins_its_own() -> None:
    assert join("Where is it?", "Can I pay?", " and ") == "Where is it and can I pay?"
    assert join("Where is it?", "Can I pay?", ". ") == "Where is it. Can I pay?"
    assert join("Where is it", "DHL has it", ", ") == "Where is it, DHL has it"


def telling(hosts: Sequence[str]) -> list[Said]:
    """Say the address beside other wishes, and mean these."""
    return [
        Said(f"the address is {number}, what of the {host}", (TOPICS.index(host),))
        for host in hosts
        for number in range(4)
    ]


def test_what_is_said_within_many_other_wishes_is_an_aside_and_does_not_raise_the_threshold() -> None:
    for held_out, taught in (
        (telling(["order", "refund", "hours"]), []),
        ([], telling(["order", "refund", "hours"])),
    ):
        found = calibrate([*SINGLES, *held_out], Looker(), taught)
        assert found.asides == ("address",)
        assert found.threshold is not None
        assert found.threshold < TWO_WISHES + 3 * STRENGTH_WEIGHT
        assert found.false_splits == 0.0


def test_what_is_said_within_a_wish_or_two_is_no_aside() -> None:
    assert calibrate(SINGLES, Looker(), telling(["order", "refund"])).asides == ()
