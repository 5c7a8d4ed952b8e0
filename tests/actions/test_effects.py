"""Effects happen at most once, whoever is killed in between."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from actions.database import build_engine
from actions.effects import Effects
from actions.errors import EffectUncertain


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 11, 22, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def effects(tmp_path: Path, clock: Clock) -> AsyncIterator[Effects]:
    engine = build_engine(str(tmp_path / "actions.db"))
    store = Effects(engine, clock)
    await store.create_tables()
    yield store
    await engine.dispose()


class Mail:
    """An effect that can be counted."""

    def __init__(self) -> None:
        self.sent: list[str] = []

    async def send(self, key: str) -> dict[str, Any]:
        await asyncio.sleep(0.01)
        self.sent.append(key)
        return {"number": len(self.sent)}


async def test_repeat_gets_the_stored_result(effects: Effects) -> None:
    mail = Mail()
    results = [await effects.run_once("k", mail.send) for _ in range(3)]
    assert results == [{"number": 1}] * 3
    assert mail.sent == ["k"]


async def test_calls_at_once_do_it_once(effects: Effects) -> None:
    mail = Mail()
    results = await asyncio.gather(*(effects.run_once("k", mail.send) for _ in range(5)))
    assert results == [{"number": 1}] * 5
    assert mail.sent == ["k"]


async def test_failed_effect_may_be_tried_again(effects: Effects) -> None:
    async def fail(key: str) -> None:
        raise RuntimeError

    mail = Mail()
    with pytest.raises(RuntimeError):
        await effects.run_once("k", fail)
    assert await effects.run_once("k", mail.send, can_repeat=False) == {"number": 1}


async def test_effect_killed_in_the_middle_is_uncertain_unless_it_can_be_repeated(effects: Effects) -> None:
    async def hang(key: str) -> None:
        await asyncio.sleep(60)

    task = asyncio.create_task(effects.run_once("k", hang))
    await asyncio.sleep(0.1)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    mail = Mail()
    with pytest.raises(EffectUncertain):
        await effects.run_once("k", mail.send, can_repeat=False)
    assert mail.sent == []
    assert await effects.run_once("k", mail.send) == {"number": 1}


async def test_old_effects_are_forgotten(effects: Effects, clock: Clock) -> None:
    await effects.run_once("k", Mail().send)
    clock.now += timedelta(days=29)
    assert await effects.prune() == 0
    clock.now += timedelta(days=2)
    assert await effects.prune() == 1
