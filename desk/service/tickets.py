"""The small ticketing system: open, change, look up. What happens to a ticket is told in its conversation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from sqlalchemy.ext.asyncio import AsyncSession

from desk.announce import Topic
from desk.context import Desk
from desk.errors import BadRequest, NotFound, TicketMoveRefused, VersionConflict
from desk.log import Author, Code, Customer, Ticket
from desk.models import TicketRow
from desk.service.writing import OWN_PREFIX, Writing, writing
from desk.store import tickets as store
from desk.store.rows import TICKET_PREFIX, parse_ticket_number
from desk.text import clip, scrub

MAX_SUBJECT_CHARS = 300
MAX_BODY_CHARS = 12_000
MAX_TOLD_CHARS = 500
PRIORITIES = ("low", "normal", "high", "urgent")


class Status(StrEnum):
    """A ticket's life."""

    NEW = "new"
    OPEN = "open"
    PENDING = "pending"
    SOLVED = "solved"
    CLOSED = "closed"


# From each status, what it may become. A closed ticket stays closed: a new matter is a new ticket.
MOVES: Mapping[Status, frozenset[Status]] = {
    Status.NEW: frozenset({Status.OPEN, Status.PENDING, Status.SOLVED, Status.CLOSED}),
    Status.OPEN: frozenset({Status.PENDING, Status.SOLVED, Status.CLOSED}),
    Status.PENDING: frozenset({Status.OPEN, Status.SOLVED, Status.CLOSED}),
    Status.SOLVED: frozenset({Status.OPEN, Status.CLOSED}),
    Status.CLOSED: frozenset(),
}


@dataclass(frozen=True)
class TicketDraft:
    """What a new ticket is about."""

    subject: str
    body: str
    priority: str = "normal"
    kind: str = "question"
    customer: Customer = field(default_factory=Customer)


@dataclass(frozen=True)
class TicketChange:
    """What is to be done to a ticket; ``version`` None means whatever it is now."""

    status: str | None = None
    comment: str | None = None
    is_public: bool = False
    version: int | None = None


def next_status(now: str, wanted: str) -> Status:
    """Check a ticket's move; staying is always allowed.

    Raises:
        BadRequest: there is no such status.
        TicketMoveRefused: it may not become that.
    """
    if wanted not in Status._value2member_map_:
        raise BadRequest("No such ticket status.", "status_unknown")
    status = Status(wanted)
    if status != now and status not in MOVES[Status(now)]:
        raise TicketMoveRefused(now, wanted)
    return status


async def open_ticket(desk: Desk, conversation_id: str, draft: TicketDraft, author: Author) -> Ticket:
    """Open a ticket and say so in the conversation."""
    async with writing(desk, conversation_id) as unit:
        return await open_in(unit, draft, author)


async def open_ticket_once(
    desk: Desk, conversation_id: str, draft: TicketDraft, author: Author, client_id: str
) -> Ticket:
    """Open a ticket, or find the one that this client_id opened before."""
    key = f"ticket:{conversation_id}:{author.id}:{client_id}"
    async with writing(desk, conversation_id) as unit:
        done = await store.find_done(unit.session, key)
        if done is not None:
            return await _fetch(unit.session, done["number"])
        ticket = await open_in(unit, draft, author)
        store.keep_done(unit.session, key, {"number": ticket.number}, unit.now)
        return ticket


async def open_in(unit: Writing, draft: TicketDraft, author: Author, *, is_told: bool = True) -> Ticket:
    """Open a ticket inside a transaction on its conversation."""
    if draft.priority not in PRIORITIES:
        raise BadRequest("No such priority.", "priority_unknown")
    head = unit.head
    known = Customer(head.customer_id, head.customer_name, head.customer_email, head.is_verified)
    ticket = Ticket(
        number="",
        status=str(Status.NEW),
        subject=clip(scrub(draft.subject), MAX_SUBJECT_CHARS),
        kind=draft.kind,
        priority=draft.priority,
        conversation_id=head.id,
        customer=store.customer_or(draft.customer, known),
        version=1,
        created_at=unit.now,
        updated_at=unit.now,
    )
    row = await store.add_ticket(unit.session, ticket)
    if draft.body.strip():
        body = clip(scrub(draft.body), MAX_BODY_CHARS)
        store.add_comment(unit.session, row.number, author, body, unit.now, is_public=True)
    number = f"{TICKET_PREFIX}{row.number}"
    if is_told:
        unit.system(Code.TICKET_OPENED, f"We opened ticket {number} for you.", {"number": number})
    await unit.link_event("ticket.opened", {"number": number, "status": row.status})
    unit.tell(Topic.HEAD)
    return replace(ticket, number=number)


async def update_ticket(
    desk: Desk, number: str, change: TicketChange, author: Author, done_key: str | None = None
) -> Ticket:
    """Comment on a ticket or change its status; a public change is told in its conversation.

    Args:
        desk: the desk.
        number: `T-1042`.
        change: what is to be done.
        author: who does it.
        done_key: where given, the same key changes nothing a second time.

    Raises:
        NotFound: there is no such ticket.
        VersionConflict: it changed since the caller looked.
        TicketMoveRefused: it may not become that.
    """
    known = await find_ticket(desk, number)
    if known.conversation_id is not None:
        async with writing(desk, known.conversation_id) as unit:
            return await _update_in(unit, unit.session, known, change, author, done_key, unit.now)
    async with desk.database.write() as session:
        return await _update_in(None, session, known, change, author, done_key, desk.clock())


async def _update_in(
    unit: Writing | None,
    session: AsyncSession,
    known: Ticket,
    change: TicketChange,
    author: Author,
    done_key: str | None,
    now: datetime,
) -> Ticket:
    if done_key and await store.find_done(session, done_key) is not None:
        return await _fetch(session, known.number)
    row = await _lock(session, known.number)
    _apply(session, row, change, author, now)
    if unit is not None:
        await _tell(unit, row, change)
    if done_key:
        store.keep_done(session, done_key, {"number": known.number, "status": row.status}, now)
    await session.flush()
    return await _fetch(session, known.number)


async def _lock(session: AsyncSession, number: str) -> TicketRow:
    row = await store.lock_ticket(session, parse_ticket_number(number) or 0)
    if row is None:
        raise NotFound("ticket")
    return row


def _apply(
    session: AsyncSession, row: TicketRow, change: TicketChange, author: Author, now: datetime
) -> None:
    if change.version is not None and change.version != row.version:
        raise VersionConflict(row.version)
    if change.status is not None:
        row.status = str(next_status(row.status, change.status))
    if change.comment and change.comment.strip():
        body = clip(scrub(change.comment), MAX_BODY_CHARS)
        store.add_comment(session, row.number, author, body, now, is_public=change.is_public)
    row.version += 1
    row.updated_at = now


async def _tell(unit: Writing, row: TicketRow, change: TicketChange) -> None:
    number = f"{TICKET_PREFIX}{row.number}"
    public = clip(scrub(change.comment), MAX_TOLD_CHARS) if change.comment and change.is_public else ""
    data = {"number": number, "status": row.status}
    if public:
        await unit.link_event("ticket.commented", data | {"comment": public})
    if change.status is not None:
        await unit.link_event("ticket.updated", data)
    unit.tell(Topic.HEAD)
    if change.status is None and not public:
        return
    text = f"Ticket {number} is now {row.status}. {public}".strip()
    params = data | ({"comment": public} if public else {})
    unit.system(Code.TICKET_UPDATED, text, params, client_id=f"{OWN_PREFIX}ticket:{number}:{row.version}")


async def access_tickets(
    desk: Desk, status: str | None, limit: int, before: int | None
) -> tuple[list[Ticket], str | None]:
    """List tickets for agents, newest first, and where the next page begins."""
    async with desk.database.read() as session:
        found = await store.list_tickets(session, status, limit, before)
    return found[:limit], found[limit - 1].number if len(found) > limit else None


async def find_ticket(desk: Desk, number: str) -> Ticket:
    """Fetch a ticket with its comments, for agents.

    Raises:
        NotFound: there is none.
    """
    async with desk.database.read() as session:
        return await _fetch(session, number)


async def _fetch(session: AsyncSession, number: str) -> Ticket:
    parsed = parse_ticket_number(number)
    ticket = await store.find_ticket(session, parsed) if parsed is not None else None
    if ticket is None:
        raise NotFound("ticket")
    return ticket


async def access_ticket_as_customer(
    desk: Desk, number: str | None, conversation_id: str | None, email: str | None
) -> Ticket:
    """Fetch a ticket that the asker may know of: of their own conversation, or proven by its e-mail address.

    Raises:
        NotFound: there is none, or it is somebody else's.
    """
    async with desk.database.read() as session:
        if number is not None:
            ticket = await _fetch(session, number)
            if not _is_theirs(ticket, conversation_id, email):
                raise NotFound("ticket")
            return ticket
        found = await store.tickets_of(session, conversation_id) if conversation_id else []
        if not found:
            raise NotFound("ticket")
        return await _fetch(session, found[0].number)


def _is_theirs(ticket: Ticket, conversation_id: str | None, email: str | None) -> bool:
    if conversation_id is not None and ticket.conversation_id == conversation_id:
        return True
    known = (ticket.customer.email or "").strip().casefold()
    return bool(known) and known == (email or "").strip().casefold()


def public_view(ticket: Ticket) -> Ticket:
    """Leave out the comments that are for agents."""
    return replace(ticket, comments=tuple(comment for comment in ticket.comments if comment.is_public))
