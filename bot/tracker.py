"""The tracker store: Rasa's SQL table, read and written so that an error is an error.

Differences from Rasa's own ``SQLTrackerStore``, each for a reason:

- sessions and new events are found by row id, not by time: a clock that jumps back would otherwise hide events;
- SQLite runs in WAL with a busy timeout; a server database gets a connection timeout and is asked before use;
- reads take the one column that is needed; the work is done in a thread, so that a slow database does not stop
  the other conversations;
- every error is ``TrackerStoreUnavailable``, and ``is_available`` tells the health page what the last call met.

Rasa wraps any store in ``FailSafeTrackerStore``, which answers an error with a fresh conversation. The channel
takes that wrapper off again (``bot.turns.unwrap_store``).
"""

from __future__ import annotations

# mypy: disable-error-code="misc"
import asyncio
import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
import structlog
from rasa.core.tracker_store import SQLTrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import Event, SessionStarted
from rasa.shared.core.trackers import DialogueStateTracker
from sqlalchemy.pool import QueuePool

from bot.errors import TrackerStoreUnavailable

log = structlog.get_logger()

BUSY_TIMEOUT_MS = 5_000
CONNECT_TIMEOUT_SECONDS = 3
POOL_SIZE = 4

Returned = TypeVar("Returned")


class CarelineTrackerStore(SQLTrackerStore):
    """Rasa's events table on SQLite or PostgreSQL; ``url`` in endpoints.yml is a path or an SQLAlchemy URL."""

    def __init__(
        self, domain: Domain | None = None, host: str | None = None, event_broker: Any = None, **_: Any
    ) -> None:
        if not host:
            raise ValueError("The tracker store needs a path or URL; CARELINE_TRACKER_DB is empty.")
        # Not SQLTrackerStore's __init__: it retries for ever, and makes an engine of its own.
        super(SQLTrackerStore, self).__init__(domain, event_broker)
        self.engine = build_engine(host)
        self.sessionmaker = sa.orm.sessionmaker(bind=self.engine)
        self.is_available = True
        self._is_created = False
        self._columns = self.SQLEvent.__table__.c

    async def retrieve(self, sender_id: str) -> DialogueStateTracker | None:
        """Read the tracker of the latest session; None when the conversation is new.

        Raises:
            TrackerStoreUnavailable: the database did not answer; never None for that.
        """
        return await self._read(sender_id, is_full=False)

    async def retrieve_full_tracker(self, conversation_id: str) -> DialogueStateTracker | None:
        """Read all sessions; None and errors as in ``retrieve``."""
        return await self._read(conversation_id, is_full=True)

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Append the events that are not in the table yet, all in one transaction."""
        events = list(tracker.events)
        await self._guarded("write", lambda: self._append(tracker.sender_id, events))

    async def keys(self) -> list[str]:
        """List the conversations."""
        statement = sa.select(self._columns.sender_id).distinct()
        return await self._guarded("keys", lambda: self._scalars(statement))

    async def ping(self) -> None:
        """Ask the database for nothing; raises TrackerStoreUnavailable."""
        await self._guarded("ping", lambda: self._scalars(sa.select(sa.literal(1))))

    async def _read(self, sender_id: str, *, is_full: bool) -> DialogueStateTracker | None:
        events = await self._guarded("read", lambda: self._load(sender_id, is_full=is_full))
        if not events:
            return None
        return DialogueStateTracker.from_events(sender_id, events, self.domain.slots)

    async def _guarded(self, operation: str, work: Callable[[], Returned]) -> Returned:
        try:
            result = await asyncio.get_running_loop().run_in_executor(None, self._created, work)
        except (sa.exc.SQLAlchemyError, OSError, ValueError) as error:
            self.is_available = False
            log.error(
                "tracker_store_unavailable", operation=operation, error=type(error).__name__, alarm=True
            )
            raise TrackerStoreUnavailable from error
        self.is_available = True
        return result

    def _created(self, work: Callable[[], Returned]) -> Returned:
        if not self._is_created:
            self.Base.metadata.create_all(self.engine)
            self._is_created = True
        return work()

    def _scalars(self, statement: Any) -> list[Any]:
        with self.engine.connect() as connection:
            return list(connection.execute(statement).scalars())

    def _load(self, sender_id: str, *, is_full: bool) -> list[Event]:
        columns = self._columns
        statement = sa.select(columns.data).where(columns.sender_id == sender_id).order_by(columns.id)
        if not is_full:
            statement = statement.where(columns.id >= self._session_start(sender_id))
        return [read_event(json.loads(data)) for data in self._scalars(statement)]

    def _session_start(self, sender_id: str) -> Any:
        """Build the subquery for the first row of the latest session; 0 when none was started."""
        columns = self._columns
        newest = sa.select(sa.func.coalesce(sa.func.max(columns.id), 0)).where(
            columns.sender_id == sender_id, columns.type_name == SessionStarted.type_name
        )
        return newest.scalar_subquery()

    def _append(self, sender_id: str, events: list[Event]) -> None:
        columns = self._columns
        stored = sa.select(sa.func.count()).where(
            columns.sender_id == sender_id, columns.id >= self._session_start(sender_id)
        )
        with self.engine.begin() as connection:
            count = connection.execute(stored).scalar_one()
            # The tracker was read from the latest session's first row on: its first `count` events are stored.
            rows = [self._row(sender_id, event) for event in events[count:]]
            if rows:
                connection.execute(self.SQLEvent.__table__.insert(), rows)

    @staticmethod
    def _row(sender_id: str, event: Event) -> dict[str, Any]:
        document = event.as_dict()
        return {
            "sender_id": sender_id,
            "type_name": event.type_name,
            "timestamp": document.get("timestamp"),
            "intent_name": ((document.get("parse_data") or {}).get("intent") or {}).get("name"),
            "action_name": document.get("name"),
            "data": json.dumps(document),
        }


@cache
def event_class(name: str) -> type[Event]:
    """Find the class of an event; Rasa walks through all classes for every single event (0.1 ms)."""
    found: type[Event] | None = Event.resolve_by_type(name)
    if found is None:
        raise ValueError(f"Unknown event {name!r} in the tracker store.")
    return found


def read_event(document: dict[str, Any]) -> Event:
    """Read a stored event."""
    return event_class(document["event"])._from_parameters(document)


def build_engine(address: str) -> sa.engine.Engine:
    """Build the engine for a path or URL; opens nothing yet."""
    url = sa.engine.make_url(address if "://" in address else f"sqlite:///{Path(address).resolve()}")
    if url.get_backend_name() != "sqlite":
        return sa.create_engine(
            url,
            pool_size=POOL_SIZE,
            pool_pre_ping=True,
            pool_timeout=CONNECT_TIMEOUT_SECONDS,
            connect_args={"connect_timeout": CONNECT_TIMEOUT_SECONDS},
        )
    engine = sa.create_engine(
        url, poolclass=QueuePool, pool_size=POOL_SIZE, connect_args={"check_same_thread": False, "timeout": 5}
    )
    sa.event.listen(engine, "connect", _prepare_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _: Any) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    cursor.close()
