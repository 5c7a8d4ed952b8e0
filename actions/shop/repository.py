"""The shop's orders, read and changed; implements ``actions.ports.Shop``.

A change and the idempotency key with its answer are written in one transaction, so that a repeat, also one after a
crash, finds the answer instead of doing it again.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy import func, or_, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm.exc import StaleDataError

from actions.errors import OrderNotFound, OrderRefused, ShopUnavailable
from actions.ports import Item, Order, OrderStatus, Refund, RefundStatus, ReturnReceipt
from actions.shop.models import (
    CustomerRow,
    ItemRow,
    OrderRow,
    RefundRow,
    ReturnRow,
    ShipmentRow,
    ShopBase,
    ShopEffectRow,
    ShopMetaRow,
)
from actions.shop.seed import SeedOrder, build_seed

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

SEND_BACK_DAYS = 14
REFUND_DAYS = 5
FIRST_RETURN = 2000
TIMEOUT_SECONDS = 3.0
SEED_SECONDS = 60.0
"""No customer waits for the demo's orders; a slow or busy disk may take its time over them."""
SEEDED_ON = "seeded_on"

Clock = Callable[[], datetime]
Answer = TypeVar("Answer")


class ShopRepository:
    """The shop over one database; ``clock`` tells the time, ``today`` its day in the shop's time zone."""

    def __init__(self, engine: AsyncEngine, clock: Clock, today: Callable[[], date]) -> None:
        self._reading = engine
        self._writing = engine.execution_options(writes=True)
        self._clock = clock
        self._today = today

    # --- setting up ------------------------------------------------------------------------------

    async def create_tables(self) -> None:
        """Create the tables where they are missing."""
        async with self._writing.begin() as connection:
            await connection.run_sync(ShopBase.metadata.create_all)

    async def seed(self) -> int:
        """Fill an empty shop with the demo's orders, or move the dates of an older one up to today.

        Returns:
            the number of orders written; 0 when there were some already.
        """
        async with self._session(is_writing=True, seconds=SEED_SECONDS) as session:
            seeded_on = await session.get(ShopMetaRow, SEEDED_ON)
            if seeded_on is not None:
                await _shift_dates(session, self._today() - date.fromisoformat(seeded_on.value))
                seeded_on.value = self._today().isoformat()
                return 0
            orders = build_seed(self._today())
            session.add(ShopMetaRow(name=SEEDED_ON, value=self._today().isoformat()))
            session.add_all(_customer_rows(orders))
            await session.flush()
            for order in orders:
                session.add_all(_order_rows(order))
            return len(orders)

    # --- reading ---------------------------------------------------------------------------------

    async def find_order(self, number: str) -> Order | None:
        """Find an order by its number; None when there is none."""
        async with self._session() as session:
            row = await session.get(OrderRow, number.strip().upper())
            return None if row is None else _order(row)

    async def find_orders_of(self, customer_id: str) -> Sequence[Order]:
        """Find a customer's orders, newest first; the customer is known by id or by e-mail address."""
        known = or_(CustomerRow.id == customer_id, CustomerRow.email == customer_id.strip().lower())
        theirs = select(OrderRow).join(OrderRow.customer).where(known)
        async with self._session() as session:
            rows = await session.scalars(theirs.order_by(OrderRow.placed_on.desc(), OrderRow.number.desc()))
            return [_order(row) for row in rows]

    async def owns(self, number: str, email: str) -> bool:
        """Tell whether the order was placed with this address (case and outer spaces ignored)."""
        order = await self.find_order(number)
        return order is not None and order.email == email.strip().lower()

    async def refund_of(self, number: str) -> Refund | None:
        """Find the refund of an order; None when there is none."""
        async with self._session() as session:
            row = await session.get(RefundRow, number.strip().upper())
            return None if row is None else _refund(row)

    # --- changing --------------------------------------------------------------------------------

    async def cancel_order(self, number: str, key: str) -> Order:
        """Cancel an order that is still processing, and begin its refund.

        Raises:
            OrderNotFound: there is no such order.
            OrderRefused: it is no longer processing.
        """

        async def cancel(session: AsyncSession) -> str:
            row = await _changeable(session, number)
            row.status = OrderStatus.CANCELLED.value
            if row.shipment is not None:
                row.shipment.expected_on = None
            await session.merge(
                RefundRow(
                    order_number=row.number,
                    status=RefundStatus.PENDING.value,
                    amount_cents=_total(row),
                    day=self._today() + timedelta(days=REFUND_DAYS),
                )
            )
            return row.number

        return await self._order_after(key, cancel)

    async def change_address(self, number: str, address: str, key: str) -> Order:
        """Change where an order goes that is still processing.

        Raises:
            OrderNotFound: there is no such order.
            OrderRefused: it is no longer processing.
        """

        async def change(session: AsyncSession) -> str:
            row = await _changeable(session, number)
            row.address = address.strip()[:500]
            return row.number

        return await self._order_after(key, change)

    async def open_return(self, number: str, items: Sequence[str], reason: str, key: str) -> ReturnReceipt:
        """Open a return for the named items of a delivered order.

        Raises:
            OrderNotFound: there is no such order.
            OrderRefused: it was not delivered, an item is not in it, or an item already goes back.
        """

        async def open_it(session: AsyncSession) -> str:
            row = await _existing(session, number)
            names = await _returnable(session, row, items)
            receipt = f"R-{FIRST_RETURN + 1 + int(await session.scalar(select(func.count(ReturnRow.receipt.distinct()))) or 0)}"
            send_before = self._today() + timedelta(days=SEND_BACK_DAYS)
            for name in names:
                session.add(
                    ReturnRow(
                        order_number=row.number,
                        item_name=name,
                        receipt=receipt,
                        reason=reason[:2000],
                        send_before=send_before,
                    )
                )
            await _add_refund(session, row, names)
            return json.dumps([receipt, send_before.isoformat()])

        receipt, send_before = json.loads(await self._once(key, open_it))
        return ReturnReceipt(receipt, date.fromisoformat(send_before))

    # --- the frame -------------------------------------------------------------------------------

    async def _order_after(self, key: str, change: Callable[[AsyncSession], object]) -> Order:
        number = await self._once(key, change)
        order = await self.find_order(number)
        if order is None:
            raise OrderNotFound(number)
        return order

    async def _once(self, key: str, change: Callable[[AsyncSession], object]) -> str:
        """Make a change once for its key; its answer is a text, kept with the change."""
        async with self._session(is_writing=True) as session:
            done = await session.get(ShopEffectRow, key)
            if done is not None:
                return done.answer
            answer: str = await change(session)  # type: ignore[misc]
            session.add(ShopEffectRow(key=key, answer=answer, done_at=self._clock()))
            return answer

    @asynccontextmanager
    async def _session(
        self, *, is_writing: bool = False, seconds: float | None = None
    ) -> AsyncIterator[AsyncSession]:
        """Open a session; a writing one commits at its end. Errors of the database are ShopUnavailable."""
        engine = self._writing if is_writing else self._reading
        try:
            async with (
                asyncio.timeout(TIMEOUT_SECONDS if seconds is None else seconds),
                AsyncSession(engine, expire_on_commit=False) as session,
            ):
                yield session
                if is_writing:
                    await session.commit()
        except (SQLAlchemyError, StaleDataError, OSError, TimeoutError) as error:
            raise ShopUnavailable(type(error).__name__) from error


async def _existing(session: AsyncSession, number: str) -> OrderRow:
    row = await session.get(OrderRow, number.strip().upper())
    if row is None:
        raise OrderNotFound(number)
    return row


async def _changeable(session: AsyncSession, number: str) -> OrderRow:
    row = await _existing(session, number)
    if row.status != OrderStatus.PROCESSING.value:
        raise OrderRefused(row.number, f"is_{row.status}")
    return row


async def _returnable(session: AsyncSession, row: OrderRow, items: Sequence[str]) -> list[str]:
    """Match the named items with the order's; raises OrderRefused."""
    if row.status != OrderStatus.DELIVERED.value:
        raise OrderRefused(row.number, f"is_{row.status}")
    known = {item.name.casefold(): item.name for item in row.items}
    names = [known.get(name.strip().casefold()) for name in items]
    chosen = [name for name in dict.fromkeys(names) if name is not None]
    if not chosen or len(chosen) < len(set(names)):
        raise OrderRefused(row.number, "item_not_in_order")
    gone = await session.scalars(select(ReturnRow.item_name).where(ReturnRow.order_number == row.number))
    if set(gone) & set(chosen):
        raise OrderRefused(row.number, "already_returning")
    return chosen


async def _add_refund(session: AsyncSession, row: OrderRow, names: Sequence[str]) -> None:
    """Promise the money for these items, on top of a refund that is under way already."""
    amount = sum(item.quantity * item.price_cents for item in row.items if item.name in names)
    refund = await session.get(RefundRow, row.number)
    if refund is None:
        refund = RefundRow(order_number=row.number, amount_cents=0)
        session.add(refund)
    refund.amount_cents += amount
    refund.status, refund.day = RefundStatus.WAITING_FOR_PARCEL.value, None


def _total(row: OrderRow) -> int:
    return row.delivery_cents + sum(item.quantity * item.price_cents for item in row.items)


def _order(row: OrderRow) -> Order:
    shipment = row.shipment
    return Order(
        number=row.number,
        email=row.customer.email,
        status=OrderStatus(row.status),
        items=tuple(Item(item.name, item.quantity, item.price_cents) for item in row.items),
        total_cents=_total(row),
        placed_on=row.placed_on,
        expected_on=shipment.expected_on if shipment else None,
        delivered_on=shipment.delivered_on if shipment else None,
        carrier=shipment.carrier if shipment else None,
        tracking_number=shipment.tracking_number if shipment else None,
        address=row.address,
    )


def _refund(row: RefundRow) -> Refund:
    return Refund(RefundStatus(row.status), row.amount_cents, row.method, row.day)


def _customer_rows(orders: Sequence[SeedOrder]) -> list[CustomerRow]:
    customers = {order.customer.id: order.customer for order in orders}
    return [CustomerRow(id=c.id, name=c.name, email=c.email) for c in customers.values()]


def _order_rows(order: SeedOrder) -> list[ShopBase]:
    rows: list[ShopBase] = [
        OrderRow(
            number=order.number,
            customer_id=order.customer.id,
            status=order.status.value,
            placed_on=order.placed_on,
            address=order.customer.address,
            delivery_cents=order.delivery_cents,
            items=[ItemRow(name=i.name, quantity=i.quantity, price_cents=i.price_cents) for i in order.items],
            shipment=ShipmentRow(
                carrier=order.carrier,
                tracking_number=order.tracking_number,
                expected_on=order.expected_on,
                delivered_on=order.delivered_on,
            ),
        )
    ]
    if order.refund is not None:
        refund = order.refund
        rows.append(
            RefundRow(
                order_number=order.number,
                status=refund.status.value,
                amount_cents=refund.amount_cents,
                method=refund.method,
                day=refund.day,
            )
        )
    return rows


async def _shift_dates(session: AsyncSession, by: timedelta) -> None:
    """Move every date of the demo by the days that have passed, so that what is on its way still is."""
    if not by:
        return
    for order in await session.scalars(select(OrderRow)):
        order.placed_on += by
    for shipment in await session.scalars(select(ShipmentRow)):
        shipment.expected_on = shipment.expected_on + by if shipment.expected_on else None
        shipment.delivered_on = shipment.delivered_on + by if shipment.delivered_on else None
    for refund in await session.scalars(select(RefundRow)):
        refund.day = refund.day + by if refund.day else None
    for opened in await session.scalars(select(ReturnRow)):
        opened.send_before += by
