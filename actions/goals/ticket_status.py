# ruff: noqa: ARG002 - the hooks of a task name all they may use
"""What became of a ticket."""

from __future__ import annotations

from actions.errors import TicketNotFound
from actions.goals.draft import Draft
from actions.goals.order_status import write_day
from actions.goals.orders import CONTACT
from actions.goals.talk import Event, Say, Talk, set_slots
from actions.goals.task import PERSON, Field, Prompt, Task
from actions.recognise import find_ticket_number

KNOWN_STATUSES = frozenset({"new", "open", "pending", "waiting", "solved", "closed"})


def read_ticket_number(draft: Draft) -> str | None:
    """Read a ticket number from the text, else from the entities."""
    named = draft.talk.entity("ticket_number")
    return find_ticket_number(draft.talk.text) or (
        find_ticket_number(named, allow_bare=True) if named else None
    )


def read_bare_ticket_number(draft: Draft) -> str | None:
    """Read digits that stand alone, once the number was asked for."""
    return find_ticket_number(draft.talk.text, allow_bare=True)


class TicketStatusTask(Task):
    """Ticket number, and the address it was opened with."""

    name = "ticket_status"
    intents = frozenset({"ticket_status"})
    is_lookup = True
    fields = (
        Field(
            "ticket_number",
            read=read_ticket_number,
            read_asked=read_bare_ticket_number,
            invalid="utter_invalid_ticket_number",
            missing="utter_missing_ticket_number",
        ),
        CONTACT,
    )

    async def start(self, draft: Draft) -> None:
        """Where no number is named, the ticket of this conversation is meant."""
        if draft.get("ticket_number") is None:
            draft.set("ticket_number", draft.get("last_ticket"))

    async def prompt(self, draft: Draft, slot: str) -> Prompt:
        """Ask for the number, then for the address."""
        return Prompt(f"utter_want_ticket_status_{slot}")

    async def finish(self, talk: Talk, say: Say) -> list[Event]:
        """Tell the ticket's state and the last thing a colleague wrote."""
        number = str(talk.slots["ticket_number"])
        try:
            ticket = await self.world.desk.ticket_status(number, talk.known_email or talk.slots.get("email"))
        except TicketNotFound:
            say("utter_ticket_not_found", ticket=number, buttons=[PERSON])
            return set_slots(email=None, offer="talk_to_person")
        known = ticket.status if ticket.status in KNOWN_STATUSES else "other"
        updated = write_day(ticket.updated_at.date()) if ticket.updated_at else "today"
        say(f"utter_ticket_{known}", ticket=ticket.number, subject=ticket.subject, updated=updated)
        if ticket.last_public_comment:
            say("utter_ticket_comment", comment=ticket.last_public_comment)
        return []
