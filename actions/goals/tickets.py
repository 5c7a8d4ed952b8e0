"""Open a ticket; shared by every goal that ends with one."""

from __future__ import annotations

from actions.goals.talk import Event, Say, Talk, set_slots
from actions.ports import Desk, TicketRequest

MAX_SUBJECT = 120


async def open_ticket(
    desk: Desk, talk: Talk, say: Say, *, kind: str, subject: str, body: str, priority: str = "normal"
) -> list[Event]:
    """Open a ticket for this conversation; where it has to wait, say that its number follows.

    The number itself stands in a line that the desk writes into the conversation; it is remembered for questions after it.

    Raises:
        DeskUnavailable: the ticket could neither be opened nor kept for later.
    """
    customer = talk.turn.customer
    request = TicketRequest(
        conversation_id=talk.turn.conversation_id,
        subject=subject[:MAX_SUBJECT],
        body=body,
        kind=kind,
        priority=priority,
        name=customer.name if customer else None,
        email=talk.known_email or talk.slots.get("email"),
    )
    receipt = await desk.open_ticket(request, talk.turn.effect_key(f"ticket_{kind}"))
    if not receipt.number:
        say("utter_ticket_waiting")
        return []
    return set_slots(last_ticket=receipt.number)
