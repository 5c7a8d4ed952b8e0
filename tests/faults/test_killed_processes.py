"""Processes are killed in the middle of turns; afterwards nothing is lost, doubled or out of order.

The oracle: what was acknowledged is stored, no client id is stored twice, a conversation's order is the order of its
acknowledgements, every message got its reply once, and a fresh reader sees what the customer has on the screen.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Sequence

import httpx
import pytest
from ulid import ULID
from websockets.exceptions import ConnectionClosed, InvalidStatus

from bench.widget import Customer
from tests.support.system import System

pytestmark = pytest.mark.engine

CUSTOMERS = 6
MESSAGES = 5
TEXTS = (
    "how long do i have to return something",
    "what does delivery cost",
    "can i get an invoice for my order",
    "do you deliver to austria",
    "which payment methods do you take",
)


async def post_until_acknowledged(customer: Customer, text: str) -> str:
    """Behave as the widget does: the same client id again and again, over new connections, until it is acknowledged."""
    client_id = str(ULID())
    async with asyncio.timeout(90):
        while client_id not in customer.acks:
            try:
                await customer.send("post", client_id=client_id, text=text)
                await customer.wait(lambda: client_id in customer.acks, seconds=2)
            except (ConnectionClosed, TimeoutError, OSError):
                await reconnect(customer)
    return client_id


async def reconnect(customer: Customer) -> None:
    try:
        await customer.disconnect()
        customer.owner = {}
        await customer.connect()
    except (OSError, TimeoutError, InvalidStatus, ConnectionClosed, httpx.HTTPError):
        await asyncio.sleep(0.2)


async def until_answered(customer: Customer, client_ids: Sequence[str]) -> None:
    """Wait until every message has a bot entry that follows it, reconnecting where the line is dead."""

    def answers() -> int:
        return sum(entry["kind"] == "bot" for entry in customer.entries.values())

    async with asyncio.timeout(120):
        while answers() < len(client_ids):
            try:
                await customer.wait(lambda: answers() >= len(client_ids), seconds=3)
            except TimeoutError:
                await reconnect(customer)


async def talk(customer: Customer, seed: int) -> list[str]:
    rng = random.Random(seed)
    client_ids = []
    for text in TEXTS[:MESSAGES]:
        client_ids.append(await post_until_acknowledged(customer, text))
        await asyncio.sleep(rng.uniform(0, 0.15))
    await until_answered(customer, client_ids)
    return client_ids


async def check_oracle(url: str, customer: Customer, client_ids: Sequence[str]) -> None:
    fresh = Customer(url, token=customer.token)
    await fresh.connect()
    await fresh.wait(lambda: fresh.last_seq >= customer.last_seq)
    await fresh.disconnect()
    stored = [entry for _, entry in sorted(fresh.entries.items())]
    said = [entry["client_id"] for entry in stored if entry["kind"] == "customer"]
    assert said == list(client_ids), "acknowledged, stored, once each, in order"
    assert all(count == 1 for count in Counter(entry["client_id"] for entry in stored).values())
    assert [e["seq"] for e in stored] == sorted({e["seq"] for e in stored})
    answered = [entry["text"] for entry in stored if entry["kind"] == "bot"]
    assert len(answered) == len(client_ids), answered
    assert {seq: e["text"] for seq, e in fresh.entries.items()} == {
        seq: e["text"] for seq, e in customer.entries.items()
    }


@pytest.mark.parametrize("victim", ["engine", "actions", "desk"])
async def test_nothing_is_lost_doubled_or_out_of_order_when_a_process_is_killed(
    system: System, victim: str
) -> None:
    everybody = [Customer(system.url) for _ in range(CUSTOMERS)]
    for customer in everybody:
        await customer.__aenter__()
    talks = [asyncio.create_task(talk(customer, seed)) for seed, customer in enumerate(everybody)]
    await asyncio.sleep(0.2)
    await asyncio.to_thread(system.kill, victim)
    client_ids = await asyncio.gather(*talks)
    for customer, ids in zip(everybody, client_ids, strict=True):
        await check_oracle(system.url, customer, ids)
        await customer.disconnect()
    await asyncio.to_thread(system.wait_until_healthy)
