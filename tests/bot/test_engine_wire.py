"""The engine channel's wire, without an engine."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import BadRequest
from bot.wire import (
    MAX_TEXT_CHARACTERS,
    Payload,
    TurnTrace,
    actions_of,
    build_answer,
    build_replies,
    parse_message,
    parse_payload,
    parse_resume,
    parse_understand,
    turn_of,
    understanding_of,
)

junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
SOURCE = {"title": "Returns", "url": "/help/returns", "section": "Window", "updated": "2026-11-01"}


def bot(text: str | None, **data: Any) -> dict[str, Any]:
    return {"event": "bot", "text": text, "data": {"buttons": None, "custom": None, **data}}


def message(**more: Any) -> bytes:
    base: dict[str, Any] = {
        "conversation_id": "c",
        "message_id": "m",
        "text": "hi",
        "payload": None,
        "metadata": {},
    }
    return json.dumps({**base, **more}).encode()


fields = ("conversation_id", "message_id", "text", "payload", "metadata", "mode", "entries")
bodies = junk | st.dictionaries(st.sampled_from(fields), junk)


@given(bodies)
def test_any_json_is_read_or_refused_by_name(body: Any) -> None:
    for parse in (parse_message, parse_resume, parse_understand):
        with contextlib.suppress(BadRequest):
            parse(json.dumps(body).encode())


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused_by_name(body: bytes) -> None:
    with contextlib.suppress(BadRequest):
        parse_message(body)


def test_length_limit_is_exact() -> None:
    assert len(parse_message(message(text="x" * MAX_TEXT_CHARACTERS)).text) == MAX_TEXT_CHARACTERS
    with pytest.raises(BadRequest):
        parse_message(message(text="x" * (MAX_TEXT_CHARACTERS + 1)))


def test_only_listed_metadata_passes() -> None:
    given_metadata = {
        "locale": "de",
        "role": "admin",
        "customer": {"id": "1", "email": "a@b.c", "is_staff": True},
    }
    parsed = parse_message(message(metadata=given_metadata))
    assert parsed.metadata == {"locale": "de", "customer": {"id": "1", "name": "", "email": "a@b.c"}}


@pytest.mark.parametrize(
    ("text", "payload"),
    [
        ("/affirm", Payload("affirm")),
        ('/inform{"order_number": "NL-10234"}', Payload("inform", (("order_number", "NL-10234"),))),
        ('/inform{"amount": 5}', Payload("inform", (("amount", "5"),))),
    ],
)
def test_payloads_are_read(text: str, payload: Payload) -> None:
    assert parse_payload(text) == payload


@pytest.mark.parametrize(
    "text",
    ["affirm", "/", "/Affirm", "/affirm x", "/a{}b", '/a{"x": {}}', "/a{", "/a@0.5", "//a", "/a[]", ""],
)
def test_misshapen_payloads_are_refused(text: str) -> None:
    with pytest.raises(BadRequest):
        parse_payload(text)


@pytest.mark.parametrize("mode", ["", "Resume", "/resume", "a b", "x" * 65])
def test_misshapen_modes_are_refused(mode: str) -> None:
    with pytest.raises(BadRequest):
        parse_resume(
            json.dumps({"conversation_id": "c", "message_id": "m", "mode": mode, "entries": []}).encode()
        )


def test_a_note_is_not_part_of_what_was_said() -> None:
    body = {
        "conversation_id": "c",
        "message_id": "m",
        "mode": "menu",
        "entries": [{"kind": "note", "text": "x", "at": ""}],
    }
    with pytest.raises(BadRequest):
        parse_resume(json.dumps(body).encode())


def test_a_source_keeps_which_passage_it_was_and_nothing_else_that_came_along() -> None:
    quoted = {"passage_id": "shipping#1", "document_id": "shipping", "passage_hash": "5f0c"}
    (reply,) = build_replies([bot("Thirty days.", custom={"sources": [SOURCE | quoted | {"secret": "x"}]})])
    assert reply["sources"] == [SOURCE | quoted]


def test_sources_join_the_text_they_came_with() -> None:
    (reply,) = build_replies([bot("Thirty days.", custom={"sources": [SOURCE], "mood": "calm"})])
    assert reply == {"text": "Thirty days.", "buttons": [], "sources": [SOURCE], "data": {"mood": "calm"}}


def test_json_alone_joins_the_reply_before_it_or_the_one_after() -> None:
    alone = bot(None, custom={"sources": [SOURCE]})
    before = build_replies([bot("A."), alone, bot("B.")])
    assert [(reply["text"], len(reply["sources"])) for reply in before] == [("A.", 1), ("B.", 0)]
    after = build_replies([alone, bot("A."), bot("B.")])
    assert [(reply["text"], len(reply["sources"])) for reply in after] == [("A.", 1), ("B.", 0)]
    assert build_replies([alone])[0]["sources"] == [SOURCE]


def test_quick_replies_are_buttons_and_blank_lines_stay() -> None:
    (reply,) = build_replies(
        [bot("One.\n\nTwo.\n", quick_replies=[{"title": "Yes", "payload": "/affirm", "type": "x"}])]
    )
    assert reply["text"] == "One.\n\nTwo."
    assert reply["buttons"] == [{"title": "Yes", "payload": "/affirm"}]


def test_a_turn_ends_where_the_next_begins() -> None:
    events = [
        {"event": "user", "message_id": "m1"}, bot("1"), {"event": "action", "name": "action_listen"},
        {"event": "user", "message_id": "m2"}, {"event": "action", "name": "utter_x", "policy": "p"}, bot("2"),
    ]  # fmt: skip
    assert turn_of(events, "m3") is None
    first, second = turn_of(events, "m1"), turn_of(events, "m2")
    assert first == events[:3]
    assert second == events[3:]
    assert [action.name for action in actions_of(events)] == ["utter_x"]


def test_a_wish_that_was_taken_up_belongs_to_the_turn_of_its_message() -> None:
    wish = {"event": "user", "message_id": "m1+1", "metadata": {"kind": "wish", "part_of": "m1"}}
    events = [
        {"event": "user", "message_id": "m1"},
        bot("1"),
        wish,
        bot("2"),
        {"event": "user", "message_id": "m2"},
    ]
    assert turn_of(events, "m1") == events[:4]


@given(
    st.lists(
        st.fixed_dictionaries(
            {"event": st.just("bot")}, optional={"text": st.none() | st.text(), "data": st.none()}
        )
    )
)
def test_the_same_events_give_the_same_replies(events: list[dict[str, Any]]) -> None:
    answers = [build_answer("m", events, TurnTrace(), is_repeated=flag)["replies"] for flag in (False, True)]
    assert answers[0] == answers[1]


def test_evidence_is_kept_small_and_in_its_form() -> None:
    near = {"text": "late", "intent": "order_late", "cosine": 0.9, "embedding": [0.1]}
    figures = {"familiarity": 1.2, "threshold": 1.0, "second": "order_status", "margin": 0.4}
    evidence = {"nearest": [near] * 9, **figures, "more": "x"}
    understanding = {"evidence": evidence, "model_id": "04ea499fcdfca23b", "parts": []}
    kept = understanding_of({"understanding": understanding})["evidence"]
    nearest = [{"text": "late", "intent": "order_late", "cosine": 0.9}] * 3
    assert kept == {"nearest": nearest, **figures, "model_id": "04ea499fcdfca23b"}


@given(junk)
def test_parse_without_evidence_has_none(understanding: Any) -> None:
    if not (isinstance(understanding, dict) and isinstance(understanding.get("evidence"), dict)):
        assert understanding_of({"understanding": understanding})["evidence"] is None
