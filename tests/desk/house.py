"""A desk on a database of its own, for tests."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from desk.announce import Announcement, LocalAnnouncer
from desk.config import DeskConfig, EngineConfig, LinkConfig
from desk.context import Desk
from desk.database import Database
from desk.log import Agent, Customer, Presence, Role
from desk.service import agents, visits


class FakeClock:
    """A clock that tests move; each look is a millisecond later."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(milliseconds=1)
        return self.now

    def pass_time(self, **spans: float) -> None:
        self.now += timedelta(**spans)


def make_config(database_url: str, **changes: Any) -> DeskConfig:
    config = DeskConfig(
        database_url=database_url,
        session_secret="s" * 32,
        identity_secret="i" * 32,
        engine=EngineConfig(
            token="e" * 32, first_wait_seconds=0.02, max_wait_seconds=0.1, give_up_after_seconds=0.0
        ),
        link=LinkConfig(token="l" * 32, port=0),
        port=0,
    )
    return replace(config, **changes)


class House:
    """A desk with its clock, what was announced, and helpers that read like sentences."""

    def __init__(self, desk: Desk, clock: FakeClock) -> None:
        self.desk = desk
        self.clock = clock
        self.heard: list[Announcement] = []

    async def agent(self, name: str, role: Role = Role.AGENT) -> Agent:
        agent = await agents.add_agent(
            self.desk, f"{name.lower()}@example.com", name, "correct horse battery", role
        )
        await agents.set_presence(self.desk, agent, Presence.ONLINE)
        return agent

    async def conversation(self, customer: Customer | None = None) -> str:
        return await visits.create_conversation(self.desk, customer or Customer(), "en")


@asynccontextmanager
async def open_house(config: DeskConfig) -> AsyncIterator[House]:
    fake = FakeClock()
    database = Database(config.database_url)
    announcer = LocalAnnouncer()
    house = House(Desk(config, database, announcer, fake), fake)
    try:
        with announcer.listen(house.heard.append):
            yield house
    finally:
        await database.close()
