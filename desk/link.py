"""The desk's end of the link: accepts action servers, answers their requests, sends them events.

The desk's rooms stand behind two Protocols. ``LinkHandler`` does what is asked and keeps the idempotency
keys, so that a repeat gets the stored answer. ``EventStore`` is the log of events, gapless from 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from desk.link_protocol import (
        HandoffPlace,
        JsonValue,
        OpenedTicket,
        OpenTicket,
        RequestHandoff,
        Suggest,
        Suggested,
        TicketState,
        TicketStatus,
        UpdatedTicket,
        UpdateTicket,
    )


class LinkHandler(Protocol):
    """What the desk does for the actions.

    Every method may raise ``LinkRefused(code, message, is_retryable=...)``: ``not_found``, ``wrong_owner``.
    A method that changes something is given a key and must, in one transaction, either do it and keep the key
    with its result, or find the key and return that result.
    """

    async def open_ticket(self, params: OpenTicket, idempotency_key: str) -> OpenedTicket:
        """Open a ticket; ``created`` is false where the conversation has this one open already."""

    async def update_ticket(self, params: UpdateTicket, idempotency_key: str) -> UpdatedTicket:
        """Comment on a ticket or change its status; ``not_found`` when there is none."""

    async def ticket_status(self, params: TicketStatus, idempotency_key: str) -> TicketState:
        """Look a ticket up; ``not_found`` also when the e-mail is not its requester's."""

    async def request_handoff(self, params: RequestHandoff, idempotency_key: str) -> HandoffPlace:
        """Put the conversation in the queue."""

    async def suggest(self, params: Suggest, idempotency_key: str) -> Suggested:
        """Show a draft to the agent who owns the conversation."""


@dataclass(frozen=True)
class StoredEvent:
    """One event of the desk's log; ``seq`` is gapless and starts at 1."""

    seq: int
    name: str
    conversation_id: str | None
    data: Mapping[str, JsonValue]
    at: datetime


class EventStore(Protocol):
    """The desk's log of events for the actions."""

    async def last_event(self) -> int:
        """Get the newest event's seq, 0 when there is none."""

    async def events_after(self, seq: int, limit: int) -> Sequence[StoredEvent]:
        """Get at most ``limit`` events with a greater seq, in order."""
