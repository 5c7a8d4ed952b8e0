"""Where a refund is."""

from __future__ import annotations

from actions.goals.order_status import write_day
from actions.goals.orders import EMAIL, ORDER_NUMBER, OrderTask, euros
from actions.goals.talk import Event, Say, Talk, button
from actions.goals.task import PERSON
from actions.ports import OrderStatus, RefundStatus

RETURN = button("Send something back", "/return_item")


class RefundStatusTask(OrderTask):
    """Tell whether the money is on its way."""

    name = "refund_status"
    intents = frozenset({"refund_status"})
    fields = (ORDER_NUMBER, EMAIL)
    is_lookup = True

    async def finish(self, talk: Talk, say: Say) -> list[Event]:
        """Tell the refund's state, amount and day."""
        order = await self.order_of(talk)
        refund = await self.world.shop.refund_of(order.number)
        if refund is None or refund.status is RefundStatus.NONE:
            can_return = order.status is OrderStatus.DELIVERED
            say(
                "utter_refund_none", number=order.number, buttons=[RETURN, PERSON] if can_return else [PERSON]
            )
            return []
        say(
            f"utter_refund_{refund.status.value}",
            number=order.number,
            amount=euros(refund.amount_cents),
            method=refund.method or "the way you paid",
            day=write_day(refund.day),
        )
        return []
