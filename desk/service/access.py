"""What a customer or an agent may see. Nothing else fetches for them, so permission exists once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from desk.context import Desk
from desk.errors import NotFound, NothingToExplain
from desk.log import Agent, Conversation, Entry, EntryKind, Summary, Ticket
from desk.models import ConversationRow
from desk.owner import OwnerKind
from desk.service.writing import REPLY_PREFIX
from desk.store import conversations, entries, people, tickets
from desk.store.conversations import Page
from desk.store.rows import conversation_of
from desk.waiting import LOOK_BACK, estimate_wait_minutes

PAGE_ENTRIES = 200
MAX_AGENT_ENTRIES = 1000
MAX_EARLIER = 5
MAX_SEQ = 2**31 - 1


@dataclass(frozen=True)
class CustomerHead:
    """A conversation as its customer may see it; place and wait only while waiting."""

    conversation: Conversation
    last_seq: int
    position: int | None = None
    wait_minutes: int | None = None


@dataclass(frozen=True)
class Overview:
    """The console's numbers."""

    waiting: int
    mine: int
    bot: int
    closed_today: int
    agents_online: int


@dataclass(frozen=True)
class OpenedConversation:
    """Everything an agent sees who opens a conversation."""

    summary: Summary
    entries: Sequence[Entry]
    tickets: Sequence[Ticket]
    earlier: Sequence[Summary]


async def access_customer_entries(
    desk: Desk, conversation_id: str, after_seq: int, limit: int = PAGE_ENTRIES
) -> list[Entry]:
    """Read on in one's own conversation; notes and drafts are not there."""
    async with desk.database.read() as session:
        return await entries.read_after(session, conversation_id, after_seq, limit, for_customer=True)


async def access_customer_entry(desk: Desk, conversation_id: str, seq: int) -> Entry | None:
    """Read one entry of one's own conversation again, None when it is not the customer's to see."""
    async with desk.database.read() as session:
        found = await entries.read_after(session, conversation_id, seq - 1, 1, for_customer=True)
    return found[0] if found and found[0].seq == seq else None


async def access_customer_head(desk: Desk, conversation_id: str) -> CustomerHead:
    """Read who has one's conversation, and how long the line is.

    Raises:
        NotFound: there is no such conversation.
    """
    async with desk.database.read() as session:
        row = await _row(session, conversation_id)
        names = await conversations.agent_names(session, [row])
        head = conversation_of(row, names.get(row.owner_agent_id or ""))
        last_seq = await entries.last_visible_seq(session, conversation_id)
        if head.owner.kind is not OwnerKind.QUEUE:
            return CustomerHead(head, last_seq)
        order = await conversations.queue_order(session)
        position = order.index(row.id) + 1 if row.id in order else 1
        return CustomerHead(head, last_seq, position, await _wait(desk, session, position))


async def _wait(desk: Desk, session: AsyncSession, position: int) -> int | None:
    now = desk.clock()
    timeout = timedelta(seconds=desk.config.people.presence_timeout_seconds)
    online = await people.count_online(session, now - timeout)
    return estimate_wait_minutes(position, await people.claims_since(session, now - LOOK_BACK), online, now)


async def access_summaries(desk: Desk, agent: Agent, page: Page) -> tuple[list[Summary], str | None]:
    """List conversations for an agent, and where the next page begins."""
    async with desk.database.read() as session:
        rows = await conversations.list_rows(session, agent, page)
        shown = rows[: page.limit]
        cursor = conversations.next_cursor(page, shown[-1]) if len(rows) > page.limit else None
        return await _summaries(session, shown), cursor


async def access_summary(desk: Desk, _agent: Agent | None, conversation_id: str) -> Summary:
    """Read a conversation as a line in the list. Every agent may see every conversation of the company.

    Raises:
        NotFound: there is no such conversation.
    """
    async with desk.database.read() as session:
        return (await _summaries(session, [await _row(session, conversation_id)]))[0]


async def access_conversation(desk: Desk, _agent: Agent, conversation_id: str) -> OpenedConversation:
    """Read all of a conversation.

    Raises:
        NotFound: there is no such conversation.
    """
    async with desk.database.read() as session:
        row = await _row(session, conversation_id)
        summary = (await _summaries(session, [row]))[0]
        earlier = await conversations.earlier_rows(session, row, MAX_EARLIER)
        start = max(summary.conversation.last_seq - MAX_AGENT_ENTRIES, 0)
        lines = await entries.read_after(
            session, conversation_id, start, MAX_AGENT_ENTRIES, for_customer=False
        )
        return OpenedConversation(
            summary,
            lines,
            await tickets.tickets_of(session, conversation_id),
            await _summaries(session, earlier),
        )


async def access_agent_entries(
    desk: Desk, _agent: Agent, conversation_id: str, after_seq: int, limit: int = PAGE_ENTRIES
) -> list[Entry]:
    """Read on in any conversation, notes, drafts and traces included.

    Raises:
        NotFound: there is no such conversation.
    """
    async with desk.database.read() as session:
        await _row(session, conversation_id)
        return await entries.read_after(session, conversation_id, after_seq, limit, for_customer=False)


async def access_agent_entry(desk: Desk, _agent: Agent, conversation_id: str, seq: int) -> Entry | None:
    """Read one entry again."""
    async with desk.database.read() as session:
        return await entries.read_one(session, conversation_id, seq)


async def access_understood(desk: Desk, _agent: Agent, conversation_id: str, seq: int) -> tuple[Entry, Entry]:
    """Read an entry that may have a trace, and the customer's message whose understanding that is.

    Returns:
        Both; they are the same where the message itself was asked for, and not its answer.

    Raises:
        NotFound: there is no such entry.
        NothingToExplain: it comes from no message, or from a button, which is obeyed and not understood.
    """
    async with desk.database.read() as session:
        asked = await _entry(session, conversation_id, seq)
        message_seq = seq if asked.kind is EntryKind.CUSTOMER else _answered_seq(asked)
        if message_seq is None:
            raise NothingToExplain("not_a_message")
        message = await _entry(session, conversation_id, message_seq)
    if message.kind is not EntryKind.CUSTOMER:
        raise NothingToExplain("not_a_message")
    if message.payload is not None or message.work is None:
        raise NothingToExplain("button")
    return asked, message


def _answered_seq(reply: Entry) -> int | None:
    """Read which message an entry of the bot answers; None where it is no answer."""
    start = f"{REPLY_PREFIX}{reply.conversation_id}:"
    seq = reply.client_id.removeprefix(start).partition(":")[0]
    is_reply = reply.kind is EntryKind.BOT and reply.client_id.startswith(start)
    return int(seq) if is_reply and seq.isdecimal() else None


async def _entry(session: AsyncSession, conversation_id: str, seq: int) -> Entry:
    entry = await entries.read_one(session, conversation_id, seq) if 0 < seq <= MAX_SEQ else None
    if entry is None:
        raise NotFound("entry")
    return entry


async def access_overview(desk: Desk, agent: Agent) -> Overview:
    """Count what there is to do."""
    now = desk.clock()
    midnight = now.astimezone(desk.hours.zone).replace(hour=0, minute=0, second=0, microsecond=0)
    timeout = timedelta(seconds=desk.config.people.presence_timeout_seconds)
    async with desk.database.read() as session:
        counts = await conversations.count_by_owner(session)
        return Overview(
            waiting=counts.get("queue", 0),
            mine=await conversations.count_of_agent(session, agent.id),
            bot=counts.get("bot", 0),
            closed_today=await conversations.count_closed_since(session, midnight),
            agents_online=await people.count_online(session, now - timeout),
        )


async def _row(session: AsyncSession, conversation_id: str) -> ConversationRow:
    row = await conversations.find_row(session, conversation_id)
    if row is None:
        raise NotFound("conversation")
    return row


async def _summaries(session: AsyncSession, rows: Sequence[ConversationRow]) -> list[Summary]:
    if not rows:
        return []
    names = await conversations.agent_names(session, rows)
    last = await entries.last_of_each(session, rows)
    unread = await entries.count_unread(session, rows)
    has_waiting = any(row.owner_kind == "queue" for row in rows)
    order = await conversations.queue_order(session) if has_waiting else []
    places = {conversation_id: place for place, conversation_id in enumerate(order, start=1)}
    return [
        Summary(
            conversation_of(row, names.get(row.owner_agent_id or "")),
            last.get(row.id),
            unread.get(row.id, 0),
            places.get(row.id),
        )
        for row in rows
    ]
