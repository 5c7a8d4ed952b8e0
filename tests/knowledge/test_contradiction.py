"""Contradicting, agreeing and unrelated passages, told apart on pairs written for it (contradictions.jsonl)."""

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from knowledge.contradiction import Verdict, judge
from knowledge.documents import Passage, plain_document, split_passages
from knowledge.facts import Fact, read_statement

PAIRS = [
    json.loads(line)
    for line in (Path(__file__).parent / "contradictions.jsonl").read_text(encoding="utf-8").splitlines()
]


def passage(title: str, text: str) -> Passage:
    return split_passages(plain_document("x", title, text), passage_tokens=999, count_tokens=len)[0]


@pytest.mark.parametrize("part", ["tuning", "held out"])
def test_what_contradicts_is_found_and_what_does_not_is_left(part: str) -> None:
    found = Counter(
        (pair["kind"], judge(passage(**pair["first"]), passage(**pair["second"])).verdict.value)
        for pair in PAIRS
        if pair["part"] == part
    )
    # Precise rather than greedy: nothing that agrees or is another matter is called a contradiction.
    assert found["agree", "contradict"] == found["different", "contradict"] == 0
    assert found["contradict", "agree"] == found["different", "agree"] == 0
    assert found["contradict", "contradict"] >= 10
    assert found["agree", "agree"] >= 7


@pytest.mark.parametrize("pair", PAIRS)
def test_the_order_of_two_passages_changes_nothing(pair: dict[str, dict[str, str]]) -> None:
    first, second = passage(**pair["first"]), passage(**pair["second"])
    assert judge(first, second).verdict is judge(second, first).verdict


def test_the_two_sentences_are_named() -> None:
    judgement = judge(
        passage("Returns", "We like lamps. You can return an item within 30 days."),
        passage("Returns", "Items can be returned within 14 days. Keep the box."),
    )
    assert judgement.verdict is Verdict.CONTRADICT
    assert judgement.sentence == "You can return an item within 30 days."
    assert judgement.other == "Items can be returned within 14 days."


def test_other_languages_and_other_products_are_other_matters() -> None:
    first = passage("Returns", "You can return an item within 30 days.")
    second = passage("Returns", "You can return an item within 14 days.")
    assert judge(first, second).verdict is Verdict.CONTRADICT
    assert judge(first, replace(second, language="nl")).verdict is Verdict.DIFFERENT
    assert judge(first, replace(second, product="Lamp")).verdict is Verdict.DIFFERENT


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        ("within two weeks", [Fact("duration", 14, 14)]),
        ("3-5 working days", [Fact("working duration", 3, 5)]),
        ("€ 1,250.50 or 4,95 euro", [Fact("eur", 1250.5, 1250.5), Fact("eur", 4.95, 4.95)]),
        ("10% off", [Fact("share", 10, 10)]),
        ("until 31 July, or August 1st", [Fact("date", 731, 731), Fact("date", 801, 801)]),
        ("from 9 am to 17:30", [Fact("clock", 540, 540), Fact("clock", 1050, 1050)]),
        ("free of charge", [Fact("price", 0, 0)]),
        ("no later than 30 days", [Fact("duration", 30, 30)]),
        ("one of them", []),
        ("", []),
    ],
)
def test_facts_are_read(text: str, facts: list[Fact]) -> None:
    assert list(read_statement(text).facts) == facts


@pytest.mark.parametrize(
    ("text", "is_denied"),
    [
        ("You can't return it.", True),
        ("Lamps are never exchanged.", True),
        ("Not only lamps.", False),
        ("It is not impossible.", False),
        ("No problem, you can.", False),
    ],
)
def test_a_denial_is_told_from_what_looks_like_one(text: str, is_denied: bool) -> None:
    assert read_statement(text).is_denied is is_denied
