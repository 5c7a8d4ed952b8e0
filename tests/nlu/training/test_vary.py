from __future__ import annotations

import itertools
import random
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from nlu.config import TrainConfig
from nlu.examples import Entity, Example
from nlu.training.edits import edit
from nlu.training.phrasing import change_case, change_contraction, change_end_mark, drop_a_word
from nlu.training.typing_slips import NEIGHBOURS, SHORTEST_SLIP, hit_a_neighbour, slip_a_letter
from nlu.training.vary import VARIATIONS, Variation, collect_surfaces, vary
from tests.nlu.test_examples import an_example

SEEDS = st.integers(0, 2**32)
SENTENCES = st.sampled_from(
    [
        "where is my order NL-10234, please?",
        "I do not want the blue lamp. It's broken!",
        "im sure that we can't wait any longer",
        "Don’t send it to Straße 5 ‘tomorrow’...",
        "我要退货。",
        "👨‍👩‍👧 send the lamp to them 👍🏽",
        "שלום איפה ההזמנה שלי",
    ]
)
STILL = TrainConfig(swap_share=0.0, slip_share=0.0)


@st.composite
def a_sentence(draw: st.DrawFn) -> Example:
    """A sentence with entities anywhere in it, even across the borders of its words."""
    text = draw(SENTENCES)
    edges = sorted(draw(st.sets(st.integers(0, len(text)), max_size=6)))
    spans = [p for p in zip(edges[::2], edges[1::2], strict=False) if text[p[0] : p[1]].strip()]
    return Example(text, "x", tuple(Entity(s, e, draw(st.sampled_from("ab")), text[s:e]) for s, e in spans))


ANY_EXAMPLE = st.one_of(a_sentence(), an_example())


def shares(**chosen: float) -> TrainConfig:
    keys: dict[str, Any] = {f"{name}_share": share for name, share in chosen.items()}
    return replace(STILL, **keys)


def outside(one: Example) -> str:
    """What is written around the entities, a bar for each of them."""
    ends = [0, *(e.end for e in one.entities)]
    starts = [*(e.start for e in one.entities), len(one.text)]
    return "|".join(one.text[end:start] for end, start in zip(ends, starts, strict=True))


def surfaces_of(one: Example) -> list[str]:
    return [one.text[e.start : e.end] for e in one.entities]


@given(ANY_EXAMPLE, SEEDS, st.lists(st.sampled_from([0.0, 0.5, 1.0]), min_size=7, max_size=7))
def test_varied_example_keeps_its_meaning_and_its_details(
    before: Example, seed: int, drawn: list[float]
) -> None:
    config = shares(**dict(zip(("swap", *VARIATIONS), drawn, strict=True)))
    after = vary(before, collect_surfaces([before]), random.Random(seed), config)
    assert after.intent == before.intent
    assert [e.entity for e in after.entities] == [e.entity for e in before.entities]
    assert all(left.end <= right.start for left, right in itertools.pairwise(after.entities))
    for entity in after.entities:
        assert 0 <= entity.start < entity.end <= len(after.text)
        assert after.text[entity.start : entity.end] == entity.value


@given(ANY_EXAMPLE, st.sampled_from(sorted(VARIATIONS)), SEEDS)
def test_variation_happens_outside_the_details_or_in_one_of_them(
    before: Example, name: str, seed: int
) -> None:
    after = VARIATIONS[name](before, random.Random(seed))
    changed = sum(a != b for a, b in zip(surfaces_of(before), surfaces_of(after), strict=True))
    if name == "casing":
        assert [s.casefold() for s in surfaces_of(after)] == [s.casefold() for s in surfaces_of(before)]
    else:
        assert changed + (outside(before) != outside(after)) <= 1


@given(ANY_EXAMPLE, st.sampled_from([change_end_mark, drop_a_word]), SEEDS)
def test_end_marks_and_dropped_words_are_no_part_of_a_detail(
    before: Example, variation: Variation, seed: int
) -> None:
    assert surfaces_of(variation(before, random.Random(seed))) == surfaces_of(before)


@given(ANY_EXAMPLE, SEEDS, st.sampled_from(sorted(VARIATIONS)))
def test_same_seed_varies_alike(before: Example, seed: int, name: str) -> None:
    one, other = (vary(before, {}, random.Random(seed), shares(**{name: 0.5})) for _ in range(2))
    assert one == other


@given(an_example(), SEEDS)
def test_exchanged_details_stand_where_they_say(before: Example, seed: int) -> None:
    surfaces = {"product": ["blue lamp", "sofa"], "date": ["Friday"]}
    after = vary(before, surfaces, random.Random(seed), shares(swap=1.0))
    assert outside(after) == outside(before)
    for entity in after.entities:
        assert after.text[entity.start : entity.end] == entity.value
        assert entity.value in surfaces[entity.entity]


@given(st.sampled_from(["where is my order", "the blue lamp", "NL-10234 please"]), SEEDS)
def test_slip_changes_the_letters_of_one_long_word_only(text: str, seed: int) -> None:
    slipped = slip_a_letter(Example(text, "x"), random.Random(seed)).text
    changed = [(a, b) for a, b in zip(text.split(), slipped.split(), strict=True) if a != b]
    assert len(changed) <= 1
    for before, after in changed:
        assert len(before) >= SHORTEST_SLIP
        assert abs(len(before) - len(after)) <= 1
        assert set(after) <= set(before)


@pytest.mark.parametrize("variation", [slip_a_letter, hit_a_neighbour])
@pytest.mark.parametrize("text", ["my hat", "10234", "??", "ab12cd34"])
def test_text_without_long_words_is_typed_right(variation: Variation, text: str) -> None:
    assert variation(Example(text, "x"), random.Random(1)) == Example(text, "x")


@given(SEEDS)
def test_key_that_is_hit_lies_beside_the_right_one(seed: int) -> None:
    typed = hit_a_neighbour(Example("LAMP", "x"), random.Random(seed)).text
    assert typed.isupper()
    assert any(
        typed
        in (
            "LAMP"[:n] + b + "LAMP"[n + 1 :],
            "LAMP"[:n] + b + "LAMP"[n:],
            "LAMP"[: n + 1] + b + "LAMP"[n + 1 :],
        )
        for n in range(4)
        for b in NEIGHBOURS["LAMP"[n].lower()].upper()
    )


def test_keyboard_is_the_one_on_the_desk() -> None:
    assert set(NEIGHBOURS["g"]) == set("tyfhvb")
    assert set(NEIGHBOURS["q"]) == set("wa")
    assert all(key in NEIGHBOURS[other] for key, around in NEIGHBOURS.items() for other in around)


@given(SENTENCES, SEEDS)
def test_case_changes_no_letter(text: str, seed: int) -> None:
    after = change_case(Example(text, "x"), random.Random(seed)).text
    assert after.casefold() == text.casefold()
    assert (after == text) is (not any(c.isalpha() and c.lower() != c.upper() for c in text))


def all_outcomes(variation: Variation, text: str) -> set[str]:
    return {variation(Example(text, "x"), random.Random(seed)).text for seed in range(60)}


def test_case_becomes_each_of_the_four() -> None:
    text = "send it to Straße"
    assert all_outcomes(change_case, text) == {
        "send it to straße",
        "SEND IT TO STRAßE",
        "Send It To Straße",
        "Send it to Straße",
    }


@pytest.mark.parametrize(
    ("text", "outcomes"),
    [
        ("where is it?", {"where is it", "where is it.", "where is it!", "where is it..."}),
        ("send it", {"send it.", "send it!", "send it?", "send it..."}),
        ("我要退货。", {"我要退货", "我要退货！", "我要退货？"}),
        ("?!", {"?!"}),
    ],
)
def test_end_mark_is_left_out_or_another(text: str, outcomes: set[str]) -> None:
    assert all_outcomes(change_end_mark, text) == outcomes


@pytest.mark.parametrize(
    ("text", "outcomes"),
    [
        ("I do not know", {"I don't know", "I dont know"}),
        ("Don’t do it", {"Do not do it", "Dont do it"}),
        ("im here", {"i am here", "i'm here"}),
        ("I am here", {"I'm here", "Im here"}),
        ("it can't", {"it cannot", "it can not", "it cant"}),
        ("its lid was ill, and we were well", {"its lid was ill, and we were well"}),
        ("my id is on the shipment", {"my id is on the shipment"}),
        ("it's late", {"it is late", "its late"}),
        ("donuts", {"donuts"}),
    ],
)
def test_contraction_goes_both_ways_and_takes_no_other_word_for_one(text: str, outcomes: set[str]) -> None:
    assert all_outcomes(change_contraction, text) == outcomes


def test_contraction_across_the_border_of_a_detail_is_left_alone() -> None:
    before = Example("I am here", "x", (Entity(2, 4, "a", "am"),))
    assert change_contraction(before, random.Random(1)) == before


@given(SEEDS)
@example(0)
def test_dropped_word_is_no_detail_and_denies_nothing(seed: int) -> None:
    before = Example("please do not send the blue lamp now", "x", (Entity(23, 32, "product", "blue lamp"),))
    after = drop_a_word(before, random.Random(seed))
    assert len(after.text.split()) == len(before.text.split()) - 1
    assert surfaces_of(after) == ["blue lamp"]
    assert " not " in after.text


@pytest.mark.parametrize("text", ["send it back", "我要退货", ""])
def test_short_text_keeps_its_words(text: str) -> None:
    assert drop_a_word(Example(text, "x"), random.Random(1)).text == text


def test_nothing_varies_at_shares_of_zero() -> None:
    before = Example("the blue lamp", "x", (Entity(4, 13, "product", "blue lamp"),))
    assert vary(before, {}, random.Random(1), STILL) is before


@given(a_sentence(), st.data(), st.text("ab ", max_size=3))
def test_edit_changes_just_its_stretch_or_nothing(before: Example, data: st.DataObject, text: str) -> None:
    start = data.draw(st.integers(0, len(before.text)))
    end = data.draw(st.integers(start, len(before.text)))
    after = edit(before, start, end, text)
    assume(after is not before)
    assert after.text == before.text[:start] + text + before.text[end:]
    for old, new in zip(before.entities, after.entities, strict=True):
        if not (old.start < end and start < old.end) and not old.start < start < old.end:
            assert after.text[new.start : new.end] == before.text[old.start : old.end]


def test_edit_keeps_a_canonical_value() -> None:
    before = Example("my settee", "x", (Entity(3, 9, "product", "sofa"),))
    assert edit(before, 3, 5, "es").entities == (Entity(3, 9, "product", "sofa"),)
