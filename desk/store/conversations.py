"""Conversations' heads: create, lock, find, list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, Select, and_, bindparam, exists, func, or_, select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.ext.asyncio import AsyncSession

from desk.errors import BadRequest
from desk.log import Agent, Customer
from desk.models import AgentRow, ConversationRow, EntryRow

LIKE_ESCAPE = "\\"
MAX_RANK_DIGITS = 4


class View(StrEnum):
    """The console's lists."""

    WAITING = "waiting"
    MINE = "mine"
    BOT = "bot"
    ALL = "all"
    CLOSED = "closed"


@dataclass(frozen=True)
class Page:
    """What a list is asked for; ``cursor`` is what the page before gave."""

    view: View
    limit: int
    query: str = ""
    cursor: str | None = None


_LOCK = select(ConversationRow).where(ConversationRow.id == bindparam("conversation_id")).with_for_update()


async def create_row(
    session: AsyncSession, conversation_id: str, customer: Customer, channel: str, locale: str, now: datetime
) -> ConversationRow:
    """Add an empty conversation that belongs to the bot."""
    row = ConversationRow(
        id=conversation_id,
        channel=channel,
        locale=locale,
        created_at=now,
        updated_at=now,
        owner_kind="bot",
        customer_id=customer.id,
        customer_name=customer.name,
        customer_email=customer.email,
        is_verified=customer.is_verified,
    )
    session.add(row)
    await session.flush()
    return row


async def lock_row(session: AsyncSession, conversation_id: str) -> ConversationRow | None:
    """Fetch a head for change; nobody else writes to this conversation until the transaction ends."""
    found = await session.execute(_LOCK, {"conversation_id": conversation_id})
    return found.scalar_one_or_none()


async def find_row(session: AsyncSession, conversation_id: str) -> ConversationRow | None:
    """Fetch a head to read."""
    return await session.get(ConversationRow, conversation_id)


async def latest_of_customer(
    session: AsyncSession, customer_id: str, since: datetime
) -> ConversationRow | None:
    """Find the conversation a verified customer used last."""
    query = (
        select(ConversationRow)
        .where(
            ConversationRow.customer_id == customer_id,
            ConversationRow.is_verified,
            ConversationRow.updated_at >= since,
        )
        .order_by(ConversationRow.updated_at.desc())
        .limit(1)
    )
    return (await session.execute(query)).scalar_one_or_none()


async def earlier_rows(session: AsyncSession, row: ConversationRow, limit: int) -> list[ConversationRow]:
    """List a known customer's other conversations, newest first."""
    if row.customer_id is None:
        return []
    query = (
        select(ConversationRow)
        .where(
            ConversationRow.customer_id == row.customer_id,
            ConversationRow.id != row.id,
            ConversationRow.last_seq > 0,
        )
        .order_by(ConversationRow.updated_at.desc())
        .limit(limit)
    )
    return list((await session.execute(query)).scalars())


async def agent_names(session: AsyncSession, rows: Sequence[ConversationRow]) -> dict[str, str]:
    """Map the owners' agent ids to names."""
    ids = {row.owner_agent_id for row in rows if row.owner_agent_id}
    if not ids:
        return {}
    found = await session.execute(select(AgentRow.id, AgentRow.name).where(AgentRow.id.in_(ids)))
    return dict(found.all())


async def queue_order(session: AsyncSession) -> list[str]:
    """List who waits, first in line first."""
    query = (
        select(ConversationRow.id)
        .where(ConversationRow.owner_kind == "queue")
        .order_by(ConversationRow.queue_rank, ConversationRow.waiting_since, ConversationRow.id)
    )
    return list((await session.execute(query)).scalars())


async def list_rows(session: AsyncSession, agent: Agent, page: Page) -> list[ConversationRow]:
    """List conversations for the console, one more than asked so that the caller sees whether there are more."""
    query = select(ConversationRow).where(_in_view(page.view, agent), ConversationRow.last_seq > 0)
    if page.query:
        query = query.where(_matches(page.query))
    return list((await session.execute(_ordered(query, page).limit(page.limit + 1))).scalars())


def next_cursor(page: Page, last: ConversationRow) -> str:
    """Write where the next page begins."""
    if page.view is View.WAITING:
        return f"{last.queue_rank}|{(last.waiting_since or last.updated_at).isoformat()}|{last.id}"
    return f"0|{last.updated_at.isoformat()}|{last.id}"


def _ordered(query: Select[ConversationRow], page: Page) -> Select[ConversationRow]:
    row = ConversationRow
    if page.view is View.WAITING:
        query = query.order_by(row.queue_rank, row.waiting_since, row.id)
    else:
        query = query.order_by(row.updated_at.desc(), row.id.desc())
    return query.where(_after(page)) if page.cursor else query


def _after(page: Page) -> ColumnElement[bool]:
    rank, at, conversation_id = _parse_cursor(page.cursor or "")
    row = ConversationRow
    if page.view is View.WAITING:
        later = or_(row.waiting_since > at, and_(row.waiting_since == at, row.id > conversation_id))
        return or_(row.queue_rank > rank, and_(row.queue_rank == rank, later))
    return or_(row.updated_at < at, and_(row.updated_at == at, row.id < conversation_id))


def _parse_cursor(cursor: str) -> tuple[int, datetime, str]:
    try:
        rank, at, conversation_id = cursor.split("|")
        time = datetime.fromisoformat(at)
        if time.tzinfo is None or not conversation_id.isascii() or len(rank) > MAX_RANK_DIGITS:
            raise ValueError("naive or foreign")
        return int(rank), time.astimezone(UTC), conversation_id
    except (ValueError, OverflowError) as exc:
        raise BadRequest("The cursor is none of ours.") from exc


def _in_view(view: View, agent: Agent) -> ColumnElement[bool]:
    kind = ConversationRow.owner_kind
    views: dict[View, ColumnElement[bool]] = {
        View.WAITING: kind == "queue",
        View.MINE: ConversationRow.owner_agent_id == agent.id,
        View.BOT: kind == "bot",
        View.ALL: kind != "closed",
        View.CLOSED: kind == "closed",
    }
    return views[view]


def _matches(text: str) -> ColumnElement[bool]:
    pattern = f"%{_escape_like(text.strip().lower())}%"
    row = ConversationRow
    said = exists().where(
        EntryRow.conversation_id == row.id, func.lower(EntryRow.text).like(pattern, escape=LIKE_ESCAPE)
    )
    who = [
        func.lower(field).like(pattern, escape=LIKE_ESCAPE)
        for field in (row.customer_name, row.customer_email, row.id)
    ]
    return or_(*who, said)


def _escape_like(text: str) -> str:
    for sign in (LIKE_ESCAPE, "%", "_"):
        text = text.replace(sign, LIKE_ESCAPE + sign)
    return text


async def take_lease(
    session: AsyncSession, conversation_id: str, holder: str, now: datetime, until: datetime
) -> bool:
    """Become the only one who hands this conversation to the engine; False when another is."""
    row = ConversationRow
    free = or_(row.lease_holder.is_(None), row.lease_holder == holder, row.lease_until < now)
    result = await session.execute(
        update(row)
        .where(row.id == conversation_id, free)
        .values(lease_holder=holder, lease_until=until)
        .execution_options(synchronize_session=False)
    )
    return isinstance(result, CursorResult) and result.rowcount == 1


async def drop_leases(session: AsyncSession, holder: str) -> None:
    """Let go of every conversation."""
    row = ConversationRow
    await session.execute(
        update(row).where(row.lease_holder == holder).values(lease_holder=None, lease_until=None)
    )


async def ids_with_work(session: AsyncSession, limit: int) -> list[str]:
    """List conversations whose engine work is not done, oldest first."""
    query = (
        select(ConversationRow.id)
        .where(ConversationRow.work_seq > ConversationRow.handled_seq)
        .order_by(ConversationRow.updated_at)
        .limit(limit)
    )
    return list((await session.execute(query)).scalars())


async def count_by_owner(session: AsyncSession) -> dict[str, int]:
    """Count conversations that were written in, by owner kind."""
    query = (
        select(ConversationRow.owner_kind, func.count())
        .where(ConversationRow.last_seq > 0)
        .group_by(ConversationRow.owner_kind)
    )
    return dict((await session.execute(query)).all())


async def count_of_agent(session: AsyncSession, agent_id: str) -> int:
    """Count what an agent owns."""
    query = (
        select(func.count()).select_from(ConversationRow).where(ConversationRow.owner_agent_id == agent_id)
    )
    return (await session.execute(query)).scalar_one()


async def count_closed_since(session: AsyncSession, since: datetime) -> int:
    """Count conversations closed since then and still closed."""
    query = (
        select(func.count())
        .select_from(ConversationRow)
        .where(ConversationRow.owner_kind == "closed", ConversationRow.closed_at >= since)
    )
    return (await session.execute(query)).scalar_one()


@dataclass(frozen=True)
class Aged:
    """A conversation that time has caught up with, as it was when it was found."""

    conversation_id: str
    version: int


async def left_by_agents(session: AsyncSession, gone_before: datetime, silent_before: datetime) -> list[Aged]:
    """Find agents' conversations whose agent is away, or has not answered for long."""
    row = ConversationRow
    is_away = or_(AgentRow.last_seen_at.is_(None), AgentRow.last_seen_at < gone_before)
    had_time = row.assigned_at < gone_before
    is_waiting_for_answer = and_(
        row.last_customer_at > row.last_agent_at, row.last_customer_at < silent_before
    )
    query = (
        select(row.id, row.version)
        .join(AgentRow, AgentRow.id == row.owner_agent_id)
        .where(row.owner_kind == "agent", or_(and_(is_away, had_time), is_waiting_for_answer))
    )
    return [Aged(conversation_id, version) for conversation_id, version in await session.execute(query)]


async def waiting_since_before(session: AsyncSession, before: datetime) -> list[Aged]:
    """Find who has waited since before a time."""
    row = ConversationRow
    query = select(row.id, row.version).where(row.owner_kind == "queue", row.waiting_since <= before)
    return [Aged(conversation_id, version) for conversation_id, version in await session.execute(query)]


async def idle_since(session: AsyncSession, before: datetime) -> list[Aged]:
    """Find the bot's conversations that nobody wrote in since a time."""
    row = ConversationRow
    query = select(row.id, row.version).where(
        row.owner_kind == "bot", row.last_seq > 0, row.updated_at < before, row.work_seq <= row.handled_seq
    )
    return [Aged(conversation_id, version) for conversation_id, version in await session.execute(query)]
