"""The examination papers are well formed, complete, and never a copy of the training examples."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

DATA = Path(__file__).resolve().parents[2] / "data"
INTENTS = {
    "order_status",
    "order_late",
    "item_damaged",
    "wrong_item",
    "missing_item",
    "cancel_order",
    "change_address",
    "return_item",
    "exchange_item",
    "refund_status",
    "complaint",
    "ticket_status",
    "talk_to_person",
    "ask_return_policy",
    "ask_invoice",
    "payment_failed",
    "double_charge",
    "ask_payment_methods",
    "promo_code",
    "gift_card",
    "ask_stock",
    "product_question",
    "assembly_help",
    "delivery_options",
    "delivery_cost",
    "international_delivery",
    "account_help",
    "password_reset",
    "change_email",
    "delete_my_data",
    "newsletter",
    "warranty",
    "opening_hours",
    "company_info",
    "inform",
    "correct",
    "affirm",
    "deny",
    "stop",
    "repeat",
    "start_over",
    "back_to_task",
    "greet",
    "goodbye",
    "thank",
    "praise",
    "bot_challenge",
    "smalltalk",
    "out_of_scope",
}
ENTITIES = {
    "order_number",
    "ticket_number",
    "email",
    "product",
    "date",
    "amount",
    "city",
    "country",
    "address",
    "reason",
    "promo_code",
    "payment_method",
    "person_name",
}
ANNOTATION = re.compile(r"\[([^\]]+)\](?:\([^)]*\)|\{[^}]*\})")


def read_lines(name: str) -> list[dict[str, Any]]:
    with (DATA / "heldout" / name).open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def read_training_texts() -> set[str]:
    """Every example in data/nlu without its annotations, case-folded; empty when there is none."""
    texts = set()
    for path in sorted((DATA / "nlu").rglob("*.yml")):
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.strip().startswith("- "):
                texts.add(fold(ANNOTATION.sub(r"\1", line.strip()[2:]).strip().strip("'\"")))
    return texts


def fold(text: str) -> str:
    return " ".join(text.casefold().split())


UTTERANCES = read_lines("understanding.jsonl")
QUESTIONS = read_lines("questions.jsonl")
TWO = read_lines("two_intents.jsonl")


def test_there_are_enough_utterances_and_out_of_scope_ones() -> None:
    counts = Counter(row["intent"] for row in UTTERANCES)
    assert len(UTTERANCES) >= 300
    assert counts["out_of_scope"] >= 80


def test_every_intent_is_examined_at_least_five_times() -> None:
    counts = Counter(row["intent"] for row in UTTERANCES)
    assert set(counts) == INTENTS
    assert min(counts.values()) >= 5


def test_every_entity_is_examined_at_least_five_times() -> None:
    counts = Counter(span["entity"] for row in UTTERANCES for span in row["entities"])
    assert set(counts) == ENTITIES
    assert min(counts.values()) >= 5


def test_offsets_name_the_words_they_claim() -> None:
    for row in UTTERANCES:
        assert set(row) == {"text", "intent", "entities"}
        for span in row["entities"]:
            assert set(span) == {"start", "end", "entity", "value"}
            assert row["text"][span["start"] : span["end"]] == span["value"] == span["value"].strip() != ""


def test_entities_are_in_order_and_do_not_overlap() -> None:
    for row in UTTERANCES:
        edges = [edge for span in row["entities"] for edge in (span["start"], span["end"])]
        assert edges == sorted(edges)


def test_out_of_scope_utterances_carry_no_entities() -> None:
    assert not [row["text"] for row in UTTERANCES if row["intent"] == "out_of_scope" and row["entities"]]


def test_half_of_the_double_messages_hold_two_different_wishes_and_half_hold_one() -> None:
    wishes = [row["intent"].split("+") for row in TWO]
    assert all(set(row) == {"text", "intent", "entities"} for row in TWO)
    assert all(set(names) <= INTENTS and len(set(names)) == len(names) <= 2 for names in wishes)
    assert sum(len(names) == 2 for names in wishes) == sum(len(names) == 1 for names in wishes) == 64


def test_no_utterance_and_no_question_is_asked_twice() -> None:
    for rows in (UTTERANCES, QUESTIONS, TWO):
        texts = Counter(fold(row["text"]) for row in rows)
        assert not [text for text, count in texts.items() if count > 1]


def test_there_are_enough_questions_with_and_without_an_article() -> None:
    without = [row for row in QUESTIONS if row["article"] is None]
    assert len(QUESTIONS) >= 150
    assert 30 <= len(without) <= len(QUESTIONS) // 4


def test_question_ids_are_unique_and_fields_complete() -> None:
    assert all(set(row) == {"id", "text", "article"} for row in QUESTIONS)
    assert len({row["id"] for row in QUESTIONS}) == len(QUESTIONS)


def test_every_article_named_exists() -> None:
    slugs = {path.stem for path in (DATA / "knowledge").glob("*.md")} - {"CARD"}
    assert {row["article"] for row in QUESTIONS} - {None} <= slugs


def test_no_question_is_the_title_of_an_article() -> None:
    pages = [path.read_text(encoding="utf-8") for path in (DATA / "knowledge").glob("*.md")]
    titles = {fold(title) for page in pages for title in re.findall(r"^title: (.*)$", page, re.MULTILINE)}
    assert not [row["text"] for row in QUESTIONS if fold(row["text"]).rstrip("?") in titles]


def test_card_states_the_true_counts() -> None:
    card = (DATA / "heldout" / "CARD.md").read_text(encoding="utf-8")
    assert f"{len(UTTERANCES)} utterances" in card
    assert f"{len(QUESTIONS)} questions" in card
    assert f"{len(TWO)} messages" in card


@pytest.mark.parametrize(
    "rows", [UTTERANCES, QUESTIONS, TWO], ids=["understanding", "questions", "two intents"]
)
def test_no_held_out_text_is_a_training_example(rows: list[dict[str, Any]]) -> None:
    training = read_training_texts()
    if not training:
        pytest.skip("there are no training examples yet")
    assert not [row["text"] for row in rows if fold(row["text"]) in training]
