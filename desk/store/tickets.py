"""Tickets, comments, counters, link events and idempotency keys."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from desk.log import Author, Comment, Customer, Ticket
from desk.models import CommentRow, CounterRow, DoneRow, LinkEventRow, TicketRow
from desk.store.rows import comment_of, ticket_of

OPEN_STATUSES = ("new", "open", "pending")


async def next_number(session: AsyncSession, counter: str) -> int:
    """Take the next number of a counter; gapless, because the row stays locked until the transaction ends."""
    query = (
        update(CounterRow)
        .where(CounterRow.name == counter)
        .values(value=CounterRow.value + 1)
        .returning(CounterRow.value)
    )
    return (await session.execute(query)).scalar_one()


async def add_ticket(session: AsyncSession, ticket: Ticket) -> TicketRow:
    """Add a ticket under the next number; ``ticket.number`` is not read."""
    row = TicketRow(
        number=await next_number(session, "ticket"),
        status=ticket.status,
        subject=ticket.subject,
        kind=ticket.kind,
        priority=ticket.priority,
        conversation_id=ticket.conversation_id,
        customer_id=ticket.customer.id,
        customer_name=ticket.customer.name,
        customer_email=ticket.customer.email,
        is_verified=ticket.customer.is_verified,
        version=1,
        created_at=ticket.created_at,
        updated_at=ticket.updated_at,
    )
    session.add(row)
    await session.flush()
    return row


async def lock_ticket(session: AsyncSession, number: int) -> TicketRow | None:
    """Fetch a ticket for change."""
    query = select(TicketRow).where(TicketRow.number == number).with_for_update()
    return (await session.execute(query)).scalar_one_or_none()


async def find_ticket(session: AsyncSession, number: int) -> Ticket | None:
    """Fetch a ticket with its comments."""
    row = await session.get(TicketRow, number)
    if row is None:
        return None
    return ticket_of(row, tuple(await list_comments(session, number)))


async def list_comments(session: AsyncSession, number: int) -> list[Comment]:
    """List a ticket's comments, oldest first."""
    query = select(CommentRow).where(CommentRow.ticket_number == number).order_by(CommentRow.id)
    return [comment_of(row) for row in (await session.execute(query)).scalars()]


def add_comment(
    session: AsyncSession, number: int, author: Author, body: str, at: datetime, *, is_public: bool
) -> None:
    """Add a remark."""
    session.add(
        CommentRow(
            ticket_number=number,
            author_id=author.id,
            author_name=author.name,
            body=body,
            is_public=is_public,
            at=at,
        )
    )


async def tickets_of(session: AsyncSession, conversation_id: str) -> list[Ticket]:
    """List a conversation's tickets, newest first."""
    query = (
        select(TicketRow)
        .where(TicketRow.conversation_id == conversation_id)
        .order_by(TicketRow.number.desc())
    )
    return [ticket_of(row) for row in (await session.execute(query)).scalars()]


async def find_open_twin(session: AsyncSession, conversation_id: str, subject: str) -> TicketRow | None:
    """Find the conversation's open ticket about the same subject."""
    query = select(TicketRow).where(
        TicketRow.conversation_id == conversation_id,
        TicketRow.subject == subject,
        TicketRow.status.in_(OPEN_STATUSES),
    )
    return (await session.execute(query.limit(1))).scalar_one_or_none()


async def list_tickets(
    session: AsyncSession, status: str | None, limit: int, before: int | None
) -> list[Ticket]:
    """List tickets, newest first, one more than asked."""
    query = select(TicketRow).order_by(TicketRow.number.desc()).limit(limit + 1)
    if status is not None:
        query = query.where(TicketRow.status == status)
    if before is not None:
        query = query.where(TicketRow.number < before)
    return [ticket_of(row) for row in (await session.execute(query)).scalars()]


async def add_link_event(
    session: AsyncSession, name: str, conversation_id: str | None, data: dict[str, Any], at: datetime
) -> int:
    """Append to what the action servers are told."""
    event_seq = await next_number(session, "link_event")
    session.add(
        LinkEventRow(event_seq=event_seq, name=name, conversation_id=conversation_id, data=data, at=at)
    )
    return event_seq


async def last_link_event(session: AsyncSession) -> int:
    """Find the newest event's seq; 0 when there is none."""
    return (await session.execute(select(func.max(LinkEventRow.event_seq)))).scalar_one_or_none() or 0


async def link_events_after(session: AsyncSession, event_seq: int, limit: int) -> list[LinkEventRow]:
    """Read events on from a seq."""
    query = (
        select(LinkEventRow)
        .where(LinkEventRow.event_seq > event_seq)
        .order_by(LinkEventRow.event_seq)
        .limit(limit)
    )
    return list((await session.execute(query)).scalars())


async def find_done(session: AsyncSession, key: str) -> dict[str, Any] | None:
    """Find what was answered under this idempotency key."""
    row = await session.get(DoneRow, key)
    return row.result if row else None


def keep_done(session: AsyncSession, key: str, result: dict[str, Any], now: datetime) -> None:
    """Remember the answer under its key, in the transaction that did the work."""
    session.add(DoneRow(key=key, result=result, at=now))


async def forget_done(session: AsyncSession, before: datetime) -> None:
    """Forget idempotency keys that nobody repeats any more."""
    await session.execute(delete(DoneRow).where(DoneRow.at < before))


def customer_or(given: Customer, known: Customer) -> Customer:
    """Fill what was not given from what is known; a verified identity is never overwritten."""
    if known.is_verified:
        return known
    return Customer(known.id or given.id, given.name or known.name, given.email or known.email)
