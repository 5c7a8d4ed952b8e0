"""Websocket frames, both ways: strict structs for what clients send, builders for what the desk sends.

Every frame has ``type``, ``id``, ``sent_at`` and, where there is one, ``conversation_id``. A type that is not
known is refused by name; a field of the wrong JSON type is refused, whatever it holds.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
from ulid import ULID

from desk.errors import BadRequest, UnknownFrame
from desk.wire import Json, wire_time

MAX_FRAME_BYTES = 64 * 1024
MAX_ID_CHARS = 64
# RecursionError: thousands of brackets in a field nobody asked for.
UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)

Id = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_ID_CHARS)]
Seq = Annotated[int, msgspec.Meta(ge=0, le=2**53)]


class Frame(msgspec.Struct, frozen=True, tag_field="type"):
    """What every client frame has."""

    id: Id
    sent_at: str | None = None
    conversation_id: str | None = None


class Hello(Frame, frozen=True, tag="hello"):
    """The widget's first frame: the session token and what it has already."""

    token: Annotated[str, msgspec.Meta(max_length=4096)] = ""
    after_seq: Seq = 0


class ButtonPress(msgspec.Struct, frozen=True):
    """A pressed button: which entry, which button."""

    seq: Seq
    id: Id


class Post(Frame, frozen=True, tag="post"):
    """A message: exactly one of text, button or starter."""

    client_id: Id = ""
    text: str | None = None
    button: ButtonPress | None = None
    starter: Id | None = None


class Typing(Frame, frozen=True, tag="typing"):
    """Typing began or ended (console frames name the conversation)."""

    is_typing: bool = False


class Read(Frame, frozen=True, tag="read"):
    """Everything up to seq was seen."""

    seq: Seq = 0


class RequestPerson(Frame, frozen=True, tag="request_person"):
    """The customer asks for a person."""

    client_id: Id = ""


class LeavePerson(Frame, frozen=True, tag="leave_person"):
    """The customer goes back to the bot."""

    client_id: Id = ""


class Rate(Frame, frozen=True, tag="rate"):
    """The customer says whether an answer helped; null takes it back."""

    client_id: Id = ""
    seq: Seq = 0
    is_helpful: bool | None = None


class Ping(Frame, frozen=True, tag="ping"):
    """Are you there."""


class Watch(Frame, frozen=True, tag="watch"):
    """The agent opened a conversation (console)."""

    after_seq: Seq = 0


class Unwatch(Frame, frozen=True, tag="unwatch"):
    """The agent left it (console)."""


WidgetFrame = Hello | Post | Typing | Read | RequestPerson | LeavePerson | Rate | Ping
ConsoleFrame = Hello | Watch | Unwatch | Typing | Ping

_WIDGET: msgspec.json.Decoder[WidgetFrame] = msgspec.json.Decoder(WidgetFrame)
_CONSOLE: msgspec.json.Decoder[ConsoleFrame] = msgspec.json.Decoder(ConsoleFrame)
_WIDGET_TYPES = frozenset(
    {"hello", "post", "typing", "read", "request_person", "leave_person", "rate", "ping"}
)
_CONSOLE_TYPES = frozenset({"hello", "watch", "unwatch", "typing", "ping"})
_NEEDS_CLIENT_ID = (Post, RequestPerson, LeavePerson, Rate)


class _Peek(msgspec.Struct):
    type: str


_PEEK = msgspec.json.Decoder(_Peek)


def parse_widget_frame(raw: str | bytes) -> WidgetFrame:
    """Read a widget's frame.

    Raises:
        UnknownFrame: its type is none of the widget's.
        BadRequest: anything else is wrong with it.
    """
    _check_type(raw, _WIDGET_TYPES)
    try:
        frame = _WIDGET.decode(raw)
    except UNREADABLE as exc:
        raise BadRequest("The frame has a field of the wrong shape.") from exc
    if isinstance(frame, _NEEDS_CLIENT_ID) and not frame.client_id:
        raise BadRequest("The frame needs a client_id.")
    if isinstance(frame, Post):
        _check_post(frame)
    return frame


def parse_console_frame(raw: str | bytes) -> ConsoleFrame:
    """Read a console's frame.

    Raises:
        UnknownFrame: its type is none of the console's.
        BadRequest: anything else is wrong with it.
    """
    _check_type(raw, _CONSOLE_TYPES)
    try:
        frame = _CONSOLE.decode(raw)
    except UNREADABLE as exc:
        raise BadRequest("The frame has a field of the wrong shape.") from exc
    if isinstance(frame, Watch | Unwatch | Typing) and not frame.conversation_id:
        raise BadRequest("The frame needs a conversation_id.")
    return frame


def _check_type(raw: str | bytes, known: frozenset[str]) -> None:
    try:
        peek = _PEEK.decode(raw)
    except UNREADABLE as exc:
        raise BadRequest("A frame is a JSON object with a type.") from exc
    if peek.type not in known:
        raise UnknownFrame("This frame's type is not known here.")


def _check_post(frame: Post) -> None:
    if sum(part is not None for part in (frame.text, frame.button, frame.starter)) != 1:
        raise BadRequest("A post holds exactly one of text, button and starter.")


def build_frame(type_: str, sent_at: datetime, conversation_id: str | None = None, **fields: Any) -> Json:
    """Build a server frame; the id is new."""
    frame: Json = {"type": type_, "id": str(ULID()), "sent_at": wire_time(sent_at)}
    if conversation_id is not None:
        frame["conversation_id"] = conversation_id
    return frame | fields


def write_frame(frame: Json) -> str:
    """Encode a frame."""
    return json.dumps(frame, ensure_ascii=False, separators=(",", ":"))


def build_refused(code: str, message: str, sent_at: datetime, **fields: Any) -> Json:
    """Build the frame that says no, with a retry hint or the client_id where there is one."""
    return build_frame(
        "refused", sent_at, code=code, message=message, **{k: v for k, v in fields.items() if v is not None}
    )


def utc_now() -> datetime:
    """Tell the time; the shell's clock, passed to everything pure."""
    return datetime.now(UTC)
