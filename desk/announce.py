"""Wake-ups: what happened is told after the commit, and everybody who is told reads it from the database.

An announcement carries no truth: one that is lost costs time, never an entry.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

import structlog

if TYPE_CHECKING:
    from collections.abc import Iterator

log = structlog.get_logger()


class Topic(StrEnum):
    """What can be told."""

    ENTRIES = "entries"  # there are new entries
    ENTRY_CHANGED = "entry_changed"  # data: seq; a button was answered, a trace arrived
    HEAD = "head"  # customer, read marks, mood or tickets changed
    OWNER = "owner"  # somebody else has the conversation
    QUEUE = "queue"  # somebody joined or left the line
    WORK = "work"  # the engine has something to do
    TYPING = "typing"  # data: who, name, is_typing, ttl_seconds
    READ = "read"  # data: by (agent or customer), seq
    VIEWERS = "viewers"
    PRESENCE = "presence"  # data: agent_id
    LINK_EVENT = "link_event"
    IDENTIFIED = "identified"  # the conversation is now a known customer's
    SIGNED_OUT = "signed_out"  # data: token_digest


@dataclass(frozen=True)
class Announcement:
    """One wake-up; ``data`` is small and JSON."""

    topic: Topic
    conversation_id: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)


Listener = Callable[[Announcement], None]


class Announcer(Protocol):
    """Carries announcements to every desk process, this one included."""

    async def publish(self, announcement: Announcement) -> None:
        """Tell everybody; never raises for a listener's fault."""

    def listen(self, listener: Listener) -> AbstractContextManager[None]:
        """Be told, while the context is open; the listener must not block."""

    async def run(self) -> None:
        """Carry announcements until cancelled; may end at once where nothing is to be carried."""

    async def close(self) -> None:
        """Stop."""


class LocalAnnouncer:
    """One process: listeners are called in turn."""

    def __init__(self) -> None:
        self._listeners: dict[object, Listener] = {}

    async def publish(self, announcement: Announcement) -> None:
        """Call every listener."""
        self.tell(announcement)

    def tell(self, announcement: Announcement) -> None:
        """Call every listener; one that fails is logged and the others still hear."""
        for listener in list(self._listeners.values()):
            try:
                listener(announcement)
            except Exception:
                log.exception("listener_failed", topic=str(announcement.topic))

    async def run(self) -> None:
        """Nothing has to be carried."""

    @contextmanager
    def listen(self, listener: Listener) -> Iterator[None]:
        """Be told until the context closes."""
        key = object()
        self._listeners[key] = listener
        try:
            yield
        finally:
            self._listeners.pop(key, None)

    async def close(self) -> None:
        """Forget the listeners."""
        self._listeners.clear()
