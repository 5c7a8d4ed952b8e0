"""One transaction on one conversation: append entries, move the owner, and tell afterwards."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from desk.announce import Announcement, Topic
from desk.context import Desk
from desk.errors import BadRequest, NotFound, VersionConflict
from desk.log import Button, Code, Entry, EntryKind, NewEntry, Work
from desk.models import AgentRow, ConversationRow
from desk.owner import Event, Owner, OwnerKind, next_owner
from desk.store import conversations, entries, people, tickets
from desk.store.rows import owner_of

log = structlog.get_logger()

# Ids that the desk gives to its own entries begin so; nobody else's may.
OWN_PREFIX = "desk:"
# The bot's answers are named after the message: this, conversation, ":", seq, ":", their number.
REPLY_PREFIX = f"{OWN_PREFIX}reply:"
QUEUE_FRONT, QUEUE_NORMAL = 0, 1


@dataclass
class Writing:
    """A locked conversation inside a transaction; what is appended and moved here is announced after the commit."""

    desk: Desk
    session: AsyncSession
    head: ConversationRow
    now: datetime
    announcements: dict[tuple[Topic, str], Announcement] = field(default_factory=dict)

    @property
    def owner(self) -> Owner:
        """Tell who has the conversation now."""
        return owner_of(self.head)

    def tell(self, topic: Topic, **data: Any) -> None:
        """Announce this after the commit; the same twice is told once."""
        conversation_id = None if topic is Topic.QUEUE else self.head.id
        self.announcements[topic, repr(data)] = Announcement(topic, conversation_id, data)

    def append(self, new: NewEntry) -> Entry:
        """Append an entry whose client_id is known to be new."""
        entry = entries.append(self.session, self.head, new, self.now)
        self.head.updated_at = self.now
        if new.work is not None:
            self.head.work_seq = entry.seq
            self.tell(Topic.WORK)
        self.tell(Topic.ENTRIES)
        return entry

    async def append_once(self, new: NewEntry) -> tuple[Entry, bool]:
        """Append, unless this sender stored it before; says whether it is new.

        Raises:
            BadRequest: another sender's entry has this client_id.
        """
        known = await entries.find_by_client_id(self.session, self.head.id, new.client_id)
        if known is None:
            return self.append(new), True
        if known.kind is not new.kind or (new.author and known.author and new.author.id != known.author.id):
            raise BadRequest("This client_id is somebody else's.", "client_id_taken")
        return known, False

    def system(
        self,
        code: Code,
        text: str,
        params: dict[str, Any] | None = None,
        *,
        client_id: str | None = None,
        buttons: tuple[Button, ...] = (),
        work: Work | None = None,
    ) -> Entry:
        """Append a system entry; without a client_id its place in the log names it."""
        own_id = client_id or f"{OWN_PREFIX}{code}:{self.head.last_seq + 1}"
        new = NewEntry(
            own_id,
            EntryKind.SYSTEM,
            text,
            code=str(code),
            params=params or {},
            buttons=buttons,
            work=work,
        )
        return self.append(new)

    def check_version(self, version: int) -> None:
        """Compare before setting.

        Raises:
            VersionConflict: the owner changed since the caller looked.
        """
        if self.head.version != version:
            raise VersionConflict(self.head.version)

    async def move(self, event: Event, agent_id: str | None = None) -> bool:
        """Let an event happen to the owner; says whether the owner changed.

        Raises:
            OwnerError: the table does not allow it.
        """
        before = self.owner
        after = next_owner(before, event, agent_id)
        if after == before:
            return False
        self.head.owner_kind, self.head.owner_agent_id = str(after.kind), after.agent_id
        self.head.version += 1
        self.head.updated_at = self.now
        await self._enter(before, after)
        log.info(
            "owner_changed",
            conversation_id=self.head.id,
            event_name=str(event),
            before=str(before),
            after=str(after),
        )
        return True

    async def _enter(self, before: Owner, after: Owner) -> None:
        head = self.head
        self.tell(Topic.OWNER)
        if OwnerKind.QUEUE in (before.kind, after.kind):
            self.tell(Topic.QUEUE)
        head.closed_at = self.now if after.kind is OwnerKind.CLOSED else None
        head.waiting_since = self.now if after.kind is OwnerKind.QUEUE else None
        head.queue_rank = QUEUE_NORMAL
        head.assigned_at = self.now if after.kind is OwnerKind.AGENT else None
        if after.kind is OwnerKind.AGENT and after.agent_id is not None:
            head.human_turns += 1
            head.last_agent_at = self.now
            await people.mark_claimed(self.session, head.id, after.agent_id, self.now)
        if after.kind in (OwnerKind.BOT, OwnerKind.CLOSED):
            await people.mark_ended(self.session, head.id, self.now)

    async def link_event(self, name: str, data: dict[str, Any]) -> None:
        """Tell the action servers, in order and for certain."""
        await tickets.add_link_event(self.session, name, self.head.id, data, self.now)
        self.tell(Topic.LINK_EVENT)

    async def agent_name(self, agent_id: str) -> str:
        """Fetch an agent's name."""
        row = await self.session.get(AgentRow, agent_id)
        return row.name if row else ""


@asynccontextmanager
async def writing(desk: Desk, conversation_id: str) -> AsyncIterator[Writing]:
    """Open a transaction on a conversation; commits when the block ends well, then announces.

    Raises:
        NotFound: there is no such conversation.
    """
    async with desk.database.write() as session:
        head = await conversations.lock_row(session, conversation_id)
        if head is None:
            raise NotFound("conversation")
        unit = Writing(desk, session, head, desk.clock())
        yield unit
    for announcement in unit.announcements.values():
        await desk.announcer.publish(announcement)


def check_client_id(client_id: str) -> None:
    """Refuse ids that only the desk gives.

    Raises:
        BadRequest: it begins like one of ours.
    """
    if client_id.startswith(OWN_PREFIX):
        raise BadRequest("A client_id may not begin like that.", "client_id_taken")
