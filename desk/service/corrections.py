"""Answers given from texts that say something else today: found, listed, ticked off."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import structlog

from desk.context import Desk
from desk.errors import BadRequest, NotFound
from desk.log import Agent, Conversation, Entry
from desk.models import QuotedRow
from desk.store import conversations, entries, quoted
from desk.store.quoted import PassageText
from desk.store.rows import conversation_of

if TYPE_CHECKING:
    from desk.library import Library

log = structlog.get_logger()

MAX_TEXTS = 500
COMPARED = "compared_with"


@dataclass(frozen=True)
class Correction:
    """An answer from an old text: whose, what was asked and said, and both texts; ``new`` is None where it is gone."""

    conversation: Conversation
    row: QuotedRow
    question: Entry | None
    answer: Entry
    old: PassageText | None
    new: PassageText | None


@dataclass(frozen=True)
class Place:
    """Names one quoted passage of one answer."""

    conversation_id: str
    seq: int
    passage_id: str


async def keep_quoted_texts(desk: Desk, library: Library) -> int:
    """Keep the words of what was quoted while they are still there to read; says how many were looked for.

    A passage that says something else already is kept with empty words, so that it is not looked for again.
    """
    async with desk.database.read() as session:
        wanted = await quoted.quoted_without_text(session, MAX_TEXTS)
    if not wanted or await asyncio.to_thread(library.index_id) is None:
        return 0
    found = await asyncio.to_thread(library.read_texts, wanted)
    nothing = PassageText("", "", "", "")
    async with desk.database.write() as session:
        texts = {one.passage_hash: found.get(one.passage_hash, nothing) for one in wanted}
        await quoted.keep_texts(session, texts.items())
    return len(wanted)


async def find_outdated(desk: Desk, library: Library) -> int:
    """Mark answers whose text the articles no longer have; does something only when another index is served."""
    index_id = await asyncio.to_thread(library.index_id)
    async with desk.database.read() as session:
        if index_id is None or await quoted.read_mark(session, COMPARED) == index_id:
            return 0
        known = await quoted.open_quotes(session)
        texts = await quoted.all_texts(session, known)
    compared = await asyncio.to_thread(library.compare, known, texts)
    now = desk.clock()
    async with desk.database.write() as session:
        for change in compared.changed:
            if change.now_hash is not None and change.now is not None:
                await quoted.keep_texts(session, [(change.now_hash, change.now)])
            await quoted.mark_outdated(session, change.quoted, change.now_hash, now)
        for one in compared.current:
            await quoted.mark_current(session, one)
        await quoted.set_mark(session, COMPARED, index_id)
    log.info("answers_compared", index_id=index_id, quoted=len(known), changed=len(compared.changed))
    return len(compared.changed)


async def access_corrections(
    desk: Desk, *, is_done: bool, limit: int, cursor: str | None
) -> tuple[list[Correction], str | None]:
    """List answers to correct for an agent, the newest first, and where the next page begins.

    Raises:
        BadRequest: the cursor is none of ours.
    """
    after = parse_cursor(cursor) if cursor else None
    async with desk.database.read() as session:
        rows = await quoted.list_outdated(session, is_done=is_done, limit=limit, after=after)
        shown = rows[:limit]
        hashes = {row.passage_hash for row in shown} | {row.new_hash for row in shown if row.new_hash}
        texts = await quoted.texts_of(session, hashes)
        found: list[Correction] = []
        for row in shown:
            head = await conversations.find_row(session, row.conversation_id)
            answer = await entries.read_one(session, row.conversation_id, row.seq)
            if head is None or answer is None:
                continue
            question = await entries.last_of_customer(session, row.conversation_id, row.seq)
            old, new = texts.get(row.passage_hash), texts.get(row.new_hash or "")
            found.append(Correction(conversation_of(head), row, question, answer, old, new))
    return found, write_cursor(shown[-1]) if len(rows) > limit else None


async def settle(desk: Desk, agent: Agent, places: Sequence[Place], *, is_done: bool) -> int:
    """Tick answers off as corrected, or take that back; says how many there were.

    Raises:
        NotFound: one of them is not in the list.
    """
    now = desk.clock()
    async with desk.database.write() as session:
        for place in places:
            row = await quoted.find_quoted(session, place.conversation_id, place.seq, place.passage_id)
            if row is None or row.outdated_at is None:
                raise NotFound("answer to correct")
            row.done_at = now if is_done else None
            row.done_by_id = agent.id if is_done else None
            row.done_by_name = agent.name if is_done else None
    return len(places)


def write_cursor(row: QuotedRow) -> str:
    """Write where the next page begins."""
    return f"{row.quoted_at.isoformat()}|{row.conversation_id}|{row.seq}|{row.passage_id}"


def parse_cursor(cursor: str) -> tuple[datetime, str, int, str]:
    """Read where a page begins.

    Raises:
        BadRequest: it is none of ours.
    """
    try:
        at, conversation_id, seq, passage_id = cursor.split("|", 3)
        time = datetime.fromisoformat(at)
        if time.tzinfo is None or len(seq) > 9 or "\x00" in cursor:
            raise ValueError("foreign")
        return time.astimezone(UTC), conversation_id, int(seq), passage_id
    except (ValueError, OverflowError) as exc:
        raise BadRequest("The cursor is none of ours.") from exc
