"""What time does by itself, in one periodic task: gone agents, waits without end, idle chats, old sessions."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog

from desk.announce import Announcement, Topic
from desk.context import Desk
from desk.errors import OwnerError
from desk.service import agents, ownership
from desk.store import conversations, people, tickets
from desk.store.conversations import Aged

log = structlog.get_logger()

KEEP_KEYS = timedelta(days=30)
LOOKS_PER_CLEANING = 100

Verb = Callable[[Desk, str, int], Awaitable[None]]


class Housekeeper:
    """Looks around every few seconds; each finding is its own transaction and is checked again there."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._presence: dict[str, str] = {}
        self._looks = 0

    async def run(self) -> None:
        """Look around until cancelled."""
        while True:
            await asyncio.sleep(self._desk.config.people.housekeeping_seconds)
            try:
                await self.look_around()
            except Exception:
                log.exception("housekeeping_failed")

    async def look_around(self) -> None:
        """Do once what time asks for."""
        await self._each(await self._left_by_agents(), ownership.requeue_silent, "requeued")
        await self._each(await self._waiting_in_vain(), ownership.give_up_waiting, "nobody_free")
        await self._each(await self._idle(), ownership.close_idle, "closed_idle")
        if self._looks % LOOKS_PER_CLEANING == 0:
            await agents.forget_old_sessions(self._desk)
            await self._forget_keys()
        self._looks += 1
        await self._tell_presence()

    async def _each(self, found: list[Aged], verb: Verb, word: str) -> None:
        for one in found:
            try:
                await verb(self._desk, one.conversation_id, one.version)
                log.info("housekeeping", conversation_id=one.conversation_id, what=word)
            except OwnerError as error:
                log.info("housekeeping_overtaken", conversation_id=one.conversation_id, code=error.code)

    async def _left_by_agents(self) -> list[Aged]:
        now, people_ = self._desk.clock(), self._desk.config.people
        gone = now - timedelta(minutes=people_.agent_offline_minutes)
        silent = now - timedelta(minutes=people_.agent_silent_minutes)
        async with self._desk.database.read() as session:
            return await conversations.left_by_agents(session, gone, silent)

    async def _waiting_in_vain(self) -> list[Aged]:
        now, people_ = self._desk.clock(), self._desk.config.people
        is_open = self._desk.hours.is_open(now)
        seen_after = now - timedelta(seconds=people_.presence_timeout_seconds)
        patience = timedelta(minutes=people_.nobody_free_minutes)
        async with self._desk.database.read() as session:
            if is_open and await people.count_online(session, seen_after):
                return []
            return await conversations.waiting_since_before(session, now - patience if is_open else now)

    async def _idle(self) -> list[Aged]:
        before = self._desk.clock() - timedelta(hours=self._desk.config.people.idle_close_hours)
        async with self._desk.database.read() as session:
            return await conversations.idle_since(session, before)

    async def _forget_keys(self) -> None:
        async with self._desk.database.write() as session:
            await tickets.forget_done(session, self._desk.clock() - KEEP_KEYS)

    async def _tell_presence(self) -> None:
        """Announce agents whose consoles came or went without a word."""
        now = {agent.id: str(agent.presence) for agent in await agents.access_agents(self._desk)}
        changed = [agent_id for agent_id, presence in now.items() if self._presence.get(agent_id) != presence]
        self._presence = now
        for agent_id in changed:
            await self._desk.announcer.publish(Announcement(Topic.PRESENCE, None, {"agent_id": agent_id}))
