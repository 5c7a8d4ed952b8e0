"""What the log holds: frozen data between the store, the verbs and the wire."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from desk.owner import OWNED_BY_BOT, Owner


class EntryKind(StrEnum):
    """Who an entry comes from; a note is for agents only."""

    CUSTOMER = "customer"
    BOT = "bot"
    AGENT = "agent"
    SYSTEM = "system"
    NOTE = "note"


class Work(StrEnum):
    """What the engine still has to do because of an entry."""

    MESSAGE = "message"
    RESUME = "resume"


class Code(StrEnum):
    """The system entries' codes; the widget has words for each, ``text`` is the English fallback."""

    QUEUE_JOINED = "queue_joined"
    AGENT_JOINED = "agent_joined"
    AGENT_LEFT = "agent_left"
    RETURNED_TO_BOT = "returned_to_bot"
    CONVERSATION_CLOSED = "conversation_closed"
    TAKING_LONGER = "taking_longer"
    APOLOGY = "apology"
    TICKET_OPENED = "ticket_opened"
    TICKET_UPDATED = "ticket_updated"
    NOBODY_AVAILABLE = "nobody_available"
    RATE_LIMITED = "rate_limited"


@dataclass(frozen=True)
class Author:
    """Who wrote it, as others may see them."""

    id: str
    name: str


@dataclass(frozen=True)
class Button:
    """A choice; ``payload`` stays on the server, the client sends ``id``."""

    id: str
    title: str
    payload: str | None = None


@dataclass(frozen=True)
class Source:
    """Where an answer comes from; the last three name the passage that was quoted, for ourselves."""

    title: str
    url: str
    section: str | None = None
    updated: str | None = None
    passage_id: str | None = None
    document_id: str | None = None
    passage_hash: str | None = None


@dataclass(frozen=True)
class Entry:
    """One line of a conversation's log. ``seq`` starts at 1 and has no gaps."""

    conversation_id: str
    seq: int
    client_id: str
    kind: EntryKind
    text: str
    at: datetime
    author: Author | None = None
    buttons: tuple[Button, ...] = ()
    sources: tuple[Source, ...] = ()
    code: str | None = None
    params: Mapping[str, Any] = field(default_factory=dict)
    answered_button: str | None = None
    trace: Mapping[str, Any] | None = None
    is_draft: bool = False
    payload: str | None = None
    owner_at: Owner = OWNED_BY_BOT
    work: Work | None = None
    is_helpful: bool | None = None

    @property
    def can_be_rated(self) -> bool:
        """Say whether "was this helpful?" may be asked: the bot's answer with its source, seen by the customer."""
        return self.kind is EntryKind.BOT and bool(self.sources) and not self.is_draft


@dataclass(frozen=True)
class NewEntry:
    """An entry before the log gave it a seq and a time."""

    client_id: str
    kind: EntryKind
    text: str
    author: Author | None = None
    buttons: tuple[Button, ...] = ()
    sources: tuple[Source, ...] = ()
    code: str | None = None
    params: Mapping[str, Any] = field(default_factory=dict)
    trace: Mapping[str, Any] | None = None
    is_draft: bool = False
    payload: str | None = None
    work: Work | None = None


@dataclass(frozen=True)
class Customer:
    """Who is asking; ``id`` is None for an anonymous visitor."""

    id: str | None = None
    name: str | None = None
    email: str | None = None
    is_verified: bool = False


@dataclass(frozen=True)
class Handoff:
    """Why a person was asked for."""

    reason: str
    brief: str
    interrupted_form: str | None
    at: datetime


@dataclass(frozen=True)
class Conversation:
    """The head of a log: everything about it but its entries."""

    id: str
    owner: Owner
    version: int
    last_seq: int
    customer: Customer
    channel: str
    locale: str
    created_at: datetime
    updated_at: datetime
    agent_name: str | None = None
    waiting_since: datetime | None = None
    assigned_at: datetime | None = None
    handoff: Handoff | None = None
    active_form: str | None = None
    last_intent: str | None = None
    is_shaky: bool = False
    human_turns: int = 0
    work_seq: int = 0
    handled_seq: int = 0
    agent_read_seq: int = 0
    customer_read_seq: int = 0


@dataclass(frozen=True)
class Viewer:
    """An agent who has the conversation open."""

    agent_id: str
    name: str


@dataclass(frozen=True)
class Summary:
    """A conversation as a line in the console's list."""

    conversation: Conversation
    last_entry: Entry | None
    unread: int
    queue_position: int | None
    viewers: tuple[Viewer, ...] = ()


class Presence(StrEnum):
    """What an agent says about themselves; ``offline`` also when their console went away."""

    ONLINE = "online"
    BUSY = "busy"
    AWAY = "away"
    OFFLINE = "offline"


class Role(StrEnum):
    """What an agent may do; a supervisor may take over from another agent."""

    AGENT = "agent"
    SUPERVISOR = "supervisor"


@dataclass(frozen=True)
class Agent:
    """A person who answers customers."""

    id: str
    email: str
    name: str
    role: Role
    presence: Presence
    last_seen_at: datetime | None
    is_active: bool = True


@dataclass(frozen=True)
class Comment:
    """One remark on a ticket; a public one may be shown to the customer."""

    id: int
    author: Author
    body: str
    is_public: bool
    at: datetime


@dataclass(frozen=True)
class Ticket:
    """Something promised to a customer."""

    number: str
    status: str
    subject: str
    kind: str
    priority: str
    conversation_id: str | None
    customer: Customer
    version: int
    created_at: datetime
    updated_at: datetime
    comments: tuple[Comment, ...] = ()
