"""The engine under the store: one writer at a time on SQLite, row locks on PostgreSQL, committed means on disk."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import structlog
from alembic import command
from alembic.config import Config as AlembicConfig
from sqlalchemy import Engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from desk import sqlite_inline
from desk.errors import BadRequest, StoreUnavailable
from desk.sqlite_inline import TAKE_WRITE_LOCK

log = structlog.get_logger()

BUSY_TIMEOUT_MS = 2000
MIGRATIONS = Path(__file__).parent / "migrations"
POOL_SIZE = 10


class Database:
    """Sessions that read, sessions that write. ``write()`` is one transaction, committed when the block ends well."""

    def __init__(self, url: str) -> None:
        self.url = normalise_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self._reader = _create_engine(self.url, is_writer=False)
        self._writer = _create_engine(self.url, is_writer=True) if self.is_sqlite else self._reader
        self._turnstile: asyncio.Lock | None = asyncio.Lock() if self.is_sqlite else None

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        """Open a transaction that may write; on SQLite writers of this process queue up here, not in busy waits."""
        with _translated():
            async with (
                self._turnstile or nullcontext(),
                AsyncSession(self._writer, expire_on_commit=False) as session,
                session.begin(),
            ):
                yield session

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """Open a transaction that only reads."""
        with _translated():
            async with AsyncSession(self._reader, expire_on_commit=False) as session:
                yield session

    async def close(self) -> None:
        """Give the connections back."""
        await self._reader.dispose()
        if self._writer is not self._reader:
            await self._writer.dispose()


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (OperationalError, InterfaceError, PoolTimeout, OSError) as exc:
        log.error("database_unavailable", kind=type(exc).__name__)
        raise StoreUnavailable from exc
    except DBAPIError as exc:
        if _is_value_refused(exc):
            raise BadRequest("A value is one that no database can hold.", "value_refused") from exc
        if not exc.connection_invalidated:
            raise
        log.error("database_unavailable", kind=type(exc.orig).__name__)
        raise StoreUnavailable from exc


def _is_value_refused(error: DBAPIError) -> bool:
    """Tell whether PostgreSQL or its driver cannot take a value: a NUL in a text, a number too large.

    Source: PostgreSQL's documentation, appendix A: class 22 is "data exception".
    """
    causes = (error.orig, getattr(error.orig, "__cause__", None))
    return any(str(getattr(cause, "sqlstate", "") or "").startswith("22") for cause in causes) or any(
        isinstance(cause, ValueError) for cause in causes
    )


def normalise_url(url: str) -> URL:
    """Choose the asyncio driver where the URL names only the database."""
    parsed = make_url(url)
    drivers = {
        "sqlite": "sqlite+aiosqlite",
        "postgresql": "postgresql+asyncpg",
        "postgres": "postgresql+asyncpg",
    }
    return parsed.set(drivername=drivers.get(parsed.drivername, parsed.drivername))


def _create_engine(url: URL, *, is_writer: bool) -> AsyncEngine:
    if url.get_backend_name() != "sqlite":
        return create_async_engine(url, pool_size=POOL_SIZE, pool_pre_ping=True, hide_parameters=True)
    engine = create_async_engine(
        url,
        pool_size=1 if is_writer else POOL_SIZE,
        hide_parameters=True,  # what customers write is in them, and errors are logged
        connect_args={"async_creator_fn": sqlite_inline.connect},
    )
    _tune_sqlite(engine.sync_engine, TAKE_WRITE_LOCK if is_writer else "BEGIN")
    return engine


def _tune_sqlite(engine: Engine, begin: str) -> None:
    """Take over BEGIN from the driver and set the pragmas.

    Source: sqlite.org/wal.html: in WAL mode only ``synchronous=FULL`` syncs the log at each commit.
    """

    @event.listens_for(engine, "connect")
    def _on_connect(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        for pragma in (
            f"busy_timeout={BUSY_TIMEOUT_MS}",
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            # From here on the writer waits for its lock without blocking the loop.
            f"busy_timeout={0 if begin == TAKE_WRITE_LOCK else BUSY_TIMEOUT_MS}",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _on_begin(connection: Any) -> None:
        connection.exec_driver_sql(begin)


def migrate(url: str) -> None:
    """Bring the database's tables up to date; makes the SQLite file's folder."""
    parsed = normalise_url(url)
    if parsed.get_backend_name() == "sqlite" and parsed.database:
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    config = AlembicConfig()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["url"] = parsed
    command.upgrade(config, "head")
