"""Steering, answering, and not understanding, one action at a time."""

from __future__ import annotations

import pytest

from actions.goals.items import split_items
from actions.goals.matching import match_items
from tests.actions.goals.conftest import Bench

ITEMS = ["Blue table lamp", "Linen cushion", "Arden floor lamp"]


def test_an_answer_comes_with_its_source(bench: Bench) -> None:
    bench.hear("how long is the warranty", "warranty")
    bench.run("action_answer")
    source = bench.replies[0]["custom"]["sources"][0]
    assert source == {
        "passage_id": "warranty-period#0",
        "document_id": "warranty-period",
        "passage_hash": "0123456789abcdef",
        "title": "Warranty",
        "url": "/help/warranty-period",
        "section": "Warranty",
        "updated": "2026-05-12",
    }


def test_a_question_without_an_answer_is_told_without_personal_details(bench: Bench) -> None:
    bench.hear("do you wrap gifts? I am maya@example.com, order NL-10234", "gift_card", confidence=0.5)
    bench.run("action_answer")
    told = bench.replies[0]["custom"]["unanswered"]
    assert told["question"] == "do you wrap gifts? I am , order"
    assert told["confidence"] == 0.125
    (near,) = told["nearest"]
    assert (near["passage_id"], near["document_id"], near["url"]) == ("gift#0", "gift", "/help/gift")
    assert (near["title"], near["score"], len(near["text"])) == ("Gift cards", 0.5, 300)


def test_what_is_only_a_personal_detail_is_no_question(bench: Bench) -> None:
    bench.hear("maya@example.com", "gift_card", confidence=0.5)
    bench.run("action_answer")
    assert bench.replies[0]["custom"] == {}


def test_a_question_that_was_not_understood_is_told_and_a_mumble_is_not(bench: Bench) -> None:
    bench.hear("do you wrap gifts?", "nlu_fallback", confidence=0.1)
    bench.run("action_fallback")
    assert bench.replies[0]["custom"]["unanswered"]["question"] == "do you wrap gifts?"
    bench.hear("mumble", "nlu_fallback", confidence=0.1)
    bench.run("action_fallback")
    assert bench.replies[0]["custom"] == {}


def test_a_question_that_ends_with_a_person_or_in_a_form_is_told_too(bench: Bench) -> None:
    for _ in range(3):
        bench.hear("do you wrap gifts?", "nlu_fallback", confidence=0.1)
        bench.run("action_fallback")
        assert bench.replies[0]["custom"]["unanswered"]["question"] == "do you wrap gifts?"
    assert bench.replies[0]["response"] == "utter_fallback_hand_over"
    bench.start("order_status_form")
    bench.hear("do you wrap gifts?", "nlu_fallback", confidence=0.1)
    bench.run("action_fallback")
    assert bench.replies[0]["custom"]["unanswered"]["question"] == "do you wrap gifts?"


def test_an_answer_says_nothing_of_unanswered_questions(bench: Bench) -> None:
    bench.hear("how long is the warranty", "warranty")
    bench.run("action_answer")
    assert [set(reply["custom"]) for reply in bench.replies] == [{"sources"}]


def test_a_pressed_question_asks_for_its_topic(bench: Bench) -> None:
    bench.hear("Warranty", "warranty", confidence=1.0, ranking=[])
    bench.run("action_answer")
    assert bench.knowledge.asked == ["How long is the warranty?"]


@pytest.mark.parametrize(
    ("ranking", "titles"),
    [
        ([["refund_status", 0.4], ["order_status", 0.2], ["warranty", 0.15], ["promo_code", 0.12]], 3),
        ([["refund_status", 0.4], ["order_status", 0.09]], 1),
        ([["refund_status", 0.19], ["order_status", 0.19]], 0),
        ([["affirm", 0.6], ["out_of_scope", 0.3]], 0),
    ],
)
def test_only_likely_meanings_are_offered(bench: Bench, ranking: list[list[object]], titles: int) -> None:
    bench.hear("mumble", "nlu_fallback", confidence=0.1, ranking=ranking)
    bench.run("action_fallback")
    offered = [b for b in bench.replies[0]["buttons"] if b["payload"] not in ("/deny", "/talk_to_person")]
    assert len(offered) == titles


@pytest.mark.parametrize(
    ("choices", "offered"),
    [
        (["warranty", "order_status"], ["/warranty", "/order_status"]),
        (["affirm", "order_status", "refund_status"], ["/order_status", "/refund_status"]),
        ([], []),
    ],
)
def test_understandings_own_choices_are_offered(bench: Bench, choices: list[str], offered: list[str]) -> None:
    bench.hear("mumble", "nlu_fallback", confidence=0.1, ranking=[["refund_status", 0.6]])
    bench.message["understanding"] = {"decision": "ask" if choices else "pass_on", "choices": choices}
    bench.run("action_fallback")
    payloads = [b["payload"] for b in bench.replies[0]["buttons"]]
    assert [p for p in payloads if p not in ("/deny", "/talk_to_person")] == offered


def test_a_yes_to_an_offer_of_two_turns_ago_is_stale(bench: Bench) -> None:
    bench.hear("do you sell trampolines", "ask_stock")
    bench.run("action_answer")
    bench.hear("hello", "greet")
    bench.hear("yes", "affirm")
    bench.run("action_affirm")
    assert bench.said == ["utter_yes_to_what"]


def test_start_over_keeps_the_count_that_guards_the_orders(bench: Bench) -> None:
    bench.slots |= {"failed_proofs": 4, "order_number": "NL-10234"}
    bench.hear("start over", "start_over")
    events = bench.run("action_start_over")
    names = [(event["event"], event.get("name"), event.get("value")) for event in events]
    assert ("reset_slots", None, None) in names
    assert ("slot", "failed_proofs", 4) in names


def test_a_form_that_no_longer_exists_is_not_taken_up(bench: Bench) -> None:
    bench.slots["suspended"] = [{"form": "old_form", "slots": {}}]
    bench.hear("back to it", "back_to_task")
    bench.run("action_back_to_task")
    assert bench.said == ["utter_no_task_waiting"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("the blue lamp", ["Blue table lamp"]),
        ("cushions", ["Linen cushion"]),
        ("both", ITEMS),
        ("everything please", ITEMS),
        ("a lamp", ["Blue table lamp", "Arden floor lamp"]),
        ("the sofa", []),
        ("", []),
    ],
)
def test_items_are_matched_by_their_words(text: str, found: list[str]) -> None:
    assert match_items(text, ITEMS) == found


def test_no_items_match_nothing() -> None:
    assert match_items("all", []) == []


def test_the_chosen_items_come_back_from_the_slot() -> None:
    assert split_items("Linen cushion; Arden floor lamp", ITEMS) == ["Linen cushion", "Arden floor lamp"]
