# ruff: noqa: ARG002 - the hooks of a task name all they may use
"""Something arrived damaged, is the wrong thing, or is missing."""

from __future__ import annotations

from actions.goals.draft import Draft
from actions.goals.items import ITEM, explain_item, item_prompt, settle_item
from actions.goals.orders import EMAIL, ORDER_NUMBER, OrderTask
from actions.goals.returns import read_free_text
from actions.goals.talk import REQUESTED_SLOT, Event, Say, Talk, button
from actions.goals.task import Field, Prompt, Step
from actions.goals.tickets import open_ticket
from actions.ports import Order, OrderStatus
from actions.recognise import count_words, normalise

PROBLEMS = {"item_damaged": "damaged", "wrong_item": "wrong", "missing_item": "missing"}
SUBJECTS = {"damaged": "Arrived damaged", "wrong": "Wrong item", "missing": "Item missing"}
# A first message at least this long already tells what happened.
TELLING_LENGTH = 40
# So does a shorter one that names the thing or its fault; a wrong item needs to be told apart first.
TELLING_WORDS = 6
# A wish for the money or a new one, where it was asked what happened, is no more than that.
WISH_WORDS = 4

_REPLACE = (
    "replace",
    "replacement",
    "new one",
    "another one",
    "send",
    "resend",
    "missing part",
    "again",
    "spare",
)
_REFUND = ("refund", "money", "return", "send back", "sent back", "give back")


def read_problem(draft: Draft) -> str | None:
    """Read what kind of problem it is from the intent; the latest word counts."""
    is_telling = draft.get(REQUESTED_SLOT) == "description"
    return None if is_telling else PROBLEMS.get(draft.talk.intent)


def tells_all(draft: Draft) -> bool:
    """Tell whether the first message already says what happened."""
    talk = draft.talk
    if len(talk.text) >= TELLING_LENGTH:
        return True
    is_named = bool(talk.entity("product") or talk.entity("reason"))
    return is_named and talk.intent != "wrong_item" and count_words(talk.text) >= TELLING_WORDS


def is_wish(draft: Draft) -> bool:
    """Tell whether the message says no more than what would make it right."""
    return count_words(draft.talk.text) <= WISH_WORDS and read_resolution(draft) is not None


def read_description(draft: Draft) -> str | None:
    """Take the whole message, unless it only says what would make it right."""
    return None if is_wish(draft) else read_free_text(draft)


def read_early_resolution(draft: Draft) -> str | None:
    """Read what would make it right where it was asked what happened."""
    is_telling = draft.get(REQUESTED_SLOT) == "description"
    return read_resolution(draft) if is_telling and is_wish(draft) else None


def read_resolution(draft: Draft) -> str | None:
    """Read what would make it right: a replacement, or the money back."""
    said = normalise(draft.talk.entity("reason") or draft.talk.text).lower()
    if draft.talk.intent in ("return_item", "refund_status") or any(word in said for word in _REFUND):
        return "refund"
    if draft.talk.intent == "exchange_item" or any(word in said for word in _REPLACE):
        return "replacement"
    return None


RESOLUTIONS = (
    button("Send a replacement", '/inform{"reason": "replacement"}'),
    button("Refund my money", '/inform{"reason": "refund"}'),
)


class ProblemTask(OrderTask):
    """Order, item, what happened, what would make it right; then a ticket."""

    name = "problem"
    first_question = "utter_want_order_number_then"
    intents = frozenset(PROBLEMS)
    related = frozenset(
        {"return_item", "exchange_item", "refund_status", "complaint", "warranty", "order_late"}
    )
    fields = (
        ORDER_NUMBER,
        EMAIL,
        Field("problem", read=read_problem),
        ITEM,
        Field(
            "description",
            read_asked=read_description,
            is_free_text=True,
            invalid="utter_invalid_description",
        ),
        Field(
            "resolution",
            read=read_early_resolution,
            read_asked=read_resolution,
            invalid="utter_invalid_resolution",
        ),
    )

    async def start(self, draft: Draft) -> None:
        """A long first message already tells what happened."""
        await super().start(draft)
        if tells_all(draft):
            draft.set("description", draft.talk.text)

    async def admit(self, draft: Draft, order: Order, say: Say) -> Step:
        """What has not arrived cannot be damaged or incomplete yet."""
        if order.status in (OrderStatus.PROCESSING, OrderStatus.CANCELLED):
            say(f"utter_problem_{order.status.value}", number=order.number)
            return "ended"
        return "go_on"

    async def check_more(self, draft: Draft, say: Say) -> Step:
        """Settle the item where it is known already."""
        settle_item(draft)
        if draft.get("problem") is None:
            draft.set("problem", "damaged")
        return "go_on"

    def opening(self, draft: Draft) -> str | None:
        """Say sorry first of all, and only once."""
        problem = draft.get("problem") or "damaged"
        return f"utter_problem_sorry_{problem}"

    async def explain(self, draft: Draft, asked: Field) -> Prompt:
        """Say what is in the order when something else was named."""
        return explain_item(draft) if asked.slot == "item" else await super().explain(draft, asked)

    async def prompt(self, draft: Draft, slot: str) -> Prompt:
        """Offer the items and the two ways out."""
        if slot == "item":
            return item_prompt(draft, f"utter_want_problem_item_{draft.get('problem')}")
        if slot == "description":
            return Prompt(
                f"utter_want_problem_description_{draft.get('problem')}", (), {"items": draft.get("item")}
            )
        if slot == "resolution":
            again = "utter_want_problem_resolution_again"
            return Prompt("utter_want_problem_resolution", RESOLUTIONS, again=again)
        return await super().prompt(draft, slot)

    async def finish(self, talk: Talk, say: Say) -> list[Event]:
        """Open a ticket that says everything, so that nobody asks again."""
        slots = talk.slots
        subject = (
            f"{SUBJECTS.get(str(slots['problem']), 'Problem')}: {slots['item']}, {slots['order_number']}"
        )
        body = (
            f"Order {slots['order_number']}\nItem: {slots['item']}\nProblem: {slots['problem']}\n"
            f"Wanted: {slots['resolution']}\n\n{slots['description']}"
        )
        kind = next(intent for intent, problem in PROBLEMS.items() if problem == slots["problem"])
        events = await open_ticket(
            self.world.desk, talk, say, kind=kind, subject=subject, body=body, priority="high"
        )
        say(f"utter_problem_next_{slots['resolution']}")
        return events
