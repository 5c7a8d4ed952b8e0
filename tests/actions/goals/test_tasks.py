"""The tasks, one action at a time."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from actions.goals import World, build_tasks
from actions.goals.handoff import BRIEF_SLOTS
from actions.goals.order_status import is_overdue, write_day
from actions.goals.orders import describe_items, euros
from actions.goals.returns import last_return_day
from actions.ports import Item, OrderStatus
from tests.actions.goals.conftest import Bench
from tests.actions.goals.fakes import MAYA, ORDERS, TODAY, FakeDesk, FakeKnowledge, FakeShop, now

FORMS = [task.form for task in build_tasks(World(FakeShop(), FakeDesk(), FakeKnowledge(), now))]


def cancel_until_confirmed(bench: Bench) -> None:
    bench.hear("cancel NL-10301", "cancel_order", customer="c-maya")
    bench.start("cancel_order_form")
    bench.run("validate_cancel_order_form")
    bench.hear("yes", "affirm", customer="c-maya")
    bench.run("validate_cancel_order_form")


def test_an_effect_carries_the_key_of_its_message(bench: Bench) -> None:
    cancel_until_confirmed(bench)
    bench.run("action_cancel_order")
    assert bench.shop.effects == [
        ("cancel_order", "NL-10301", f"c1:{bench.message['message_id']}:cancel_order")
    ]


def test_an_order_that_was_packed_meanwhile_is_not_cancelled(bench: Bench) -> None:
    cancel_until_confirmed(bench)
    bench.shop.orders["NL-10301"] = replace(bench.shop.orders["NL-10301"], status=OrderStatus.SHIPPED)
    bench.run("action_cancel_order")
    assert bench.said == ["utter_cancel_too_late"]
    assert bench.shop.effects == []


def test_a_finished_task_leaves_only_the_orders_and_the_address(bench: Bench) -> None:
    cancel_until_confirmed(bench)
    bench.run("action_cancel_order")
    kept = {slot: value for slot, value in bench.slots.items() if value and slot != "last_task"}
    assert kept.keys() == {
        "order_number",
        "order_proof",
        "order_summary",
        "order_items",
        "known_orders",
    }


def test_a_proven_order_does_not_prove_the_next_one(bench: Bench) -> None:
    bench.hear(f"where is NL-10234, {MAYA}", "order_status")
    bench.start("order_status_form")
    bench.run("validate_order_status_form")
    assert bench.slots["order_proof"] == "NL-10234"
    bench.hear("and NL-10245", "order_status")
    bench.start("order_status_form")
    bench.run("validate_order_status_form")
    assert bench.said == ["utter_order_no_match"]
    assert bench.slots["order_proof"] is None


def test_no_order_is_looked_up_after_too_many_wrong_pairs(bench: Bench) -> None:
    for attempt in range(9):
        bench.hear(f"where is NL-1{attempt}000, eve@example.org", "order_status")
        bench.start("order_status_form")
        bench.run("validate_order_status_form")
    bench.shop.lookups.clear()
    bench.hear(f"where is NL-10234, {MAYA}", "order_status")
    bench.start("order_status_form")
    bench.run("validate_order_status_form")
    assert bench.shop.lookups == []
    assert bench.said == ["utter_order_no_match_give_up"]


def test_a_number_is_never_proven_by_the_slot_alone(bench: Bench) -> None:
    bench.slots |= {"order_number": "NL-10234", "order_proof": "NL-10187"}
    bench.hear("x", "inform")
    bench.run("action_order_status")
    assert bench.said == ["utter_trouble"]


def test_a_shop_that_hangs_is_given_up(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    async def hang(number: str, email: str) -> bool:
        await asyncio.sleep(60)
        return True

    monkeypatch.setattr("actions.goals.task.ACTION_SECONDS", 0.05)
    monkeypatch.setattr(bench.shop, "owns", hang)
    bench.hear(f"where is NL-10234, {MAYA}", "order_status")
    bench.start("order_status_form")
    bench.run("validate_order_status_form")
    assert bench.said == ["utter_trouble"]
    assert bench.slots["requested_slot"] is None


def test_articles_that_hang_are_given_up(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    async def hang(query: str, **more: object) -> None:
        await asyncio.sleep(60)

    monkeypatch.setattr("actions.goals.answer.ANSWER_SECONDS", 0.05)
    monkeypatch.setattr(bench.knowledge, "answer", hang)
    bench.hear("how long is the warranty", "warranty")
    bench.run("action_answer")
    assert bench.said == ["utter_answer_unavailable"]


def test_a_failure_is_tried_again_with_everything_already_told(bench: Bench) -> None:
    bench.hear("I want to complain", "complaint")
    bench.start("complaint_form")
    bench.run("validate_complaint_form")
    bench.hear("nobody answers", "complaint")
    bench.run("validate_complaint_form")
    bench.hear("kim@example.org", "inform")
    bench.run("validate_complaint_form")
    bench.desk.is_down = True
    bench.run("action_complaint")
    assert bench.said == ["utter_trouble"]
    bench.desk.is_down = False
    bench.hear("try again", "complaint")
    bench.start("complaint_form")
    bench.run("validate_complaint_form")
    bench.run("action_complaint")
    assert bench.desk.tickets[0][0].body == "nobody answers"


def test_a_brief_tells_the_goal_what_is_known_and_the_last_words(bench: Bench) -> None:
    bench.slots |= {"order_number": "NL-10187", "item": "Linen cushion", "failed_proofs": 1}
    bench.form = "return_item_form"
    bench.hear("it has a hole", "inform")
    bench.hear("a human!", "talk_to_person")
    bench.run("action_handoff")
    brief = bench.desk.handoffs[0][0].brief
    assert brief == (
        "Wants to return: order NL-10187, item Linen cushion, order and e-mail did not match (1×). "
        "Last said: “it has a hole”."
    )


@given(
    words=st.text(min_size=1, max_size=400),
    slots=st.dictionaries(st.sampled_from(sorted(BRIEF_SLOTS)), st.text(max_size=200)),
    form=st.sampled_from([None, *FORMS]),
)
@settings(max_examples=60)
def test_a_brief_is_one_capitalised_line_that_fits_a_subject(
    words: str, slots: dict[str, str], form: str | None
) -> None:
    bench = Bench(slots=dict(slots), form=form)
    bench.hear(words, "inform")
    bench.hear("a human!", "talk_to_person")
    bench.run("action_handoff")
    brief = bench.desk.handoffs[0][0].brief
    assert len(brief) <= 160
    assert brief[0].isupper()
    assert len(brief.splitlines()) == 1


@pytest.mark.parametrize(
    ("status", "expected", "is_late"),
    [
        (OrderStatus.DELAYED, TODAY + timedelta(days=3), True),
        (OrderStatus.SHIPPED, TODAY - timedelta(days=1), True),
        (OrderStatus.SHIPPED, TODAY, False),
        (OrderStatus.SHIPPED, None, False),
        (OrderStatus.DELIVERED, TODAY - timedelta(days=9), False),
    ],
)
def test_an_order_is_overdue_from_the_day_after(
    status: OrderStatus, expected: date | None, is_late: bool
) -> None:
    assert is_overdue(replace(ORDERS[0], status=status, expected_on=expected), TODAY) is is_late


@pytest.mark.parametrize(
    ("placed", "delivered", "last_day"),
    [
        (date(2026, 5, 20), date(2026, 6, 1), date(2026, 7, 1)),
        (date(2026, 11, 1), date(2026, 11, 4), date(2027, 1, 31)),
        (date(2026, 12, 24), date(2027, 1, 5), date(2027, 2, 4)),
        (date(2026, 12, 25), date(2026, 12, 29), date(2027, 1, 28)),
    ],
)
def test_the_last_day_of_a_return(placed: date, delivered: date, last_day: date) -> None:
    assert last_return_day(replace(ORDERS[1], placed_on=placed, delivered_on=delivered), 30) == last_day


@pytest.mark.parametrize(
    ("day_offset", "said"), [(30, "utter_want_return_item_item"), (31, "utter_return_too_late")]
)
def test_a_return_is_open_up_to_and_including_its_last_day(bench: Bench, day_offset: int, said: str) -> None:
    delivered = TODAY - timedelta(days=day_offset)
    bench.shop.orders["NL-10187"] = replace(bench.shop.orders["NL-10187"], delivered_on=delivered)
    bench.hear("return NL-10187", "return_item", customer="c-maya")
    bench.start("return_item_form")
    bench.run("validate_return_item_form")
    assert bench.said[0] == said


def test_money_days_and_items_are_written_as_people_do() -> None:
    assert euros(4905) == "€49.05"
    assert write_day(date(2026, 6, 7)) == "Sunday 7 June"
    items = (Item("Lamp", 2, 100), Item("Rug", 1, 100), Item("Vase", 1, 100))
    assert describe_items(replace(ORDERS[0], items=items)) == "2 × Lamp, Rug and 1 more"


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    text=st.text(max_size=60),
    intent=st.sampled_from(["inform", "nlu_fallback", "correct", "affirm", "deny", "item_damaged", "repeat"]),
    form=st.sampled_from(FORMS),
)
def test_any_text_in_any_form_is_answered(text: str, intent: str, form: str) -> None:
    bench = Bench()
    bench.hear("hello", form.removesuffix("_form"), customer="c-maya")
    bench.start(form)
    bench.run(f"validate_{form}")
    assert bench.replies or next_action(bench.events)
    bench.hear(text, intent, customer="c-maya")
    events = bench.run(f"validate_{form}")
    rejected = any(event["event"] == "action_execution_rejected" for event in events)
    assert bench.replies or rejected or next_action(events)
    if not rejected:
        assert any(e["event"] == "slot" and e["name"] != "requested_slot" for e in events)


def next_action(events: list[dict[str, Any]]) -> str | None:
    return next((event["name"] for event in events if event["event"] == "followup"), None)
