"""Entries, owners and tickets as JSON: the only place that decides what a customer's frame may hold.

``customer_`` functions drop notes, drafts, traces and button payloads; ``agent_`` functions keep what agents may see.
"""

from __future__ import annotations

from datetime import UTC, datetime
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
    Source,
    Summary,
    Ticket,
)
from desk.owner import OwnerKind

Json = dict[str, Any]

VISIBLE_TO_CUSTOMER = frozenset({EntryKind.CUSTOMER, EntryKind.BOT, EntryKind.AGENT, EntryKind.SYSTEM})
LAST_TEXT_CHARS = 160


def wire_time(at: datetime) -> str:
    """Write a time as ISO 8601 UTC with milliseconds and Z."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def is_for_customer(entry: Entry) -> bool:
    """Say whether a customer may ever see this entry."""
    return entry.kind in VISIBLE_TO_CUSTOMER and not entry.is_draft


def customer_entry(entry: Entry) -> Json:
    """Write an entry for the widget.

    Raises:
        ValueError: the entry is not for customers; asking is a programming error.
    """
    if not is_for_customer(entry):
        raise ValueError("an entry that is not for customers reached a customer's frame")
    return _entry(entry)


def agent_entry(entry: Entry) -> Json:
    """Write an entry for the console, with its trace and draft mark."""
    return _entry(entry) | {"trace": dict(entry.trace) if entry.trace else None, "is_draft": entry.is_draft}


def _entry(entry: Entry) -> Json:
    return {
        "seq": entry.seq,
        "client_id": entry.client_id,
        "kind": str(entry.kind),
        "text": entry.text,
        "at": wire_time(entry.at),
        "author": _author(entry.author),
        "buttons": [_button(button) for button in entry.buttons],
        "sources": [_source(source) for source in entry.sources],
        "code": entry.code,
        "params": dict(entry.params),
        "answered_button": entry.answered_button,
        "is_helpful": entry.is_helpful,
    }


def _author(author: Author | None) -> Json | None:
    return {"id": author.id, "name": author.name} if author else None


def _button(button: Button) -> Json:
    return {"id": button.id, "title": button.title}


def _source(source: Source) -> Json:
    return {"title": source.title, "url": source.url, "section": source.section, "updated": source.updated}


def customer_owner(
    conversation: Conversation, position: int | None = None, wait_minutes: int | None = None
) -> Json:
    """Write the owner for the widget: an agent by name, the queue with place and wait."""
    owner: Json = {"kind": str(conversation.owner.kind)}
    if conversation.owner.kind is OwnerKind.AGENT:
        owner["agent_name"] = conversation.agent_name
    if conversation.owner.kind is OwnerKind.QUEUE:
        owner |= {"position": position, "wait_minutes": wait_minutes}
    return owner


def agent_owner(conversation: Conversation) -> Json:
    """Write the owner for the console."""
    return {
        "kind": str(conversation.owner.kind),
        "agent_id": conversation.owner.agent_id,
        "agent_name": conversation.agent_name,
    }


def wire_customer(customer: Customer) -> Json:
    """Write who is asking."""
    return {
        "id": customer.id,
        "name": customer.name,
        "email": customer.email,
        "is_verified": customer.is_verified,
    }


def _handoff(handoff: Handoff | None) -> Json | None:
    if handoff is None:
        return None
    return {
        "reason": handoff.reason,
        "brief": handoff.brief,
        "interrupted_form": handoff.interrupted_form,
        "at": wire_time(handoff.at),
    }


def wire_summary(summary: Summary) -> Json:
    """Write a conversation as the console's list shows it."""
    conversation = summary.conversation
    last = summary.last_entry
    return {
        "id": conversation.id,
        "owner": agent_owner(conversation),
        "version": conversation.version,
        "customer": wire_customer(conversation.customer),
        "channel": conversation.channel,
        "locale": conversation.locale,
        "last_entry": _last_entry(last) if last else None,
        "waiting_since": wire_time(conversation.waiting_since) if conversation.waiting_since else None,
        "handoff": _handoff(conversation.handoff),
        "unread": summary.unread,
        "queue_position": summary.queue_position,
        "created_at": wire_time(conversation.created_at),
        "viewers": [{"agent_id": viewer.agent_id, "name": viewer.name} for viewer in summary.viewers],
        "intent": conversation.last_intent,
        "is_shaky": conversation.is_shaky,
    }


def _last_entry(entry: Entry) -> Json:
    return {
        "seq": entry.seq,
        "kind": str(entry.kind),
        "text": entry.text[:LAST_TEXT_CHARS],
        "at": wire_time(entry.at),
        "code": entry.code,
        "params": dict(entry.params),
    }


def wire_agent(agent: Agent) -> Json:
    """Write a colleague for the console."""
    return {
        "id": agent.id,
        "name": agent.name,
        "email": agent.email,
        "role": str(agent.role),
        "presence": str(agent.presence),
    }


def wire_ticket(ticket: Ticket, *, with_comments: bool = False) -> Json:
    """Write a ticket for the console."""
    body: Json = {
        "number": ticket.number,
        "status": ticket.status,
        "subject": ticket.subject,
        "kind": ticket.kind,
        "priority": ticket.priority,
        "conversation_id": ticket.conversation_id,
        "customer": wire_customer(ticket.customer),
        "version": ticket.version,
        "created_at": wire_time(ticket.created_at),
        "updated_at": wire_time(ticket.updated_at),
    }
    return body | ({"comments": [_comment(comment) for comment in ticket.comments]} if with_comments else {})


def _comment(comment: Comment) -> Json:
    return {
        "id": comment.id,
        "author": _author(comment.author),
        "body": comment.body,
        "is_public": comment.is_public,
        "at": wire_time(comment.at),
    }
