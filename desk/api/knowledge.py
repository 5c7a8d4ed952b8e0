"""The console's knowledge pages: what had no answer, what is to be corrected, where the articles come from.

The articles that the team writes are in ``articles``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any, Literal

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath, FromQuery, QueryParameter

from desk.api.guard import Signed
from desk.house import House
from desk.library import SourceRow
from desk.models import QuestionGroupRow, QuestionRow
from desk.requests import AnyRequest, house_of, read_struct
from desk.service import corrections, export, unanswered
from desk.service.corrections import Correction, Place
from desk.store import quoted
from desk.store.quoted import Helpfulness, PassageText
from desk.store.unanswered import GroupPage, GroupStatus
from desk.wire import Json, wire_customer, wire_time

MAX_PAGE = 200
MAX_CURSOR_CHARS = 700
MAX_QUERY_CHARS = 200
MAX_TICKED = 200
MAX_VOTED_PASSAGES = 20

Limit = Annotated[int, QueryParameter(ge=1, le=MAX_PAGE)]
Cursor = Annotated[str | None, QueryParameter(max_length=MAX_CURSOR_CHARS)]
Query = Annotated[str, QueryParameter(max_length=MAX_QUERY_CHARS)]
PathId = FromPath[str]


class StatusRequest(msgspec.Struct, frozen=True):
    """What became of a group of questions."""

    status: Literal["open", "dismissed"]


class PlaceRequest(msgspec.Struct, frozen=True):
    """One quoted passage of one answer."""

    conversation_id: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    seq: Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)]
    passage_id: Annotated[str, msgspec.Meta(min_length=1, max_length=500)]


class TickRequest(msgspec.Struct, frozen=True):
    """Answers that were corrected, or were not after all."""

    items: Annotated[list[PlaceRequest], msgspec.Meta(min_length=1, max_length=MAX_TICKED)]
    is_done: bool = True


@get("/knowledge/overview")
async def overview(request: AnyRequest, session: Signed) -> Json:  # noqa: ARG001 - signed in is enough
    """Count what there is to do about the articles."""
    return await unanswered.access_counts(house_of(request).desk)


@get("/knowledge/unanswered")
async def list_unanswered(
    request: AnyRequest,
    session: Signed,  # noqa: ARG001
    status: FromQuery[GroupStatus] = GroupStatus.OPEN,
    q: Query = "",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Json:
    """List groups of questions without an answer, the ones asked for most first."""
    after = unanswered.parse_cursor(cursor) if cursor else None
    page = GroupPage(status, limit, q.strip(), after)
    rows, following = await unanswered.access_groups(house_of(request).desk, page)
    return {"items": [wire_group(row) for row in rows], "next_cursor": following}


@get("/knowledge/unanswered/export")
async def export_unanswered(
    request: AnyRequest,
    session: Signed,  # noqa: ARG001
    form: Annotated[Literal["csv", "jsonl"], QueryParameter(name="format")] = "csv",
    status: FromQuery[GroupStatus] = GroupStatus.OPEN,
) -> Response[str]:
    """Download every group of questions, as a table or line by line."""
    rows = await export.read_all(house_of(request).desk, status)
    text = export.write_csv(rows) if form == "csv" else export.write_jsonl(rows)
    kind = "text/csv; charset=utf-8" if form == "csv" else "application/x-ndjson"
    headers = {
        "content-disposition": f'attachment; filename="unanswered-{status}.{form}"',
        "cache-control": "no-store",
    }
    return Response(text, media_type=kind, headers=headers)


@get("/knowledge/unanswered/{group_id:str}")
async def open_unanswered(request: AnyRequest, session: Signed, group_id: PathId) -> Json:  # noqa: ARG001
    """Show a group with what was asked in it."""
    opened = await unanswered.access_group(house_of(request).desk, group_id)
    return wire_group(opened.group) | {"questions": [wire_question(row) for row in opened.questions]}


@post("/knowledge/unanswered/{group_id:str}/status", status_code=200, opt={"body": StatusRequest})
async def settle_unanswered(request: AnyRequest, session: Signed, group_id: PathId) -> Json:
    """Say that a group needs no article, or take that back."""
    asked = await read_struct(request, StatusRequest)
    desk = house_of(request).desk
    return wire_group(await unanswered.settle_group(desk, session.agent, group_id, GroupStatus(asked.status)))


@get("/knowledge/outdated")
async def list_outdated(
    request: AnyRequest,
    session: Signed,  # noqa: ARG001
    is_done: FromQuery[bool] = False,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Json:
    """List answers that were given from texts which say something else today."""
    desk = house_of(request).desk
    found, following = await corrections.access_corrections(desk, is_done=is_done, limit=limit, cursor=cursor)
    return {"items": [wire_correction(one) for one in found], "next_cursor": following}


@post("/knowledge/outdated/done", status_code=200, opt={"body": TickRequest})
async def tick_outdated(request: AnyRequest, session: Signed) -> Json:
    """Tick answers off as corrected."""
    asked = await read_struct(request, TickRequest)
    places = [Place(one.conversation_id, one.seq, one.passage_id) for one in asked.items]
    count = await corrections.settle(house_of(request).desk, session.agent, places, is_done=asked.is_done)
    return {"count": count}


@get("/knowledge/sources")
async def list_sources(request: AnyRequest, session: Signed) -> Json:  # noqa: ARG001
    """List the sources of the articles, how they are, how their answers are taken, and what contradicts itself."""
    house = house_of(request)
    async with house.desk.database.read() as database:
        votes = await quoted.helpfulness(database)
        passages = await quoted.passage_votes(database, MAX_VOTED_PASSAGES)
    return await asyncio.to_thread(_sources, house, votes, passages)


def _sources(
    house: House, votes: dict[str, Helpfulness], passages: Sequence[tuple[str, str, int, int]]
) -> Json:
    library = house.library
    return {
        "index": msgspec.to_builtins(library.work()),
        "items": [wire_source(row, votes) for row in library.sources()],
        "conflicts": [dict(conflict) for conflict in library.conflicts()],
        "unhelpful": [
            {"passage_id": passage, "document_id": document, "helpful": up, "unhelpful": down}
            for passage, document, up, down in passages
            if down
        ],
    }


@post("/knowledge/refresh", status_code=202)
async def refresh(request: AnyRequest, session: Signed) -> Json:  # noqa: ARG001
    """Read the sources again and build the index anew."""
    library = house_of(request).library
    return {"has_begun": await asyncio.to_thread(library.refresh, reads_sources=True)}


def wire_group(row: QuestionGroupRow) -> Json:
    """Write a group of questions."""
    return {
        "id": row.id,
        "question": row.question,
        "status": row.status,
        "asked": row.asked_count,
        "first_asked_at": wire_time(row.first_asked_at),
        "last_asked_at": wire_time(row.last_asked_at),
        "nearest": row.nearest,
        "document_id": row.document_id,
        "done_at": wire_time(row.done_at) if row.done_at else None,
        "done_by": row.done_by_name,
    }


def wire_question(row: QuestionRow) -> Json:
    """Write one question as it was asked."""
    return {
        "conversation_id": row.conversation_id,
        "seq": row.seq,
        "question": row.question,
        "locale": row.locale,
        "confidence": row.confidence,
        "asked_at": wire_time(row.asked_at),
    }


def wire_correction(one: Correction) -> Json:
    """Write an answer from an old text, with both texts."""
    row = one.row
    return {
        "conversation_id": row.conversation_id,
        "seq": row.seq,
        "passage_id": row.passage_id,
        "document_id": row.document_id,
        "customer": wire_customer(one.conversation.customer),
        "question": one.question.text if one.question else None,
        "answer": one.answer.text,
        "answered_at": wire_time(row.quoted_at),
        "outdated_at": wire_time(row.outdated_at) if row.outdated_at else None,
        "old": _passage(one.old),
        "new": _passage(one.new),
        "done_at": wire_time(row.done_at) if row.done_at else None,
        "done_by": row.done_by_name,
    }


def _passage(text: PassageText | None) -> Json | None:
    if text is None or not text.text:
        return None
    return {"title": text.title, "url": text.url, "updated": text.updated, "text": text.text}


def wire_source(row: SourceRow, votes: dict[str, Helpfulness]) -> Json:
    """Write a source with the votes on answers from its documents."""
    counted = [one for document_id, one in votes.items() if row.holds(document_id)]
    return {
        "name": row.name,
        "kind": row.kind,
        "state": row.state,
        "last_good_at": row.last_good_at,
        "documents": row.documents,
        "passages": row.passages,
        "failures": list(row.failures),
        "helpful": sum(one.helpful for one in counted),
        "unhelpful": sum(one.unhelpful for one in counted),
        "answers": sum(one.answers for one in counted),
    }


HANDLERS: Sequence[Any] = (
    overview,
    list_unanswered,
    export_unanswered,
    open_unanswered,
    settle_unanswered,
    list_outdated,
    tick_outdated,
    list_sources,
    refresh,
)
