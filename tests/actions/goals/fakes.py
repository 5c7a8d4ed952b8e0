"""A shop, a desk and a knowledge base in memory, which keep a record of what was asked of them."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime

from actions.errors import (
    DeskUnavailable,
    KnowledgeUnavailable,
    OrderNotFound,
    OrderRefused,
    ShopUnavailable,
    TicketNotFound,
)
from actions.ports import (
    ANYBODY,
    Asker,
    HandoffReceipt,
    HandoffRequest,
    Item,
    KnowledgeAnswer,
    KnowledgeReply,
    KnowledgeSource,
    NearPassage,
    Order,
    OrderStatus,
    Refund,
    RefundStatus,
    ReturnReceipt,
    TicketReceipt,
    TicketRequest,
    TicketState,
)

TODAY = date(2026, 6, 15)
MAYA, TOM, LIN = "maya.jansen@example.com", "tom.becker@example.com", "lin.chen@example.com"
CUSTOMERS = {"c-maya": MAYA, "c-tom": TOM, "c-lin": LIN}


def now() -> datetime:
    return datetime(2026, 6, 15, 10, 0, tzinfo=UTC)


def order(
    number: str,
    email: str,
    status: OrderStatus,
    *items: str,
    delivered: date | None = None,
    expected: date | None = None,
) -> Order:
    return Order(
        number=number,
        email=email,
        status=status,
        items=tuple(Item(name, 1, 4900) for name in items),
        total_cents=4900 * len(items),
        placed_on=date(2026, 5, 20),
        expected_on=expected,
        delivered_on=delivered,
        carrier=None if status is OrderStatus.PROCESSING else "PostNL",
        tracking_number=None if status is OrderStatus.PROCESSING else "3SNOOK0001",
        address="Lindenstraat 14, 3511 AB Utrecht, Netherlands",
    )


ORDERS = (
    order("NL-10234", MAYA, OrderStatus.SHIPPED, "Arden floor lamp", expected=date(2026, 6, 17)),
    order(
        "NL-10187",
        MAYA,
        OrderStatus.DELIVERED,
        "Blue table lamp",
        "Linen cushion",
        delivered=date(2026, 6, 1),
    ),
    order("NL-10301", MAYA, OrderStatus.PROCESSING, "Oak side table", expected=date(2026, 6, 19)),
    order("NL-10245", TOM, OrderStatus.DELAYED, "Velvet armchair", expected=date(2026, 6, 18)),
    order("NL-10199", TOM, OrderStatus.DELIVERED, "Wool rug", delivered=date(2026, 6, 3)),
    order("NL-10310", LIN, OrderStatus.PROCESSING, "Rattan basket", expected=date(2026, 6, 20)),
    order("NL-10150", LIN, OrderStatus.RETURNED, "Bed linen", delivered=date(2026, 5, 1)),
    order("NL-10100", LIN, OrderStatus.DELIVERED, "Wall clock", delivered=date(2026, 3, 1)),
)


@dataclass
class FakeShop:
    orders: dict[str, Order] = field(default_factory=lambda: {o.number: o for o in ORDERS})
    is_down: bool = False
    effects: list[tuple[str, ...]] = field(default_factory=list)
    lookups: list[str] = field(default_factory=list)

    def _check(self) -> None:
        if self.is_down:
            raise ShopUnavailable("down")

    async def find_order(self, number: str) -> Order | None:
        self._check()
        self.lookups.append(number)
        return self.orders.get(number)

    async def find_orders_of(self, customer_id: str) -> Sequence[Order]:
        self._check()
        return [o for o in self.orders.values() if o.email == CUSTOMERS.get(customer_id)]

    async def owns(self, number: str, email: str) -> bool:
        self._check()
        self.lookups.append(number)
        found = self.orders.get(number)
        return found is not None and found.email == email.strip().lower()

    def _get(self, number: str, *allowed: OrderStatus) -> Order:
        self._check()
        if number not in self.orders:
            raise OrderNotFound(number)
        if self.orders[number].status not in allowed:
            raise OrderRefused(number, f"is_{self.orders[number].status.value}")
        return self.orders[number]

    async def cancel_order(self, number: str, key: str) -> Order:
        found = self._get(number, OrderStatus.PROCESSING)
        self.effects.append(("cancel_order", number, key))
        self.orders[number] = replace(found, status=OrderStatus.CANCELLED)
        return self.orders[number]

    async def change_address(self, number: str, address: str, key: str) -> Order:
        found = self._get(number, OrderStatus.PROCESSING)
        self.effects.append(("change_address", number, address, key))
        self.orders[number] = replace(found, address=address)
        return self.orders[number]

    async def open_return(self, number: str, items: Sequence[str], reason: str, key: str) -> ReturnReceipt:
        self._get(number, OrderStatus.DELIVERED)
        self.effects.append(("open_return", number, "; ".join(items), reason, key))
        return ReturnReceipt("R-2001", date(2026, 6, 29))

    async def refund_of(self, number: str) -> Refund | None:
        self._check()
        if number == "NL-10199":
            return Refund(RefundStatus.PENDING, 4900, "iDEAL", date(2026, 6, 18))
        if number == "NL-10150":
            return Refund(RefundStatus.PAID, 4900, "card", date(2026, 5, 12))
        return None


@dataclass
class FakeDesk:
    is_down: bool = False
    is_waiting: bool = False
    tickets: list[tuple[TicketRequest, str]] = field(default_factory=list)
    handoffs: list[tuple[HandoffRequest, str]] = field(default_factory=list)

    def _check(self) -> None:
        if self.is_down:
            raise DeskUnavailable("down")

    async def open_ticket(self, request: TicketRequest, key: str) -> TicketReceipt:
        self._check()
        self.tickets.append((request, key))
        return (
            TicketReceipt(None, is_waiting=True)
            if self.is_waiting
            else TicketReceipt(f"T-{1041 + len(self.tickets)}")
        )

    async def ticket_status(self, number: str, email: str | None) -> TicketState:
        self._check()
        if number != "T-1001" or email != MAYA:
            raise TicketNotFound(number)
        return TicketState(number, "open", "Lamp flickers", now(), "We are checking the driver.")

    async def request_handoff(self, request: HandoffRequest, key: str) -> HandoffReceipt:
        self._check()
        self.handoffs.append((request, key))
        return HandoffReceipt(2, 4, is_open=True, is_waiting=self.is_waiting)


SOURCE_TEXT = "Every product has a warranty of two years."
SOURCE = KnowledgeSource(
    "warranty-period#0",
    "warranty-period",
    "0123456789abcdef",
    "Warranty",
    "/help/warranty-period",
    "Warranty",
    "2026-05-12",
)
NEAR = NearPassage("gift#0", "gift", "Gift cards", "/help/gift", "Gift cards are sold in steps. " * 20, 0.5)


@dataclass
class FakeKnowledge:
    is_down: bool = False
    asked: list[str] = field(default_factory=list)
    before: list[tuple[str, ...]] = field(default_factory=list)
    askers: list[Asker] = field(default_factory=list)

    async def answer(
        self, query: str, *, before: Sequence[str] = (), asker: Asker = ANYBODY
    ) -> KnowledgeReply:
        if self.is_down:
            raise KnowledgeUnavailable("down")
        self.asked.append(query)
        self.before.append(tuple(before))
        self.askers.append(asker)
        heard = " ".join((*before, query)).lower()
        if "warm" not in heard and "warranty" not in heard:
            return KnowledgeReply(None, 0.125, (NEAR,))
        return KnowledgeReply(KnowledgeAnswer(SOURCE_TEXT, (SOURCE,), 0.9), 0.9)
