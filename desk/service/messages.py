"""What people write: customers' messages and buttons, agents' replies and notes, everybody's read marks."""

from __future__ import annotations

from dataclasses import dataclass

from desk.announce import Topic
from desk.config import PERSON_PAYLOAD, Starter
from desk.context import Desk
from desk.errors import BadRequest, ButtonRefused
from desk.log import Agent, Author, Button, Entry, EntryKind, NewEntry, Work
from desk.owner import Event, OwnerKind
from desk.service.ownership import check_owner, hand_over_in
from desk.service.writing import Writing, check_client_id, writing
from desk.store import entries
from desk.text import ASKED_FOR_PERSON, clean_text, say


@dataclass(frozen=True)
class Message:
    """What the customer sends: text, and what it means where a button said so."""

    client_id: str
    text: str
    payload: str | None = None


async def post_text(desk: Desk, conversation_id: str, client_id: str, text: str) -> Entry:
    """Keep a customer's message; the same client_id is kept once.

    Raises:
        BadRequest: nothing to keep, too long, or the client_id is not the customer's to use.
    """
    check_client_id(client_id)
    clean = clean_text(text, desk.config.limits.max_message_chars)
    async with writing(desk, conversation_id) as unit:
        return await _post(unit, Message(client_id, clean))


async def post_button(desk: Desk, conversation_id: str, client_id: str, seq: int, button_id: str) -> Entry:
    """Keep a pressed button: its title as the text, its payload for the engine.

    Raises:
        ButtonRefused: there is no such button, or one of its row was pressed before.
    """
    check_client_id(client_id)
    async with writing(desk, conversation_id) as unit:
        known = await entries.find_by_client_id(unit.session, conversation_id, client_id)
        if known is not None:
            return known
        button = await _find_button(unit, seq, button_id)
        entries.keep_answer(unit.session, conversation_id, seq, button_id)
        unit.tell(Topic.ENTRY_CHANGED, seq=seq)
        return await _post(unit, Message(client_id, button.title, button.payload))


async def post_starter(desk: Desk, conversation_id: str, client_id: str, starter_id: str) -> Entry:
    """Keep a pressed starter.

    Raises:
        ButtonRefused: the brand has no such starter.
    """
    check_client_id(client_id)
    async with writing(desk, conversation_id) as unit:
        starter = _find_starter(unit, starter_id)
        return await _post(unit, Message(client_id, starter.title, starter.payload))


async def request_person(desk: Desk, conversation_id: str, client_id: str) -> Entry:
    """Keep the wish for a person and hand over."""
    check_client_id(client_id)
    async with writing(desk, conversation_id) as unit:
        return await _post(unit, Message(client_id, say(unit.head.locale, ASKED_FOR_PERSON), PERSON_PAYLOAD))


async def _post(unit: Writing, message: Message) -> Entry:
    """Append a customer's message and let it move the owner."""
    wants_person = message.payload == PERSON_PAYLOAD
    known = await entries.find_by_client_id(unit.session, unit.head.id, message.client_id)
    if known is not None:
        if known.kind is not EntryKind.CUSTOMER:
            raise BadRequest("This client_id is somebody else's.", "client_id_taken")
        return known
    await unit.move(Event.CUSTOMER_WRITES)
    unit.head.last_customer_at = unit.now
    author = Author("customer", unit.head.customer_name or "")
    entry = unit.append(
        NewEntry(
            message.client_id,
            EntryKind.CUSTOMER,
            message.text,
            author=author,
            payload=None if wants_person else message.payload,
            work=None if wants_person else Work.MESSAGE,
        )
    )
    if wants_person and unit.owner.kind in (OwnerKind.BOT, OwnerKind.QUEUE):
        await hand_over_in(unit, "customer_asked", _brief(unit))
    return entry


def _brief(unit: Writing) -> str:
    topic = f" Last topic: {unit.head.last_intent}." if unit.head.last_intent else ""
    return f"The customer asked for a person.{topic}"


async def _find_button(unit: Writing, seq: int, button_id: str) -> Button:
    entry = await entries.read_one(unit.session, unit.head.id, seq)
    buttons = {button.id: button for button in entry.buttons} if entry and not entry.is_draft else {}
    if button_id not in buttons:
        raise ButtonRefused("There is no such button.", "button_unknown")
    if entry and entry.answered_button is not None:
        raise ButtonRefused("One of these buttons was pressed before.", "button_answered")
    return buttons[button_id]


def _find_starter(unit: Writing, starter_id: str) -> Starter:
    for starter in unit.desk.config.brand.voice(unit.head.locale).starters:
        if starter.id == starter_id:
            return starter
    raise ButtonRefused("There is no such starter.", "button_unknown")


async def post_reply(desk: Desk, agent: Agent, conversation_id: str, client_id: str, text: str) -> Entry:
    """Keep an agent's reply.

    Raises:
        OwnerError: the conversation is not this agent's.
    """
    check_client_id(client_id)
    clean = clean_text(text, desk.config.limits.max_reply_chars)
    async with writing(desk, conversation_id) as unit:
        new = NewEntry(client_id, EntryKind.AGENT, clean, author=Author(agent.id, agent.name))
        known = await entries.find_by_client_id(unit.session, conversation_id, client_id)
        if known is None:
            await check_owner(unit, agent, Event.AGENT_RETURNS)
        entry, is_new = await unit.append_once(new)
        if is_new:
            unit.head.last_agent_at = unit.now
            _mark_agent_read(unit, entry.seq)
        return entry


async def post_note(desk: Desk, agent: Agent, conversation_id: str, client_id: str, text: str) -> Entry:
    """Keep a note between agents."""
    check_client_id(client_id)
    clean = clean_text(text, desk.config.limits.max_reply_chars)
    async with writing(desk, conversation_id) as unit:
        new = NewEntry(client_id, EntryKind.NOTE, clean, author=Author(agent.id, agent.name))
        entry, _is_new = await unit.append_once(new)
        return entry


async def mark_read_by_agent(desk: Desk, agent: Agent, conversation_id: str) -> None:
    """Mark everything as seen by the agent who has the conversation; others only look."""
    async with writing(desk, conversation_id) as unit:
        if unit.owner.agent_id == agent.id:
            _mark_agent_read(unit, unit.head.last_seq)


def _mark_agent_read(unit: Writing, seq: int) -> None:
    if seq > unit.head.agent_read_seq:
        unit.head.agent_read_seq = seq
        unit.tell(Topic.READ, by="agent", seq=seq)
        unit.tell(Topic.HEAD)


async def mark_read_by_customer(desk: Desk, conversation_id: str, seq: int) -> None:
    """Mark what the customer has seen."""
    async with writing(desk, conversation_id) as unit:
        seen = min(seq, unit.head.last_seq)
        if seen > unit.head.customer_read_seq:
            unit.head.customer_read_seq = seen
            unit.tell(Topic.READ, by="customer", seq=seen)
