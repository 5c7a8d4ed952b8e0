"""Where an order is, and what to do when it is late."""

from __future__ import annotations

from datetime import date
from typing import Any

from actions.goals.draft import Draft
from actions.goals.orders import EMAIL, ORDER_NUMBER, OrderTask, describe_items
from actions.goals.talk import Button, Event, Say, Talk, button, set_slots
from actions.goals.task import PERSON
from actions.ports import Order, OrderStatus

TRACE = button("Trace my parcel", "/affirm")


def write_day(day: date | None) -> str:
    """Write a day as people say it."""
    return f"{day:%A} {day.day} {day:%B}" if day else "a day we don't know yet"


def is_overdue(order: Order, today: date) -> bool:
    """Tell whether the order should have arrived by now, or is known to come later."""
    if order.status is OrderStatus.DELAYED:
        return True
    is_on_its_way = order.status in (OrderStatus.PROCESSING, OrderStatus.SHIPPED)
    return is_on_its_way and order.expected_on is not None and order.expected_on < today


def tell_status(order: Order, today: date, say: Say) -> None:
    """Say where the order is; the response's name follows its status."""
    status = "delayed" if is_overdue(order, today) else order.status.value
    has_carrier = bool(order.carrier) and order.status in (OrderStatus.SHIPPED, OrderStatus.DELAYED)
    values: dict[str, Any] = {
        "number": order.number,
        "items": describe_items(order),
        "carrier": order.carrier or "our carrier",
        "expected": write_day(order.expected_on),
        "delivered": write_day(order.delivered_on),
    }
    say(f"utter_order_{status}", buttons=buttons_for(order), **values)
    if has_carrier and order.tracking_number:
        say("utter_order_tracking", carrier=order.carrier, tracking=order.tracking_number)


def buttons_for(order: Order) -> list[Button]:
    """Offer what one may want next with an order in this state."""
    if order.status is OrderStatus.PROCESSING:
        return [button("Change the address", "/change_address"), button("Cancel this order", "/cancel_order")]
    if order.status is OrderStatus.DELIVERED:
        return [button("Send something back", "/return_item"), button("Something is wrong", "/item_damaged")]
    return []


class OrderStatusTask(OrderTask):
    """Show status, carrier and expected day."""

    name = "order_status"
    intents = frozenset({"order_status"})
    fields = (ORDER_NUMBER, EMAIL)
    is_lookup = True
    related = frozenset({"order_late"})

    async def finish(self, talk: Talk, say: Say) -> list[Event]:
        """Tell where the order is."""
        order = await self.order_of(talk)
        tell_status(order, self.world.today(), say)
        if not is_overdue(order, self.world.today()):
            return []
        say("utter_offer_trace", buttons=[TRACE, PERSON])
        return set_slots(offer="trace_parcel")


class OrderLateTask(OrderTask):
    """The same for an order that should have been here, with an apology and something to choose from."""

    name = "order_late"
    first_question = "utter_want_order_number_then"
    intents = frozenset({"order_late"})
    fields = (ORDER_NUMBER, EMAIL)
    is_lookup = True
    related = frozenset({"order_status"})

    def opening(self, draft: Draft) -> str | None:
        """Say sorry before asking; where nothing is asked, only if the order is late indeed."""
        has_all = draft.get("order_number") and (draft.get("email") or draft.talk.known_email)
        return None if has_all else "utter_order_late_sorry"

    async def finish(self, talk: Talk, say: Say) -> list[Event]:
        """Apologise where it is late, tell where the order is, offer to trace it."""
        order = await self.order_of(talk)
        if order.status is OrderStatus.DELIVERED:
            say("utter_order_late_delivered", number=order.number, delivered=write_day(order.delivered_on))
            say("utter_offer_trace", buttons=[TRACE, PERSON])
            return set_slots(offer="trace_parcel")
        if not is_overdue(order, self.world.today()):
            tell_status(order, self.world.today(), say)
            return []
        if talk.has_just_started(self.form):
            say("utter_order_late_sorry")
        tell_status(order, self.world.today(), say)
        say("utter_offer_trace", buttons=[TRACE, PERSON])
        return set_slots(offer="trace_parcel")
