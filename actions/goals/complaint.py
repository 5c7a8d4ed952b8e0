# ruff: noqa: ARG002 - the hooks of a task name all they may use
"""A complaint becomes a ticket, and the customer is told its number."""

from __future__ import annotations

from actions.goals.draft import Draft
from actions.goals.orders import CONTACT
from actions.goals.returns import read_free_text
from actions.goals.talk import Event, Say, Talk
from actions.goals.task import PERSON, Field, Prompt, Task
from actions.goals.tickets import open_ticket
from actions.recognise import count_words, find_order_number

TELLING_LENGTH = 60
# "I want to complain" announces a complaint and is none yet.
ANNOUNCING_WORDS = 5
SUBJECT_LENGTH = 60


def read_complaint(draft: Draft) -> str | None:
    """Take the whole message, unless it says only that there is something to complain about."""
    text = draft.talk.text
    is_announced = draft.talk.intent == "complaint" and count_words(text) <= ANNOUNCING_WORDS
    return None if is_announced and "complain" in text.lower() else read_free_text(draft)


class ComplaintTask(Task):
    """What happened, and where to answer."""

    name = "complaint"
    intents = frozenset({"complaint"})
    related = frozenset({"item_damaged", "wrong_item", "missing_item", "order_late", "refund_status"})
    fields = (
        Field(
            "description", read_asked=read_complaint, is_free_text=True, invalid="utter_invalid_description"
        ),
        CONTACT,
    )

    async def start(self, draft: Draft) -> None:
        """A long first message is the complaint itself."""
        if len(draft.talk.text) >= TELLING_LENGTH:
            draft.set("description", draft.talk.text)

    def opening(self, draft: Draft) -> str | None:
        """Say sorry; where it is still to be told what happened, that question does."""
        return "utter_complaint_sorry" if draft.get("description") else None

    async def prompt(self, draft: Draft, slot: str) -> Prompt:
        """Ask what happened, then where the answer should go."""
        if slot == "description":
            again = "utter_want_complaint_description_again"
            return Prompt("utter_want_complaint_description", (PERSON,), again=again)
        return Prompt(f"utter_want_complaint_{slot}")

    async def finish(self, talk: Talk, say: Say) -> list[Event]:
        """Open the ticket."""
        text = str(talk.slots["description"])
        order = find_order_number(text, allow_bare=False) or talk.slots.get("order_number")
        body = f"{text}\n\nOrder: {order}" if order else text
        subject = f"Complaint: {text[:SUBJECT_LENGTH]}"
        events = await open_ticket(self.world.desk, talk, say, kind=self.name, subject=subject, body=body)
        say("utter_complaint_promise")
        return events
