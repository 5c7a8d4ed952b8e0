"""Questions without an answer: kept without personal details, grouped, and worked off by writing the article."""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from desk.context import Desk
from desk.errors import BadRequest, NotFound
from desk.log import Agent, Entry
from desk.models import QuestionGroupRow, QuestionRow
from desk.privacy import question_key, without_personal_details
from desk.service.writing import Writing
from desk.store import quoted, unanswered
from desk.store.unanswered import GroupPage, GroupStatus, NewQuestion
from desk.text import clip, scrub

MAX_QUESTION_CHARS = 500
MAX_NEAREST = 5
MAX_NEAREST_CHARS = 1000
MAX_QUESTIONS = 200
# So many of the newest questions are grouped; older ones keep the group they have.
MAX_GROUPED = 5000
GROUPED = "grouped_to"


@dataclass(frozen=True)
class OpenedGroup:
    """A group with what was asked in it, the newest first."""

    group: QuestionGroupRow
    questions: Sequence[QuestionRow]


@dataclass(frozen=True)
class Grouping:
    """Which questions belong together: a label for each, and which one speaks best for its label."""

    labels: Sequence[int]
    speakers: Mapping[int, int]


async def keep_unanswered(unit: Writing, entry: Entry, told: Any) -> None:
    """Keep the question that an entry could not answer; what does not have the expected shape is passed over.

    Args:
        unit: the conversation, locked.
        entry: the bot's honest sentence.
        told: ``{"question", "confidence", "nearest"}`` as the actions send it.
    """
    if not isinstance(told, Mapping) or not isinstance(told.get("question"), str):
        return
    head = unit.head
    asked = without_personal_details(scrub(told["question"]), head.customer_name)
    question = clip(asked, MAX_QUESTION_CHARS)
    words = question_key(question)
    if not words:
        return
    await unanswered.add_question(
        unit.session,
        NewQuestion(
            conversation_id=entry.conversation_id,
            seq=entry.seq,
            question=question,
            key=hashlib.sha256(words.encode()).hexdigest(),
            locale=head.locale,
            confidence=_number(told.get("confidence")),
            nearest=_nearest(told.get("nearest")),
            asked_at=unit.now,
        ),
    )


def _number(value: Any) -> float:
    is_number = isinstance(value, int | float) and math.isfinite(value)
    return min(max(float(value), 0.0), 1.0) if is_number else 0.0


def _nearest(value: Any) -> list[dict[str, Any]]:
    found = [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []
    return [
        {
            "title": _text(item, "title", 300),
            "url": _text(item, "url", 1000),
            "text": _text(item, "text", MAX_NEAREST_CHARS),
            "document_id": _text(item, "document_id", 500),
            "score": _number(item.get("score")),
        }
        for item in found[:MAX_NEAREST]
    ]


def _text(item: Mapping[Any, Any], name: str, limit: int) -> str:
    value = item.get(name)
    return clip(scrub(value), limit) if isinstance(value, str) else ""


async def access_groups(desk: Desk, page: GroupPage) -> tuple[list[QuestionGroupRow], str | None]:
    """List groups for an agent, and where the next page begins."""
    async with desk.database.read() as session:
        rows = await unanswered.list_groups(session, page)
    shown = rows[: page.limit]
    return shown, write_cursor(shown[-1]) if len(rows) > page.limit else None


async def access_counts(desk: Desk) -> dict[str, int]:
    """Count what there is to do: groups by status, and answers to correct."""
    async with desk.database.read() as session:
        groups = await unanswered.count_groups(session)
        outdated = await quoted.count_outdated(session)
    return {str(status): groups.get(str(status), 0) for status in GroupStatus} | {"outdated": outdated}


async def access_group(desk: Desk, group_id: str) -> OpenedGroup:
    """Read a group and what was asked in it.

    Raises:
        NotFound: there is no such group.
    """
    async with desk.database.read() as session:
        group = await unanswered.find_group(session, group_id)
        if group is None:
            raise NotFound("question")
        return OpenedGroup(group, await unanswered.questions_of(session, group_id, MAX_QUESTIONS))


async def settle_group(
    desk: Desk, agent: Agent, group_id: str, status: GroupStatus, document_id: str | None = None
) -> QuestionGroupRow:
    """Say what became of a group; ``OPEN`` takes it back.

    Raises:
        NotFound: there is no such group.
    """
    async with desk.database.write() as session:
        group = await unanswered.find_group(session, group_id, for_change=True)
        if group is None:
            raise NotFound("question")
        group.status = str(status)
        is_open = status is GroupStatus.OPEN
        group.document_id = None if is_open else document_id or group.document_id
        group.done_at = None if is_open else desk.clock()
        group.done_by_id = None if is_open else agent.id
        group.done_by_name = None if is_open else agent.name
        return group


async def reopen_written(desk: Desk, document_id: str) -> int:
    """Open the groups again that an article answered which is gone; says how many."""
    async with desk.database.write() as session:
        return await unanswered.reopen_written(session, document_id)


async def questions_to_group(desk: Desk) -> list[QuestionRow]:
    """List what is to be grouped; empty when nothing was asked since the last time."""
    async with desk.database.read() as session:
        newest = await unanswered.newest_question(session)
        if str(newest) == await quoted.read_mark(session, GROUPED):
            return []
        return await unanswered.open_questions(session, MAX_GROUPED)


async def keep_grouping(desk: Desk, questions: Sequence[QuestionRow], grouping: Grouping) -> int:
    """Put questions into groups as they were told to belong together.

    A group goes on under the id that most of its questions had, so that it stays the same for whoever looks at it.

    Returns:
        How many groups there are now of these questions.
    """
    if not questions:
        return 0
    async with desk.database.write() as session:
        still_open = {row.id: row for row in await unanswered.open_questions(session, MAX_GROUPED)}
        before = {still_open[row.id].group_id for row in questions if row.id in still_open}
        taken: set[str] = set()
        for label, members in _by_size(questions, grouping.labels, set(still_open)):
            speaker = questions[grouping.speakers[label]]
            common = Counter(still_open[row.id].group_id for row in members).most_common()
            group_id = next((one for one, _ in common if one not in taken), None)
            group = await unanswered.find_group(session, group_id) if group_id else None
            if group is None:
                group = unanswered.new_group(session, speaker.question, speaker.nearest, speaker.asked_at)
            group.question, group.nearest = speaker.question, speaker.nearest
            taken.add(group.id)
            await session.flush()
            await unanswered.move_questions(session, [row.id for row in members], group.id)
        await unanswered.recount(session, sorted(before | taken))
        await quoted.set_mark(session, GROUPED, str(max(row.id for row in questions)))
    return len(taken)


def _by_size(
    questions: Sequence[QuestionRow], labels: Sequence[int], still_open: set[int]
) -> list[tuple[int, list[QuestionRow]]]:
    members: dict[int, list[QuestionRow]] = {}
    for row, label in zip(questions, labels, strict=True):
        if row.id in still_open:
            members.setdefault(label, []).append(row)
    return sorted(members.items(), key=lambda item: (-len(item[1]), item[0]))


def write_cursor(row: QuestionGroupRow) -> str:
    """Write where the next page begins."""
    return f"{row.asked_count}|{row.last_asked_at.isoformat()}|{row.id}"


def parse_cursor(cursor: str) -> tuple[int, datetime, str]:
    """Read where a page begins.

    Raises:
        BadRequest: it is none of ours.
    """
    try:
        count, at, group_id = cursor.split("|")
        time = datetime.fromisoformat(at)
        if time.tzinfo is None or not group_id.isascii() or len(count) > 9:
            raise ValueError("foreign")
        return int(count), time.astimezone(UTC), group_id
    except (ValueError, OverflowError) as exc:
        raise BadRequest("The cursor is none of ours.") from exc
