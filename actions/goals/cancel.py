"""Cancel an order that has not been packed yet; later it can only come back as a return."""

from __future__ import annotations

from actions.errors import OrderRefused
from actions.goals.draft import Draft
from actions.goals.orders import EMAIL, ORDER_NUMBER, YES_NO, OrderTask, confirm_field, euros, is_open
from actions.goals.talk import Event, Say, Talk, button
from actions.goals.task import PERSON, Prompt, Step
from actions.ports import Order, OrderStatus

RETURN = button("Send it back", "/return_item")


class CancelOrderTask(OrderTask):
    """Cancel after a last yes."""

    name = "cancel_order"
    intents = frozenset({"cancel_order"})
    fields = (ORDER_NUMBER, EMAIL, confirm_field(intents))
    extra_slots = ("order_total",)

    async def admit(self, draft: Draft, order: Order, say: Say) -> Step:
        """Refuse where the order is packed, gone or cancelled already."""
        if is_open(order):
            draft.set("order_total", euros(order.total_cents))
            return "go_on"
        explain_too_late(order, say)
        return "ended"

    async def prompt(self, draft: Draft, slot: str) -> Prompt:
        """Ask for the last yes with the order's number, items and total."""
        prompt = await super().prompt(draft, slot)
        if slot != "confirm":
            return prompt
        values = {
            "number": draft.get("order_number"),
            "items": draft.get("order_summary"),
            "total": draft.get("order_total"),
        }
        return Prompt("utter_want_cancel_order_confirm", YES_NO, values)

    async def finish(self, talk: Talk, say: Say) -> list[Event]:
        """Cancel, or leave the order as it is."""
        number = str(talk.slots["order_number"])
        if not talk.slots.get("confirm"):
            say("utter_cancel_kept", number=number)
            return []
        order = await self.order_of(talk)
        try:
            await self.world.shop.cancel_order(number, talk.turn.effect_key("cancel_order"))
        except OrderRefused:
            explain_too_late(await self.order_of(talk), say)
            return []
        say("utter_cancelled", number=number, total=euros(order.total_cents))
        return []


def explain_too_late(order: Order, say: Say) -> None:
    """Say why this order can no longer be cancelled, and what can be done instead."""
    if order.status is OrderStatus.CANCELLED:
        say("utter_cancel_already", number=order.number)
    elif order.status in (OrderStatus.DELIVERED, OrderStatus.RETURNED):
        say("utter_cancel_delivered", number=order.number, buttons=[RETURN, PERSON])
    else:
        say("utter_cancel_too_late", number=order.number, buttons=[PERSON])
