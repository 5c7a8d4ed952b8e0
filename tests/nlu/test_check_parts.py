from __future__ import annotations

from nlu.check_parts import find_gaps
from nlu.examples import Dataset, Example, Pattern
from tests.nlu.conftest import annotated

TAUGHT = (annotated("send the Lamp", "order", product="Lamp"), Example("hello", "greet"))


def gaps(dataset: Dataset, validation: Dataset | None = None) -> dict[str, str]:
    return {finding.code: finding.message for finding in find_gaps(dataset, validation)}


def test_parts_that_agree_have_no_gaps() -> None:
    synonyms = (("azure light", "lamp"), ("lamp", "bulb"))
    dataset = Dataset(TAUGHT, synonyms, (Pattern("product", "LMP-[0-9]"),))
    validation = Dataset((annotated("a lamp", "order", product="lamp"), Example("what", "oos")))
    assert gaps(dataset, validation) == {}


def test_pattern_and_synonym_that_no_example_teaches_are_reported() -> None:
    found = gaps(Dataset(TAUGHT, (("settee", "sofa"),), (Pattern("order_number", "NL-[0-9]"),)))
    assert set(found) == {"untaught_pattern", "untaught_synonym"}
    assert "'order_number'" in found["untaught_pattern"]
    assert "'sofa'" in found["untaught_synonym"]


def test_intent_and_entity_that_only_the_validation_part_has_are_reported() -> None:
    extra = Example("bye", "goodbye"), annotated("send it today", "order", date="today")
    found = gaps(Dataset(TAUGHT), Dataset(extra))
    assert "'goodbye' has 1 validation example and" in found["unknown_intent"]
    assert "'date' is annotated 1 time for" in found["unknown_entity"]


def test_share_of_unseen_values_counts_every_annotation() -> None:
    texts = ["the lamp", "this lamp", "my lamp", "a sofa"]
    validation = Dataset(tuple(annotated(text, "order", product=text.split()[1]) for text in texts))
    found = gaps(Dataset(TAUGHT), validation)
    assert list(found) == ["unseen_values"]
    assert found["unseen_values"].startswith("25.0 % of the values")
    assert found["unseen_values"].endswith("such as 'sofa' (product)")
