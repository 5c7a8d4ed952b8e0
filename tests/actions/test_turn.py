"""A turn is read from whatever rasa_sdk's tracker holds."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rasa_sdk import Tracker

from actions.ports import Customer
from actions.turn import Turn, TurnEntity


def tracker(**more: Any) -> Tracker:
    message = {
        "text": "where is NL-10234",
        "message_id": "m1",
        "intent": {"name": "order_status", "confidence": 0.9},
        "intent_ranking": [{"name": f"i{n}", "confidence": 0.1} for n in range(9)],
        "entities": [
            {"entity": "order_number", "value": "NL-10234", "start": 9, "end": 17, "confidence_entity": 0.8},
            {"entity": "order_number", "value": 10245},
            {"entity": "broken", "value": {"a": 1}},
        ],
        "metadata": {"locale": "de", "customer": {"id": "c7", "name": None, "email": "m@example.com"}},
    }
    state = {"sender_id": "c1", "slots": {"requested_slot": "email"}, "latest_message": message, "events": []}
    state |= {"active_loop": {"name": "order_form"}, "latest_action_name": "action_listen"}
    return Tracker.from_dict({**state, **more})


def test_everything_is_read() -> None:
    turn = Turn.from_tracker(tracker())
    assert (turn.conversation_id, turn.message_id, turn.intent, turn.confidence) == (
        "c1",
        "m1",
        "order_status",
        0.9,
    )
    assert (turn.locale, turn.channel, turn.active_form, turn.requested_slot) == (
        "de",
        "widget",
        "order_form",
        "email",
    )
    assert turn.customer == Customer("c7", "", "m@example.com")
    assert turn.entities[0] == TurnEntity("order_number", "NL-10234", 9, 17, 0.8)
    assert turn.values_of("order_number") == ("NL-10234", "10245")
    assert len(turn.ranking) == 5


def test_choices_are_read_where_understanding_made_any() -> None:
    decided = {"understanding": {"decision": "ask", "choices": ["a", 7, "b"]}}
    assert Turn.from_tracker(tracker()).choices is None
    assert Turn.from_tracker(tracker(latest_message=decided)).choices == ("a", "b")
    passed_on = {"understanding": {"decision": "pass_on", "choices": []}}
    assert Turn.from_tracker(tracker(latest_message=passed_on)).choices == ()
    acted = {"understanding": {"decision": "answer", "choices": []}}
    assert Turn.from_tracker(tracker(latest_message=acted)).choices is None


def test_the_key_of_an_effect_names_conversation_and_message() -> None:
    assert Turn.from_tracker(tracker()).effect_key("open_ticket") == "c1:m1:open_ticket"


def test_slots_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        Turn.from_tracker(tracker()).slots["x"] = 1  # type: ignore[index]


junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
names = ("text", "message_id", "intent", "intent_ranking", "entities", "metadata", "understanding")


@given(st.dictionaries(st.sampled_from(names), junk))
def test_any_message_gives_a_turn(message: dict[str, Any]) -> None:
    turn = Turn.from_tracker(tracker(latest_message=message))
    assert isinstance(turn.text, str)
    assert isinstance(turn.confidence, float)
