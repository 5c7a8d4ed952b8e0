# ruff: noqa: ARG002 - the hooks of a task name all they may use
"""The part that all order tasks share: which order it is, and that it is this customer's.

An order is shown only to a verified customer who placed it, or to somebody who gives its number *and* the e-mail
address it was placed with. A wrong number and a wrong address are answered with the same words, and tries are
counted over the whole conversation, so that nobody can find out which numbers exist.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import ClassVar

from actions.errors import OrderNotFound
from actions.goals.draft import ORDER_SLOTS, Draft
from actions.goals.matching import match_items
from actions.goals.talk import Button, Say, Talk, button
from actions.goals.task import PERSON, Field, Prompt, Step, Task
from actions.ports import Order, OrderStatus
from actions.recognise import (
    count_words,
    find_email,
    find_order_number,
    find_position,
    is_question,
    looks_like_order_number,
    names_latest_order,
    points_back,
    points_to_other_order,
)

MAX_BUTTONS = 5
MAX_SUMMARY_ITEMS = 2
MAX_KNOWN_ORDERS = 3


def read_order_number(draft: Draft) -> str | None:
    """Read an order number from the entities, else from the text."""
    named = draft.talk.entity("order_number")
    marked = find_order_number(named) if named else None
    found = find_order_number(draft.talk.text, allow_bare=False)
    return (marked or found) if draft.talk.intent == "correct" else (found or marked)


def read_bare_order_number(draft: Draft) -> str | None:
    """Read what counts only where the number was asked for: five digits that are no postcode, or an order shown."""
    is_place = draft.talk.entity("address") is not None
    return find_order_number(draft.talk.text, allow_bare=not is_place) or read_order_choice(draft)


def read_order_choice(draft: Draft) -> str | None:
    """Read which of the orders on the buttons is meant, by its place or by what is in it ("the one with the bench")."""
    choices = {str(number): names for number, names in draft.get("order_choices") or []}
    if not choices or draft.talk.intent in ("affirm", "deny"):
        return None
    position = find_position(draft.talk.text)
    by_place = list(choices)[position] if position is not None and position < len(choices) else None
    return find_order_with(draft.talk.text, choices) or by_place


def find_order_with(text: str, orders: Mapping[str, Sequence[str]]) -> str | None:
    """Find the order (number: item names) whose items the text fits best; None when none or several do."""
    fitting = match_items(text, [name for names in orders.values() for name in names])
    holding = [number for number, names in orders.items() if set(names) & set(fitting)]
    return holding[0] if len(holding) == 1 else None


def read_email(draft: Draft) -> str | None:
    """Read an e-mail address from the entities, else from the text."""
    named = draft.talk.entity("email")
    return find_email(draft.talk.text) or (find_email(named) if named else None)


def needs_email(draft: Draft) -> bool:
    """Tell whether the address must be asked for: not when the customer is verified or the order proven already."""
    is_proven = bool(draft.get("order_proof")) and draft.get("order_proof") == draft.get("order_number")
    return draft.talk.known_email is None and not is_proven


ORDER_NUMBER = Field(
    "order_number",
    read=read_order_number,
    read_asked=read_bare_order_number,
    keeps=True,
    invalid="utter_invalid_order_number",
    missing="utter_missing_order_number",
)
EMAIL = Field(
    "email",
    read=read_email,
    applies=needs_email,
    keeps=True,
    invalid="utter_invalid_email",
    missing="utter_missing_email",
)
# The address to answer to, or the one a ticket was opened with; no order proves it.
CONTACT = replace(EMAIL, applies=lambda draft: draft.talk.known_email is None)


def describe_items(order: Order) -> str:
    """Name what is in an order, the first items only."""
    names = [f"{i.quantity} × {i.name}" if i.quantity > 1 else i.name for i in order.items]
    shown = ", ".join(names[:MAX_SUMMARY_ITEMS])
    more = len(names) - MAX_SUMMARY_ITEMS
    return f"{shown} and {more} more" if more > 0 else shown


def euros(cents: int) -> str:
    """Write an amount of money."""
    return f"€{cents // 100}.{cents % 100:02d}"


def is_open(order: Order) -> bool:
    """Tell whether the warehouse has not packed the order yet."""
    return order.status is OrderStatus.PROCESSING


def order_button(number: str, summary: str) -> Button:
    """Offer an order by its number and what is in it."""
    return button(f"{number} · {summary}", f'/inform{{"order_number": "{number}"}}')


class OrderTask(Task):
    """A task about one order of the customer's own. ``first_question`` asks for its number the first time."""

    first_question: ClassVar[str] = "utter_want_order_number"

    async def check(self, draft: Draft, say: Say) -> Step:
        """Prove the order once its number and an address are known, then ask the task itself."""
        if self._is_proven(draft) and not draft.is_start:
            return await self.check_more(draft, say)
        named = draft.talk.turn.values_of("product")
        if named and draft.has_filled("order_number"):
            draft.set("item_named", "; ".join(named))
        self._recall_candidate(draft)
        number = draft.get("order_number")
        email = draft.get("email") or draft.talk.known_email
        if not number or not email:
            return "go_on"
        order = await self._find_own(draft, number, email)
        if order is None:
            return self._refuse(draft, say, number)
        self._remember(draft, order)
        step = await self.admit(draft, order, say)
        return await self.check_more(draft, say) if step == "go_on" else step

    async def start(self, draft: Draft) -> None:
        """Keep the order of the task before only where the message points back to it ("cancel it")."""
        talk = draft.talk
        is_meant = talk.is_payload or talk.intent == "correct" or points_back(talk.text)
        if not is_meant and not draft.has_filled("order_number"):
            draft.forget(("order_number", "order_candidate", *ORDER_SLOTS))
        named = talk.turn.values_of("product")
        draft.set("item_named", "; ".join(named) or None)
        if draft.get("order_number") is None and (named or names_latest_order(talk.text)):
            draft.set("order_number", await self._own_order_with(draft, named))

    async def _own_order_with(self, draft: Draft, named: Sequence[str]) -> str | None:
        """Find the one order of a verified customer that holds what was named, or their latest; None when in doubt."""
        own = await self._own_orders(draft)
        if own and names_latest_order(draft.talk.text):
            return own[0].number
        return find_order_with(" ".join(named), {o.number: [i.name for i in o.items] for o in own})

    def turns_back(self, draft: Draft) -> bool:
        """Go back to the question for the order when another one is meant."""
        is_pressed = draft.talk.is_payload and draft.talk.intent == "correct"
        if not is_pressed and not points_to_other_order(draft.talk.text):
            return False
        draft.forget(("order_number", "order_candidate", *ORDER_SLOTS))
        return True

    async def explain(self, draft: Draft, asked: Field) -> Prompt:
        """Tell a number of another shape from no number at all."""
        explained = await super().explain(draft, asked)
        if asked.slot == "order_number" and looks_like_order_number(draft.talk.text):
            return replace(explained, response="utter_odd_order_number")
        return explained

    async def admit(self, draft: Draft, order: Order, say: Say) -> Step:
        """Tell whether the task is possible for this order; say why not, and end it, where it is not."""
        return "go_on"

    async def check_more(self, draft: Draft, say: Say) -> Step:
        """Check the task's other fields; the order is proven by now."""
        return "go_on"

    async def prompt(self, draft: Draft, slot: str) -> Prompt:
        """Offer a verified customer their own orders; ask everybody else for the number."""
        if slot == "email":
            return Prompt("utter_want_email", again="utter_want_email_again")
        if slot != "order_number":
            return Prompt(f"utter_want_{self.name}_{slot}")
        own = (await self._own_orders(draft))[:MAX_BUTTONS]
        if own:
            draft.set("order_choices", [[order.number, [item.name for item in order.items]] for order in own])
            buttons = tuple(order_button(order.number, describe_items(order)) for order in own)
            return Prompt("utter_want_order_choice", buttons)
        known = tuple(order_button(number, summary) for number, summary in draft.get("known_orders") or ())
        is_odd = draft.is_start and draft.talk.entity("order_number") is not None
        first = "utter_odd_order_number" if is_odd else self.first_question
        return Prompt(first, known, again="utter_want_order_number_again")

    async def order_of(self, talk: Talk) -> Order:
        """Fetch the proven order anew; its state may have changed since.

        Raises:
            OrderNotFound: it is gone, or was never proven.
        """
        number = str(talk.slots.get("order_number"))
        order = await self.world.shop.find_order(number) if talk.slots.get("order_proof") == number else None
        if order is None:
            raise OrderNotFound(number)
        return order

    def _is_proven(self, draft: Draft) -> bool:
        return bool(draft.get("order_proof")) and draft.get("order_proof") == draft.get("order_number")

    async def _own_orders(self, draft: Draft) -> Sequence[Order]:
        customer = draft.talk.customer_id
        return await self.world.shop.find_orders_of(customer) if customer else ()

    def _recall_candidate(self, draft: Draft) -> None:
        """After a wrong pair, a new address alone goes with the number that was given before."""
        candidate = draft.get("order_candidate")
        if candidate and not draft.get("order_number") and draft.has_filled("email"):
            draft.set("order_number", candidate)

    async def _find_own(self, draft: Draft, number: str, email: str) -> Order | None:
        if int(draft.get("failed_proofs") or 0) >= self.world.settings.proof_tries_in_all:
            return None
        if await self.world.shop.owns(number, email):
            return await self.world.shop.find_order(number)
        known = draft.talk.known_email
        if known and known != email and await self.world.shop.owns(number, known):
            return await self.world.shop.find_order(number)
        return next((order for order in await self._own_orders(draft) if order.number == number), None)

    def _refuse(self, draft: Draft, say: Say, number: str) -> Step:
        """Answer a pair that does not match; the words do not tell whether the order exists."""
        failed = int(draft.get("failed_proofs") or 0) + 1
        draft.set("failed_proofs", failed)
        draft.set("order_candidate", number)
        draft.set("order_number", None)
        settings = self.world.settings
        if failed % settings.proof_tries == 0 or failed >= settings.proof_tries_in_all:
            say("utter_order_no_match_give_up", buttons=[PERSON])
            draft.set("offer", "talk_to_person")
            draft.set("email", None)
            return "ended"
        say("utter_order_no_match")
        return "asked"

    def _remember(self, draft: Draft, order: Order) -> None:
        draft.set("order_proof", order.number)
        draft.set("order_candidate", None)
        draft.set("order_summary", describe_items(order))
        draft.set("order_items", [item.name for item in order.items])
        others = [known for known in draft.get("known_orders") or [] if known[0] != order.number]
        draft.set("known_orders", [[order.number, describe_items(order)], *others][:MAX_KNOWN_ORDERS])


def read_yes_no_field(own: frozenset[str]) -> Callable[[Draft], bool | None]:
    """Build a reader for a confirmation; saying the task's own intent again ("yes, cancel it") is a yes."""

    def read(draft: Draft) -> bool | None:
        said = draft.talk.yes_or_no()
        is_said_again = draft.talk.intent in own and not draft.talk.is_payload
        is_said_again = (
            is_said_again and count_words(draft.talk.text) > 1 and not is_question(draft.talk.text)
        )
        return True if said is None and is_said_again else said

    return read


def confirm_field(own: frozenset[str]) -> Field:
    """Build the field that asks for a last yes before something is done."""
    return Field("confirm", read_asked=read_yes_no_field(own), invalid="utter_invalid_confirm")


YES_NO = (button("Yes", "/affirm"), button("No", "/deny"))
