"""Effects that happen at most once: a table of what was done for which message, and what came of it.

An action that was killed or timed out is called again by the engine with the same message id, hence with the
same key. What was finished is answered from the table. What was begun and not finished is done again only
where the effect itself is idempotent by the key (the shop and the desk are: they keep the key in the same
transaction); any other is refused as uncertain, because doing it twice would be worse than asking a person.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import DateTime, String, Text, delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from actions.errors import EffectUncertain

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sqlalchemy.ext.asyncio import AsyncEngine

KEEP_FOR = timedelta(days=30)

Clock = Callable[[], datetime]


class EffectsBase(DeclarativeBase):
    """The tables of var/actions.db that hold effects."""


class EffectRow(EffectsBase):
    """One effect; ``result`` is None between beginning and end."""

    __tablename__ = "effects"

    key: Mapped[str] = mapped_column(String(300), primary_key=True)
    begun_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    result: Mapped[str | None] = mapped_column(Text)


class Effects:
    """The table of done effects, shared by all actions of this process."""

    def __init__(self, engine: AsyncEngine, clock: Clock) -> None:
        self._engine = engine.execution_options(writes=True)
        self._clock = clock
        self._locks: dict[str, tuple[asyncio.Lock, int]] = {}

    async def create_tables(self) -> None:
        """Create the table where it is missing."""
        async with self._engine.begin() as connection:
            await connection.run_sync(EffectsBase.metadata.create_all)

    async def run_once(
        self, key: str, effect: Callable[[str], Awaitable[Any]], *, can_repeat: bool = True
    ) -> Any:
        """Do an effect unless it was done, and return what came of it.

        Args:
            key: names the effect of one message, see ``Turn.effect_key``.
            effect: is given the key; its result must be JSON.
            can_repeat: the effect is idempotent by the key, so that one that was begun may be done again.

        Raises:
            EffectUncertain: it was begun and nobody knows how it ended, and ``can_repeat`` is false.
            Exception: whatever the effect raises; nothing is recorded then and a retry does it again.
        """
        async with self._alone(key):
            row = await self._find(key)
            if row is not None and row.result is not None:
                return json.loads(row.result)
            if row is not None and not can_repeat:
                raise EffectUncertain(key)
            if row is None:
                await self._begin(key)
            return await self._finish(key, effect)

    async def prune(self) -> int:
        """Forget effects older than KEEP_FOR; returns how many."""
        async with self._engine.begin() as connection:
            old = delete(EffectRow).where(EffectRow.begun_at < self._clock() - KEEP_FOR)
            return (await connection.execute(old)).rowcount

    @asynccontextmanager
    async def _alone(self, key: str) -> AsyncIterator[None]:
        """Let one caller at a time work on a key in this process."""
        lock, waiting = self._locks.get(key, (asyncio.Lock(), 0))
        self._locks[key] = (lock, waiting + 1)
        try:
            async with lock:
                yield
        finally:
            lock, waiting = self._locks[key]
            if waiting == 1:
                del self._locks[key]
            else:
                self._locks[key] = (lock, waiting - 1)

    async def _find(self, key: str) -> EffectRow | None:
        async with self._engine.connect() as connection:
            found = (await connection.execute(select(EffectRow.result).where(EffectRow.key == key))).first()
        return None if found is None else EffectRow(key=key, result=found[0])

    async def _begin(self, key: str) -> None:
        async with self._engine.begin() as connection:
            try:
                await connection.execute(insert(EffectRow).values(key=key, begun_at=self._clock()))
            except IntegrityError as error:
                raise EffectUncertain(key) from error

    async def _finish(self, key: str, effect: Callable[[str], Awaitable[Any]]) -> Any:
        try:
            result = await effect(key)
        except asyncio.CancelledError:
            raise  # timed out: it may have happened, so it stays begun
        except Exception:
            await self._forget(key)
            raise
        done = update(EffectRow).where(EffectRow.key == key).values(result=json.dumps(result))
        async with self._engine.begin() as connection:
            await connection.execute(done)
        return result

    async def _forget(self, key: str) -> None:
        async with self._engine.begin() as connection:
            await connection.execute(delete(EffectRow).where(EffectRow.key == key))
