"""A desk in memory behind the real link server, and a client with a real outbox."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest

from actions.database import build_engine
from actions.link import LinkClient, LinkTiming
from actions.outbox import Outbox
from desk.link import LinkServer, StoredEvent
from desk.link_protocol import (
    HandoffPlace,
    LinkRefused,
    OpenedTicket,
    OpenTicket,
    RequestHandoff,
    Suggest,
    Suggested,
    TicketState,
    TicketStatus,
    UpdatedTicket,
    UpdateTicket,
)

TOKEN = "link-token-for-tests"
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
FAST = LinkTiming(first_delay_seconds=0.005, longest_delay_seconds=0.05, request_timeout_seconds=2.0)


class MemoryDesk:
    """LinkHandler and EventStore in memory; keeps keys with their results, as the real one does."""

    def __init__(self, random: Random | None = None) -> None:
        self.tickets: list[OpenTicket] = []
        self.results: dict[str, OpenedTicket] = {}
        self.calls: list[str] = []
        self.handoffs: list[RequestHandoff] = []
        self.events: list[StoredEvent] = []
        self.refusals: list[LinkRefused] = []
        self.delay_seconds = 0.0
        self._random = random

    async def open_ticket(self, params: OpenTicket, idempotency_key: str) -> OpenedTicket:
        self.calls.append(idempotency_key)
        if self.refusals:
            raise self.refusals.pop(0)
        if idempotency_key not in self.results:  # "one transaction"
            self.tickets.append(params)
            number = f"T-{1000 + len(self.tickets)}"
            self.results[idempotency_key] = OpenedTicket(number=number, status="open", created=True)
            self.add_event("ticket.updated", params.conversation_id, {"number": number})
        await asyncio.sleep(self._random.uniform(0, 0.01) if self._random else self.delay_seconds)
        return self.results[idempotency_key]

    async def update_ticket(self, params: UpdateTicket, idempotency_key: str) -> UpdatedTicket:
        return UpdatedTicket(number=params.number, status=params.status or "open")

    async def ticket_status(self, params: TicketStatus, idempotency_key: str) -> TicketState:
        if params.number != "T-1001":
            raise LinkRefused("not_found", "There is no such ticket.")
        return TicketState(number="T-1001", status="open", subject="Lamp", updated_at=NOW)

    async def request_handoff(self, params: RequestHandoff, idempotency_key: str) -> HandoffPlace:
        self.handoffs.append(params)
        return HandoffPlace(position=2, wait_minutes=None, is_open=True)

    async def suggest(self, params: Suggest, idempotency_key: str) -> Suggested:
        raise RuntimeError("a fault with a secret in it")

    def add_event(self, name: str, conversation_id: str | None, data: dict[str, Any]) -> None:
        self.events.append(StoredEvent(len(self.events) + 1, name, conversation_id, data, NOW))

    async def last_event(self) -> int:
        return len(self.events)

    async def events_after(self, seq: int, limit: int) -> Sequence[StoredEvent]:
        return self.events[seq : seq + limit]


class Desk:
    """The link server over a MemoryDesk; it can be killed and started again on its port."""

    def __init__(self, memory: MemoryDesk) -> None:
        self.memory = memory
        self.port = 0
        self.server: LinkServer | None = None

    async def start(self) -> None:
        self.server = LinkServer(self.memory, self.memory, token=TOKEN, clock=lambda: NOW, port=self.port)
        for _ in range(100):
            with contextlib.suppress(OSError):
                await self.server.start()
                break
            await asyncio.sleep(0.01)
        self.port = self.server.port

    async def kill(self) -> None:
        """Cut every connection without a goodbye, as a killed process does."""
        assert self.server is not None
        for session in list(self.server._sessions):
            session._connection.transport.abort()
        await self.server.close()

    def notify(self) -> None:
        assert self.server is not None
        self.server.notify()


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    running = Desk(MemoryDesk())
    await running.start()
    yield running
    await running.kill()


@pytest.fixture
async def outbox(tmp_path: Path) -> AsyncIterator[Outbox]:
    engine = build_engine(str(tmp_path / "actions.db"))
    box = Outbox(engine, lambda: NOW)
    await box.create_tables()
    yield box
    await engine.dispose()


@contextlib.asynccontextmanager
async def running(client: LinkClient) -> AsyncIterator[LinkClient]:
    task = asyncio.create_task(client.run())
    try:
        yield client
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def build_client(port: int, outbox: Outbox, token: str = TOKEN, **more: Any) -> LinkClient:
    return LinkClient(
        f"ws://127.0.0.1:{port}", token, outbox, clock=lambda: NOW, random=Random(1), timing=FAST, **more
    )


async def until(is_true: Callable[[], bool | Awaitable[bool]], seconds: float = 30.0) -> None:
    async with asyncio.timeout(seconds):
        while True:
            value = is_true()
            if value if isinstance(value, bool) else await value:
                return
            await asyncio.sleep(0.005)


def ticket(conversation_id: str = "c1", subject: str = "Lamp broken") -> OpenTicket:
    return OpenTicket(conversation_id=conversation_id, subject=subject, body="It fell.")
