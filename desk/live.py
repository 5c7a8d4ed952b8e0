"""What lives only while processes run: who is typing, who is looking, and the mailboxes of open sockets.

A mailbox is bounded whatever happens: it remembers *that* there is something to read, not what; only typing
signs are kept as they are, and of these the last few.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from desk.announce import Announcement, Announcer, Topic
from desk.log import Viewer

VIEWER_TTL_SECONDS = 60.0
MAX_SIGNS = 32
MAX_CHANGES = 500


@dataclass
class Mail:
    """What came in since the mailbox was emptied."""

    entries: set[str] = field(default_factory=set)
    heads: set[str] = field(default_factory=set)
    owners: set[str] = field(default_factory=set)
    changed: set[tuple[str, int]] = field(default_factory=set)
    viewers: set[str] = field(default_factory=set)
    agents: set[str] = field(default_factory=set)
    reads: dict[tuple[str, str], int] = field(default_factory=dict)
    signs: deque[tuple[str, Mapping[str, Any]]] = field(default_factory=lambda: deque(maxlen=MAX_SIGNS))
    has_queue_moved: bool = False
    was_identified: bool = False
    has_overflowed: bool = False
    signed_out: set[str] = field(default_factory=set)


class Mailbox:
    """One socket's post. ``conversations`` None means: all of them."""

    def __init__(self, conversations: frozenset[str] | None) -> None:
        self._conversations = conversations
        self._mail = Mail()
        self._has_mail = asyncio.Event()

    def hear(self, announcement: Announcement) -> None:
        """Note an announcement that concerns this socket."""
        conversation_id = announcement.conversation_id
        if conversation_id and self._conversations is not None and conversation_id not in self._conversations:
            return
        _note(self._mail, announcement)
        if len(self._mail.heads) + len(self._mail.changed) > MAX_CHANGES:
            self._mail.heads.clear()
            self._mail.changed.clear()
            self._mail.has_overflowed = True
        self._has_mail.set()

    async def collect(self) -> Mail:
        """Wait for mail and take all of it."""
        await self._has_mail.wait()
        self._has_mail.clear()
        mail, self._mail = self._mail, Mail()
        return mail


def _note(mail: Mail, announcement: Announcement) -> None:
    conversation_id, data = announcement.conversation_id or "", announcement.data
    match announcement.topic:
        case Topic.ENTRIES:
            mail.entries.add(conversation_id)
            mail.heads.add(conversation_id)
        case Topic.ENTRY_CHANGED:
            mail.changed.add((conversation_id, int(data["seq"])))
        case Topic.HEAD:
            mail.heads.add(conversation_id)
        case Topic.OWNER:
            mail.heads.add(conversation_id)
            mail.owners.add(conversation_id)
        case Topic.QUEUE:
            mail.has_queue_moved = True
        case Topic.TYPING:
            mail.signs.append((conversation_id, data))
        case Topic.READ:
            mail.reads[conversation_id, str(data["by"])] = int(data["seq"])
        case Topic.VIEWERS:
            mail.viewers.add(conversation_id)
        case Topic.PRESENCE:
            mail.agents.add(str(data["agent_id"]))
        case Topic.SIGNED_OUT:
            mail.signed_out.add(str(data["token_digest"]))
        case Topic.IDENTIFIED:
            mail.was_identified = True
        case Topic.WORK | Topic.LINK_EVENT:
            pass


class Live:
    """The process's picture of who types and who looks, fed by announcements, its own included."""

    def __init__(self, announcer: Announcer) -> None:
        self._announcer = announcer
        self._mailboxes: dict[Mailbox, None] = {}
        self._typing: dict[tuple[str, str], tuple[Mapping[str, Any], float]] = {}
        self._viewers: dict[str, dict[str, tuple[str, float]]] = {}

    @contextmanager
    def open(self) -> Iterator[None]:
        """Hear announcements while the context is open."""
        with self._announcer.listen(self._hear):
            yield

    @contextmanager
    def mailbox(self, conversations: frozenset[str] | None) -> Iterator[Mailbox]:
        """Open a mailbox for a socket."""
        mailbox = Mailbox(conversations)
        self._mailboxes[mailbox] = None
        try:
            yield mailbox
        finally:
            self._mailboxes.pop(mailbox, None)

    def _hear(self, announcement: Announcement) -> None:
        if announcement.topic is Topic.TYPING:
            self._keep_typing(announcement)
        if announcement.topic is Topic.VIEWERS:
            self._keep_viewer(announcement)
        for mailbox in list(self._mailboxes):
            mailbox.hear(announcement)

    def _keep_typing(self, announcement: Announcement) -> None:
        key = (announcement.conversation_id or "", str(announcement.data["who"]))
        if announcement.data["is_typing"]:
            self._typing[key] = (announcement.data, monotonic() + float(announcement.data["ttl_seconds"]))
        else:
            self._typing.pop(key, None)

    def _keep_viewer(self, announcement: Announcement) -> None:
        data = announcement.data
        viewers = self._viewers.setdefault(announcement.conversation_id or "", {})
        if data["is_watching"]:
            viewers[str(data["agent_id"])] = (str(data["name"]), monotonic() + VIEWER_TTL_SECONDS)
        else:
            viewers.pop(str(data["agent_id"]), None)
        if not viewers:
            self._viewers.pop(announcement.conversation_id or "", None)

    def typing_in(self, conversation_id: str) -> list[Mapping[str, Any]]:
        """Tell who is typing there now."""
        now = monotonic()
        self._typing = {key: sign for key, sign in self._typing.items() if sign[1] > now}
        return [sign for (where, _), (sign, _until) in self._typing.items() if where == conversation_id]

    def viewers_of(self, conversation_id: str) -> tuple[Viewer, ...]:
        """Tell which agents have the conversation open."""
        now = monotonic()
        viewers = self._viewers.get(conversation_id, {})
        return tuple(Viewer(agent_id, name) for agent_id, (name, until) in viewers.items() if until > now)

    async def tell_viewer(self, conversation_id: str, agent_id: str, name: str, *, is_watching: bool) -> None:
        """Say that an agent opened or left a conversation."""
        data = {"agent_id": agent_id, "name": name, "is_watching": is_watching}
        await self._announcer.publish(Announcement(Topic.VIEWERS, conversation_id, data))

    async def tell_typing(
        self, conversation_id: str, who: str, name: str | None, ttl_seconds: int, *, is_typing: bool
    ) -> None:
        """Say that somebody types."""
        data = {
            "who": who,
            "name": name,
            "is_typing": is_typing,
            "ttl_seconds": ttl_seconds if is_typing else 0,
        }
        await self._announcer.publish(Announcement(Topic.TYPING, conversation_id, data))
