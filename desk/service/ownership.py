"""Who has the conversation: hand over, claim, return, transfer, leave, resolve, and what time does by itself."""

from __future__ import annotations

import re
from datetime import timedelta

from desk.context import Desk
from desk.errors import BadRequest, ConversationTaken, NotFound, WrongOwner
from desk.log import Agent, Author, Code, Conversation, Entry, Role, Work
from desk.owner import Event, Owner, OwnerKind
from desk.service import tickets
from desk.service.writing import QUEUE_FRONT, Writing, writing
from desk.store import conversations, entries, people
from desk.store.rows import conversation_of
from desk.text import BACK_TO_BOT, CLOSED, clip, nobody_text, queue_text
from desk.waiting import LOOK_BACK, estimate_wait_minutes

MAX_BRIEF_CHARS = 4000
MODE = re.compile(r"[a-z][a-z_]{0,63}")


async def request_handoff(
    desk: Desk, conversation_id: str, reason: str, brief: str, interrupted_form: str | None = None
) -> Conversation:
    """Put the conversation in the line; outside of service hours it comes straight back with a ticket.

    Raises:
        WrongOwner: a person has it already, or it is closed.
    """
    async with writing(desk, conversation_id) as unit:
        await hand_over_in(unit, reason, brief, interrupted_form)
        return conversation_of(unit.head)


async def hand_over_in(unit: Writing, reason: str, brief: str, interrupted_form: str | None = None) -> None:
    """Hand over inside a transaction; asked again while waiting, the reason is added and nothing is said twice."""
    head = unit.head
    has_moved = await unit.move(Event.HAND_OVER)
    form = interrupted_form or head.active_form
    if not has_moved:
        head.handoff_brief = clip("\n".join(filter(None, (head.handoff_brief, brief))), MAX_BRIEF_CHARS)
        head.interrupted_form = head.interrupted_form or form
        return
    head.handoff_reason, head.handoff_brief = clip(reason, 64), clip(brief, MAX_BRIEF_CHARS)
    head.interrupted_form, head.handoff_at = form, unit.now
    people.add_handoff(unit.session, head.id, head.handoff_reason, head.handoff_brief, form, unit.now)
    if not unit.desk.hours.is_open(unit.now):
        await _nobody_in(unit)
        return
    await _tell_position(unit)


async def _tell_position(unit: Writing) -> None:
    await unit.session.flush()
    order = await conversations.queue_order(unit.session)
    position = order.index(unit.head.id) + 1
    wait = await wait_minutes(unit, position)
    params = {"position": position, "wait_minutes": wait}
    unit.system(Code.QUEUE_JOINED, queue_text(position, wait), params)


async def wait_minutes(unit: Writing, position: int) -> int | None:
    """Estimate the wait at a place in the line."""
    timeout = timedelta(seconds=unit.desk.config.people.presence_timeout_seconds)
    online = await people.count_online(unit.session, unit.now - timeout)
    claims = await people.claims_since(unit.session, unit.now - LOOK_BACK)
    return estimate_wait_minutes(position, claims, online, unit.now)


async def claim(desk: Desk, agent: Agent, conversation_id: str, version: int) -> Conversation:
    """Take a conversation from the bot, the line or the archive; a supervisor also from another agent.

    Raises:
        ConversationTaken: somebody else has it.
        VersionConflict: it changed since the caller looked.
    """
    async with writing(desk, conversation_id) as unit:
        if unit.owner == _as_owner(agent):
            return conversation_of(unit.head, agent.name)
        await _check_not_anothers(unit, agent)
        unit.check_version(version)
        unit.head.interrupted_form = unit.head.interrupted_form or unit.head.active_form
        if unit.owner.kind is OwnerKind.AGENT:
            await _leave(unit)
            await unit.move(Event.TAKE_OVER, agent.id)
        else:
            await unit.move(Event.CLAIM, agent.id)
        _join(unit, agent)
        return conversation_of(unit.head, agent.name)


async def return_to_bot(
    desk: Desk, agent: Agent, conversation_id: str, mode: str, version: int
) -> Conversation:
    """Give the conversation back: ``resume`` the interrupted form, show the ``menu``, or start a flow by name.

    Raises:
        OwnerError: it is not this agent's, or changed since they looked.
        BadRequest: the mode is no name.
    """
    if not MODE.fullmatch(mode):
        raise BadRequest("No such way to return.", "mode_unknown")
    async with writing(desk, conversation_id) as unit:
        await check_owner(unit, agent, Event.AGENT_RETURNS)
        unit.check_version(version)
        await unit.move(Event.AGENT_RETURNS)
        _back_to_bot(unit, {"mode": mode, "by": "agent", "name": agent.name})
        await unit.link_event("conversation.returned", {"mode": mode, "by": "agent"})
        return conversation_of(unit.head)


async def transfer(
    desk: Desk, agent: Agent, conversation_id: str, to_agent_id: str | None, version: int
) -> Conversation:
    """Pass the conversation on to a colleague, or back to the front of the line.

    Raises:
        OwnerError: it is not this agent's, or changed since they looked.
        NotFound: there is no such colleague.
    """
    event = Event.TRANSFER_TO_AGENT if to_agent_id else Event.TRANSFER_TO_QUEUE
    async with writing(desk, conversation_id) as unit:
        await check_owner(unit, agent, event)
        unit.check_version(version)
        colleague = await people.find_agent(unit.session, to_agent_id) if to_agent_id else None
        if to_agent_id and colleague is None:
            raise NotFound("agent")
        await _leave(unit)
        await unit.move(event, to_agent_id)
        if colleague is None:
            await _to_front(unit)
            return conversation_of(unit.head)
        _join(unit, colleague)
        return conversation_of(unit.head, colleague.name)


async def resolve(desk: Desk, agent: Agent, conversation_id: str, version: int) -> Conversation:
    """Close the conversation.

    Raises:
        OwnerError: another agent has it, it is closed, or changed since they looked.
    """
    async with writing(desk, conversation_id) as unit:
        await _check_not_anothers(unit, agent)
        unit.check_version(version)
        await unit.move(Event.RESOLVE)
        await _closed(unit, "agent")
        return conversation_of(unit.head)


async def leave_person(desk: Desk, conversation_id: str, client_id: str) -> Entry:
    """Let the customer go back to the bot; a repeat finds what the first did.

    Raises:
        WrongOwner: the bot has the conversation already.
    """
    async with writing(desk, conversation_id) as unit:
        known = await entries.find_by_client_id(unit.session, conversation_id, client_id)
        if known is not None:
            return known
        await unit.move(Event.CUSTOMER_LEAVES)
        await unit.link_event("conversation.returned", {"mode": "resume", "by": "customer"})
        return _back_to_bot(unit, {"mode": "resume", "by": "customer"}, client_id)


async def requeue_silent(desk: Desk, conversation_id: str, version: int) -> None:
    """Put a conversation whose agent is gone at the front of the line."""
    async with writing(desk, conversation_id) as unit:
        unit.check_version(version)
        await _leave(unit)
        await unit.move(Event.AGENT_SILENT)
        await _to_front(unit)


async def give_up_waiting(desk: Desk, conversation_id: str, version: int) -> None:
    """Nobody is free: back to the bot, with a ticket and a promise."""
    async with writing(desk, conversation_id) as unit:
        unit.check_version(version)
        await _nobody_in(unit)


async def close_idle(desk: Desk, conversation_id: str, version: int) -> None:
    """Close what nobody has written in for long."""
    async with writing(desk, conversation_id) as unit:
        unit.check_version(version)
        await unit.move(Event.IDLE)
        await _closed(unit, "idle")


async def check_owner(unit: Writing, agent: Agent, event: Event) -> None:
    """Refuse an agent who does not have the conversation; a supervisor acts for any agent.

    Raises:
        ConversationTaken: another agent has it.
        WrongOwner: no agent has it.
    """
    if unit.owner.kind is not OwnerKind.AGENT:
        raise WrongOwner(str(unit.owner.kind), str(event))
    await _check_not_anothers(unit, agent)


async def _check_not_anothers(unit: Writing, agent: Agent) -> None:
    holder = unit.owner.agent_id
    if holder is not None and holder != agent.id and agent.role is not Role.SUPERVISOR:
        raise ConversationTaken(holder, await unit.agent_name(holder))


def _as_owner(agent: Agent) -> Owner:
    return Owner(OwnerKind.AGENT, agent.id)


def _join(unit: Writing, agent: Agent) -> None:
    unit.system(Code.AGENT_JOINED, f"{agent.name} has joined.", {"name": agent.name})


async def _leave(unit: Writing) -> None:
    name = await unit.agent_name(unit.owner.agent_id or "")
    unit.system(Code.AGENT_LEFT, f"{name} has left.", {"name": name})


async def _to_front(unit: Writing) -> None:
    unit.head.queue_rank = QUEUE_FRONT
    unit.head.handoff_at = unit.head.handoff_at or unit.now
    people.add_handoff(
        unit.session,
        unit.head.id,
        unit.head.handoff_reason or "requeued",
        unit.head.handoff_brief or "",
        unit.head.interrupted_form,
        unit.now,
    )
    await _tell_position(unit)


async def _nobody_in(unit: Writing) -> None:
    head = unit.head
    has_form, brief = bool(head.interrupted_form), head.handoff_brief or ""
    await unit.move(Event.NOBODY_FREE)
    subject = clip(brief.split("\n", 1)[0], 120) or "Please contact the customer"
    draft = tickets.TicketDraft(subject, brief or subject, kind="callback")
    assistant = Author("bot", unit.desk.config.brand.assistant_name)
    ticket = await tickets.open_in(unit, draft, assistant, is_told=False)
    hours = unit.desk.hours.words
    params = {"ticket": ticket.number, "hours": hours} | ({"mode": "resume"} if has_form else {})
    work = Work.RESUME if has_form else None
    unit.system(Code.NOBODY_AVAILABLE, nobody_text(ticket.number, hours), params, work=work)
    _forget_handoff(unit)


def _back_to_bot(unit: Writing, params: dict[str, str], client_id: str | None = None) -> Entry:
    _forget_handoff(unit)
    return unit.system(Code.RETURNED_TO_BOT, BACK_TO_BOT, params, client_id=client_id, work=Work.RESUME)


async def _closed(unit: Writing, by: str) -> None:
    _forget_handoff(unit)
    unit.system(Code.CONVERSATION_CLOSED, CLOSED, {"by": by})
    await unit.link_event("conversation.closed", {"by": by})


def _forget_handoff(unit: Writing) -> None:
    head = unit.head
    head.handoff_reason = head.handoff_brief = head.handoff_at = head.interrupted_form = None
