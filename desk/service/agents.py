"""Agents: add, sign in, sessions, presence."""

from __future__ import annotations

import asyncio
import hashlib
import re
import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy.exc import IntegrityError
from ulid import ULID

from desk.announce import Announcement, Topic
from desk.context import Desk
from desk.errors import BadRequest, Unauthorized
from desk.log import Agent, Presence, Role
from desk.models import AgentRow, SessionRow
from desk.passwords import check_password, hash_password
from desk.store import people
from desk.store.rows import agent_of

TOUCH_SECONDS = 60
EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,255}")


@dataclass(frozen=True)
class ConsoleSession:
    """A signed-in agent. ``token_digest`` names the session; the token itself is only in the browser."""

    agent: Agent
    token_digest: str
    csrf_token: str


@dataclass(frozen=True)
class NewSession:
    """What a sign-in gives: the cookie's token, once."""

    session: ConsoleSession
    token: str


async def add_agent(desk: Desk, email: str, name: str, password: str, role: Role = Role.AGENT) -> Agent:
    """Add a person who answers customers.

    Raises:
        BadRequest: the address is none or taken, the name is empty, the password too short.
    """
    address = email.strip().casefold()
    if not EMAIL.fullmatch(address):
        raise BadRequest("That is no e-mail address.", "email_refused")
    if not name.strip():
        raise BadRequest("The agent needs a name.", "name_refused")
    password_hash = await asyncio.to_thread(hash_password, password)
    row = AgentRow(
        id=str(ULID()),
        email=address,
        name=name.strip(),
        password_hash=password_hash,
        role=str(role),
        presence=str(Presence.OFFLINE),
        is_active=True,
        created_at=desk.clock(),
    )
    try:
        async with desk.database.write() as session:
            session.add(row)
    except IntegrityError as exc:
        raise BadRequest("An agent with this e-mail address exists.", "email_taken") from exc
    return agent_of(row)


async def sign_in(desk: Desk, email: str, password: str) -> NewSession:
    """Check the password and begin a session; the old ones stay until they run out.

    Raises:
        Unauthorized: ``bad_credentials``, the same for an unknown address and a wrong password.
    """
    async with desk.database.read() as session:
        row = await people.find_login(session, email.strip().casefold())
    is_right = await asyncio.to_thread(check_password, row.password_hash if row else None, password)
    if row is None or not is_right:
        raise Unauthorized("E-mail address or password is wrong.", "bad_credentials")
    token, csrf_token = secrets.token_urlsafe(32), secrets.token_urlsafe(24)
    digest = digest_of(token)
    async with desk.database.write() as session:
        people.add_session(session, digest, row.id, csrf_token, desk.clock())
        await people.touch_agent(session, row.id, desk.clock(), Presence.ONLINE)
    agent = replace(agent_of(row), presence=Presence.ONLINE)
    await _tell_presence(desk, agent.id)
    return NewSession(ConsoleSession(agent, digest, csrf_token), token)


def digest_of(token: str) -> str:
    """Name a session without being able to use it."""
    return hashlib.sha256(token.encode()).hexdigest()


async def access_session(desk: Desk, token: str) -> ConsoleSession:
    """Find the session a cookie belongs to and move its idle time on.

    Raises:
        Unauthorized: there is none, it ran out, or its agent left.
    """
    return await access_session_by_digest(desk, digest_of(token))


async def access_session_by_digest(desk: Desk, digest: str, *, is_use: bool = True) -> ConsoleSession:
    """Find a session again, as an open socket does; ``is_use`` False only looks."""
    now = desk.clock()
    async with desk.database.read() as session:
        row = await people.find_session(session, digest)
        agent = await people.find_agent(session, row.agent_id) if row else None
    if row is None or agent is None or _is_over(desk, row, now):
        raise Unauthorized
    if is_use and (now - row.last_used_at).total_seconds() > TOUCH_SECONDS:
        async with desk.database.write() as session:
            await people.touch_session(session, digest, now)
    return ConsoleSession(agent, digest, row.csrf_token)


def _is_over(desk: Desk, row: SessionRow, now: datetime) -> bool:
    idle = timedelta(minutes=desk.config.console_idle_minutes)
    absolute = timedelta(hours=desk.config.console_absolute_hours)
    return now - row.last_used_at > idle or now - row.created_at > absolute


async def sign_out(desk: Desk, session_: ConsoleSession) -> None:
    """End the session, its sockets too."""
    async with desk.database.write() as session:
        await people.drop_session(session, session_.token_digest)
    data = {"token_digest": session_.token_digest}
    await desk.announcer.publish(Announcement(Topic.SIGNED_OUT, None, data))


async def set_presence(desk: Desk, agent: Agent, presence: Presence) -> Agent:
    """Say how one is here."""
    async with desk.database.write() as session:
        await people.touch_agent(session, agent.id, desk.clock(), presence)
    await _tell_presence(desk, agent.id)
    return replace(agent, presence=presence)


async def touch(desk: Desk, agent_id: str) -> None:
    """Note that an agent's console is still there."""
    async with desk.database.write() as session:
        await people.touch_agent(session, agent_id, desk.clock())


async def access_agents(desk: Desk) -> list[Agent]:
    """List colleagues; one whose console went away counts as offline."""
    timeout = timedelta(seconds=desk.config.people.presence_timeout_seconds)
    now = desk.clock()
    async with desk.database.read() as session:
        return [_with_true_presence(agent, now - timeout) for agent in await people.list_agents(session)]


async def access_agent(desk: Desk, agent_id: str) -> Agent | None:
    """Find one colleague."""
    return next((agent for agent in await access_agents(desk) if agent.id == agent_id), None)


def _with_true_presence(agent: Agent, seen_after: datetime) -> Agent:
    if agent.last_seen_at is None or agent.last_seen_at < seen_after:
        return replace(agent, presence=Presence.OFFLINE)
    return agent


async def forget_old_sessions(desk: Desk) -> None:
    """Delete sessions that have run out."""
    now = desk.clock()
    idle = now - timedelta(minutes=desk.config.console_idle_minutes)
    absolute = now - timedelta(hours=desk.config.console_absolute_hours)
    async with desk.database.write() as session:
        await people.drop_old_sessions(session, idle, absolute)


async def _tell_presence(desk: Desk, agent_id: str) -> None:
    await desk.announcer.publish(Announcement(Topic.PRESENCE, None, {"agent_id": agent_id}))
