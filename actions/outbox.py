"""What was asked of the desk and is not answered yet, kept on disk; and the last event handled.

A request is written here before it is sent. It leaves the waiting line with the desk's answer, which stays for a
month, so that an action that runs again learns what came of it the first time.
"""

from __future__ import annotations

import enum
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import DateTime, Integer, String, Text, delete, func, select, update
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from actions.errors import DeskUnavailable
from desk.link_protocol import (
    PARAMS_OF,
    LinkRefused,
    Method,
    Params,
    Result,
    encode_members,
    parse_params,
    parse_result,
)

if TYPE_CHECKING:
    from sqlalchemy import Row
    from sqlalchemy.ext.asyncio import AsyncEngine

MAX_WAITING = 10_000
KEEP_FOR = timedelta(days=30)
CURSOR_NAME = "desk"

Clock = Callable[[], datetime]

METHOD_OF: dict[type[Params], Method] = {kind: method for method, kind in PARAMS_OF.items()}


class OutboxState(enum.StrEnum):
    """Where a request stands."""

    WAITING = "waiting"
    DONE = "done"
    REFUSED = "refused"
    DEAD = "dead"


class OutboxBase(DeclarativeBase):
    """The tables of var/actions.db that belong to the link."""


class OutboxRow(OutboxBase):
    """One request, in the order it was made."""

    __tablename__ = "link_outbox"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    key: Mapped[str] = mapped_column(String(300), unique=True)
    method: Mapped[str] = mapped_column(String(32))
    params: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(16), index=True)
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    outcome: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class CursorRow(OutboxBase):
    """The last event that was handled."""

    __tablename__ = "link_cursor"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    event_seq: Mapped[int] = mapped_column(Integer)


@dataclass(frozen=True)
class OutboxItem:
    """A request of the outbox; ``result`` or ``refusal`` is set once it is settled."""

    id: int
    key: str
    method: Method
    params: Params
    state: OutboxState
    attempts: int
    result: Result | None = None
    refusal: LinkRefused | None = None


class Outbox:
    """The waiting line and the cursor, in one database."""

    def __init__(self, engine: AsyncEngine, clock: Clock) -> None:
        self._reading = engine
        self._writing = engine.execution_options(writes=True)
        self._clock = clock

    async def create_tables(self) -> None:
        """Create the tables where they are missing."""
        async with self._writing.begin() as connection:
            await connection.run_sync(OutboxBase.metadata.create_all)

    async def put(self, params: Params, key: str) -> OutboxItem:
        """Keep a request; one with this key that is there already is returned as it is.

        Raises:
            DeskUnavailable: MAX_WAITING requests wait already.
        """
        known = await self.find(key)
        if known is not None:
            return known
        if await self.count_waiting() >= MAX_WAITING:
            raise DeskUnavailable("outbox_full")
        row = {
            "key": key,
            "method": METHOD_OF[type(params)].value,
            "params": json.dumps(encode_members(params)),
            "state": OutboxState.WAITING.value,
            "attempts": 0,
            "created_at": self._clock(),
        }
        async with self._writing.begin() as connection:
            await connection.execute(insert(OutboxRow).values(row).on_conflict_do_nothing())
        kept = await self.find(key)
        if kept is None:
            raise DeskUnavailable("outbox_unwritable")
        return kept

    async def find(self, key: str) -> OutboxItem | None:
        """Find a request by its key."""
        async with self._reading.connect() as connection:
            rows = await connection.execute(select(OutboxRow.__table__).where(OutboxRow.key == key))
            row = rows.first()
        return None if row is None else _item(row)

    async def next_waiting(self) -> OutboxItem | None:
        """Get the oldest request that waits."""
        oldest = select(OutboxRow.__table__).where(OutboxRow.state == OutboxState.WAITING.value)
        async with self._reading.connect() as connection:
            row = (await connection.execute(oldest.order_by(OutboxRow.id).limit(1))).first()
        return None if row is None else _item(row)

    async def count_waiting(self) -> int:
        """Count the requests that wait."""
        waiting = select(func.count()).where(OutboxRow.state == OutboxState.WAITING.value)
        async with self._reading.connect() as connection:
            return int((await connection.execute(waiting)).scalar_one())

    async def finish(self, item: OutboxItem, result: Result) -> None:
        """Keep the desk's answer."""
        await self._settle(item, OutboxState.DONE, encode_members(result))

    async def refuse(self, item: OutboxItem, refusal: LinkRefused, *, is_dead: bool = False) -> None:
        """Keep the desk's refusal; ``is_dead`` marks one that was tried too often."""
        state = OutboxState.DEAD if is_dead else OutboxState.REFUSED
        await self._settle(item, state, {"code": refusal.code, "message": refusal.message})

    async def note_attempt(self, item: OutboxItem) -> int:
        """Count a failed attempt; returns how many there were."""
        async with self._writing.begin() as connection:
            raised = update(OutboxRow).where(OutboxRow.id == item.id).values(attempts=OutboxRow.attempts + 1)
            await connection.execute(raised)
        return item.attempts + 1

    async def read_cursor(self) -> int:
        """Get the last event that was handled; 0 when there is none."""
        async with self._reading.connect() as connection:
            found = select(CursorRow.event_seq).where(CursorRow.name == CURSOR_NAME)
            return int((await connection.execute(found)).scalar() or 0)

    async def move_cursor(self, event_seq: int) -> None:
        """Remember that every event up to this one is handled."""
        row = insert(CursorRow).values(name=CURSOR_NAME, event_seq=event_seq)
        row = row.on_conflict_do_update(index_elements=["name"], set_={"event_seq": event_seq})
        async with self._writing.begin() as connection:
            await connection.execute(row)

    async def prune(self) -> int:
        """Forget settled requests older than KEEP_FOR; returns how many."""
        old = delete(OutboxRow).where(
            OutboxRow.state != OutboxState.WAITING.value, OutboxRow.created_at < self._clock() - KEEP_FOR
        )
        async with self._writing.begin() as connection:
            return (await connection.execute(old)).rowcount

    async def _settle(self, item: OutboxItem, state: OutboxState, outcome: object) -> None:
        values = {"state": state.value, "outcome": json.dumps(outcome)}
        async with self._writing.begin() as connection:
            await connection.execute(update(OutboxRow).where(OutboxRow.id == item.id).values(values))


def _item(row: Row[tuple[object, ...]]) -> OutboxItem:
    method, state = Method(row.method), OutboxState(row.state)
    outcome = json.loads(row.outcome) if row.outcome else None
    return OutboxItem(
        id=row.id,
        key=row.key,
        method=method,
        params=parse_params(method, json.loads(row.params)),
        state=state,
        attempts=row.attempts,
        result=parse_result(method, outcome) if state is OutboxState.DONE else None,
        refusal=LinkRefused(outcome["code"], outcome["message"])
        if outcome and state is not OutboxState.DONE
        else None,
    )
