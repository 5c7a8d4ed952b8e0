"""The articles that the team writes in the console: listed, opened, written, changed, taken back."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any, Literal

import msgspec
import structlog
from litestar import delete, get, post, put
from litestar.params import FromPath, QueryParameter

from desk.api.guard import Signed
from desk.errors import BadRequest
from desk.house import House
from desk.library import ArticleDraft, ArticleRefused, ArticleRow, OpenedArticle
from desk.requests import AnyRequest, house_of, read_struct
from desk.service import unanswered
from desk.store.unanswered import GroupStatus
from desk.wire import Json

log = structlog.get_logger()

MAX_PAGE = 200
MAX_BODY_CHARS = 40_000
# Four bytes for every character of the text, and room for its questions; other requests are smaller.
MAX_REQUEST_BYTES = 4 * MAX_BODY_CHARS + 96 * 1024
MAX_CURSOR_CHARS = 300

Limit = Annotated[int, QueryParameter(ge=1, le=MAX_PAGE)]
Cursor = Annotated[str, QueryParameter(max_length=MAX_CURSOR_CHARS)]
Version = Annotated[str, QueryParameter(min_length=1, max_length=64)]
PathName = FromPath[str]
Line = Annotated[str, msgspec.Meta(max_length=300)]


class ArticleText(msgspec.Struct, frozen=True):
    """What an article says; ``body`` is Markdown."""

    title: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    body: Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_BODY_CHARS)]
    section: Line = ""
    audience: Literal["public", "signed_in", "agents"] = "public"
    language: Annotated[str, msgspec.Meta(max_length=16)] = "en"
    questions: Annotated[list[Line], msgspec.Meta(max_length=50)] = []
    url: Annotated[str, msgspec.Meta(max_length=1000)] = ""

    def draft(self) -> ArticleDraft:
        """Leave the wire."""
        return ArticleDraft(
            self.title, self.body, self.section, self.audience, self.language, self.questions, self.url
        )


class ArticleRequest(ArticleText, frozen=True):
    """A new article; ``group_id`` names the questions it was written for."""

    group_id: Annotated[str, msgspec.Meta(max_length=64)] | None = None


class ArticleChangeRequest(ArticleText, frozen=True, kw_only=True):
    """Another text for an article; ``version`` is the one that was read. Without ``url`` the address stays."""

    version: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


@get("/knowledge/articles")
async def list_articles(
    request: AnyRequest,
    session: Signed,  # noqa: ARG001 - signed in is enough
    limit: Limit = 50,
    cursor: Cursor = "",
) -> Json:
    """List the team's articles, the ones changed last first."""
    rows = await asyncio.to_thread(house_of(request).library.articles)
    following = sorted((row for row in rows if not cursor or _place(row) < cursor), key=_place, reverse=True)
    shown = following[:limit]
    return {
        "items": [wire_article_row(row) for row in shown],
        "next_cursor": _place(shown[-1]) if len(following) > limit else None,
    }


@post(
    "/knowledge/articles",
    status_code=201,
    opt={"body": ArticleRequest},
    request_max_body_size=MAX_REQUEST_BYTES,
)
async def write_article(request: AnyRequest, session: Signed) -> Json:
    """Write an article, mark its questions as answered, and build the index anew."""
    asked = await read_struct(request, ArticleRequest)
    house = house_of(request)
    if asked.group_id is not None:
        await unanswered.access_group(house.desk, asked.group_id)
    try:
        document_id = await asyncio.to_thread(house.library.save_article, asked.draft())
    except ArticleRefused as error:
        raise _refusal(error) from error
    log.info("article_written", document_id=document_id, agent_id=session.agent.id)
    if asked.group_id is not None:
        status = GroupStatus.WRITTEN
        await unanswered.settle_group(house.desk, session.agent, asked.group_id, status, document_id)
    await asyncio.to_thread(house.library.refresh)
    return {"document_id": document_id}


@get("/knowledge/articles/{name:str}")
async def open_article(request: AnyRequest, session: Signed, name: PathName) -> Json:  # noqa: ARG001
    """Open one of the team's articles, to be changed."""
    try:
        return wire_article(await asyncio.to_thread(house_of(request).library.read_article, name))
    except ArticleRefused as error:
        raise _refusal(error) from error


@put(
    "/knowledge/articles/{name:str}",
    opt={"body": ArticleChangeRequest},
    request_max_body_size=MAX_REQUEST_BYTES,
)
async def change_article(request: AnyRequest, session: Signed, name: PathName) -> Json:
    """Put another text in an article's place, and build the index anew; 409 where another one was put there before."""
    asked = await read_struct(request, ArticleChangeRequest)
    library = house_of(request).library
    try:
        changed = await asyncio.to_thread(library.change_article, name, asked.draft(), asked.version)
    except ArticleRefused as error:
        raise _refusal(error) from error
    log.info("article_changed", document_id=changed.document_id, agent_id=session.agent.id)
    await asyncio.to_thread(library.refresh)
    return wire_article(changed)


@delete("/knowledge/articles/{name:str}", status_code=200)
async def delete_article(request: AnyRequest, session: Signed, name: PathName, version: Version) -> Json:
    """Take an article back, open the questions that it answered again, and build the index anew; 409 as for a change."""
    house: House = house_of(request)
    try:
        document_id = await asyncio.to_thread(house.library.delete_article, name, version)
    except ArticleRefused as error:
        raise _refusal(error) from error
    log.info("article_deleted", document_id=document_id, agent_id=session.agent.id)
    reopened = await unanswered.reopen_written(house.desk, document_id)
    await asyncio.to_thread(house.library.refresh)
    return {"document_id": document_id, "reopened": reopened}


def _refusal(error: ArticleRefused) -> BadRequest:
    return BadRequest(f"The article was not taken: {error.reason}.", error.code)


def _place(row: ArticleRow) -> str:
    """Tell where an article stands in the list; the last place is the next page's cursor."""
    return f"{row.updated}~{row.name}"


def wire_article_row(row: ArticleRow) -> Json:
    """Write an article's line in the list."""
    return {
        "name": row.name,
        "document_id": row.document_id,
        "title": row.title,
        "section": row.section,
        "audience": row.audience,
        "language": row.language,
        "url": row.url,
        "updated": row.updated,
        "questions": row.questions,
    }


def wire_article(opened: OpenedArticle) -> Json:
    """Write an article with its text."""
    draft = opened.draft
    return {
        "name": opened.name,
        "document_id": opened.document_id,
        "version": opened.version,
        "updated": opened.updated,
        "title": draft.title,
        "body": draft.body,
        "section": draft.section,
        "audience": draft.audience,
        "language": draft.language,
        "questions": list(draft.questions),
        "url": draft.url,
    }


HANDLERS: Sequence[Any] = (list_articles, write_article, open_article, change_article, delete_article)
