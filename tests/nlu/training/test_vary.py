from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlu.examples import Entity, Example
from nlu.training.vary import SHORTEST_SLIP, collect_surfaces, vary
from tests.nlu.test_examples import an_example

SEEDS = st.integers(0, 2**32)


@given(an_example(), SEEDS, st.sampled_from([0.0, 0.5, 1.0]), st.sampled_from([0.0, 1.0]))
def test_varied_example_keeps_its_meaning_and_its_kinds_of_details(
    example: Example, seed: int, swap_share: float, slip_share: float
) -> None:
    surfaces = collect_surfaces([example])
    varied = vary(example, surfaces, random.Random(seed), swap_share=swap_share, slip_share=slip_share)
    assert varied.intent == example.intent
    assert [e.entity for e in varied.entities] == [e.entity for e in example.entities]
    for entity in varied.entities:
        assert 0 <= entity.start < entity.end <= len(varied.text)


@given(an_example(), SEEDS)
def test_exchanged_details_stand_where_they_say(example: Example, seed: int) -> None:
    surfaces = {"product": ["blue lamp", "sofa"], "date": ["Friday"]}
    varied = vary(example, surfaces, random.Random(seed), swap_share=1.0, slip_share=0.0)
    for entity in varied.entities:
        assert varied.text[entity.start : entity.end] == entity.value
        assert entity.value in surfaces[entity.entity]


@given(st.sampled_from(["where is my order", "the blue lamp", "NL-10234 please"]), SEEDS)
def test_slip_changes_the_letters_of_one_long_word_only(text: str, seed: int) -> None:
    slipped = vary(Example(text, "x"), {}, random.Random(seed), swap_share=0, slip_share=1.0).text
    changed = [(a, b) for a, b in zip(text.split(), slipped.split(), strict=True) if a != b]
    assert len(changed) <= 1
    for before, after in changed:
        assert len(before) >= SHORTEST_SLIP
        assert abs(len(before) - len(after)) <= 1
        assert set(after) <= set(before)


@given(an_example(), SEEDS)
def test_spans_move_with_the_letters(example: Example, seed: int) -> None:
    slipped = vary(example, {}, random.Random(seed), swap_share=0, slip_share=1.0)
    gap = len(slipped.text) - len(example.text)
    for before, after in zip(example.entities, slipped.entities, strict=True):
        assert slipped.text[after.start : after.end] == after.value or after.value == before.value
        assert after.end - after.start - (before.end - before.start) in (0, gap)


@pytest.mark.parametrize("text", ["my hat", "10234", "??"])
def test_text_without_long_words_is_left_alone(text: str) -> None:
    example = Example(text, "x")
    assert vary(example, {}, random.Random(1), swap_share=1.0, slip_share=1.0) == example


def test_nothing_varies_at_shares_of_zero() -> None:
    example = Example("the blue lamp", "x", (Entity(4, 13, "product", "blue lamp"),))
    assert vary(example, {}, random.Random(1), swap_share=0.0, slip_share=0.0) is example
