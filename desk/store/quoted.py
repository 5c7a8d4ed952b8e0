"""Which passages answers quoted, whether they helped, and which of them say something else today."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, case, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from desk.log import Entry, Source
from desk.models import MarkRow, PassageTextRow, QuotedRow, VoteRow

MAX_ID_CHARS = 500
MAX_HASH_CHARS = 64
_AT_ONCE = 500


@dataclass(frozen=True)
class Quoted:
    """A passage as it was when an answer quoted it."""

    document_id: str
    passage_id: str
    passage_hash: str


@dataclass(frozen=True)
class PassageText:
    """What a passage says; ``text`` is empty where nobody read it in time."""

    title: str
    url: str
    updated: str
    text: str


@dataclass(frozen=True)
class Helpfulness:
    """Votes on answers from one document."""

    helpful: int = 0
    unhelpful: int = 0
    answers: int = 0


async def keep_vote(
    session: AsyncSession, conversation_id: str, seq: int, is_helpful: bool | None, at: datetime
) -> None:
    """Set or take back the vote on an entry; the conversation must be locked."""
    if is_helpful is None:
        here = and_(VoteRow.conversation_id == conversation_id, VoteRow.seq == seq)
        await session.execute(delete(VoteRow).where(here))
        return
    await session.merge(VoteRow(conversation_id=conversation_id, seq=seq, is_helpful=is_helpful, at=at))


def keep_quoted(session: AsyncSession, entry: Entry) -> None:
    """Remember the passages that an entry quotes; sources that do not name theirs are left out."""
    named = {source.passage_id: source for source in entry.sources if _is_named(source)}
    for passage_id, source in named.items():
        session.add(
            QuotedRow(
                conversation_id=entry.conversation_id,
                seq=entry.seq,
                passage_id=passage_id,
                document_id=source.document_id,
                passage_hash=source.passage_hash,
                quoted_at=entry.at,
            )
        )


def _is_named(source: Source) -> bool:
    limits = (
        (source.passage_id, MAX_ID_CHARS),
        (source.document_id, MAX_ID_CHARS),
        (source.passage_hash, MAX_HASH_CHARS),
    )
    return all(value and len(value) <= limit for value, limit in limits)


async def helpfulness(session: AsyncSession) -> dict[str, Helpfulness]:
    """Count the votes by document; an answer that quotes a document twice counts once."""
    answers = (
        select(QuotedRow.document_id, QuotedRow.conversation_id, QuotedRow.seq).distinct().subquery("answers")
    )
    query = (
        select(
            answers.c.document_id,
            func.sum(case((VoteRow.is_helpful.is_(True), 1), else_=0)),
            func.sum(case((VoteRow.is_helpful.is_(False), 1), else_=0)),
            func.count(),
        )
        .select_from(answers)
        .outerjoin(
            VoteRow,
            and_(VoteRow.conversation_id == answers.c.conversation_id, VoteRow.seq == answers.c.seq),
        )
        .group_by(answers.c.document_id)
    )
    return {
        document: Helpfulness(int(good), int(bad), int(all_))
        for document, good, bad, all_ in await session.execute(query)
    }


async def passage_votes(session: AsyncSession, limit: int) -> list[tuple[str, str, int, int]]:
    """List the passages with the most votes against them: (passage, document, helpful, unhelpful)."""
    good = func.sum(case((VoteRow.is_helpful.is_(True), 1), else_=0))
    bad = func.sum(case((VoteRow.is_helpful.is_(False), 1), else_=0))
    query = (
        select(QuotedRow.passage_id, QuotedRow.document_id, good, bad)
        .join(
            VoteRow,
            and_(VoteRow.conversation_id == QuotedRow.conversation_id, VoteRow.seq == QuotedRow.seq),
        )
        .group_by(QuotedRow.passage_id, QuotedRow.document_id)
        .order_by(bad.desc(), QuotedRow.passage_id)
        .limit(limit)
    )
    return [
        (passage, document, int(up), int(down))
        for passage, document, up, down in await session.execute(query)
    ]


async def quoted_without_text(session: AsyncSession, limit: int) -> list[Quoted]:
    """List quoted passages whose words are not kept yet."""
    query = (
        select(QuotedRow.document_id, QuotedRow.passage_id, QuotedRow.passage_hash)
        .outerjoin(PassageTextRow, PassageTextRow.passage_hash == QuotedRow.passage_hash)
        .where(PassageTextRow.passage_hash.is_(None))
        .distinct()
        .limit(limit)
    )
    return [Quoted(*row) for row in await session.execute(query)]


async def open_quotes(session: AsyncSession) -> list[Quoted]:
    """List every passage that was quoted and not corrected since, once for each text it had."""
    query = (
        select(QuotedRow.document_id, QuotedRow.passage_id, QuotedRow.passage_hash)
        .where(QuotedRow.done_at.is_(None))
        .distinct()
    )
    return [Quoted(*row) for row in await session.execute(query)]


async def keep_texts(session: AsyncSession, texts: Iterable[tuple[str, PassageText]]) -> None:
    """Keep what passages say, by hash."""
    for passage_hash, text in texts:
        await session.merge(
            PassageTextRow(
                passage_hash=passage_hash,
                title=text.title[:500],
                url=text.url,
                updated=text.updated[:32],
                text=text.text,
            )
        )


async def texts_of(session: AsyncSession, hashes: Iterable[str]) -> dict[str, PassageText]:
    """Fetch what passages said or say."""
    query = select(PassageTextRow).where(PassageTextRow.passage_hash.in_(set(hashes)))
    return {
        row.passage_hash: PassageText(row.title, row.url, row.updated, row.text)
        for row in (await session.execute(query)).scalars()
    }


async def all_texts(session: AsyncSession, known: Sequence[Quoted]) -> dict[str, PassageText]:
    """Fetch what many passages said, a few hundred at a time."""
    hashes = sorted({one.passage_hash for one in known})
    found: dict[str, PassageText] = {}
    for start in range(0, len(hashes), _AT_ONCE):
        found |= await texts_of(session, hashes[start : start + _AT_ONCE])
    return found


async def mark_outdated(session: AsyncSession, old: Quoted, new_hash: str | None, at: datetime) -> None:
    """Mark answers from a text as answers from an old one; when they were found first stays."""
    await session.execute(
        update(QuotedRow)
        .where(*_same(old), QuotedRow.done_at.is_(None))
        .values(outdated_at=func.coalesce(QuotedRow.outdated_at, at), new_hash=new_hash)
        .execution_options(synchronize_session=False)
    )


async def mark_current(session: AsyncSession, text: Quoted) -> None:
    """Take the mark away: the articles say again what was said."""
    await session.execute(
        update(QuotedRow)
        .where(*_same(text), QuotedRow.done_at.is_(None), QuotedRow.outdated_at.is_not(None))
        .values(outdated_at=None, new_hash=None)
        .execution_options(synchronize_session=False)
    )


def _same(text: Quoted) -> Sequence[ColumnElement[bool]]:
    return (QuotedRow.passage_id == text.passage_id, QuotedRow.passage_hash == text.passage_hash)


def is_outdated(*, is_done: bool) -> ColumnElement[bool]:
    """Say which answers are to be corrected, or were."""
    done = QuotedRow.done_at.is_not(None) if is_done else QuotedRow.done_at.is_(None)
    return and_(QuotedRow.outdated_at.is_not(None), done)


async def list_outdated(
    session: AsyncSession, *, is_done: bool, limit: int, after: tuple[datetime, str, int, str] | None
) -> list[QuotedRow]:
    """List answers from old texts, the newest first, one more than asked."""
    row = QuotedRow
    query = (
        select(row)
        .where(is_outdated(is_done=is_done))
        .order_by(row.quoted_at.desc(), row.conversation_id.desc(), row.seq.desc(), row.passage_id.desc())
        .limit(limit + 1)
    )
    if after is not None:
        query = query.where(_before(after))
    return list((await session.execute(query)).scalars())


def _before(after: tuple[datetime, str, int, str]) -> ColumnElement[bool]:
    columns = (QuotedRow.quoted_at, QuotedRow.conversation_id, QuotedRow.seq, QuotedRow.passage_id)
    parts: list[ColumnElement[bool]] = []
    for place in range(len(columns)):
        same = [column == value for column, value in zip(columns[:place], after[:place], strict=True)]
        parts.append(and_(*same, columns[place] < after[place]))
    return or_(*parts)


async def count_outdated(session: AsyncSession) -> int:
    """Count answers that are to be corrected."""
    query = select(func.count()).select_from(QuotedRow).where(is_outdated(is_done=False))
    return (await session.execute(query)).scalar_one()


async def find_quoted(
    session: AsyncSession, conversation_id: str, seq: int, passage_id: str
) -> QuotedRow | None:
    """Fetch one quoted passage."""
    return await session.get(QuotedRow, (conversation_id, seq, passage_id))


async def read_mark(session: AsyncSession, name: str) -> str | None:
    """Read how far a task has come."""
    row = await session.get(MarkRow, name)
    return row.value if row else None


async def set_mark(session: AsyncSession, name: str, value: str) -> None:
    """Remember how far a task has come."""
    await session.merge(MarkRow(name=name, value=value[:200]))
