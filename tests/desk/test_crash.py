"""The desk's process is killed at random instants; what it acknowledged is there, once, in order, and answered."""

from __future__ import annotations

import asyncio
import random
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import httpx
import pytest
from websockets.exceptions import WebSocketException

from desk.log import EntryKind
from desk.service import access, turns
from tests.desk.browser import Running
from tests.desk.house import House
from tests.desk.stub_engine import stub_engine
from tests.support.system import find_free_port

CUSTOMERS = 6
MESSAGES = 8
KILLS = 3


@asynccontextmanager
async def desk_process(running: Running) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.desk.desk_process",
        str(running.port),
        running.desk.config.database_url,
        running.engine.url,
    )
    try:
        await until_serving(running)
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def until_serving(running: Running) -> None:
    async with asyncio.timeout(60), running.client() as client:
        while True:
            with suppress(httpx.HTTPError):
                if (await client.get("/health")).status_code == 200:
                    return
            await asyncio.sleep(0.05)


@dataclass
class Driver:
    """An outside customer: sends with its own ids until acknowledged, and writes every acknowledgement down."""

    running: Running
    session: dict[str, str]
    acked: dict[str, int] = field(default_factory=dict)

    async def send_all(self) -> None:
        for number in range(MESSAGES):
            client_id = f"c{number}"
            while client_id not in self.acked:
                with suppress(OSError, WebSocketException, TimeoutError):
                    await self.send(client_id)

    async def send(self, client_id: str) -> None:
        async with self.running.widget(self.session["token"]) as widget:
            await widget.post(client_id, f"text {client_id}")
            ack = await widget.until("ack", client_id=client_id)
            self.acked[client_id] = ack["seq"]


@pytest.mark.parametrize("seed", range(2))
async def test_killed_at_any_instant_nothing_acknowledged_is_lost_or_doubled(house: House, seed: int) -> None:
    dice = random.Random(seed)
    async with stub_engine() as engine:
        engine.delays = [dice.random() * 0.05 for _ in range(200)]
        running = Running(house.desk, find_free_port(), engine, house)
        async with desk_process(running):
            drivers = [Driver(running, await running.session()) for _ in range(CUSTOMERS)]
        sending = asyncio.gather(*(driver.send_all() for driver in drivers))
        for _ in range(KILLS):
            async with desk_process(running):
                await asyncio.sleep(0.1 + dice.random())
        async with desk_process(running) as process:
            await asyncio.wait_for(sending, 60)
            await until_done(house)
            process.terminate()
            assert await asyncio.wait_for(process.wait(), 20) == 0
        for driver in drivers:
            await check(house, driver)


async def until_done(house: House) -> None:
    async with asyncio.timeout(60):
        while await turns.find_waiting(house.desk):  # noqa: ASYNC110 - another process works on it
            await asyncio.sleep(0.1)


async def check(house: House, driver: Driver) -> None:
    conversation = driver.session["conversation_id"]
    entries = await access.access_customer_entries(house.desk, conversation, 0, limit=1000)
    stored = {entry.client_id: entry.seq for entry in entries if entry.kind is EntryKind.CUSTOMER}
    assert stored == driver.acked
    assert [entry.seq for entry in entries] == list(range(1, len(entries) + 1))
    assert sorted(driver.acked.values()) == list(driver.acked.values())
    replies = [entry.text for entry in entries if entry.kind is EntryKind.BOT]
    assert replies == [f"you said text c{number}" for number in range(MESSAGES)]
