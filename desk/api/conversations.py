"""The console's conversations: lists, one whole, and what an agent does with it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Annotated

import msgspec
from litestar import get, post
from litestar.params import FromPath, FromQuery, QueryParameter

from desk.api.guard import Signed
from desk.house import House
from desk.log import Agent, Author, Conversation, Summary
from desk.requests import AnyRequest, house_of, read_struct
from desk.service import access, messages, ownership, tickets
from desk.service.tickets import MAX_BODY_CHARS, MAX_SUBJECT_CHARS, TicketDraft
from desk.service.writing import check_client_id
from desk.store.conversations import Page, View
from desk.wire import Json, agent_entry, wire_summary, wire_ticket

MAX_PAGE = 200
MAX_QUERY_CHARS = 200

Id = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Text = Annotated[str, msgspec.Meta(max_length=20_000)]
Version = Annotated[int, msgspec.Meta(ge=0, le=2**31)]
Seq = Annotated[int, QueryParameter(ge=0, le=2**53)]
Limit = Annotated[int, QueryParameter(ge=1, le=MAX_PAGE)]
Query = Annotated[str, QueryParameter(max_length=MAX_QUERY_CHARS)]
PathId = FromPath[str]


class VersionRequest(msgspec.Struct, frozen=True):
    """The version the agent looked at."""

    version: Version


class TextRequest(msgspec.Struct, frozen=True):
    """A reply or a note."""

    client_id: Id
    text: Text


class ReturnRequest(msgspec.Struct, frozen=True):
    """How the bot goes on: ``resume``, ``menu`` or a flow's name."""

    mode: Id
    version: Version


class TransferRequest(msgspec.Struct, frozen=True):
    """To whom; None is the front of the line."""

    version: Version
    agent_id: Id | None = None


class TicketRequest(msgspec.Struct, frozen=True):
    """A new ticket."""

    client_id: Id
    subject: Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_SUBJECT_CHARS)]
    body: Annotated[str, msgspec.Meta(max_length=MAX_BODY_CHARS)] = ""
    priority: str = "normal"


def see(house: House, summary: Summary) -> Json:
    """Write a summary with the agents who have it open."""
    return wire_summary(replace(summary, viewers=house.live.viewers_of(summary.conversation.id)))


@get("/overview")
async def overview(request: AnyRequest, session: Signed) -> Json:
    """Count what there is to do."""
    counts = await access.access_overview(house_of(request).desk, session.agent)
    return {
        "waiting": counts.waiting,
        "mine": counts.mine,
        "bot": counts.bot,
        "closed_today": counts.closed_today,
        "agents_online": counts.agents_online,
    }


@get("/conversations")
async def list_conversations(
    request: AnyRequest,
    session: Signed,
    view: FromQuery[View] = View.ALL,
    q: Query = "",
    limit: Limit = 50,
    cursor: Annotated[str | None, QueryParameter(max_length=MAX_QUERY_CHARS)] = None,
) -> Json:
    """List conversations, a page at a time."""
    house = house_of(request)
    page = Page(view, limit, q.strip(), cursor)
    summaries, following = await access.access_summaries(house.desk, session.agent, page)
    return {"items": [see(house, summary) for summary in summaries], "next_cursor": following}


@get("/conversations/{conversation_id:str}")
async def open_conversation(request: AnyRequest, session: Signed, conversation_id: PathId) -> Json:
    """Show all of a conversation."""
    house = house_of(request)
    opened = await access.access_conversation(house.desk, session.agent, conversation_id)
    return see(house, opened.summary) | {
        "entries": [agent_entry(entry) for entry in opened.entries],
        "tickets": [wire_ticket(ticket) for ticket in opened.tickets],
        "earlier": [see(house, summary) for summary in opened.earlier],
    }


@get("/conversations/{conversation_id:str}/entries")
async def list_entries(request: AnyRequest, session: Signed, conversation_id: PathId, after: Seq = 0) -> Json:
    """Read on after a seq."""
    desk = house_of(request).desk
    entries = await access.access_agent_entries(desk, session.agent, conversation_id, after)
    summary = await access.access_summary(desk, session.agent, conversation_id)
    return {
        "entries": [agent_entry(entry) for entry in entries],
        "last_seq": summary.conversation.last_seq,
    }


@post("/conversations/{conversation_id:str}/claim", status_code=200, opt={"body": VersionRequest})
async def claim(request: AnyRequest, session: Signed, conversation_id: PathId) -> Json:
    """Take the conversation; exactly one of many who try gets it."""
    asked = await read_struct(request, VersionRequest)
    return await _move(request, session.agent, conversation_id, ownership.claim, asked.version)


@post("/conversations/{conversation_id:str}/resolve", status_code=200, opt={"body": VersionRequest})
async def resolve(request: AnyRequest, session: Signed, conversation_id: PathId) -> Json:
    """Close the conversation."""
    asked = await read_struct(request, VersionRequest)
    return await _move(request, session.agent, conversation_id, ownership.resolve, asked.version)


@post("/conversations/{conversation_id:str}/return", status_code=200, opt={"body": ReturnRequest})
async def return_to_bot(request: AnyRequest, session: Signed, conversation_id: PathId) -> Json:
    """Give the conversation back to the bot."""
    asked = await read_struct(request, ReturnRequest)
    desk = house_of(request).desk
    await ownership.return_to_bot(desk, session.agent, conversation_id, asked.mode, asked.version)
    return await _seen(request, session.agent, conversation_id)


@post("/conversations/{conversation_id:str}/transfer", status_code=200, opt={"body": TransferRequest})
async def transfer(request: AnyRequest, session: Signed, conversation_id: PathId) -> Json:
    """Pass the conversation on."""
    asked = await read_struct(request, TransferRequest)
    desk = house_of(request).desk
    await ownership.transfer(desk, session.agent, conversation_id, asked.agent_id, asked.version)
    return await _seen(request, session.agent, conversation_id)


Move = Callable[..., Awaitable[Conversation]]


async def _move(request: AnyRequest, agent: Agent, conversation_id: str, verb: Move, version: int) -> Json:
    await verb(house_of(request).desk, agent, conversation_id, version)
    return await _seen(request, agent, conversation_id)


async def _seen(request: AnyRequest, agent: Agent, conversation_id: PathId) -> Json:
    house = house_of(request)
    return see(house, await access.access_summary(house.desk, agent, conversation_id))


@post("/conversations/{conversation_id:str}/reply", status_code=200, opt={"body": TextRequest})
async def reply(request: AnyRequest, session: Signed, conversation_id: PathId) -> Json:
    """Answer the customer."""
    asked = await read_struct(request, TextRequest)
    desk = house_of(request).desk
    entry = await messages.post_reply(desk, session.agent, conversation_id, asked.client_id, asked.text)
    return {"entry": agent_entry(entry)}


@post("/conversations/{conversation_id:str}/note", status_code=200, opt={"body": TextRequest})
async def note(request: AnyRequest, session: Signed, conversation_id: PathId) -> Json:
    """Leave a note that only agents see."""
    asked = await read_struct(request, TextRequest)
    desk = house_of(request).desk
    entry = await messages.post_note(desk, session.agent, conversation_id, asked.client_id, asked.text)
    return {"entry": agent_entry(entry)}


@post("/conversations/{conversation_id:str}/tickets", status_code=200, opt={"body": TicketRequest})
async def open_ticket(request: AnyRequest, session: Signed, conversation_id: PathId) -> Json:
    """Open a ticket from the conversation; a repeat of the client_id gives the same one."""
    asked = await read_struct(request, TicketRequest)
    check_client_id(asked.client_id)
    draft = TicketDraft(asked.subject, asked.body, asked.priority, kind="agent")
    author = Author(session.agent.id, session.agent.name)
    desk = house_of(request).desk
    ticket = await tickets.open_ticket_once(desk, conversation_id, draft, author, asked.client_id)
    return wire_ticket(await tickets.find_ticket(desk, ticket.number), with_comments=True)


HANDLERS = (
    overview,
    list_conversations,
    open_conversation,
    list_entries,
    claim,
    resolve,
    return_to_bot,
    transfer,
    reply,
    note,
    open_ticket,
)
