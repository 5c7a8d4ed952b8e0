"""Questions without an answer as files: a table for a spreadsheet, or one JSON object a line."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import replace

from desk.context import Desk
from desk.models import QuestionGroupRow
from desk.service import unanswered
from desk.store.unanswered import GroupPage, GroupStatus
from desk.wire import Json, wire_time

MAX_GROUPS = 50_000
_PAGE = 500
COLUMNS = (
    "question",
    "asked",
    "first_asked_at",
    "last_asked_at",
    "status",
    "nearest_title",
    "nearest_url",
    "article",
)
# What a spreadsheet would take for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


async def read_all(desk: Desk, status: GroupStatus) -> list[Json]:
    """Read every group of a status, the ones asked for most first."""
    page = GroupPage(status, _PAGE)
    found: list[Json] = []
    while len(found) < MAX_GROUPS:
        rows, cursor = await unanswered.access_groups(desk, page)
        found += [_row(row) for row in rows]
        if cursor is None:
            break
        page = replace(page, after=unanswered.parse_cursor(cursor))
    return found


def _row(row: QuestionGroupRow) -> Json:
    nearest = row.nearest[0] if row.nearest else {}
    return {
        "question": row.question,
        "asked": row.asked_count,
        "first_asked_at": wire_time(row.first_asked_at),
        "last_asked_at": wire_time(row.last_asked_at),
        "status": row.status,
        "nearest_title": nearest.get("title", ""),
        "nearest_url": nearest.get("url", ""),
        "article": row.document_id or "",
    }


def write_jsonl(rows: Sequence[Json]) -> str:
    """Write one JSON object a line."""
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def write_csv(rows: Sequence[Json]) -> str:
    """Write a table with a head; no cell can be a formula. It begins with a mark by which spreadsheets know UTF-8."""
    file = io.StringIO()
    writer = csv.DictWriter(file, COLUMNS, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows([{name: _cell(value) for name, value in row.items()} for row in rows])
    return "\ufeff" + file.getvalue()


def _cell(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
