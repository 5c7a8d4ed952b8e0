"""What the action servers ask of the desk over the link: tickets, handoffs, suggestions; once per key."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from desk.context import Desk
from desk.errors import DeskError
from desk.link import StoredEvent
from desk.link_protocol import (
    HandoffPlace,
    LinkCustomer,
    LinkRefused,
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
from desk.log import Author, Customer, Source
from desk.owner import OwnerKind
from desk.replies import can_be_shown
from desk.service import tickets, turns
from desk.service.ownership import hand_over_in, wait_minutes
from desk.service.tickets import TicketChange, TicketDraft, open_in
from desk.service.writing import OWN_PREFIX, Writing, writing
from desk.store import conversations
from desk.store import tickets as store

MAX_PUBLIC_COMMENT_CHARS = 12_000


@contextmanager
def _refusing() -> Iterator[None]:
    """Translate the desk's errors into the link's."""
    try:
        yield
    except DeskError as error:
        raise LinkRefused(error.code, str(error), is_retryable=error.may_retry) from error


class DeskLinkHandler:
    """The desk behind the link."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._assistant = Author("bot", desk.config.brand.assistant_name)

    async def open_ticket(self, params: OpenTicket, idempotency_key: str) -> OpenedTicket:
        """Open a ticket; a key that was used, or an open ticket about the same, gives the one that is there."""
        with _refusing():
            async with writing(self._desk, params.conversation_id) as unit:
                key = _key("open_ticket", idempotency_key)
                done = await store.find_done(unit.session, key)
                if done is not None:
                    return OpenedTicket(number=done["number"], status=done["status"], created=False)
                twin = await store.find_open_twin(unit.session, params.conversation_id, params.subject)
                if twin is not None:
                    opened = OpenedTicket(number=f"T-{twin.number}", status=twin.status, created=False)
                else:
                    opened = await self._open(unit, params)
                store.keep_done(
                    unit.session, key, {"number": opened.number, "status": opened.status}, unit.now
                )
                return opened

    async def _open(self, unit: Writing, params: OpenTicket) -> OpenedTicket:
        draft = TicketDraft(
            params.subject, params.body, str(params.priority), params.kind, _customer(params.customer)
        )
        ticket = await open_in(unit, draft, self._assistant)
        return OpenedTicket(number=ticket.number, status=ticket.status, created=True)

    async def update_ticket(self, params: UpdateTicket, idempotency_key: str) -> UpdatedTicket:
        """Comment on a ticket or change its status, for its customer."""
        change = TicketChange(params.status, params.comment, is_public=True)
        with _refusing():
            key = _key("update_ticket", idempotency_key)
            ticket = await tickets.update_ticket(self._desk, params.number, change, self._assistant, key)
        return UpdatedTicket(number=ticket.number, status=ticket.status)

    async def ticket_status(self, params: TicketStatus, idempotency_key: str) -> TicketState:  # noqa: ARG002
        """Look a ticket up that the asker may know of; only its public comments are told."""
        with _refusing():
            found = await tickets.access_ticket_as_customer(
                self._desk, params.number, params.conversation_id, params.email
            )
        public = tickets.public_view(found).comments
        last = public[-1].body[:MAX_PUBLIC_COMMENT_CHARS] if public else None
        return TicketState(
            number=found.number,
            status=found.status,
            subject=found.subject,
            updated_at=found.updated_at,
            last_public_comment=last,
        )

    async def request_handoff(self, params: RequestHandoff, idempotency_key: str) -> HandoffPlace:
        """Put the conversation in the line; out of hours ``is_open`` is false and a ticket was opened."""
        with _refusing():
            async with writing(self._desk, params.conversation_id) as unit:
                key = _key("request_handoff", idempotency_key)
                done = await store.find_done(unit.session, key)
                if done is not None:
                    return HandoffPlace(**done)
                await hand_over_in(unit, params.reason, params.brief, params.interrupted_form)
                place = await _place(unit)
                kept = {
                    "position": place.position,
                    "wait_minutes": place.wait_minutes,
                    "is_open": place.is_open,
                }
                store.keep_done(unit.session, key, kept, unit.now)
                return place

    async def suggest(self, params: Suggest, idempotency_key: str) -> Suggested:
        """Keep a draft for the agent who has the conversation."""
        sources = tuple(
            Source(source.title, source.url, source.section, source.updated)
            for source in params.sources
            if can_be_shown(source.title, source.url)
        )
        client_id = f"{OWN_PREFIX}suggest:{idempotency_key}"[:160]
        with _refusing():
            is_shown = await turns.keep_draft(
                self._desk, params.conversation_id, client_id, params.text, sources
            )
        return Suggested(is_shown=is_shown)


async def _place(unit: Writing) -> HandoffPlace:
    if unit.owner.kind is not OwnerKind.QUEUE:
        return HandoffPlace(position=0, wait_minutes=None, is_open=False)
    await unit.session.flush()
    order = await conversations.queue_order(unit.session)
    position = order.index(unit.head.id) + 1
    return HandoffPlace(position=position, wait_minutes=await wait_minutes(unit, position), is_open=True)


def _key(method: str, idempotency_key: str) -> str:
    return f"link:{method}:{idempotency_key}"


def _customer(customer: LinkCustomer | None) -> Customer:
    if customer is None:
        return Customer()
    return Customer(customer.id, customer.name, customer.email)


class DeskEventStore:
    """The link's events, as the log keeps them."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def last_event(self) -> int:
        """Get the newest event's seq, 0 when there is none."""
        async with self._desk.database.read() as session:
            return await store.last_link_event(session)

    async def events_after(self, seq: int, limit: int) -> Sequence[StoredEvent]:
        """Get at most ``limit`` events with a greater seq, in order."""
        async with self._desk.database.read() as session:
            rows = await store.link_events_after(session, seq, limit)
        return [StoredEvent(row.event_seq, row.name, row.conversation_id, row.data, row.at) for row in rows]
