# ruff: noqa: ARG002 - the hooks of a task name all they may use
"""A complaint becomes a ticket, and the customer is told its number."""

from __future__ import annotations

from actions.goals.draft import Draft
from actions.goals.orders import CONTACT
from actions.goals.returns import read_free_text
from actions.goals.talk import Event, Say, Talk
from actions.goals.task import Field, Prompt, Task
from actions.goals.tickets import open_ticket
from actions.recognise import find_order_number

TELLING_LENGTH = 60
SUBJECT_LENGTH = 60


class ComplaintTask(Task):
    """What happened, and where to answer."""

    name = "complaint"
    intents = frozenset({"complaint"})
    related = frozenset({"item_damaged", "wrong_item", "missing_item", "order_late", "refund_status"})
    fields = (
        Field(
            "description", read_asked=read_free_text, is_free_text=True, invalid="utter_invalid_description"
        ),
        CONTACT,
    )

    async def start(self, draft: Draft) -> None:
        """A long first message is the complaint itself."""
        if len(draft.talk.text) >= TELLING_LENGTH:
            draft.set("description", draft.talk.text)

    async def prompt(self, draft: Draft, slot: str) -> Prompt:
        """Ask what happened, then where the answer should go."""
        return Prompt(f"utter_want_complaint_{slot}")

    async def finish(self, talk: Talk, say: Say) -> list[Event]:
        """Open the ticket."""
        text = str(talk.slots["description"])
        order = find_order_number(text, allow_bare=False) or talk.slots.get("order_number")
        body = f"{text}\n\nOrder: {order}" if order else text
        subject = f"Complaint: {text[:SUBJECT_LENGTH]}"
        await open_ticket(self.world.desk, talk, say, kind=self.name, subject=subject, body=body)
        say("utter_complaint_promise")
        return []
