"""Processes are killed in the middle of turns; afterwards nothing is lost, doubled or out of order.

Effects too: a complaint is one ticket, a wish for a person one place in the line, a cancelled order cancelled once.

The oracle: what was acknowledged is stored, no client id is stored twice, a conversation's order is the order of its
acknowledgements, every message got its reply once, and a fresh reader sees what the customer has on the screen.
"""

from __future__ import annotations

import asyncio
import random
import sqlite3
import stat
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

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


async def ask(customer: Customer, text: str) -> None:
    """Say something and wait until somebody answers it."""
    seq = customer.acks[await post_until_acknowledged(customer, text)]

    def is_answered() -> bool:
        return any(
            number > seq and (entry["kind"] == "bot" or entry["code"] == "queue_joined")
            for number, entry in customer.entries.items()
        )

    await until(customer, is_answered)


async def until(customer: Customer, condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(120):
        while not condition():
            try:
                await customer.wait(condition, seconds=3)
            except TimeoutError:
                await reconnect(customer)


def count(database: Path, statement: str, *values: str) -> int:
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
        found: int = connection.execute(statement, values).fetchone()[0]
        return found


WISHES = {
    "complaint": ("I want to complain", "your driver threw the box over my fence", "kim@example.org"),
    "person": ("I want to talk to a human please",),
    "cancel": ("please cancel {order}", "{email}", "yes"),
}


@pytest.mark.parametrize("victim", ["engine", "actions", "desk"])
async def test_effects_happen_once_when_a_process_is_killed(system: System, victim: str) -> None:
    shop, desk = system.var / "shop.db", system.var / "desk.db"
    with sqlite3.connect(f"file:{shop}?mode=ro", uri=True) as connection:
        order, email = connection.execute(
            "SELECT number, email FROM orders JOIN customers ON customers.id = customer_id"
            " WHERE orders.status = 'processing' ORDER BY number DESC LIMIT 1"
        ).fetchone()
    everybody = {name: Customer(system.url) for name in WISHES}

    async def wish(name: str) -> None:
        for text in WISHES[name]:
            await ask(everybody[name], text.format(order=order, email=email))

    for customer in everybody.values():
        await customer.__aenter__()
    wishes = [asyncio.create_task(wish(name)) for name in WISHES]
    await asyncio.sleep(random.Random(victim).uniform(0.02, 0.2))
    await asyncio.to_thread(system.kill, victim)
    await asyncio.gather(*wishes)
    ids = {name: customer.conversation_id for name, customer in everybody.items()}

    def tickets() -> int:
        return count(desk, "SELECT count(*) FROM tickets WHERE conversation_id = ?", ids["complaint"])

    def joined() -> list[dict[str, Any]]:
        return [entry for entry in everybody["person"].entries.values() if entry["code"] == "queue_joined"]

    # The bot may have answered that it follows as soon as the desk is back.
    await until(everybody["complaint"], lambda: tickets() > 0)
    await until(everybody["person"], lambda: bool(joined()))
    await asyncio.to_thread(system.wait_until_healthy)
    assert tickets() == 1
    assert len(joined()) == 1
    assert count(desk, "SELECT count(*) FROM handoffs WHERE conversation_id = ?", ids["person"]) == 1
    assert count(shop, "SELECT count(*) FROM orders WHERE number = ? AND status = 'cancelled'", order) == 1
    assert count(shop, "SELECT count(*) FROM shop_effects WHERE key LIKE ?", f"{ids['cancel']}:%") == 1
    for customer in everybody.values():
        await customer.disconnect()


def test_what_customers_say_is_for_its_owner_only(system: System) -> None:
    for name in ("desk.db", "tracker.db", "actions.db", "shop.db", "secrets.toml", "logs/desk.log"):
        assert stat.S_IMODE((system.var / name).stat().st_mode) & 0o077 == 0, name
