"""Rows to frozen data and back."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from desk.log import (
    Agent,
    Author,
    Button,
    Comment,
    Conversation,
    Customer,
    Entry,
    EntryKind,
    Handoff,
    Presence,
    Role,
    Source,
    Ticket,
    Work,
)
from desk.models import AgentRow, CommentRow, ConversationRow, EntryRow, TicketRow
from desk.owner import Owner, OwnerKind

TICKET_PREFIX = "T-"


def owner_of(row: ConversationRow) -> Owner:
    """Read the owner."""
    return Owner(OwnerKind(row.owner_kind), row.owner_agent_id)


def conversation_of(row: ConversationRow, agent_name: str | None = None) -> Conversation:
    """Read a conversation's head."""
    return Conversation(
        id=row.id,
        owner=owner_of(row),
        version=row.version,
        last_seq=row.last_seq,
        customer=Customer(row.customer_id, row.customer_name, row.customer_email, row.is_verified),
        channel=row.channel,
        locale=row.locale,
        created_at=row.created_at,
        updated_at=row.updated_at,
        agent_name=agent_name,
        waiting_since=row.waiting_since,
        assigned_at=row.assigned_at,
        handoff=_handoff_of(row),
        active_form=row.active_form,
        last_intent=row.last_intent,
        is_shaky=row.is_shaky,
        human_turns=row.human_turns,
        work_seq=row.work_seq,
        handled_seq=row.handled_seq,
        agent_read_seq=row.agent_read_seq,
        customer_read_seq=row.customer_read_seq,
    )


def _handoff_of(row: ConversationRow) -> Handoff | None:
    if row.handoff_at is None:
        return None
    return Handoff(row.handoff_reason or "", row.handoff_brief or "", row.interrupted_form, row.handoff_at)


def entry_of(
    row: EntryRow,
    answered_button: str | None = None,
    late_trace: dict[str, Any] | None = None,
    is_helpful: bool | None = None,
) -> Entry:
    """Read an entry with what happened to it later: a pressed button, a late trace, a vote."""
    author = Author(row.author_id, row.author_name or "") if row.author_id else None
    return Entry(
        conversation_id=row.conversation_id,
        seq=row.seq,
        client_id=row.client_id,
        kind=EntryKind(row.kind),
        text=row.text,
        at=row.at,
        author=author,
        buttons=tuple(Button(**button) for button in row.buttons),
        sources=tuple(Source(**source) for source in row.sources),
        code=row.code,
        params=row.params,
        answered_button=answered_button,
        trace=row.trace or late_trace,
        is_draft=row.is_draft,
        payload=row.payload,
        owner_at=Owner(OwnerKind(row.owner_kind), row.owner_agent_id),
        work=Work(row.work) if row.work else None,
        is_helpful=is_helpful,
    )


def row_of(entry: Entry) -> EntryRow:
    """Write an entry as a row."""
    return EntryRow(
        conversation_id=entry.conversation_id,
        seq=entry.seq,
        client_id=entry.client_id,
        kind=str(entry.kind),
        text=entry.text,
        at=entry.at,
        author_id=entry.author.id if entry.author else None,
        author_name=entry.author.name if entry.author else None,
        buttons=[asdict(button) for button in entry.buttons],
        sources=[asdict(source) for source in entry.sources],
        code=entry.code,
        params=dict(entry.params),
        trace=dict(entry.trace) if entry.trace else None,
        is_draft=entry.is_draft,
        payload=entry.payload,
        owner_kind=str(entry.owner_at.kind),
        owner_agent_id=entry.owner_at.agent_id,
        work=str(entry.work) if entry.work else None,
    )


def agent_of(row: AgentRow) -> Agent:
    """Read an agent."""
    return Agent(
        row.id, row.email, row.name, Role(row.role), Presence(row.presence), row.last_seen_at, row.is_active
    )


def ticket_of(row: TicketRow, comments: tuple[Comment, ...] = ()) -> Ticket:
    """Read a ticket."""
    return Ticket(
        number=f"{TICKET_PREFIX}{row.number}",
        status=row.status,
        subject=row.subject,
        kind=row.kind,
        priority=row.priority,
        conversation_id=row.conversation_id,
        customer=Customer(row.customer_id, row.customer_name, row.customer_email, row.is_verified),
        version=row.version,
        created_at=row.created_at,
        updated_at=row.updated_at,
        comments=comments,
    )


def comment_of(row: CommentRow) -> Comment:
    """Read a comment."""
    return Comment(row.id, Author(row.author_id, row.author_name), row.body, row.is_public, row.at)


def parse_ticket_number(text: str) -> int | None:
    """Read `T-1042` (any case) as 1042; None when it is no ticket number."""
    digits = text.strip().upper().removeprefix(TICKET_PREFIX)
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= 9 else None
