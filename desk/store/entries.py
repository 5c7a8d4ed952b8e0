"""Entries: append in order, read on from a seq."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.log import Entry, EntryKind, NewEntry
from desk.models import AnswerRow, ConversationRow, EntryRow, TraceRow, VoteRow
from desk.store.rows import entry_of, owner_of, row_of

NOT_FOR_CUSTOMERS = (str(EntryKind.NOTE),)


def _build_read(*, for_customer: bool) -> Select[EntryRow, str, dict[str, Any], bool]:
    query = (
        select(EntryRow, AnswerRow.button_id, TraceRow.trace, VoteRow.is_helpful)
        .outerjoin(
            AnswerRow,
            and_(AnswerRow.conversation_id == EntryRow.conversation_id, AnswerRow.seq == EntryRow.seq),
        )
        .outerjoin(
            TraceRow, and_(TraceRow.conversation_id == EntryRow.conversation_id, TraceRow.seq == EntryRow.seq)
        )
        .outerjoin(
            VoteRow, and_(VoteRow.conversation_id == EntryRow.conversation_id, VoteRow.seq == EntryRow.seq)
        )
        .where(
            EntryRow.conversation_id == bindparam("conversation_id"), EntryRow.seq > bindparam("after_seq")
        )
        .order_by(EntryRow.seq)
        .limit(bindparam("most"))
    )
    if not for_customer:
        return query
    return query.where(EntryRow.kind != str(EntryKind.NOTE), EntryRow.is_draft.is_(False))


# Built once: every message is read by several readers, and building costs more than running.
_READ_ALL = _build_read(for_customer=False)
_READ_AS_CUSTOMER = _build_read(for_customer=True)
_FIND = select(EntryRow).where(
    EntryRow.conversation_id == bindparam("conversation_id"), EntryRow.client_id == bindparam("client_id")
)
_NEXT_WORK = (
    select(EntryRow)
    .where(
        EntryRow.conversation_id == bindparam("conversation_id"),
        EntryRow.seq > bindparam("after_seq"),
        EntryRow.work.is_not(None),
    )
    .order_by(EntryRow.seq)
    .limit(1)
)


async def find_by_client_id(session: AsyncSession, conversation_id: str, client_id: str) -> Entry | None:
    """Find the entry that a sender stored under this id before."""
    values = {"conversation_id": conversation_id, "client_id": client_id}
    row = (await session.execute(_FIND, values)).scalar_one_or_none()
    return entry_of(row) if row else None


def append(session: AsyncSession, head: ConversationRow, new: NewEntry, at: datetime) -> Entry:
    """Give an entry the next seq; the head must be locked and the client_id new."""
    head.last_seq += 1
    entry = Entry(
        conversation_id=head.id,
        seq=head.last_seq,
        client_id=new.client_id,
        kind=new.kind,
        text=new.text,
        at=at,
        author=new.author,
        buttons=new.buttons,
        sources=new.sources,
        code=new.code,
        params=new.params,
        trace=new.trace,
        is_draft=new.is_draft,
        payload=new.payload,
        owner_at=owner_of(head),
        work=new.work,
    )
    session.add(row_of(entry))
    return entry


async def read_after(
    session: AsyncSession, conversation_id: str, after_seq: int, limit: int, *, for_customer: bool
) -> list[Entry]:
    """Read entries with a greater seq, in order; a customer's reading leaves out notes and drafts."""
    found = await session.execute(
        _READ_AS_CUSTOMER if for_customer else _READ_ALL,
        {"conversation_id": conversation_id, "after_seq": after_seq, "most": limit},
    )
    return [entry_of(row, button, trace, vote) for row, button, trace, vote in found]


async def read_one(session: AsyncSession, conversation_id: str, seq: int) -> Entry | None:
    """Read one entry."""
    found = await read_after(session, conversation_id, seq - 1, 1, for_customer=False)
    return found[0] if found and found[0].seq == seq else None


async def next_work(session: AsyncSession, conversation_id: str, after_seq: int) -> Entry | None:
    """Read the first entry the engine has not handled."""
    values = {"conversation_id": conversation_id, "after_seq": after_seq}
    row = (await session.execute(_NEXT_WORK, values)).scalar_one_or_none()
    return entry_of(row) if row else None


async def last_of_customer(session: AsyncSession, conversation_id: str, before_seq: int) -> Entry | None:
    """Read what the customer wrote last before a seq."""
    query = (
        select(EntryRow)
        .where(
            EntryRow.conversation_id == conversation_id,
            EntryRow.kind == str(EntryKind.CUSTOMER),
            EntryRow.seq < before_seq,
        )
        .order_by(EntryRow.seq.desc())
        .limit(1)
    )
    row = (await session.execute(query)).scalar_one_or_none()
    return entry_of(row) if row else None


async def last_of_each(session: AsyncSession, heads: Sequence[ConversationRow]) -> dict[str, Entry]:
    """Read the newest entry of each conversation."""
    query = (
        select(EntryRow)
        .join(
            ConversationRow,
            and_(ConversationRow.id == EntryRow.conversation_id, ConversationRow.last_seq == EntryRow.seq),
        )
        .where(EntryRow.conversation_id.in_([head.id for head in heads]))
    )
    return {row.conversation_id: entry_of(row) for row in (await session.execute(query)).scalars()}


async def count_unread(session: AsyncSession, heads: Sequence[ConversationRow]) -> dict[str, int]:
    """Count what customers wrote after the agents' read marks."""
    query = (
        select(EntryRow.conversation_id, func.count())
        .join(ConversationRow, ConversationRow.id == EntryRow.conversation_id)
        .where(
            EntryRow.conversation_id.in_([head.id for head in heads]),
            EntryRow.kind == str(EntryKind.CUSTOMER),
            EntryRow.seq > ConversationRow.agent_read_seq,
        )
        .group_by(EntryRow.conversation_id)
    )
    return dict((await session.execute(query)).all())


async def last_visible_seq(session: AsyncSession, conversation_id: str) -> int:
    """Find the greatest seq a customer may see; 0 when there is none."""
    query = select(func.max(EntryRow.seq)).where(
        EntryRow.conversation_id == conversation_id,
        EntryRow.kind.not_in(NOT_FOR_CUSTOMERS),
        EntryRow.is_draft.is_(False),
    )
    return (await session.execute(query)).scalar_one_or_none() or 0


async def find_answer(session: AsyncSession, conversation_id: str, seq: int) -> str | None:
    """Find which button of an entry was pressed."""
    row = await session.get(AnswerRow, (conversation_id, seq))
    return row.button_id if row else None


def keep_answer(session: AsyncSession, conversation_id: str, seq: int, button_id: str) -> None:
    """Remember which button was pressed."""
    session.add(AnswerRow(conversation_id=conversation_id, seq=seq, button_id=button_id))


async def keep_trace(session: AsyncSession, conversation_id: str, seq: int, trace: dict[str, Any]) -> None:
    """Remember what was understood of an entry."""
    await session.merge(TraceRow(conversation_id=conversation_id, seq=seq, trace=trace))


async def said_since(session: AsyncSession, conversation_id: str, before_seq: int, limit: int) -> list[Entry]:
    """Read what customer and agent said in the human stretch that ended at ``before_seq``, in order.

    The stretch begins after the last entry that the bot owned.
    """
    query = (
        select(EntryRow)
        .where(
            EntryRow.conversation_id == conversation_id,
            EntryRow.seq < before_seq,
            EntryRow.kind.in_([str(EntryKind.CUSTOMER), str(EntryKind.AGENT), str(EntryKind.BOT)]),
            EntryRow.is_draft.is_(False),
        )
        .order_by(EntryRow.seq.desc())
        .limit(limit)
    )
    stretch: list[Entry] = []
    for row in (await session.execute(query)).scalars():
        if row.kind == str(EntryKind.BOT) or row.owner_kind in ("bot", "closed"):
            break
        stretch.append(entry_of(row))
    return stretch[::-1]
