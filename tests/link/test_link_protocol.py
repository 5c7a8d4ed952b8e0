"""The link's words: what is written can be read, and nothing else can."""

from __future__ import annotations

import contextlib
import json
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desk.link_protocol import (
    FRAME_OF,
    MAX_FRAME_BYTES,
    PARAMS_OF,
    RESULT_OF,
    Event,
    EventAck,
    FieldRejected,
    Frame,
    FrameForeign,
    FrameMalformed,
    FrameTooLarge,
    Hello,
    LinkCustomer,
    LinkProtocolError,
    LinkSource,
    Method,
    OpenTicket,
    Ping,
    Pong,
    Priority,
    Refusal,
    Request,
    RequestHandoff,
    Response,
    Suggest,
    TicketState,
    TicketStatus,
    UpdateTicket,
    Welcome,
    encode_frame,
    parse_frame,
)

words = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=40)
ids = st.text(st.characters(categories=("L", "N")), min_size=1, max_size=32)
times = st.datetimes(timezones=st.just(UTC))
sequences = st.integers(0, 2**53 - 1)
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=8,
)
stamp = {"id": ids, "sent_at": times}
customers = st.none() | st.builds(LinkCustomer, id=words, name=words, email=words)
sources = st.lists(st.builds(LinkSource, title=words, url=words, section=words), max_size=3).map(tuple)
params = st.one_of(
    st.builds(
        OpenTicket,
        conversation_id=ids,
        subject=ids,
        body=words,
        priority=st.sampled_from(Priority),
        kind=ids,
        customer=customers,
    ),
    st.builds(UpdateTicket, number=ids, comment=words),
    st.builds(TicketStatus, number=ids, email=words),
    st.builds(RequestHandoff, conversation_id=ids, reason=ids, brief=words, interrupted_form=st.none() | ids),
    st.builds(Suggest, conversation_id=ids, text=words, sources=sources),
)
METHODS = {kind: method for method, kind in PARAMS_OF.items()}
requests = st.builds(
    lambda p, **more: Request(method=METHODS[type(p)], params=p, **more), params, idempotency_key=ids, **stamp
)
refusals = st.builds(Refusal, code=ids, message=words, retryable=st.booleans())
states = st.builds(
    TicketState,
    number=ids,
    status=ids,
    subject=words,
    updated_at=times,
    last_public_comment=st.none() | words,
)
stamped = {"reply_to": ids, **stamp}
responses = st.builds(
    Response,
    reply_to=ids,
    method=st.just(Method.TICKET_STATUS),
    ok=st.just(True),
    result=states,
    error=st.none(),
    **stamp,
) | st.builds(
    Response,
    reply_to=ids,
    method=st.sampled_from(Method),
    ok=st.just(False),
    result=st.none(),
    error=refusals,
    **stamp,
)
frames = st.one_of(
    st.builds(Hello, token=ids, client=ids, after_event=sequences, **stamp),
    st.builds(Welcome, last_event=sequences, **stamp),
    st.builds(Event, event_seq=st.integers(1, 2**53 - 1), name=ids, conversation_id=st.none() | ids,
              data=st.dictionaries(words, json_values, max_size=3), **stamp),
    st.builds(EventAck, event_seq=st.integers(1, 2**53 - 1), **stamp),
    st.builds(Ping, **stamp),
    st.builds(Pong, reply_to=ids, **stamp),
    requests,
    responses,
)  # fmt: skip
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@given(frames)
def test_what_is_encoded_parses_to_the_same(frame: Frame) -> None:
    assert parse_frame(encode_frame(frame)) == frame


@given(
    st.text(max_size=200)
    | json_values.map(json.dumps)
    | st.binary(max_size=100).map(lambda b: b.decode("latin-1"))
)
def test_any_text_gives_a_frame_or_the_named_error(text: str) -> None:
    with contextlib.suppress(LinkProtocolError):
        parse_frame(text)


@given(frames, st.data())
@settings(max_examples=300)
def test_any_mutilated_frame_gives_a_frame_or_the_named_error(frame: Frame, data: st.DataObject) -> None:
    members = json.loads(encode_frame(frame))
    name = data.draw(st.sampled_from(sorted(members)))
    if data.draw(st.booleans()):
        del members[name]
    else:
        members[name] = data.draw(json_values)
    with contextlib.suppress(LinkProtocolError):
        parse_frame(json.dumps(members))


def frame_text(**changed: Any) -> str:
    base = {"v": 1, "id": "1", "type": "event_ack", "sent_at": "2026-11-22T12:00:00+00:00", "event_seq": 1}
    return json.dumps({**base, **changed})


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"v": 2}, FrameForeign),
        ({"v": True}, FrameForeign),
        ({"v": 1.0}, FrameForeign),
        ({"type": "shutdown"}, FrameForeign),
        ({"type": ["hello"]}, FrameForeign),
        ({"type": "request", "method": "drop_tables", "params": {}}, FrameForeign),
        ({"extra": 1}, FieldRejected),
        ({"event_seq": 0}, FieldRejected),
        ({"event_seq": True}, FieldRejected),
        ({"event_seq": 2**53}, FieldRejected),
        ({"event_seq": "1"}, FieldRejected),
        ({"id": ""}, FieldRejected),
        ({"id": "x" * 129}, FieldRejected),
        ({"id": "a\x00b"}, FieldRejected),
        ({"id": "\ud800"}, FieldRejected),
        ({"sent_at": "2026-11-22T12:00:00"}, FieldRejected),
        ({"sent_at": 1700000000}, FieldRejected),
        ({"sent_at": "yesterday"}, FieldRejected),
    ],
)
def test_foreign_and_misshapen_frames_are_refused_by_name(
    changed: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        parse_frame(frame_text(**changed))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        '"x"',
        "{",
        "[" * 30_000,
        '{"a":1,"a":2}',
        '{"v":NaN}',
        '{"v":1e999}',
        "{}" + "\ud800",
    ],
)
def test_what_is_not_a_json_object_is_malformed(text: str) -> None:
    with pytest.raises((FrameMalformed, FrameForeign)):
        parse_frame(text)


def test_the_size_limit_is_exact() -> None:
    def event(size: int) -> Event:
        return Event(id="1", sent_at=NOW, event_seq=1, name="n", conversation_id=None, data={"x": "y" * size})

    room = MAX_FRAME_BYTES - len(encode_frame(event(0)).encode())
    assert len(encode_frame(event(room))) == MAX_FRAME_BYTES
    with pytest.raises(FrameTooLarge):
        encode_frame(event(room + 1))


def test_a_response_says_ok_or_why_not_and_never_both() -> None:
    error = {"code": "x", "message": "", "retryable": False}
    base = {
        "v": 1,
        "id": "1",
        "type": "response",
        "sent_at": NOW.isoformat(),
        "reply_to": "0",
        "method": "suggest",
    }
    for wrong in (
        {"ok": True, "result": {"is_shown": True}, "error": error},
        {"ok": False, "result": {"is_shown": True}, "error": error},
        {"ok": False},
        {"ok": True},
    ):
        with pytest.raises(FieldRejected):
            parse_frame(json.dumps({**base, **wrong}))


def test_a_token_is_never_printed() -> None:
    assert "hunter22" not in repr(
        Hello(id="1", sent_at=NOW, token="hunter22", client="actions", after_event=0)
    )


def test_every_method_has_params_and_a_result() -> None:
    assert set(PARAMS_OF) == set(RESULT_OF) == set(Method)
    assert all(fields(kind) for kind in [*FRAME_OF.values(), *PARAMS_OF.values(), *RESULT_OF.values()])
