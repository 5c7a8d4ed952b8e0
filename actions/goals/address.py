"""Change where an order goes, as long as it has not been packed."""

from __future__ import annotations

import re

from actions.errors import OrderRefused
from actions.goals.draft import Draft
from actions.goals.orders import EMAIL, ORDER_NUMBER, YES_NO, OrderTask, confirm_field, is_open
from actions.goals.talk import Event, Say, Talk
from actions.goals.task import PERSON, Field, Prompt, Step
from actions.ports import Order, OrderStatus
from actions.recognise import count_words, find_email, find_order_number

MIN_ADDRESS_LENGTH = 10
# Where not even a carrier can change anything.
TOO_LATE = {
    OrderStatus.CANCELLED: "utter_cancel_already",
    OrderStatus.DELIVERED: "utter_address_delivered",
    OrderStatus.RETURNED: "utter_address_delivered",
}
_LEAD_IN = re.compile(
    r"^(?:(?:please|can you|could you|i'd like to|i want to)\s+)*(?:(?:change|send|ship|deliver)\s+(?:it\s+)?to:?|"
    r"(?:the|my)\s+new\s+address\s+is:?|(?:it'?s|it is):?|new address:?)\s+",
    re.IGNORECASE,
)


def read_address_text(draft: Draft) -> str | None:
    """Take the message as an address: it needs a number and a few words, so that "the old one" is asked again."""
    text = _LEAD_IN.sub("", draft.talk.text).strip(" .")
    has_number = any(character.isdigit() for character in text)
    is_long = len(text) >= MIN_ADDRESS_LENGTH or count_words(text) >= MIN_ADDRESS_LENGTH // 2
    return text if has_number and is_long else None


def read_address_entity(draft: Draft) -> str | None:
    """Take an address that understanding marked, when it is a whole one."""
    named = draft.talk.entity("address")
    return named if named and len(named) >= MIN_ADDRESS_LENGTH and any(c.isdigit() for c in named) else None


def read_early_address(draft: Draft) -> str | None:
    """Take an address that is told before it is asked for: the whole message where it holds nothing else."""
    if draft.is_start or read_address_entity(draft) is None:
        return None
    holds_more = find_order_number(draft.talk.text, allow_bare=False) or find_email(draft.talk.text)
    return read_address_entity(draft) if holds_more else read_address_text(draft)


class ChangeAddressTask(OrderTask):
    """Change the address after a last yes."""

    name = "change_address"
    intents = frozenset({"change_address"})
    fields = (
        ORDER_NUMBER,
        EMAIL,
        Field(
            "address",
            read=read_early_address,
            read_asked=read_address_text,
            is_free_text=True,
            invalid="utter_invalid_address",
        ),
        confirm_field(frozenset()),
    )

    async def start(self, draft: Draft) -> None:
        """Take the address from the first message where it is a whole one."""
        await super().start(draft)
        draft.set("address", read_address_entity(draft))

    async def admit(self, draft: Draft, order: Order, say: Say) -> Step:
        """Refuse where the parcel is packed already."""
        if is_open(order):
            return "go_on"
        said = TOO_LATE.get(order.status)
        if said is not None:
            say(said, number=order.number)
            return "ended"
        say("utter_address_too_late", number=order.number, buttons=[PERSON])
        draft.set("offer", "talk_to_person")
        return "ended"

    async def prompt(self, draft: Draft, slot: str) -> Prompt:
        """Show the new address once more before it is changed."""
        prompt = await super().prompt(draft, slot)
        if slot != "confirm":
            return prompt
        values = {"number": draft.get("order_number"), "new_address": draft.get("address")}
        return Prompt("utter_want_change_address_confirm", YES_NO, values)

    async def finish(self, talk: Talk, say: Say) -> list[Event]:
        """Change it, or leave it."""
        number, address = str(talk.slots["order_number"]), str(talk.slots["address"])
        if not talk.slots.get("confirm"):
            say("utter_address_kept", number=number)
            return []
        await self.order_of(talk)
        try:
            await self.world.shop.change_address(number, address, talk.turn.effect_key("change_address"))
        except OrderRefused:
            say("utter_address_too_late", number=number, buttons=[PERSON])
            return []
        say("utter_address_changed", number=number, new_address=address)
        return []
