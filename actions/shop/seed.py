"""The demo shop's customers and orders, the same every time, around the day they are asked for.

Pure: ``build_seed(today)`` gives rows; nothing is written here. The orders that the demo and the tests name are
written out; the rest is drawn from a seeded generator.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from actions.ports import OrderStatus, RefundStatus

CUSTOMER_COUNT = 60
ORDER_COUNT = 200
FIRST_NUMBER = 10_400
SEED = 20
FREE_DELIVERY_CENTS = 6_000
DELIVERY_CENTS = 495
LARGE_DELIVERY_CENTS = 2_900
LARGE_FROM_CENTS = 25_000


@dataclass(frozen=True)
class SeedItem:
    """A line of an order."""

    name: str
    quantity: int
    price_cents: int


@dataclass(frozen=True)
class SeedCustomer:
    """A customer and where they live."""

    id: str
    name: str
    email: str
    address: str


@dataclass(frozen=True)
class SeedRefund:
    """A refund of an order."""

    status: RefundStatus
    amount_cents: int
    method: str
    day: date | None


@dataclass(frozen=True)
class SeedOrder:
    """An order with its parcel and its refund."""

    number: str
    customer: SeedCustomer
    status: OrderStatus
    items: tuple[SeedItem, ...]
    placed_on: date
    carrier: str | None = None
    tracking_number: str | None = None
    expected_on: date | None = None
    delivered_on: date | None = None
    refund: SeedRefund | None = None

    @property
    def delivery_cents(self) -> int:
        """What the delivery cost: free from 60 euro, more for large pieces."""
        dearest = max(item.price_cents for item in self.items)
        if dearest >= LARGE_FROM_CENTS:
            return LARGE_DELIVERY_CENTS
        goods = sum(item.quantity * item.price_cents for item in self.items)
        return 0 if goods >= FREE_DELIVERY_CENTS else DELIVERY_CENTS


PRODUCTS: tuple[tuple[str, int], ...] = (
    ("Alder table lamp, blue", 5900),
    ("Alder table lamp, sand", 5900),
    ("Reed floor lamp", 12900),
    ("Harbour pendant light", 8900),
    ("Dune desk lamp", 4500),
    ("Fjord wool blanket", 6900),
    ("Fjord wool blanket, large", 9900),
    ("Meadow linen duvet cover", 8900),
    ("Meadow pillowcases, set of 2", 2900),
    ("Cove bath towels, set of 4", 3900),
    ("Tide cotton rug, 140 x 200", 14900),
    ("Tide cotton rug, 80 x 150", 7900),
    ("Willow velvet cushion", 2500),
    ("Orchard linen curtains, pair", 7500),
    ("Birch bookcase", 24900),
    ("Birch wall shelf", 4900),
    ("Oak coffee table", 27900),
    ("Oak dining table", 64900),
    ("Oak bench", 19900),
    ("Juniper dining chair", 11900),
    ("Juniper bar stool", 9900),
    ("Linden armchair", 39900),
    ("Linden sofa, two seats", 89900),
    ("Harvest sideboard", 54900),
    ("Larch bed frame, 160", 49900),
    ("Larch nightstand", 12900),
    ("Pebble mirror, round", 8900),
    ("Hollow shoe cabinet", 15900),
    ("Quarry stoneware plates, set of 4", 3500),
    ("Quarry stoneware bowls, set of 4", 2900),
    ("Ember cast-iron pan", 5500),
    ("Ember saucepan", 4200),
    ("Rill kettle", 4900),
    ("Rill teapot", 3200),
    ("Larder glass jars, set of 3", 1900),
    ("Grove cutting board", 2400),
    ("Vale vase, tall", 3400),
    ("Vale vase, small", 1900),
    ("Hearth candles, set of 6", 1500),
    ("Attic clothes rack", 6900),
)
FIRST_NAMES = (
    "Anna", "Bram", "Chiara", "Daan", "Elif", "Femke", "Gijs", "Hanna", "Igor", "Julie", "Kaan", "Lotte", "Marta",
    "Noah", "Olga", "Pieter", "Quinn", "Rosa", "Sem", "Tess", "Ugo", "Vera", "Wout", "Yara", "Zoe",
)  # fmt: skip
LAST_NAMES = (
    "Bakker", "Claes", "Dubois", "Eriksen", "Fischer", "Gruber", "Hoffmann", "Ivanova", "Jacobs", "Keller", "Lambert",
    "Mertens", "Novak", "Otten", "Peeters", "Rossi", "Schmit", "Thill", "Unger", "Visser", "Weber", "Yilmaz", "Zeman",
)  # fmt: skip
PLACES = (
    ("3511 {n} Utrecht, Netherlands", "Oudegracht"),
    ("1017 {n} Amsterdam, Netherlands", "Prinsengracht"),
    ("2000 Antwerp, Belgium", "Nationalestraat"),
    ("1050 Brussels, Belgium", "Rue du Bailli"),
    ("10435 Berlin, Germany", "Kastanienallee"),
    ("50667 Cologne, Germany", "Breite Strasse"),
    ("75011 Paris, France", "Rue Oberkampf"),
    ("69002 Lyon, France", "Rue Victor Hugo"),
    ("1631 Luxembourg, Luxembourg", "Rue Glesener"),
    ("1070 Vienna, Austria", "Neubaugasse"),
)
CARRIERS = ("PostNL", "DHL", "bpost", "DPD")
METHODS = ("iDEAL", "card", "PayPal", "bank transfer")

MAYA = SeedCustomer(
    "cust-1001", "Maya Jansen", "maya.jansen@example.com", "Oudegracht 158, 3511 AZ Utrecht, Netherlands"
)
TOM = SeedCustomer(
    "cust-1002", "Tom Becker", "tom.becker@example.com", "Kastanienallee 12, 10435 Berlin, Germany"
)
LIN = SeedCustomer("cust-1003", "Lin Chen", "lin.chen@example.com", "Rue Oberkampf 41, 75011 Paris, France")
NAMED_CUSTOMERS = (MAYA, TOM, LIN)


def build_seed(today: date) -> list[SeedOrder]:
    """Build all orders, the named ones first, with dates around ``today``."""
    return [*_named_orders(today), *_drawn_orders(today)]


def _named_orders(today: date) -> Iterator[SeedOrder]:
    def day(offset: int) -> date:
        return today + timedelta(days=offset)

    lamp, plates = (
        SeedItem("Alder table lamp, blue", 1, 5900),
        SeedItem("Quarry stoneware plates, set of 4", 2, 3500),
    )
    yield SeedOrder("NL-10234", MAYA, OrderStatus.SHIPPED, (lamp, SeedItem("Willow velvet cushion", 2, 2500)),
                    day(-4), "PostNL", "3SNLD102340001", day(1))  # fmt: skip
    yield SeedOrder("NL-10187", MAYA, OrderStatus.DELIVERED, (plates, SeedItem("Rill teapot", 1, 3200)),
                    day(-14), "PostNL", "3SNLD101870001", day(-10), day(-10))  # fmt: skip
    yield SeedOrder("NL-10301", MAYA, OrderStatus.PROCESSING, (SeedItem("Oak bench", 1, 19900),), day(-1),
                    expected_on=day(4))  # fmt: skip
    yield SeedOrder("NL-10245", TOM, OrderStatus.DELAYED, (SeedItem("Birch bookcase", 1, 24900),), day(-9),
                    "DHL", "JJD102450001", day(2))  # fmt: skip
    yield SeedOrder("NL-10199", TOM, OrderStatus.DELIVERED, (SeedItem("Fjord wool blanket", 1, 6900),
                    SeedItem("Hearth candles, set of 6", 1, 1500)), day(-20), "DHL", "JJD101990001", day(-16), day(-16),
                    SeedRefund(RefundStatus.PENDING, 6900, "PayPal", day(3)))  # fmt: skip
    yield SeedOrder("NL-10310", LIN, OrderStatus.PROCESSING, (SeedItem("Pebble mirror, round", 1, 8900),
                    SeedItem("Birch wall shelf", 2, 4900)), day(0), expected_on=day(5))  # fmt: skip
    yield SeedOrder("NL-10150", LIN, OrderStatus.RETURNED, (SeedItem("Orchard linen curtains, pair", 1, 7500),),
                    day(-40), "DPD", "DPD101500001", day(-35), day(-35),
                    SeedRefund(RefundStatus.PAID, 7500, "card", day(-12)))  # fmt: skip


def _drawn_orders(today: date) -> Iterator[SeedOrder]:
    random = Random(SEED)  # noqa: S311 - demo data
    customers = [*NAMED_CUSTOMERS, *_drawn_customers(random)]
    drawn = customers[len(NAMED_CUSTOMERS) :]
    count = ORDER_COUNT - sum(1 for _ in _named_orders(today))
    for index in range(count):
        # Every customer has an order before any has a second one.
        customer = drawn[index] if index < len(drawn) else random.choice(drawn)
        yield _drawn_order(f"NL-{FIRST_NUMBER + index}", customer, today, random)


def _drawn_customers(random: Random) -> list[SeedCustomer]:
    pairs = [(first, last) for first in FIRST_NAMES for last in LAST_NAMES]
    chosen = random.sample(pairs, CUSTOMER_COUNT - len(NAMED_CUSTOMERS))
    customers = []
    for index, (first, last) in enumerate(chosen):
        town, street = random.choice(PLACES)
        letters = "".join(random.choice("ABCDEGHJKLMNPRSTVWXZ") for _ in range(2))
        address = f"{street} {random.randint(1, 240)}, {town.format(n=letters)}"
        email = f"{first}.{last}@example.com".lower()
        customers.append(SeedCustomer(f"cust-{1004 + index}", f"{first} {last}", email, address))
    return customers


def _drawn_order(number: str, customer: SeedCustomer, today: date, random: Random) -> SeedOrder:
    names = random.sample(PRODUCTS, random.choice((1, 1, 2, 3)))
    items = tuple(SeedItem(name, random.choice((1, 1, 1, 2)), price) for name, price in names)
    status = random.choices(tuple(OrderStatus), weights=(20, 20, 6, 40, 6, 8))[0]
    age = {OrderStatus.PROCESSING: (0, 2), OrderStatus.SHIPPED: (2, 5), OrderStatus.DELAYED: (7, 12)}
    placed_on = today - timedelta(days=random.randint(*age.get(status, (6, 90))))
    has_left = status not in (OrderStatus.PROCESSING, OrderStatus.CANCELLED)
    has_arrived = status in (OrderStatus.DELIVERED, OrderStatus.RETURNED)
    arrival = placed_on + timedelta(days=random.randint(3, 5))
    late = today + timedelta(days=random.randint(1, 4))
    return SeedOrder(
        number,
        customer,
        status,
        items,
        placed_on,
        carrier=random.choice(CARRIERS) if has_left else None,
        tracking_number=f"TRK{number[3:]}{random.randint(1000, 9999)}" if has_left else None,
        expected_on=None
        if status is OrderStatus.CANCELLED
        else (late if status is OrderStatus.DELAYED else arrival),
        delivered_on=arrival if has_arrived else None,
        refund=_drawn_refund(status, items, today, random),
    )


def _drawn_refund(
    status: OrderStatus, items: tuple[SeedItem, ...], today: date, random: Random
) -> SeedRefund | None:
    amount, method = sum(item.quantity * item.price_cents for item in items), random.choice(METHODS)
    if status is OrderStatus.RETURNED:
        return SeedRefund(RefundStatus.PAID, amount, method, today - timedelta(days=random.randint(1, 20)))
    if status is OrderStatus.CANCELLED:
        return SeedRefund(RefundStatus.PENDING, amount, method, today + timedelta(days=random.randint(1, 5)))
    return None
