"""Agents, their sessions, handoffs and waiting times."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from desk.log import Agent, Presence
from desk.models import AgentRow, HandoffRow, SessionRow
from desk.store.rows import agent_of


async def find_agent(session: AsyncSession, agent_id: str) -> Agent | None:
    """Fetch an agent who may still work here."""
    row = await session.get(AgentRow, agent_id)
    return agent_of(row) if row and row.is_active else None


async def find_login(session: AsyncSession, email: str) -> AgentRow | None:
    """Fetch the row a sign-in is checked against."""
    query = select(AgentRow).where(AgentRow.email == email, AgentRow.is_active)
    return (await session.execute(query)).scalar_one_or_none()


async def list_agents(session: AsyncSession) -> list[Agent]:
    """List the agents by name."""
    query = select(AgentRow).where(AgentRow.is_active).order_by(AgentRow.name, AgentRow.id)
    return [agent_of(row) for row in (await session.execute(query)).scalars()]


async def touch_agent(
    session: AsyncSession, agent_id: str, now: datetime, presence: Presence | None = None
) -> None:
    """Note that an agent is here, and how."""
    values = {"last_seen_at": now} | ({"presence": str(presence)} if presence else {})
    await session.execute(update(AgentRow).where(AgentRow.id == agent_id).values(**values))


async def count_online(session: AsyncSession, seen_after: datetime) -> int:
    """Count agents who take conversations now."""
    query = (
        select(func.count())
        .select_from(AgentRow)
        .where(AgentRow.is_active, AgentRow.presence == "online", AgentRow.last_seen_at >= seen_after)
    )
    return (await session.execute(query)).scalar_one()


def add_session(session: AsyncSession, digest: str, agent_id: str, csrf_token: str, now: datetime) -> None:
    """Start a console session."""
    session.add(
        SessionRow(
            token_digest=digest, agent_id=agent_id, csrf_token=csrf_token, created_at=now, last_used_at=now
        )
    )


async def find_session(session: AsyncSession, digest: str) -> SessionRow | None:
    """Fetch a console session."""
    return await session.get(SessionRow, digest)


async def touch_session(session: AsyncSession, digest: str, now: datetime) -> None:
    """Move a session's idle time on."""
    await session.execute(
        update(SessionRow).where(SessionRow.token_digest == digest).values(last_used_at=now)
    )


async def drop_session(session: AsyncSession, digest: str) -> None:
    """End a session."""
    await session.execute(delete(SessionRow).where(SessionRow.token_digest == digest))


async def drop_sessions_of(session: AsyncSession, agent_id: str) -> None:
    """End every session of an agent: a new password, a dismissal."""
    await session.execute(delete(SessionRow).where(SessionRow.agent_id == agent_id))


async def drop_old_sessions(session: AsyncSession, used_before: datetime, created_before: datetime) -> None:
    """Forget sessions that have run out."""
    old = (SessionRow.last_used_at < used_before) | (SessionRow.created_at < created_before)
    await session.execute(delete(SessionRow).where(old))


def add_handoff(
    session: AsyncSession,
    conversation_id: str,
    reason: str,
    brief: str,
    interrupted_form: str | None,
    now: datetime,
) -> None:
    """Note that a person was asked for."""
    session.add(
        HandoffRow(
            conversation_id=conversation_id,
            reason=reason,
            brief=brief,
            interrupted_form=interrupted_form,
            asked_at=now,
        )
    )


async def mark_claimed(session: AsyncSession, conversation_id: str, agent_id: str, now: datetime) -> None:
    """Note who took the open handoff."""
    await session.execute(
        update(HandoffRow)
        .where(
            HandoffRow.conversation_id == conversation_id,
            HandoffRow.claimed_at.is_(None),
            HandoffRow.ended_at.is_(None),
        )
        .values(claimed_at=now, claimed_by=agent_id)
    )


async def mark_ended(session: AsyncSession, conversation_id: str, now: datetime) -> None:
    """Note that the handoff is over."""
    await session.execute(
        update(HandoffRow)
        .where(HandoffRow.conversation_id == conversation_id, HandoffRow.ended_at.is_(None))
        .values(ended_at=now)
    )


async def claims_since(session: AsyncSession, since: datetime) -> list[datetime]:
    """List when people were taken out of the queue, in order."""
    query = (
        select(HandoffRow.claimed_at).where(HandoffRow.claimed_at >= since).order_by(HandoffRow.claimed_at)
    )
    return [at for at in (await session.execute(query)).scalars() if at is not None]
