"""Questions without an answer, and the groups of those that ask for the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from ulid import ULID

from desk.models import QuestionGroupRow, QuestionRow


class GroupStatus(StrEnum):
    """What became of a group: nothing yet, an article, or a decision that none is needed."""

    OPEN = "open"
    WRITTEN = "written"
    DISMISSED = "dismissed"


@dataclass(frozen=True)
class Nearest:
    """A passage that came near and was not sure enough."""

    title: str
    url: str
    text: str
    document_id: str
    score: float


@dataclass(frozen=True)
class NewQuestion:
    """A question that had no answer, already without personal details."""

    conversation_id: str
    seq: int
    question: str
    key: str
    locale: str
    confidence: float
    nearest: Sequence[dict[str, Any]]
    asked_at: datetime


@dataclass(frozen=True)
class GroupPage:
    """What a list of groups is asked for."""

    status: GroupStatus
    limit: int
    query: str = ""
    after: tuple[int, datetime, str] | None = None


async def add_question(session: AsyncSession, new: NewQuestion) -> QuestionGroupRow:
    """Keep a question; it joins the group in which its very words stand already, else begins one of its own."""
    group = await _group_of_words(session, new.key)
    if group is None:
        group = QuestionGroupRow(
            id=str(ULID()),
            question=new.question,
            status=str(GroupStatus.OPEN),
            asked_count=0,
            first_asked_at=new.asked_at,
            last_asked_at=new.asked_at,
            nearest=list(new.nearest),
        )
        session.add(group)
        await session.flush()
    group.asked_count += 1
    group.last_asked_at = max(group.last_asked_at, new.asked_at)
    session.add(
        QuestionRow(
            conversation_id=new.conversation_id,
            seq=new.seq,
            group_id=group.id,
            question=new.question,
            question_key=new.key,
            locale=new.locale,
            confidence=new.confidence,
            nearest=list(new.nearest),
            asked_at=new.asked_at,
        )
    )
    return group


async def _group_of_words(session: AsyncSession, key: str) -> QuestionGroupRow | None:
    """Find the group of the same words. One that an article was written for is over: the article did not help here."""
    query = (
        select(QuestionGroupRow)
        .join(QuestionRow, QuestionRow.group_id == QuestionGroupRow.id)
        .where(QuestionRow.question_key == key, QuestionGroupRow.status != str(GroupStatus.WRITTEN))
        .limit(1)
        .with_for_update(of=QuestionGroupRow)
    )
    return (await session.execute(query)).scalar_one_or_none()


async def find_group(
    session: AsyncSession, group_id: str, *, for_change: bool = False
) -> QuestionGroupRow | None:
    """Fetch a group."""
    query = select(QuestionGroupRow).where(QuestionGroupRow.id == group_id)
    return (await session.execute(query.with_for_update() if for_change else query)).scalar_one_or_none()


async def list_groups(session: AsyncSession, page: GroupPage) -> list[QuestionGroupRow]:
    """List groups, the ones asked for most first, one more than asked."""
    row = QuestionGroupRow
    query = (
        select(row)
        .where(row.status == str(page.status))
        .order_by(row.asked_count.desc(), row.last_asked_at.desc(), row.id.desc())
        .limit(page.limit + 1)
    )
    if page.query:
        query = query.where(_says(page.query))
    if page.after is not None:
        query = query.where(_after(*page.after))
    return list((await session.execute(query)).scalars())


def _says(text: str) -> ColumnElement[bool]:
    asked = select(QuestionRow.group_id).where(QuestionRow.question.icontains(text, autoescape=True))
    return QuestionGroupRow.id.in_(asked)


def _after(count: int, at: datetime, group_id: str) -> ColumnElement[bool]:
    row = QuestionGroupRow
    later = or_(row.last_asked_at < at, and_(row.last_asked_at == at, row.id < group_id))
    return or_(row.asked_count < count, and_(row.asked_count == count, later))


async def questions_of(session: AsyncSession, group_id: str, limit: int) -> list[QuestionRow]:
    """List a group's questions, the newest first."""
    query = (
        select(QuestionRow)
        .where(QuestionRow.group_id == group_id)
        .order_by(QuestionRow.asked_at.desc(), QuestionRow.id.desc())
        .limit(limit)
    )
    return list((await session.execute(query)).scalars())


async def count_groups(session: AsyncSession) -> dict[str, int]:
    """Count groups by status."""
    query = select(QuestionGroupRow.status, func.count()).group_by(QuestionGroupRow.status)
    return dict((await session.execute(query)).all())


async def newest_question(session: AsyncSession) -> int:
    """Tell the id of the newest question; 0 when there is none."""
    return (await session.execute(select(func.max(QuestionRow.id)))).scalar_one_or_none() or 0


async def open_questions(session: AsyncSession, limit: int) -> list[QuestionRow]:
    """List what open groups hold, the newest first."""
    query = (
        select(QuestionRow)
        .join(QuestionGroupRow, QuestionGroupRow.id == QuestionRow.group_id)
        .where(QuestionGroupRow.status == str(GroupStatus.OPEN))
        .order_by(QuestionRow.id.desc())
        .limit(limit)
    )
    return list((await session.execute(query)).scalars())


async def move_questions(session: AsyncSession, ids: Sequence[int], group_id: str) -> None:
    """Put questions into a group."""
    for start in range(0, len(ids), 500):
        await session.execute(
            update(QuestionRow)
            .where(QuestionRow.id.in_(ids[start : start + 500]))
            .values(group_id=group_id)
            .execution_options(synchronize_session=False)
        )


async def reopen_written(session: AsyncSession, document_id: str) -> int:
    """Open the groups that a document answered, and count them."""
    row = QuestionGroupRow
    nobody = dict.fromkeys(("document_id", "done_at", "done_by_id", "done_by_name"))
    done = await session.execute(
        update(row)
        .where(row.document_id == document_id, row.status == str(GroupStatus.WRITTEN))
        .values(status=str(GroupStatus.OPEN), **nobody)
        .returning(row.id)
        .execution_options(synchronize_session=False)
    )
    return len(done.all())


def new_group(
    session: AsyncSession, question: str, nearest: list[dict[str, Any]], at: datetime
) -> QuestionGroupRow:
    """Begin an open group that holds nothing yet."""
    row = QuestionGroupRow(
        id=str(ULID()),
        question=question,
        status=str(GroupStatus.OPEN),
        asked_count=0,
        first_asked_at=at,
        last_asked_at=at,
        nearest=nearest,
    )
    session.add(row)
    return row


async def recount(session: AsyncSession, group_ids: Sequence[str]) -> None:
    """Count anew what some open groups hold, and drop those that hold nothing."""
    query = (
        select(
            QuestionRow.group_id, func.count(), func.min(QuestionRow.asked_at), func.max(QuestionRow.asked_at)
        )
        .where(QuestionRow.group_id.in_(group_ids))
        .group_by(QuestionRow.group_id)
    )
    held = {group: (count, first, last) for group, count, first, last in await session.execute(query)}
    for group_id, (count, first, last) in held.items():
        await session.execute(
            update(QuestionGroupRow)
            .where(QuestionGroupRow.id == group_id)
            .values(asked_count=count, first_asked_at=first, last_asked_at=last)
            .execution_options(synchronize_session=False)
        )
    empty = [group_id for group_id in group_ids if group_id not in held]
    await session.execute(delete(QuestionGroupRow).where(QuestionGroupRow.id.in_(empty)))
