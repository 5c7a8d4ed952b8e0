from __future__ import annotations

import pytest

from nlu.checks import FEW_EXAMPLES, check_dataset, find_faults
from nlu.errors import ExamplesRejected
from nlu.examples import Dataset, Entity, Example


def taught(*extra: Example) -> Dataset:
    base = [Example(f"{intent} {n}", intent) for intent in ("greet", "thank") for n in range(FEW_EXAMPLES)]
    return Dataset((*base, *extra))


def test_sound_examples_have_no_findings() -> None:
    assert check_dataset(taught()) == []


def test_same_text_under_two_intents_is_refused_with_both_places() -> None:
    dataset = taught(
        Example("Hello!", "greet", source="a.yml:3"), Example("hello", "thank", source="b.yml:7")
    )
    with pytest.raises(ExamplesRejected, match=r"greet \(a\.yml:3\), thank \(b\.yml:7\)"):
        check_dataset(dataset)
    assert [finding.code for finding in check_dataset(dataset, is_lenient=True)] == ["two_intents"]


def test_text_out_of_scope_may_not_be_taught_as_an_intent_too() -> None:
    with pytest.raises(ExamplesRejected):
        check_dataset(taught(Example("hello", "greet"), Example("hello", "out_of_scope")))


@pytest.mark.parametrize("is_lenient", [True, False])
def test_single_intent_is_refused(is_lenient: bool) -> None:
    with pytest.raises(ExamplesRejected, match="at least two"):
        check_dataset(Dataset((Example("hello", "greet"),)), is_lenient=is_lenient)


def test_intent_one_short_of_enough_is_reported() -> None:
    few = tuple(Example(f"bye {n}", "goodbye") for n in range(FEW_EXAMPLES - 1))
    assert [finding.code for finding in find_faults(taught(*few))] == ["few_examples"]
    assert find_faults(taught(*few, Example("bye bye", "goodbye"))) == []


@pytest.mark.parametrize(
    ("start", "end", "is_cut"), [(4, 9, False), (4, 8, True), (5, 9, True), (3, 9, True), (4, 13, False)]
)
def test_span_that_cuts_a_word_is_reported(start: int, end: int, is_cut: bool) -> None:
    text = "the lamps are"
    example = Example(text, "greet", (Entity(start, end, "product", text[start:end]),))
    codes = {finding.code for finding in find_faults(taught(example))}
    assert ("cut_word" in codes) is is_cut
