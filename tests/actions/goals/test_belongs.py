"""Which messages belong to an open form."""

from __future__ import annotations

from typing import Any

import pytest

from actions.goals.belongs import Place, Verdict, judge
from actions.goals.talk import Talk
from actions.turn import Turn

RETURN = frozenset({"return_item"})
PROBLEMS = frozenset({"item_damaged"})


def talk(text: str, intent: str, confidence: float = 0.95, *, pressed: bool = False) -> Talk:
    ranking = ((intent, 1.0),) if pressed else ((intent, confidence), ("greet", 0.01))
    return Talk(Turn("c", "m", text, intent, 1.0 if pressed else confidence, ranking), [])


def place(*, free: bool = False, value: bool = False) -> Place:
    return Place(own=RETURN, related=PROBLEMS, is_free_text=free, has_value=value)


@pytest.mark.parametrize(
    ("said", "where", "verdict"),
    [
        # a field with a shape
        (("NL-10234", "inform"), {"value": True}, "answer"),
        (("hm", "nlu_fallback", 0.2), {}, "answer"),
        (("is it raining?", "nlu_fallback", 0.2), {}, "interruption"),
        (("forget it", "stop"), {}, "interruption"),
        (("bye", "goodbye"), {}, "interruption"),
        (("a human please", "talk_to_person", 0.5), {}, "interruption"),
        (("what was that", "repeat"), {}, "again"),
        (("ok back to my return", "back_to_task"), {}, "again"),
        (("I want to return it", "return_item"), {}, "again"),
        (("return NL-10234", "return_item"), {"value": True}, "answer"),
        (("where is NL-10245", "order_status"), {"value": True}, "interruption"),
        (("where is NL-10245", "order_status", 0.5), {"value": True}, "answer"),
        (("NL-10234, the lamp is broken", "item_damaged"), {"value": True}, "answer"),
        (("how long is the warranty", "warranty"), {}, "interruption"),
        (("hello", "greet"), {}, "courtesy"),
        (("what a lovely day", "smalltalk"), {}, "courtesy"),
        (("blub", "thank", 0.5), {}, "answer"),
        (("!!", "praise"), {}, "answer"),
        (("颜色不对", "thank"), {"free": True, "value": True}, "answer"),
        (("👋", "greet"), {}, "courtesy"),
        (("blub", "promo_code", 0.5), {}, "answer"),
        (("codes?", "promo_code", 0.5), {}, "interruption"),
        (("blub", "cancel_order", 0.5), {}, "answer"),
        (("hi it is NL-10234", "greet"), {"value": True}, "answer"),
        (("yes", "affirm"), {}, "answer"),
        (("no I meant", "correct"), {}, "answer"),
        (("cancel", "cancel_order"), {}, "stop"),
        (("please cancel.", "cancel_order"), {}, "stop"),
        # free text takes almost everything
        (("it arrived broken", "item_damaged"), {"free": True, "value": True}, "answer"),
        (("my order was late and nobody answers", "order_late"), {"free": True, "value": True}, "answer"),
        (("where is my order NL-10245?", "order_status"), {"free": True, "value": True}, "interruption"),
        (("the warranty is a joke", "warranty"), {"free": True, "value": True}, "answer"),
        (("how long is the warranty?", "warranty"), {"free": True, "value": True}, "interruption"),
        (("how long is the warranty?", "warranty", 0.5), {"free": True, "value": True}, "answer"),
        (("thanks", "thank"), {"free": True, "value": True}, "courtesy"),
        (
            ("thanks for nothing, the table wobbles and squeaks", "thank"),
            {"free": True, "value": True},
            "answer",
        ),
        (("forget it", "stop"), {"free": True, "value": True}, "interruption"),
        (("I had to stop using it", "stop", 0.4), {"free": True, "value": True}, "answer"),
        (("why is that so?", "nlu_fallback", 0.2), {"free": True, "value": True}, "answer"),
    ],
)
def test_a_message_is_judged(said: tuple[Any, ...], where: dict[str, bool], verdict: str) -> None:
    assert judge(talk(*said), place(**where)) is Verdict(verdict)


@pytest.mark.parametrize("intent", ["order_status", "warranty", "talk_to_person", "cancel_order"])
def test_a_button_always_breaks_in(intent: str) -> None:
    assert judge(talk("", intent, pressed=True), place(free=True, value=True)) is Verdict.INTERRUPTION
