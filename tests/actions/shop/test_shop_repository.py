"""The shop: the same demo every time, and changes that happen once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from actions.database import build_engine
from actions.errors import OrderNotFound, OrderRefused, ShopUnavailable
from actions.ports import OrderStatus, RefundStatus
from actions.shop import ShopRepository, build_seed

TODAY = date(2026, 11, 22)
MAYA, TOM, LIN = "maya.jansen@example.com", "tom.becker@example.com", "lin.chen@example.com"


def now() -> datetime:
    return datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    opened = build_engine(str(tmp_path / "shop.db"))
    yield opened
    await opened.dispose()


@pytest.fixture
async def shop(engine: AsyncEngine) -> ShopRepository:
    return await opened_shop(engine, lambda: TODAY)


async def opened_shop(engine: AsyncEngine, today: Callable[[], date]) -> ShopRepository:
    repository = ShopRepository(engine, now, today)
    await repository.create_tables()
    await repository.seed()
    return repository


@pytest.mark.parametrize(
    ("number", "email", "status", "refund"),
    [
        ("NL-10234", MAYA, OrderStatus.SHIPPED, None),
        ("NL-10187", MAYA, OrderStatus.DELIVERED, None),
        ("NL-10301", MAYA, OrderStatus.PROCESSING, None),
        ("NL-10245", TOM, OrderStatus.DELAYED, None),
        ("NL-10199", TOM, OrderStatus.DELIVERED, RefundStatus.PENDING),
        ("NL-10310", LIN, OrderStatus.PROCESSING, None),
        ("NL-10150", LIN, OrderStatus.RETURNED, RefundStatus.PAID),
    ],
)
async def test_the_named_orders_are_there(
    shop: ShopRepository, number: str, email: str, status: OrderStatus, refund: RefundStatus | None
) -> None:
    order = await shop.find_order(number)
    assert order is not None
    assert (order.status, order.email) == (status, email)
    assert await shop.owns(number, f" {email.upper()} ")
    assert not await shop.owns(number, "someone.else@example.com")
    found = await shop.refund_of(number)
    assert (found.status if found else None) is refund


def test_the_seed_is_the_same_every_time_and_of_the_promised_size() -> None:
    orders = build_seed(TODAY)
    assert orders == build_seed(TODAY)
    assert len(orders) == len({order.number for order in orders}) == 200
    assert (
        len({order.customer.email for order in orders}) == len({order.customer.id for order in orders}) == 60
    )
    assert {order.status for order in orders} == set(OrderStatus)
    assert all(order.placed_on <= TODAY for order in orders)
    assert all(order.delivered_on is None or order.delivered_on >= order.placed_on for order in orders)


async def test_seeding_again_keeps_changes_and_moves_the_dates(
    engine: AsyncEngine, shop: ShopRepository
) -> None:
    before = await shop.find_order("NL-10234")
    await shop.cancel_order("NL-10301", "k")
    later = await opened_shop(engine, lambda: TODAY + timedelta(days=10))
    after, cancelled = await later.find_order("NL-10234"), await later.find_order("NL-10301")
    assert before is not None
    assert after is not None
    assert cancelled is not None
    assert before.expected_on is not None
    assert after.expected_on == before.expected_on + timedelta(days=10)
    assert cancelled.status is OrderStatus.CANCELLED
    assert await later.seed() == 0


async def test_total_is_goods_and_delivery(shop: ShopRepository) -> None:
    order = await shop.find_order("NL-10234")
    assert order is not None
    assert order.total_cents == 5900 + 2 * 2500
    bookcase = await shop.find_order("NL-10245")
    assert bookcase is not None
    assert bookcase.total_cents == 24900  # below the large-item price, above the free-delivery limit


async def test_orders_of_a_customer_are_newest_first_by_id_or_address(shop: ShopRepository) -> None:
    numbers = [order.number for order in await shop.find_orders_of("cust-1001")]
    assert numbers == ["NL-10301", "NL-10234", "NL-10187"]
    assert numbers == [order.number for order in await shop.find_orders_of(MAYA.upper())]
    assert await shop.find_orders_of("nobody") == []


async def test_unknown_orders_are_none_or_named_errors(shop: ShopRepository) -> None:
    assert await shop.find_order("NL-99999") is None
    assert await shop.refund_of("NL-99999") is None
    for change in (
        shop.cancel_order("NL-99999", "k1"),
        shop.change_address("NL-99999", "x", "k2"),
        shop.open_return("NL-99999", ["x"], "r", "k3"),
    ):
        with pytest.raises(OrderNotFound):
            await change


async def test_cancelling_happens_once_and_promises_the_money(shop: ShopRepository) -> None:
    answers = await asyncio.gather(*(shop.cancel_order("NL-10301", "k") for _ in range(5)))
    assert {answer.status for answer in answers} == {OrderStatus.CANCELLED}
    with pytest.raises(OrderRefused, match="is_cancelled"):
        await shop.cancel_order("NL-10301", "another-key")
    refund = await shop.refund_of("NL-10301")
    assert refund is not None
    assert (refund.status, refund.amount_cents) == (RefundStatus.PENDING, 19900)


async def test_what_has_left_is_not_changed(shop: ShopRepository) -> None:
    with pytest.raises(OrderRefused, match="is_shipped"):
        await shop.cancel_order("NL-10234", "k1")
    with pytest.raises(OrderRefused, match="is_shipped"):
        await shop.change_address("NL-10234", "Elsewhere 1", "k2")
    order = await shop.find_order("NL-10234")
    assert order is not None
    assert order.status is OrderStatus.SHIPPED


async def test_address_is_changed_once(shop: ShopRepository) -> None:
    assert (await shop.change_address("NL-10310", "Elsewhere 1", "k1")).address == "Elsewhere 1"
    await shop.change_address("NL-10310", "Elsewhere 2", "k2")
    assert (await shop.change_address("NL-10310", "Elsewhere 1", "k1")).address == "Elsewhere 2"


async def test_return_is_opened_once_for_each_item(shop: ShopRepository) -> None:
    teapot = ["rill teapot"]
    receipts = await asyncio.gather(*(shop.open_return("NL-10187", teapot, "drips", "k") for _ in range(4)))
    assert len(set(receipts)) == 1
    assert receipts[0].number == "R-2001"
    assert receipts[0].send_before == TODAY + timedelta(days=14)
    with pytest.raises(OrderRefused, match="already_returning"):
        await shop.open_return("NL-10187", teapot, "again", "k2")
    with pytest.raises(OrderRefused, match="item_not_in_order"):
        await shop.open_return("NL-10187", ["a sofa"], "r", "k3")
    other = await shop.open_return("NL-10187", ["Quarry stoneware plates, set of 4"], "chipped", "k4")
    assert other.number == "R-2002"
    refund = await shop.refund_of("NL-10187")
    assert refund is not None
    assert (refund.status, refund.amount_cents) == (RefundStatus.WAITING_FOR_PARCEL, 3200 + 2 * 3500)


async def test_return_of_what_has_not_arrived_is_refused(shop: ShopRepository) -> None:
    with pytest.raises(OrderRefused, match="is_processing"):
        await shop.open_return("NL-10301", ["Oak bench"], "r", "k")


async def test_the_demos_orders_may_take_longer_to_write_than_a_customer_waits(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("actions.shop.repository.TIMEOUT_SECONDS", 0.0)
    shop = ShopRepository(engine, now, lambda: TODAY)
    await shop.create_tables()
    assert await shop.seed() == 200
    with pytest.raises(ShopUnavailable):
        await shop.find_order("NL-10234")


async def test_a_database_that_fails_is_a_named_error(tmp_path: Path) -> None:
    broken = build_engine(str(tmp_path / "no" / "such" / "folder" / "shop.db"))
    with pytest.raises(ShopUnavailable):
        await ShopRepository(broken, now, lambda: TODAY).find_order("NL-10234")
    await broken.dispose()
    await asyncio.sleep(0.1)  # the driver's thread reports its failure to this loop
