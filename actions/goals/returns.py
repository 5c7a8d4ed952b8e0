# ruff: noqa: ARG002 - the hooks of a task name all they may use
"""Send something back, or exchange it."""

from __future__ import annotations

import re
from datetime import date, timedelta

from actions.errors import OrderRefused
from actions.goals.draft import Draft
from actions.goals.items import ITEM, explain_item, item_prompt, settle_item, split_items
from actions.goals.order_status import write_day
from actions.goals.orders import EMAIL, ORDER_NUMBER, YES_NO, OrderTask, confirm_field
from actions.goals.talk import Event, Say, Talk, button
from actions.goals.task import PERSON, Field, Prompt, Step
from actions.goals.tickets import open_ticket
from actions.ports import Order, OrderStatus, ReturnReceipt
from actions.recognise import count_words, is_plain_no

PROBLEMS = frozenset({"item_damaged", "wrong_item", "missing_item"})
REASONS = ("It doesn't fit", "Not what I expected", "It arrived damaged", "I changed my mind")
HOLIDAY_BUYING = ((11, 1), (12, 24))
YES_WORDS = 2
NO_REASON = "none given"
_LETTER = re.compile(r"\w")
_POLITE_END = re.compile(r"[\s,]*\b(?:please|thanks|thank you)\b[\s.!]*$", re.IGNORECASE)
_INSTEAD = re.compile(
    r"\b(?:exchange|swap|switch|trade|change|replace)\b[^.?!]*?\b(?:for|with|to|into)\s+"
    r"((?:an?|the|another|one|some)\b(?:(?!\b(?:order|nl|from|my)\b)[^.?!,;])*)",
    re.IGNORECASE,
)


def read_reason_entity(draft: Draft) -> str | None:
    """Take a reason that understanding marked or a button said."""
    return draft.talk.entity("reason")


def read_free_text(draft: Draft) -> str | None:
    """Take the whole message, when it says more than yes or no."""
    text = draft.talk.text
    is_yes_or_no = count_words(text) <= YES_WORDS and draft.talk.yes_or_no() is not None
    return text if _LETTER.search(text) and not is_yes_or_no else None


def read_reason_text(draft: Draft) -> str | None:
    """Take the whole message; nobody has to give a reason."""
    return (
        NO_REASON if draft.talk.intent == "deny" and is_plain_no(draft.talk.text) else read_free_text(draft)
    )


def read_wish(draft: Draft) -> str | None:
    """Find what somebody wants instead in the message that asks for it ("swap it for the large one")."""
    found = _INSTEAD.search(draft.talk.text)
    return _POLITE_END.sub("", found.group(1)).strip(" .!?") or None if found else None


REASON = Field(
    "reason",
    read=read_reason_entity,
    read_asked=read_reason_text,
    is_free_text=True,
    invalid="utter_invalid_reason",
)


def last_return_day(order: Order, days: int) -> date:
    """Tell the last day to register a return; what was bought before the holidays may come back until 31 January."""
    last_day = (order.delivered_on or order.placed_on) + timedelta(days=days)
    bought = (order.placed_on.month, order.placed_on.day)
    if HOLIDAY_BUYING[0] <= bought <= HOLIDAY_BUYING[1]:
        return max(last_day, date(order.placed_on.year + 1, 1, 31))
    return last_day


class SendBackTask(OrderTask):
    """What a return and an exchange share: a delivered order, inside the window, and its items."""

    related = PROBLEMS

    async def admit(self, draft: Draft, order: Order, say: Say) -> Step:
        """Refuse what has not arrived, went back already, or is too old."""
        if order.status is not OrderStatus.DELIVERED:
            known = {
                OrderStatus.RETURNED: "utter_return_already",
                OrderStatus.CANCELLED: "utter_cancel_already",
            }
            say(known.get(order.status, "utter_return_not_delivered"), number=order.number, buttons=[PERSON])
            return "ended"
        last_day = last_return_day(order, self.world.settings.return_days)
        if last_day < self.world.today():
            say("utter_return_too_late", number=order.number, last_day=write_day(last_day), buttons=[PERSON])
            draft.set("offer", "talk_to_person")
            return "ended"
        return "go_on"

    async def check_more(self, draft: Draft, say: Say) -> Step:
        """Settle the item where it is known already."""
        settle_item(draft)
        return "go_on"

    async def explain(self, draft: Draft, asked: Field) -> Prompt:
        """Say what is in the order when something else was named."""
        return explain_item(draft) if asked.slot == "item" else await super().explain(draft, asked)

    async def prompt(self, draft: Draft, slot: str) -> Prompt:
        """Offer the order's items and the usual reasons as buttons."""
        if slot == "item":
            return item_prompt(draft, f"utter_want_{self.name}_item")
        if slot == "reason":
            buttons = tuple(button(reason, f'/inform{{"reason": "{reason}"}}') for reason in REASONS)
            return Prompt("utter_want_return_item_reason", buttons, {"items": draft.get("item")})
        if slot == "confirm":
            values = {s: draft.get(s) for s in ("reason", "exchange_for")}
            values |= {"number": draft.get("order_number"), "items": draft.get("item")}
            return Prompt(f"utter_want_{self.name}_confirm", YES_NO, values)
        return await super().prompt(draft, slot)

    async def open_return(self, talk: Talk, reason: str) -> ReturnReceipt:
        """Open the return in the shop.

        Raises:
            OrderRefused: the shop does not take these items back (again).
        """
        order = await self.order_of(talk)
        items = split_items(str(talk.slots["item"]), [item.name for item in order.items])
        return await self.world.shop.open_return(order.number, items, reason, talk.turn.effect_key(self.name))


class ReturnItemTask(SendBackTask):
    """Order, item, reason, a last yes; then a return number and how to send it."""

    name = "return_item"
    intents = frozenset({"return_item"})
    fields = (ORDER_NUMBER, EMAIL, ITEM, REASON, confirm_field(intents))

    async def finish(self, talk: Talk, say: Say) -> list[Event]:
        """Open the return."""
        number = str(talk.slots["order_number"])
        if not talk.slots.get("confirm"):
            say("utter_return_dropped")
            return []
        try:
            receipt = await self.open_return(talk, str(talk.slots["reason"]))
        except OrderRefused:
            say("utter_return_already", number=number, buttons=[PERSON])
            return []
        say("utter_return_opened", return_number=receipt.number, items=talk.slots["item"])
        say("utter_return_label", last_day=write_day(receipt.send_before))
        return []


class ExchangeItemTask(SendBackTask):
    """A return, and a ticket for the piece that goes out instead."""

    name = "exchange_item"
    intents = frozenset({"exchange_item"})
    related = PROBLEMS | {"product_question", "ask_stock"}
    fields = (
        ORDER_NUMBER,
        EMAIL,
        ITEM,
        Field(
            "exchange_for", read_asked=read_free_text, is_free_text=True, invalid="utter_invalid_exchange_for"
        ),
        confirm_field(intents),
    )

    async def start(self, draft: Draft) -> None:
        """Take from the first message what is wanted instead."""
        await super().start(draft)
        draft.set("exchange_for", read_wish(draft))

    async def finish(self, talk: Talk, say: Say) -> list[Event]:
        """Open the return, and the ticket with which a colleague sends the other piece."""
        number, wanted = str(talk.slots["order_number"]), str(talk.slots["exchange_for"])
        if not talk.slots.get("confirm"):
            say("utter_return_dropped")
            return []
        try:
            receipt = await self.open_return(talk, f"Exchange for: {wanted}")
        except OrderRefused:
            say("utter_return_already", number=number, buttons=[PERSON])
            return []
        say("utter_return_opened", return_number=receipt.number, items=talk.slots["item"])
        body = (
            f"Order {number}\nComes back: {talk.slots['item']} ({receipt.number})\nWanted instead: {wanted}"
        )
        events = await open_ticket(
            self.world.desk, talk, say, kind=self.name, subject=f"Exchange, {number}", body=body
        )
        say("utter_exchange_label", last_day=write_day(receipt.send_before))
        return events
