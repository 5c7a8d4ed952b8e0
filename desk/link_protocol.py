"""The words of the link between the action server and the desk.

Pure: frozen dataclasses, one function that reads a frame and one that writes it; no socket and no clock. The
annotations of a dataclass are its wire format: ``parse_frame`` refuses whatever they do not allow, unknown
fields included. ``docs/link.asyncapi.yml`` says the same for people, and a test compares the two.

    client                                server
      hello {token, after_event}     ->
                                     <-   welcome {last_event}
      request {method, params, key}  ->
                                     <-   response {reply_to, result or error}
                                     <-   event {event_seq, name, data}
      event_ack {event_seq}          ->
      ping                           <->  pong

Errors::

    LinkProtocolError (code, is_retryable)
    ├── FrameTooLarge      more than MAX_FRAME_BYTES
    ├── FrameMalformed     not JSON, or not an object
    ├── FrameForeign       another version, or an unknown type or method, refused by name
    └── FieldRejected      a field is missing, unknown, of another type or out of its bounds
    LinkRefused            the desk understood a request and says no (code, message, is_retryable)
"""

from __future__ import annotations

import enum
import json
import types
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from desk.link_codec import (
    MAX_FRAME_BYTES,
    MAX_INTEGER,
    Bounds,
    FieldRejected,
    FrameForeign,
    FrameMalformed,
    FrameTooLarge,
    JsonValue,
    LinkProtocolError,
    build,
    encode_members,
    parse_object,
)

LINK_VERSION = 1
PING_INTERVAL_SECONDS = 20.0
HELLO_TIMEOUT_SECONDS = 5.0


__all__ = [
    "MAX_FRAME_BYTES",
    "FieldRejected",
    "FrameForeign",
    "FrameMalformed",
    "FrameTooLarge",
    "JsonValue",
    "LinkProtocolError",
    "encode_members",
]


class CloseCode(enum.IntEnum):
    """Why the desk closes a link; 4000 and above are ours."""

    GOING_AWAY = 1001
    TOO_BIG = 1009
    BAD_FRAME = 4400
    UNAUTHORIZED = 4401
    HELLO_TIMEOUT = 4408
    TOO_MANY_CLIENTS = 4429


class LinkRefused(Exception):
    """The desk refused a request; the code is for programs, the message for logs."""

    def __init__(self, code: str, message: str, *, is_retryable: bool = False) -> None:
        self.code = code
        self.message = message
        self.is_retryable = is_retryable
        super().__init__(code, message)

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


Identifier = Annotated[str, Bounds(1, 128)]
Code = Annotated[str, Bounds(1, 64)]
Line = Annotated[str, Bounds(0, 300)]
Body = Annotated[str, Bounds(0, 12_000)]
Key = Annotated[str, Bounds(1, 300)]
Number = Annotated[str, Bounds(1, 32)]
Sequence = Annotated[int, Bounds(0, MAX_INTEGER)]
Count = Annotated[int, Bounds(0, 1_000_000)]


class Priority(enum.StrEnum):
    """How urgent a ticket is."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    URGENT = "urgent"


class Method(enum.StrEnum):
    """What the action server may ask of the desk."""

    OPEN_TICKET = "open_ticket"
    UPDATE_TICKET = "update_ticket"
    TICKET_STATUS = "ticket_status"
    REQUEST_HANDOFF = "request_handoff"
    SUGGEST = "suggest"


# --- what travels in requests and responses -----------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class LinkCustomer:
    """The customer as the actions know them; empty fields are None."""

    id: Line | None = None
    name: Line | None = None
    email: Line | None = None


@dataclass(frozen=True, kw_only=True)
class LinkSource:
    """Where a suggested answer comes from; ``updated`` is an ISO date."""

    title: Line
    url: Annotated[str, Bounds(0, 2000)]
    section: Line | None = None
    updated: Annotated[str, Bounds(0, 32)] | None = None


@dataclass(frozen=True, kw_only=True)
class OpenTicket:
    """Open a ticket for a conversation."""

    conversation_id: Identifier
    subject: Annotated[str, Bounds(1, 300)]
    body: Body
    priority: Priority = Priority.NORMAL
    kind: Code = "question"
    customer: LinkCustomer | None = None


@dataclass(frozen=True, kw_only=True)
class OpenedTicket:
    """The ticket that stands for the request; ``created`` is false when it was there already."""

    number: Number
    status: Code
    created: bool


@dataclass(frozen=True, kw_only=True)
class UpdateTicket:
    """Add a customer's comment to a ticket, or change its status, or both."""

    number: Number
    comment: Body | None = None
    status: Code | None = None


@dataclass(frozen=True, kw_only=True)
class UpdatedTicket:
    """The ticket after the change."""

    number: Number
    status: Code


@dataclass(frozen=True, kw_only=True)
class TicketStatus:
    """Ask for a ticket by its number, or for the newest of a conversation; ``email`` proves whose it is."""

    number: Number | None = None
    conversation_id: Identifier | None = None
    email: Line | None = None


@dataclass(frozen=True, kw_only=True)
class TicketState:
    """What a customer may know of a ticket."""

    number: Number
    status: Code
    subject: Line
    updated_at: datetime
    last_public_comment: Body | None = None


@dataclass(frozen=True, kw_only=True)
class RequestHandoff:
    """Ask for a person: why, what they should know, and the form that was interrupted."""

    conversation_id: Identifier
    reason: Code
    brief: Body
    interrupted_form: Code | None = None


@dataclass(frozen=True, kw_only=True)
class HandoffPlace:
    """Where the conversation stands in the queue; ``is_open`` is false outside of service hours."""

    position: Count
    wait_minutes: Count | None
    is_open: bool


@dataclass(frozen=True, kw_only=True)
class Suggest:
    """Offer an agent a draft for a conversation that a person owns."""

    conversation_id: Identifier
    text: Body
    sources: Annotated[tuple[LinkSource, ...], Bounds(0, 10)] = ()


@dataclass(frozen=True, kw_only=True)
class Suggested:
    """The draft was kept (``is_shown``) or nobody is there to see it."""

    is_shown: bool


Params = OpenTicket | UpdateTicket | TicketStatus | RequestHandoff | Suggest
Result = OpenedTicket | UpdatedTicket | TicketState | HandoffPlace | Suggested

PARAMS_OF: Mapping[Method, type[Params]] = types.MappingProxyType(
    {
        Method.OPEN_TICKET: OpenTicket,
        Method.UPDATE_TICKET: UpdateTicket,
        Method.TICKET_STATUS: TicketStatus,
        Method.REQUEST_HANDOFF: RequestHandoff,
        Method.SUGGEST: Suggest,
    }
)
RESULT_OF: Mapping[Method, type[Result]] = types.MappingProxyType(
    {
        Method.OPEN_TICKET: OpenedTicket,
        Method.UPDATE_TICKET: UpdatedTicket,
        Method.TICKET_STATUS: TicketState,
        Method.REQUEST_HANDOFF: HandoffPlace,
        Method.SUGGEST: Suggested,
    }
)


# --- frames ---------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Frame:
    """What every frame has: its sender's id for it, and the aware UTC time it was sent."""

    id: Identifier
    sent_at: datetime


@dataclass(frozen=True, kw_only=True)
class Hello(Frame):
    """The client proves who it is and names the last event it has handled (0: none)."""

    token: Annotated[str, Bounds(1, 512)]
    client: Code
    after_event: Sequence

    def __repr__(self) -> str:
        return f"Hello(id={self.id!r}, client={self.client!r}, after_event={self.after_event}, token=***)"


@dataclass(frozen=True, kw_only=True)
class Welcome(Frame):
    """The server accepts; ``last_event`` is the newest event it has."""

    last_event: Sequence


@dataclass(frozen=True, kw_only=True)
class Request(Frame):
    """Do something once: a repeat with the same key gets the same answer."""

    method: Method
    params: Params
    idempotency_key: Key


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """Why a request was not done."""

    code: Code
    message: Line
    retryable: bool


@dataclass(frozen=True, kw_only=True)
class Response(Frame):
    """The answer to a request: ``result`` when ``ok``, else ``error``."""

    reply_to: Identifier
    method: Method
    ok: bool
    result: Result | None = None
    error: Refusal | None = None


@dataclass(frozen=True, kw_only=True)
class Event(Frame):
    """Something happened at the desk; ``event_seq`` grows by one for each event."""

    event_seq: Annotated[int, Bounds(1, MAX_INTEGER)]
    name: Code
    conversation_id: Identifier | None
    data: dict[str, JsonValue]


@dataclass(frozen=True, kw_only=True)
class EventAck(Frame):
    """The client has handled every event up to this one."""

    event_seq: Annotated[int, Bounds(1, MAX_INTEGER)]


@dataclass(frozen=True, kw_only=True)
class Ping(Frame):
    """Ask whether the other side is there."""


@dataclass(frozen=True, kw_only=True)
class Pong(Frame):
    """Answer a ping."""

    reply_to: Identifier


FRAME_OF: Mapping[str, type[Frame]] = types.MappingProxyType(
    {
        "hello": Hello,
        "welcome": Welcome,
        "request": Request,
        "response": Response,
        "event": Event,
        "event_ack": EventAck,
        "ping": Ping,
        "pong": Pong,
    }
)
TYPE_OF: Mapping[type[Frame], str] = types.MappingProxyType({cls: name for name, cls in FRAME_OF.items()})


# --- reading --------------------------------------------------------------------------------------


def parse_frame(text: str) -> Frame:
    """Read one frame.

    Args:
        text: a whole text message of the socket.

    Raises:
        LinkProtocolError: whatever the text is, no other error leaves this function.
    """
    members = parse_object(text)
    version = members.pop("v", None)
    if type(version) is not int or version != LINK_VERSION:
        raise FrameForeign("version", version)
    type_name = members.pop("type", None)
    frame_class = FRAME_OF.get(type_name) if isinstance(type_name, str) else None
    if frame_class is None:
        raise FrameForeign("type", type_name)
    if frame_class is Request:
        return _parse_request(members)
    if frame_class is Response:
        return _parse_response(members)
    return build(frame_class, members, "")


def parse_params(method: Method, members: object) -> Params:
    """Read the params of a request from their JSON object (the outbox keeps them so)."""
    params: Params = build(PARAMS_OF[method], members, "params.")
    return params


def parse_result(method: Method, members: object) -> Result:
    """Read a stored result from its JSON object."""
    result: Result = build(RESULT_OF[method], members, "result.")
    return result


def _parse_request(members: dict[str, Any]) -> Request:
    method = _parse_method(members)
    params = parse_params(method, members.pop("params", None))
    return build(Request, {**members, "method": method.value}, "", given={"params": params})


def _parse_response(members: dict[str, Any]) -> Response:
    method = _parse_method(members)
    result = members.pop("result", None)
    is_ok = members.get("ok")
    if is_ok is True and members.get("error") is not None:
        raise FieldRejected("error", "a response that is ok has none")
    if is_ok is False and (result is not None or members.get("error") is None):
        raise FieldRejected("error", "a response that is not ok has an error and no result")
    given = {"result": parse_result(method, result) if is_ok is True else None}
    return build(Response, {**members, "method": method.value}, "", given=given)


def _parse_method(members: dict[str, Any]) -> Method:
    name = members.pop("method", None)
    if not isinstance(name, str) or name not in Method._value2member_map_:
        raise FrameForeign("method", name)
    return Method(name)


# --- writing --------------------------------------------------------------------------------------


def encode_frame(frame: Frame) -> str:
    """Write a frame as JSON.

    Raises:
        LinkProtocolError: the frame breaks its own bounds; ``parse_frame`` reads whatever this returns.
    """
    members = {"v": LINK_VERSION, "type": TYPE_OF[type(frame)], **encode_members(frame)}
    try:
        text = json.dumps(members, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    except (ValueError, RecursionError, TypeError) as error:
        raise FrameMalformed(type(error).__name__) from error
    parse_frame(text)
    return text
