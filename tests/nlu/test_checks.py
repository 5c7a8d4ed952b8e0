from __future__ import annotations

import pytest

from nlu.checks import FEW_EXAMPLES, check_dataset, find_faults
from nlu.errors import ExamplesRejected
from nlu.examples import Dataset, Entity, Example
from nlu.findings import SHOWN_PER_KIND, Severity, describe


def taught(*extra: Example) -> Dataset:
    base = [Example(f"{intent} {n}", intent) for intent in ("greet", "thank") for n in range(FEW_EXAMPLES)]
    return Dataset((*base, *extra))


def test_sound_examples_have_no_findings() -> None:
    assert check_dataset(taught()) == []


def test_same_text_under_two_intents_is_refused_with_both_places_if_strict() -> None:
    dataset = taught(
        Example("Hello!", "greet", source="a.yml:3"), Example("hello", "thank", source="b.yml:7")
    )
    with pytest.raises(ExamplesRejected, match=r"greet \(a\.yml:3\), thank \(b\.yml:7\)"):
        check_dataset(dataset, is_strict=True)
    assert [finding.code for finding in check_dataset(dataset)] == ["two_intents"]


def test_text_out_of_scope_may_not_be_taught_as_an_intent_too() -> None:
    with pytest.raises(ExamplesRejected):
        check_dataset(taught(Example("hello", "greet"), Example("hello", "out_of_scope")), is_strict=True)


def test_texts_of_punctuation_alone_are_no_copies_of_each_other() -> None:
    assert find_faults(taught(Example("?", "greet"), Example("!", "thank"))) == []


@pytest.mark.parametrize("is_strict", [True, False])
def test_single_intent_is_refused(is_strict: bool) -> None:
    with pytest.raises(ExamplesRejected, match="at least two"):
        check_dataset(Dataset((Example("hello", "greet"),)), is_strict=is_strict)


@pytest.mark.parametrize(("start", "overlaps"), [(4, True), (3, True), (5, False)])
def test_overlapping_entities_are_refused_if_strict(start: int, overlaps: bool) -> None:
    entities = (Entity(0, 5, "product", "lamps"), Entity(start, 10, "date", "x"))
    dataset = taught(Example("lamps lamps", "greet", entities))
    assert ("overlap" in {finding.code for finding in check_dataset(dataset)}) is overlaps
    if overlaps:
        with pytest.raises(ExamplesRejected, match="the longer one is learned"):
            check_dataset(dataset, is_strict=True)


def test_text_that_stands_twice_under_its_intent_is_reported() -> None:
    assert [f.code for f in check_dataset(taught(Example("greet 1 ", "greet")), is_strict=True)] == ["repeat"]


def test_worst_kind_is_told_first_and_each_kind_is_told_to_a_limit() -> None:
    repeats = [Example("bye", "greet"), Example("bye", "greet")]
    contradictions = [Example(f"text {n}", i) for n in range(SHOWN_PER_KIND + 2) for i in ("greet", "thank")]
    findings = find_faults(taught(*repeats, *contradictions))
    assert [f.severity for f in findings] == [Severity.GRAVE] * (SHOWN_PER_KIND + 2) + [Severity.NOTE]
    lines = describe(findings)
    assert len(lines) == SHOWN_PER_KIND + 2
    assert all(line.startswith("PROBLEM: ") for line in lines[:-1])
    assert lines[-2:] == [
        "PROBLEM: and 2 more like the last",
        "note: 'bye' stands 2 times under 'greet'; once is enough",
    ]


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
