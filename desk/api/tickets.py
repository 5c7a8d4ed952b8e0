"""The console's tickets."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import get, patch
from litestar.params import FromPath, FromQuery, QueryParameter

from desk.api.guard import Signed
from desk.errors import BadRequest
from desk.log import Author
from desk.requests import AnyRequest, house_of, read_struct
from desk.service import tickets
from desk.service.tickets import MAX_BODY_CHARS, Status, TicketChange
from desk.store.rows import parse_ticket_number
from desk.wire import Json, wire_ticket


class TicketPatch(msgspec.Struct, frozen=True):
    """What changes; at least one of status and comment."""

    version: Annotated[int, msgspec.Meta(ge=0, le=2**31)]
    status: Status | None = None
    comment: Annotated[str, msgspec.Meta(max_length=MAX_BODY_CHARS)] | None = None
    is_public: bool = False


@get("/tickets")
async def list_tickets(
    request: AnyRequest,
    session: Signed,  # noqa: ARG001 - signed in is enough
    status: FromQuery[Status | None] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, QueryParameter(max_length=32)] = None,
) -> Json:
    """List tickets, newest first."""
    before = parse_ticket_number(cursor) if cursor else None
    if cursor and before is None:
        raise BadRequest("The cursor is none of ours.")
    found, following = await tickets.access_tickets(house_of(request).desk, status, limit, before)
    return {"items": [wire_ticket(ticket) for ticket in found], "next_cursor": following}


@get("/tickets/{number:str}")
async def open_ticket(request: AnyRequest, session: Signed, number: FromPath[str]) -> Json:  # noqa: ARG001
    """Show a ticket with its comments."""
    ticket = await tickets.find_ticket(house_of(request).desk, number)
    return wire_ticket(ticket, with_comments=True)


@patch("/tickets/{number:str}", opt={"body": TicketPatch})
async def change_ticket(request: AnyRequest, session: Signed, number: FromPath[str]) -> Json:
    """Change a ticket's status, or comment on it."""
    asked = await read_struct(request, TicketPatch)
    if asked.status is None and not (asked.comment or "").strip():
        raise BadRequest("There is nothing to change.")
    change = TicketChange(asked.status, asked.comment, asked.is_public, asked.version)
    author = Author(session.agent.id, session.agent.name)
    ticket = await tickets.update_ticket(house_of(request).desk, number, change, author)
    return wire_ticket(ticket, with_comments=True)


HANDLERS = (list_tickets, open_ticket, change_ticket)
