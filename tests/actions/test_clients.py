"""The goals' ports over the real link and over a knowledge base."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from actions.clients import DeskClient, KnowledgeClient
from actions.database import build_engine
from actions.errors import DeskUnavailable, KnowledgeUnavailable, TicketNotFound
from actions.link import LinkClient
from actions.outbox import Outbox
from actions.ports import (
    Asker,
    HandoffReceipt,
    HandoffRequest,
    KnowledgeAnswer,
    KnowledgeReply,
    KnowledgeSource,
    NearPassage,
    TicketReceipt,
    TicketRequest,
)
from desk.link_protocol import LinkRefused, Priority
from knowledge.answer import NOTHING, Answer, Near, Response, Source
from knowledge.documents import Audience, plain_document, split_passages
from knowledge.filters import CUSTOMER, Reader
from tests.link.conftest import NOW, Desk, MemoryDesk, build_client, running, until

HANDOFF = HandoffRequest("c1", "asked", "Wants a person.", "cancel_form")


def request(**more: Any) -> TicketRequest:
    base = {
        "conversation_id": "c1",
        "subject": "Lamp",
        "body": "Broken",
        "kind": "complaint",
        "priority": "high",
    }
    return TicketRequest(**{**base, "name": "Maya", "email": "maya@example.com", **more})


@pytest.fixture
async def link(tmp_path: Path) -> AsyncIterator[tuple[LinkClient, MemoryDesk]]:
    server = Desk(MemoryDesk())
    await server.start()
    engine = build_engine(str(tmp_path / "actions.db"))
    outbox = Outbox(engine, lambda: NOW)
    await outbox.create_tables()
    async with running(build_client(server.port, outbox)) as client:
        await until(lambda: client.is_connected)
        yield client, server.memory
    await server.kill()
    await engine.dispose()


@pytest.fixture
async def lonely(tmp_path: Path) -> AsyncIterator[DeskClient]:
    engine = build_engine(str(tmp_path / "actions.db"))
    outbox = Outbox(engine, lambda: NOW)
    await outbox.create_tables()
    yield DeskClient(build_client(1, outbox))
    await engine.dispose()


async def test_ticket_is_opened_once_for_its_key(link: tuple[LinkClient, MemoryDesk]) -> None:
    desk, memory = DeskClient(link[0]), link[1]
    receipts = [await desk.open_ticket(request(), "k") for _ in range(2)]
    assert receipts == [TicketReceipt("T-1001")] * 2
    (opened,) = memory.tickets
    assert (opened.priority, opened.kind) == (Priority.HIGH, "complaint")
    assert opened.customer is not None
    assert opened.customer.email == "maya@example.com"


@pytest.mark.parametrize("body", ["x" * 50_000, "\x00\x01\ud800" + "\x07" * 20_000, "😀" * 20_000, ""])
async def test_whatever_the_customer_wrote_fits_the_link(
    link: tuple[LinkClient, MemoryDesk], body: str
) -> None:
    receipt = await DeskClient(link[0]).open_ticket(request(subject=body, body=body, priority="extreme"), "k")
    assert receipt.number == "T-1001"
    assert len(link[1].tickets[0].body) <= 8_000


async def test_status_is_looked_up_and_unknown_tickets_are_named(link: tuple[LinkClient, MemoryDesk]) -> None:
    desk = DeskClient(link[0])
    assert (await desk.ticket_status("T-1001", "maya@example.com")).status == "open"
    for number in ("T-9", "", "x" * 500):
        with pytest.raises(TicketNotFound):
            await desk.ticket_status(number, None)


async def test_handoff_tells_where_the_customer_stands(link: tuple[LinkClient, MemoryDesk]) -> None:
    assert await DeskClient(link[0]).request_handoff(HANDOFF, "k") == HandoffReceipt(2, None, is_open=True)


async def test_refusal_is_desk_unavailable(link: tuple[LinkClient, MemoryDesk]) -> None:
    link[1].refusals = [LinkRefused("closed", "No.")]
    with pytest.raises(DeskUnavailable):
        await DeskClient(link[0]).open_ticket(request(), "k")


async def test_without_a_desk_requests_wait_and_questions_fail(lonely: DeskClient) -> None:
    assert await lonely.open_ticket(request(), "k1") == TicketReceipt(None, is_waiting=True)
    assert (await lonely.request_handoff(HANDOFF, "k2")).is_waiting
    with pytest.raises(DeskUnavailable):
        await lonely.ticket_status("T-1001", None)


class Base:
    """A knowledge base that says what it is told."""

    def __init__(self, told: Response = NOTHING) -> None:
        self.told = told
        self.reader: Reader | None = None

    def respond(self, query: str, *, before: Sequence[str] = (), reader: Reader = CUSTOMER) -> Response:
        self.reader = reader
        if query == "fail":
            raise ValueError
        return self.told

    def rephrased(self, response: Response, written: str) -> Response:
        raise AssertionError(written)  # there is no generator here


async def test_answer_is_mapped_and_failure_is_named() -> None:
    fields = ("r#1", "r", "0123456789abcdef", "Returns", "/help/returns", "Window", "2026-11-01")
    found = Response(Answer("Thirty days.", (Source(*fields),), 0.8, 0.9), 0.9)
    client = KnowledgeClient(lambda: Base(found), lambda: 0.0)
    expected = KnowledgeAnswer("Thirty days.", (KnowledgeSource(*fields),), 0.9)
    assert await client.answer("returns?") == KnowledgeReply(expected, 0.9)
    with pytest.raises(KnowledgeUnavailable):
        await client.answer("fail")
    assert await KnowledgeClient(Base, lambda: 0.0).answer("x") == KnowledgeReply(None, 0.0)


async def test_customers_read_what_is_theirs_and_never_what_is_for_agents() -> None:
    base = Base()
    client = KnowledgeClient(lambda: base, lambda: 0.0)
    await client.answer("returns?")
    assert base.reader == Reader(frozenset({Audience.PUBLIC}))
    await client.answer("returns?", asker=Asker(is_signed_in=True, language="zh"))
    assert base.reader == Reader(frozenset({Audience.PUBLIC, Audience.SIGNED_IN}), "zh")


async def test_what_is_nearest_is_mapped_where_there_is_no_answer() -> None:
    (passage,) = split_passages(
        plain_document("r", "Returns", "Thirty days."), passage_tokens=99, count_tokens=len
    )
    client = KnowledgeClient(lambda: Base(Response(None, 0.2, (Near(passage, 0.7),))), lambda: 0.0)
    near = NearPassage("r#0", "r", "Returns", "", "Thirty days.", 0.7)
    assert await client.answer("refunds?") == KnowledgeReply(None, 0.2, (near,))


async def test_knowledge_that_is_built_later_is_opened_then() -> None:
    now, tries = [0.0], []

    def open_base() -> Base:
        tries.append(now[0])
        if len(tries) < 2:
            raise FileNotFoundError
        return Base()

    client = KnowledgeClient(open_base, lambda: now[0])
    await client.open()
    assert not client.is_open
    for moment in (1.0, 9.9):
        now[0] = moment
        with pytest.raises(KnowledgeUnavailable):
            await client.answer("x")
    now[0] = 10.0
    assert (await asyncio.wait_for(client.answer("x"), 5)).answer is None
    assert (client.is_open, tries) == (True, [0.0, 10.0])
