"""SQLite for SQLAlchemy's asyncio engine without a thread hop for each statement.

aiosqlite carries every cursor, statement and fetch to a thread and back, about 120 hops for one message and its
answer. The desk's statements take tens of microseconds, so here they run where they are; only what waits for the
disk (COMMIT) or reads whole tables (searches) goes to a thread, and a lock that another process holds is waited for
without blocking.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from time import monotonic
from typing import Any

BUSY_SECONDS = 10.0
RETRY_SECONDS = 0.005
TAKE_WRITE_LOCK = "BEGIN IMMEDIATE"
SEARCH = " LIKE "


class _InlineQueue:
    """Stands where aiosqlite keeps its thread's queue; runs what is put in at once."""

    def put_nowait(self, item: tuple[asyncio.Future[Any], Callable[[], Any]]) -> None:
        """Run a function and give its result to the future."""
        future, function = item
        try:
            future.set_result(function())
        except Exception as exc:  # noqa: BLE001 - whoever awaits the future hears it
            future.set_exception(exc)


class InlineCursor:
    """A cursor with aiosqlite's methods."""

    def __init__(self, cursor: sqlite3.Cursor) -> None:
        self._cursor = cursor
        self.arraysize = cursor.arraysize

    async def __aenter__(self) -> InlineCursor:
        return self

    async def execute(self, operation: str, parameters: Sequence[Any] = ()) -> InlineCursor:
        """Run a statement; taking the write lock waits while another process has it."""
        if operation == TAKE_WRITE_LOCK:
            await self._take_write_lock()
        elif SEARCH in operation:
            await asyncio.to_thread(self._cursor.execute, operation, parameters)
        else:
            self._cursor.execute(operation, parameters)
        return self

    async def _take_write_lock(self) -> None:
        give_up_at = monotonic() + BUSY_SECONDS
        while True:
            try:
                self._cursor.execute(TAKE_WRITE_LOCK)
            except sqlite3.OperationalError as exc:
                is_busy = exc.sqlite_errorcode in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_BUSY_SNAPSHOT)
                if not is_busy or monotonic() > give_up_at:
                    raise
                await asyncio.sleep(RETRY_SECONDS)
            else:
                return

    async def executemany(self, operation: str, parameters: Sequence[Sequence[Any]]) -> InlineCursor:
        """Run a statement once for each set of parameters."""
        self._cursor.executemany(operation, parameters)
        return self

    async def fetchall(self) -> list[Any]:
        """Fetch every row."""
        return self._cursor.fetchall()

    async def close(self) -> None:
        """Close the cursor."""
        self._cursor.close()

    @property
    def description(self) -> Any:
        """Describe the columns, None for what gives no rows."""
        return self._cursor.description

    @property
    def rowcount(self) -> int:
        """Count the rows a statement changed."""
        return self._cursor.rowcount

    @property
    def lastrowid(self) -> int | None:
        """Name the row that was inserted last."""
        return self._cursor.lastrowid


class InlineConnection:
    """A connection with aiosqlite's methods, those that SQLAlchemy's dialect uses."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._conn = connection
        self._connection: sqlite3.Connection | None = connection
        self._tx = _InlineQueue()

    @property
    def isolation_level(self) -> str | None:
        """Tell who begins transactions: None, we do."""
        return self._conn.isolation_level

    def cursor(self) -> InlineCursor:
        """Open a cursor."""
        return InlineCursor(self._conn.cursor())

    async def create_function(self, *args: Any, **kwargs: Any) -> None:
        """Add a function to SQL."""
        self._conn.create_function(*args, **kwargs)

    async def commit(self) -> None:
        """Commit; the disk is waited for in a thread."""
        if self._conn.in_transaction:
            await asyncio.shield(asyncio.to_thread(self._conn.commit))

    async def rollback(self) -> None:
        """Take back what was not committed."""
        self._conn.rollback()

    async def close(self) -> None:
        """Close."""
        self._connection = None
        self._conn.close()

    def stop(self) -> None:
        """Close, from where nothing can be awaited."""
        self._connection = None
        self._conn.close()


async def connect(database: str, **options: Any) -> InlineConnection:
    """Open a database; COMMIT may run in another thread than the rest, never at the same time."""
    options |= {"check_same_thread": False, "isolation_level": None, "timeout": 0.0}
    return InlineConnection(sqlite3.connect(database, **options))
