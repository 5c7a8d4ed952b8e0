"""What the goals need from the world: the shop, the desk, the knowledge base.

Each port is a Protocol of async methods over frozen dataclasses. Every implementation answers within its own time
limit or raises a subclass of :class:`actions.errors.ActionsError`; the limits of one turn add up to at most eight
seconds, because the engine gives an action ten.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol


class OrderStatus(StrEnum):
    """Where an order is."""

    PROCESSING = "processing"
    SHIPPED = "shipped"
    DELAYED = "delayed"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"
    RETURNED = "returned"


@dataclass(frozen=True)
class Item:
    """One line of an order; the price is for one piece."""

    name: str
    quantity: int
    price_cents: int


@dataclass(frozen=True)
class Order:
    """An order as the customer may see it. Dates are days in the shop's own time zone."""

    number: str
    email: str
    status: OrderStatus
    items: tuple[Item, ...]
    total_cents: int
    placed_on: date
    expected_on: date | None
    delivered_on: date | None
    carrier: str | None
    tracking_number: str | None
    address: str


class RefundStatus(StrEnum):
    """Where the money is."""

    NONE = "none"
    WAITING_FOR_PARCEL = "waiting_for_parcel"
    PENDING = "pending"
    PAID = "paid"


@dataclass(frozen=True)
class Refund:
    """The refund of one order; ``day`` is when it was paid, or when it is expected."""

    status: RefundStatus
    amount_cents: int
    method: str | None
    day: date | None


@dataclass(frozen=True)
class ReturnReceipt:
    """An opened return: its number (``R-`` and digits) and the last day to hand the parcel in."""

    number: str
    send_before: date


class Shop(Protocol):
    """The shop's orders. Writing methods take an idempotency key: the same key has one effect and one answer."""

    async def find_order(self, number: str) -> Order | None:
        """Find an order by its number (``NL-10234``); None when there is none."""
        ...

    async def find_orders_of(self, customer_id: str) -> Sequence[Order]:
        """Find a known customer's orders, newest first."""
        ...

    async def owns(self, number: str, email: str) -> bool:
        """Tell whether the order was placed with this address (case and outer spaces ignored)."""
        ...

    async def cancel_order(self, number: str, key: str) -> Order:
        """Cancel an order that is still processing.

        Raises:
            OrderNotFound: there is no such order.
            OrderRefused: it is no longer processing.
        """
        ...

    async def change_address(self, number: str, address: str, key: str) -> Order:
        """Change where an order goes that is still processing.

        Raises:
            OrderNotFound: there is no such order.
            OrderRefused: it is no longer processing.
        """
        ...

    async def open_return(self, number: str, items: Sequence[str], reason: str, key: str) -> ReturnReceipt:
        """Open a return for the named items of a delivered order; whether the window is open is the goal's question.

        Raises:
            OrderNotFound: there is no such order.
            OrderRefused: it was not delivered, or these items already go back.
        """
        ...

    async def refund_of(self, number: str) -> Refund | None:
        """Find the refund of an order; None when there is none."""
        ...


@dataclass(frozen=True)
class Customer:
    """Who the desk says is writing. ``id`` is known only for customers whose identity was verified."""

    id: str
    name: str
    email: str


@dataclass(frozen=True)
class TicketRequest:
    """What a new ticket says. ``kind`` is the goal it came from (``complaint``, ``item_damaged``, ...)."""

    conversation_id: str
    subject: str
    body: str
    kind: str
    priority: str
    name: str | None
    email: str | None


@dataclass(frozen=True)
class TicketReceipt:
    """A ticket's number, or None while the desk cannot be reached and the request waits in the outbox."""

    number: str | None
    is_waiting: bool = False


@dataclass(frozen=True)
class TicketState:
    """A ticket as its requester may see it."""

    number: str
    status: str
    subject: str
    updated_at: datetime | None
    last_public_comment: str | None


@dataclass(frozen=True)
class HandoffRequest:
    """Why a person is wanted, and the one line that spares the customer from telling it again."""

    conversation_id: str
    reason: str
    brief: str
    interrupted_form: str | None


@dataclass(frozen=True)
class HandoffReceipt:
    """Where the customer now stands; the desk tells the customer the position itself."""

    position: int | None
    wait_minutes: int | None
    is_open: bool
    is_waiting: bool = False


class Desk(Protocol):
    """The desk: tickets and people."""

    async def open_ticket(self, request: TicketRequest, key: str) -> TicketReceipt:
        """Open a ticket, or keep the request for when the desk is back (``is_waiting``).

        Raises:
            DeskUnavailable: neither was possible.
        """
        ...

    async def ticket_status(self, number: str, email: str | None) -> TicketState:
        """Look a ticket up; ``email`` must be its requester's unless the conversation's customer is verified.

        Raises:
            TicketNotFound: no such ticket for this address.
            DeskUnavailable: the desk did not answer.
        """
        ...

    async def request_handoff(self, request: HandoffRequest, key: str) -> HandoffReceipt:
        """Ask for a person.

        Raises:
            DeskUnavailable: the desk did not answer.
        """
        ...


@dataclass(frozen=True)
class KnowledgeSource:
    """A passage that an answer quotes; ``passage_hash`` names its text as it was then."""

    passage_id: str
    document_id: str
    passage_hash: str
    title: str
    url: str
    section: str
    updated: str


@dataclass(frozen=True)
class KnowledgeAnswer:
    """An answer in the articles' own sentences, and where they stand: one source or more, the main one first."""

    text: str
    sources: tuple[KnowledgeSource, ...]
    confidence: float


@dataclass(frozen=True)
class NearPassage:
    """A passage near to a question that it does not answer surely enough; the asker may read it."""

    passage_id: str
    document_id: str
    title: str
    url: str
    text: str
    score: float


@dataclass(frozen=True)
class KnowledgeReply:
    """What the knowledge base said: an answer, or none and what is nearest; ``confidence`` is in [0, 1]."""

    answer: KnowledgeAnswer | None
    confidence: float
    nearest: tuple[NearPassage, ...] = ()


@dataclass(frozen=True)
class Asker:
    """Who asks the knowledge base.

    Attributes:
        is_signed_in: the shop vouches for them, so they may read what is for signed-in customers.
        language: what they read, such as "en"; articles in other languages are left out where there are some in theirs.
    """

    is_signed_in: bool = False
    language: str | None = None


ANYBODY = Asker()


class Knowledge(Protocol):
    """The knowledge base."""

    async def answer(
        self, query: str, *, before: Sequence[str] = (), asker: Asker = ANYBODY
    ) -> KnowledgeReply:
        """Find the answer; a reply without one when no passage that the asker may read is good enough.

        ``before`` is what was asked before, the latest last; a question that does not stand alone leans on it.

        Raises:
            KnowledgeUnavailable: no index, or it could not be read in time.
        """
        ...
