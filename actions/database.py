"""Engines for the action server's SQLite files, prepared alike."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

BUSY_TIMEOUT_MS = 5_000


def build_engine(address: str) -> AsyncEngine:
    """Build an engine for a path or SQLAlchemy URL; opens nothing yet.

    SQLite writes through to the disk before a commit returns, waits for other writers, and begins a writing
    transaction at once, so that what was read in it is still true when it writes.
    """
    if "://" in address:
        return create_async_engine(address, pool_pre_ping=True)
    engine = create_async_engine(f"sqlite+aiosqlite:///{Path(address).resolve()}")
    event.listen(engine.sync_engine, "connect", _prepare)
    event.listen(engine.sync_engine, "begin", _begin)
    return engine


def _prepare(connection: Any, _: Any) -> None:
    connection.isolation_level = None  # the driver shall not begin transactions by itself
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE" if _writes(connection) else "BEGIN")


def _writes(connection: Connection) -> bool:
    return bool(connection.get_execution_options().get("writes"))
