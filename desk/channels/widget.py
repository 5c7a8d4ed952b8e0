"""The widget over HTTP: opening a session, and the long poll for where websockets are blocked."""

from __future__ import annotations

import asyncio
from typing import Annotated

import msgspec
from litestar import get, post
from litestar.params import QueryParameter

from desk.channels.widget_posts import answer_frame, build_refusal, build_settings
from desk.errors import BadRequest, DeskError, Forbidden, Unauthorized
from desk.frames import Hello, Ping, parse_widget_frame
from desk.house import House
from desk.requests import AnyRequest, house_of, read_body, read_struct
from desk.security import is_origin_allowed
from desk.service import access, visits
from desk.wire import Json, customer_entry, customer_owner, wire_time

POLL_SECONDS = 25.0
BEARER = "bearer "


class SessionRequest(msgspec.Struct, frozen=True):
    """What a widget asks for a session with."""

    token: Annotated[str, msgspec.Meta(max_length=4096)] | None = None
    identity: Annotated[str, msgspec.Meta(max_length=4096)] | None = None
    locale: Annotated[str, msgspec.Meta(max_length=16)] | None = None


@post("/widget/session", status_code=200)
async def open_session(request: AnyRequest) -> Json:
    """Open or go on with a visitor's conversation."""
    house = house_of(request)
    _check_origin(house, request)
    house.check_address(house.new_sessions, request.scope)
    asked = await read_struct(request, SessionRequest)
    visit = await visits.open_visit(house.desk, asked.token, asked.identity, asked.locale)
    return {
        "token": visit.token,
        "conversation_id": visit.conversation_id,
        "expires_at": wire_time(visit.expires_at),
        "settings": build_settings(house.desk.config, visit.locale),
    }


@get("/widget/entries")
async def poll_entries(
    request: AnyRequest,
    after: Annotated[int, QueryParameter(ge=0, le=2**53)] = 0,
    wait_seconds: Annotated[float, QueryParameter(ge=0, le=POLL_SECONDS)] = POLL_SECONDS,
) -> Json:
    """Read on after a seq; waits for news when there is none."""
    house = house_of(request)
    conversation_id = await _conversation_of(house, request)
    with house.live.mailbox(frozenset({conversation_id})) as mailbox:
        page = await _read_page(house, conversation_id, after)
        if page["entries"] or wait_seconds == 0:
            return page
        try:
            async with asyncio.timeout(wait_seconds):
                await mailbox.collect()
        except TimeoutError:
            return page
    return await _read_page(house, conversation_id, after)


async def _read_page(house: House, conversation_id: str, after: int) -> Json:
    head = await access.access_customer_head(house.desk, conversation_id)
    start = after if after <= head.conversation.last_seq else 0
    entries = await access.access_customer_entries(house.desk, conversation_id, start)
    return {
        "conversation_id": conversation_id,
        "entries": [customer_entry(entry) for entry in entries],
        "owner": customer_owner(head.conversation, head.position, head.wait_minutes),
        "last_seq": head.last_seq,
        "agent_read_seq": head.conversation.agent_read_seq,
        "typing": [
            {"who": sign["who"], "is_typing": True, "ttl_seconds": sign["ttl_seconds"]}
            for sign in house.live.typing_in(conversation_id)
            if sign["who"] != "customer"
        ],
    }


@post("/widget/messages", status_code=200)
async def post_message(request: AnyRequest) -> Json:
    """Take one client frame, as the socket does; answers with its ack or refusal."""
    house = house_of(request)
    conversation_id = await _conversation_of(house, request)
    frame = None
    try:
        frame = parse_widget_frame(await read_body(request))
        if isinstance(frame, Hello):
            raise BadRequest("Hello is for sockets.")
        reply = await answer_frame(house, conversation_id, frame)
    except DeskError as error:
        return build_refusal(house, error, frame)
    return reply or await answer_frame(house, conversation_id, Ping(id=frame.id)) or {}


async def _conversation_of(house: House, request: AnyRequest) -> str:
    _check_origin(house, request)
    house.check_address(house.polls, request.scope)
    header = request.headers.get("authorization", "")
    if not header.lower().startswith(BEARER):
        raise Unauthorized("The session token is missing.", "token_invalid")
    token = await visits.check_visit(house.desk, header[len(BEARER) :].strip())
    return token.conversation_id


def _check_origin(house: House, request: AnyRequest) -> None:
    origin, host = request.headers.get("origin"), request.headers.get("host")
    if not is_origin_allowed(house.desk.config, origin, host, widget=True):
        raise Forbidden("This site may not use the widget.", "origin_refused")
