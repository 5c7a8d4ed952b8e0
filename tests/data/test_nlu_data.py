"""The taught examples keep their promises: enough, varied, unambiguous, marked alike, and counted in their card."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from nlu.examples import Dataset, Example, read_dataset

MINIMUM_UTTERANCES = 30
MINIMUM_INTENTS = 30
MINIMUM_ENTITY_NAMES = 8
MINIMUM_ANNOTATIONS = {
    "product": 40,
    "order_number": 40,
    "date": 40,
    "reason": 40,
    "city": 40,
    "address": 40,
    "email": 40,
    "amount": 40,
    "country": 30,
    "payment_method": 30,
    "person_name": 30,
    "promo_code": 30,
    "ticket_number": 30,
}
LARGER_INTENTS = (
    "order_status",
    "return_item",
    "cancel_order",
    "change_address",
    "refund_status",
    "talk_to_person",
    "complaint",
    "inform",
    "correct",
    "affirm",
    "deny",
)
CARD_ROW = re.compile(r"^\| (\w+) \| (\d+) \|$", re.MULTILINE)
CARD_SUMMARY = re.compile(r"(\d+) utterances, (\d+) intents, (\d+) entities, (\d+) annotations")


@pytest.fixture(scope="module")
def taught(root: Path) -> Dataset:
    return read_dataset(root / "data" / "nlu")


@pytest.fixture(scope="module")
def card(root: Path) -> str:
    return (root / "data" / "nlu" / "CARD.md").read_text(encoding="utf-8")


def same_words(text: str) -> str:
    """Fold case and spacing, and drop the punctuation unless there is nothing else: "???", an emoji."""
    return " ".join(re.sub(r"[^\w<>]+", " ", text.casefold()).split()) or text.strip()


def masked(example: Example) -> str:
    """The text with each value replaced by the name of its entity."""
    text, position = "", 0
    for entity in example.entities:
        text += example.text[position : entity.start] + f"<{entity.entity}>"
        position = entity.end
    return text + example.text[position:]


def is_bare(example: Example) -> bool:
    """Whether the text is nothing but values, as an answer to a question often is."""
    return not re.search(r"\w", re.sub(r"<\w+>", "", masked(example)))


def utterances_by_intent(taught: Dataset) -> Counter[str]:
    distinct = {(example.intent, same_words(example.text)) for example in taught.examples}
    return Counter(intent for intent, _ in distinct)


def annotations_by_entity(taught: Dataset) -> Counter[str]:
    return Counter(entity.entity for example in taught.examples for entity in example.entities)


def test_every_intent_has_enough_distinct_utterances(taught: Dataset) -> None:
    counts = utterances_by_intent(taught)
    assert {intent: n for intent, n in counts.items() if n < MINIMUM_UTTERANCES} == {}
    assert {intent: counts[intent] for intent in LARGER_INTENTS if counts[intent] < 45} == {}


def test_there_are_enough_intents_and_entities(taught: Dataset) -> None:
    assert len(taught.intents) >= MINIMUM_INTENTS
    assert len(taught.entity_names) >= MINIMUM_ENTITY_NAMES
    assert len(taught.out_of_scope) >= 60


def test_every_entity_is_marked_often_enough(taught: Dataset) -> None:
    counts = annotations_by_entity(taught)
    assert set(counts) == set(MINIMUM_ANNOTATIONS)
    assert {name: counts[name] for name, least in MINIMUM_ANNOTATIONS.items() if counts[name] < least} == {}


def test_no_text_stands_under_two_intents(taught: Dataset) -> None:
    intents: defaultdict[str, set[str]] = defaultdict(set)
    for example in taught.examples:
        intents[same_words(example.text)].add(example.intent)
    assert {text: found for text, found in intents.items() if len(found) > 1} == {}


def test_no_two_utterances_differ_only_by_a_value_or_by_case(taught: Dataset) -> None:
    counts = Counter(same_words(masked(example)) for example in taught.examples if not is_bare(example))
    assert [text for text, count in counts.items() if count > 1] == []


def test_only_inform_holds_bare_values(taught: Dataset) -> None:
    """A bare reason names a trouble, so it may begin a task as well."""
    bare = [example for example in taught.examples if is_bare(example) and example.intent != "inform"]
    without_reason = [e.text for e in bare if e.entities and "reason" not in {x.entity for x in e.entities}]
    assert without_reason == []


def test_every_value_is_non_empty_and_tightly_marked(taught: Dataset) -> None:
    loose = [
        (example.text, entity.value)
        for example in taught.examples
        for entity in example.entities
        if not entity.value.strip() or example.text[entity.start : entity.end] != entity.value.strip(" .,;!?")
    ]
    assert loose == []


def test_no_mark_is_left_half_written(taught: Dataset) -> None:
    assert [example.text for example in taught.examples if re.search(r"[\[\]{}]|\(\w+\)", example.text)] == []


def test_products_and_dates_are_marked_without_article_or_preposition(taught: Dataset) -> None:
    opening = re.compile(r"(the|a|an|my|on|by|until|since|in|from|before)\s", re.IGNORECASE)
    found = [
        entity.value
        for example in taught.examples
        for entity in example.entities
        if entity.entity in {"product", "date", "country"} and opening.match(entity.value)
    ]
    assert found == []


def test_out_of_scope_carries_no_marks(taught: Dataset) -> None:
    assert [example.text for example in taught.out_of_scope if example.entities] == []


def test_exact_shapes_find_just_what_is_marked(taught: Dataset) -> None:
    """A pattern wins over the network at run time, so it must agree with the people who mark."""
    disagreements = [
        (example.text, match[0], pattern.entity)
        for example in taught.examples
        for pattern in taught.patterns
        for match in re.finditer(pattern.expression, example.text)
        if (*match.span(), pattern.entity) not in {(e.start, e.end, e.entity) for e in example.entities}
    ]
    assert disagreements == []


def test_card_counts_match(taught: Dataset, card: str) -> None:
    intents = Counter(example.intent for example in taught.examples)
    entities = annotations_by_entity(taught)
    written = {name: int(count) for name, count in CARD_ROW.findall(card)}
    assert written == {**intents, **entities}
    summary = CARD_SUMMARY.search(card)
    assert summary is not None
    expected = (len(taught.examples), len(intents), len(entities), sum(entities.values()))
    assert tuple(map(int, summary.groups())) == expected
