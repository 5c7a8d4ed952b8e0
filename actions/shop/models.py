"""The shop's tables. Money is in euro cents; dates are days in the shop's time zone."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Date, DateTime, ForeignKey, Integer, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class ShopBase(DeclarativeBase):
    """The tables of var/shop.db."""


class CustomerRow(ShopBase):
    """Who ordered; ``email`` is kept in lower case."""

    __tablename__ = "customers"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    email: Mapped[str] = mapped_column(String(300), unique=True)


class OrderRow(ShopBase):
    """An order; ``status`` is one of ``actions.ports.OrderStatus``."""

    __tablename__ = "orders"

    number: Mapped[str] = mapped_column(String(16), primary_key=True)
    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.id"), index=True)
    status: Mapped[str] = mapped_column(String(16))
    placed_on: Mapped[date] = mapped_column(Date)
    address: Mapped[str] = mapped_column(String(500))
    delivery_cents: Mapped[int] = mapped_column(Integer)

    customer: Mapped[CustomerRow] = relationship(lazy="joined")
    items: Mapped[list[ItemRow]] = relationship(lazy="selectin", order_by="ItemRow.id")
    shipment: Mapped[ShipmentRow | None] = relationship(lazy="selectin")


class ItemRow(ShopBase):
    """A line of an order; the price is for one piece."""

    __tablename__ = "items"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    order_number: Mapped[str] = mapped_column(ForeignKey("orders.number"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    quantity: Mapped[int] = mapped_column(Integer)
    price_cents: Mapped[int] = mapped_column(Integer)


class ShipmentRow(ShopBase):
    """The parcel of an order; no carrier before it has left."""

    __tablename__ = "shipments"

    order_number: Mapped[str] = mapped_column(ForeignKey("orders.number"), primary_key=True)
    carrier: Mapped[str | None] = mapped_column(String(64))
    tracking_number: Mapped[str | None] = mapped_column(String(64))
    expected_on: Mapped[date | None] = mapped_column(Date)
    delivered_on: Mapped[date | None] = mapped_column(Date)


class RefundRow(ShopBase):
    """Money on its way back; ``status`` is one of ``actions.ports.RefundStatus``."""

    __tablename__ = "refunds"

    order_number: Mapped[str] = mapped_column(ForeignKey("orders.number"), primary_key=True)
    status: Mapped[str] = mapped_column(String(32))
    amount_cents: Mapped[int] = mapped_column(Integer)
    method: Mapped[str | None] = mapped_column(String(64))
    day: Mapped[date | None] = mapped_column(Date)


class ReturnRow(ShopBase):
    """An opened return; its number is ``R-`` and the id."""

    __tablename__ = "returns"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    order_number: Mapped[str] = mapped_column(ForeignKey("orders.number"), index=True)
    item_name: Mapped[str] = mapped_column(String(200))
    receipt: Mapped[str] = mapped_column(String(16), index=True)
    reason: Mapped[str] = mapped_column(Text)
    send_before: Mapped[date] = mapped_column(Date)


class ShopEffectRow(ShopBase):
    """An effect that was done, and its answer as JSON; written in the effect's own transaction."""

    __tablename__ = "shop_effects"

    key: Mapped[str] = mapped_column(String(300), primary_key=True)
    answer: Mapped[str] = mapped_column(Text)
    done_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class ShopMetaRow(ShopBase):
    """Facts about the database itself: the day its dates are relative to."""

    __tablename__ = "shop_meta"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    value: Mapped[str] = mapped_column(String(64))
