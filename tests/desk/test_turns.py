"""The turn worker against a real HTTP engine that is slow, dead or failing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk.config import EngineConfig
from desk.context import Desk
from desk.engine import EngineClient
from desk.log import Entry
from desk.main import running
from desk.owner import OwnerKind
from desk.service import access, messages, ownership
from desk.store import quoted
from desk.turns import TurnWorker, wait_seconds
from tests.desk.house import House
from tests.desk.stub_engine import TOKEN, StubEngine, build_app, serving, stub_engine


@pytest.fixture
async def engine() -> AsyncIterator[StubEngine]:
    async with stub_engine() as stub:
        yield stub


@asynccontextmanager
async def working(house: House, url: str, **patience: Any) -> AsyncIterator[Desk]:
    config = EngineConfig(
        url=url, token=TOKEN, first_wait_seconds=0.02, max_wait_seconds=0.1, give_up_after_seconds=0.0
    )
    config = replace(config, **patience)
    desk = replace(house.desk, config=replace(house.desk.config, engine=config))
    client = EngineClient(config)
    try:
        async with running(TurnWorker(desk, client, sweep_seconds=0.2).run(), "turns"):
            await asyncio.sleep(0.02)
            yield desk
    finally:
        await client.close()


async def until(desk: Desk, conversation: str, enough: Callable[[list[Entry]], bool]) -> list[Entry]:
    async with asyncio.timeout(30):
        while True:
            entries = await access.access_customer_entries(desk, conversation, 0)
            if enough(entries):
                return entries
            await asyncio.sleep(0.02)


def shown(entries: list[Entry]) -> list[str]:
    return [entry.code or entry.text for entry in entries]


def has(count: int) -> Callable[[list[Entry]], bool]:
    return lambda entries: len(entries) >= count


async def test_a_message_is_answered_with_its_trace(house: House, engine: StubEngine) -> None:
    conversation = await house.conversation()
    async with working(house, engine.url) as desk:
        await messages.post_text(desk, conversation, "c1", "hello")
        entries = await until(desk, conversation, has(2))
    assert shown(entries) == ["hello", "you said hello"]
    assert entries[1].trace is not None
    assert entries[1].client_id == f"desk:reply:{conversation}:1:0"


async def test_a_burst_is_answered_in_order_and_one_at_a_time(house: House, engine: StubEngine) -> None:
    conversation = await house.conversation()
    engine.delays = [0.05] * 4
    async with working(house, engine.url) as desk:
        await asyncio.gather(*(messages.post_text(desk, conversation, f"c{n}", f"m{n}") for n in range(4)))
        await until(desk, conversation, has(8))
    said = [entry.text for entry in await access.access_customer_entries(house.desk, conversation, 0)]
    asked = [text for text in said if not text.startswith("you")]
    assert [text for text in said if text.startswith("you")] == [f"you said {text}" for text in asked]
    assert not engine.has_overlapped


async def test_conversations_do_not_wait_for_each_other(house: House, engine: StubEngine) -> None:
    slow, quick = await house.conversation(), await house.conversation()
    engine.delays = [1.0]
    async with working(house, engine.url) as desk:
        await messages.post_text(desk, slow, "c1", "slow")
        await asyncio.sleep(0.1)
        await messages.post_text(desk, quick, "c1", "quick")
        await until(desk, quick, has(2))
        assert len(await access.access_customer_entries(desk, slow, 0)) == 1
        await until(desk, slow, has(2))


async def test_slow_engine_is_apologised_for_and_its_answer_still_comes(
    house: House, engine: StubEngine
) -> None:
    conversation = await house.conversation()
    engine.delays = [0.6]
    async with working(house, engine.url, slow_after_seconds=0.1, apology_after_seconds=0.3) as desk:
        await messages.post_text(desk, conversation, "c1", "hello")
        entries = await until(desk, conversation, has(4))
    assert shown(entries) == ["hello", "taking_longer", "apology", "you said hello"]
    assert [button.title for button in entries[2].buttons] == ["Talk to a person"]


async def test_messages_wait_for_an_engine_that_is_down(house: House) -> None:
    conversation = await house.conversation()
    stub = StubEngine()
    async with serving(build_app(stub)) as port:
        pass
    async with working(house, f"http://127.0.0.1:{port}", slow_after_seconds=0.1) as desk:
        await messages.post_text(desk, conversation, "c1", "anybody?")
        await until(desk, conversation, has(2))
        await asyncio.sleep(0.5)
        assert (
            await access.access_customer_head(desk, conversation)
        ).conversation.owner.kind is OwnerKind.BOT
        async with serving(build_app(stub), port):
            entries = await until(desk, conversation, has(3))
    assert shown(entries) == ["anybody?", "taking_longer", "you said anybody?"]


async def test_a_failing_turn_is_tried_again_and_answered_once(house: House, engine: StubEngine) -> None:
    conversation = await house.conversation()
    engine.failures = [500, 503, 500]
    async with working(house, engine.url) as desk:
        await messages.post_text(desk, conversation, "c1", "hello")
        entries = await until(desk, conversation, has(2))
    assert shown(entries) == ["hello", "you said hello"]
    assert len({body["message_id"] for _, body in engine.seen}) == 1


async def test_a_poison_message_goes_to_a_person_and_others_go_on(house: House, engine: StubEngine) -> None:
    conversation, other = await house.conversation(), await house.conversation()
    engine.poison = "poison"
    async with working(house, engine.url) as desk:
        await messages.post_text(desk, conversation, "c1", "poison")
        await messages.post_text(desk, other, "c1", "fine")
        entries = await until(desk, conversation, has(3))
        await until(desk, other, has(2))
    assert shown(entries) == ["poison", "apology", "queue_joined"]
    assert engine.texts().count("poison") == 3


async def test_an_action_server_that_starts_again_in_time_costs_no_message(
    house: House, engine: StubEngine
) -> None:
    conversation = await house.conversation()
    engine.failures = [500] * 6
    async with working(house, engine.url, give_up_after_seconds=5.0) as desk:
        await messages.post_text(desk, conversation, "c1", "hello")
        entries = await until(desk, conversation, has(2))
    assert shown(entries) == ["hello", "you said hello"]


async def test_a_hanging_engine_is_given_up_after_the_budget(house: House, engine: StubEngine) -> None:
    conversation = await house.conversation()
    engine.delays = [1.0, 1.0]
    async with working(house, engine.url, timeout_seconds=0.1, max_attempts=2) as desk:
        await messages.post_text(desk, conversation, "c1", "hello")
        entries = await until(desk, conversation, has(3))
    assert shown(entries) == ["hello", "apology", "queue_joined"]


async def test_an_answer_after_the_agent_took_over_is_only_a_draft(house: House, engine: StubEngine) -> None:
    sam = await house.agent("Sam")
    conversation = await house.conversation()
    engine.delays = [0.3]
    async with working(house, engine.url) as desk:
        await messages.post_text(desk, conversation, "c1", "hello")
        await asyncio.sleep(0.1)
        await ownership.claim(desk, sam, conversation, 1)
        await asyncio.sleep(0.5)
        seen = await access.access_customer_entries(desk, conversation, 0)
        every = await access.access_agent_entries(desk, sam, conversation, 0)
    assert shown(seen) == ["hello", "agent_joined"]
    assert [(entry.text, entry.is_draft) for entry in every if entry.is_draft] == [("you said hello", True)]


async def test_what_is_said_to_a_person_is_understood_but_not_answered(
    house: House, engine: StubEngine
) -> None:
    sam = await house.agent("Sam")
    conversation = await house.conversation()
    async with working(house, engine.url) as desk:
        head = await ownership.request_handoff(desk, conversation, "asked", "brief")
        head = await ownership.claim(desk, sam, conversation, head.version)
        await messages.post_text(desk, conversation, "c1", "where is it")
        await asyncio.sleep(0.3)
        await messages.post_reply(desk, sam, conversation, "r1", "here")
        await ownership.return_to_bot(desk, sam, conversation, "resume", head.version)
        await until(desk, conversation, lambda entries: entries[-1].text == "you said resume")
        understood = await access.access_agent_entry(desk, sam, conversation, 3)
    assert engine.texts() == []
    assert understood is not None
    assert understood.trace is not None
    path, body = engine.seen[-1]
    assert path == "resume"
    assert [entry["text"] for entry in body["entries"]] == ["where is it", "here"]


async def test_work_left_by_a_crash_is_done_after_the_start(house: House, engine: StubEngine) -> None:
    conversation = await house.conversation()
    await messages.post_text(house.desk, conversation, "c1", "before the crash")
    async with working(house, engine.url) as desk:
        entries = await until(desk, conversation, has(2))
    assert shown(entries) == ["before the crash", "you said before the crash"]


async def test_an_engine_with_nothing_to_say_is_never_silence(house: House, engine: StubEngine) -> None:
    conversation = await house.conversation()
    engine.replies = []
    async with working(house, engine.url) as desk:
        await messages.post_text(desk, conversation, "c1", "hm")
        entries = await until(desk, conversation, has(2))
    assert "no good answer" in entries[1].text


@pytest.mark.parametrize("replies", [[{"text": 5}], "x", [{"buttons": "x"}], [None]])
async def test_an_answer_of_the_wrong_shape_is_a_failed_turn(
    house: House, engine: StubEngine, replies: Any
) -> None:
    conversation = await house.conversation()
    engine.replies = replies
    async with working(house, engine.url) as desk:
        await messages.post_text(desk, conversation, "c1", "hm")
        entries = await until(desk, conversation, has(3))
    assert shown(entries) == ["hm", "apology", "queue_joined"]


async def test_a_handoff_asked_for_by_the_turn_itself_keeps_its_reply(
    house: House, engine: StubEngine
) -> None:
    conversation = await house.conversation()
    engine.delays = [0.2]
    async with working(house, engine.url) as desk:
        await messages.post_text(desk, conversation, "c1", "a person please")
        await asyncio.sleep(0.1)
        await ownership.request_handoff(desk, conversation, "asked", "brief")
        entries = await until(desk, conversation, has(3))
    assert shown(entries) == ["a person please", "queue_joined", "you said a person please"]


async def test_dangerous_links_are_no_sources(house: House, engine: StubEngine) -> None:
    conversation = await house.conversation()
    urls = [
        "/help/returns",
        "javascript:alert(1)",
        "//evil.example",
        "https://ok.example/",
        "data:text/html,x",
    ]
    engine.replies = [{"text": "see", "sources": [{"title": "t", "url": url} for url in urls]}]
    async with working(house, engine.url) as desk:
        await messages.post_text(desk, conversation, "c1", "hm")
        entries = await until(desk, conversation, has(2))
    assert [source.url for source in entries[1].sources] == ["/help/returns", "https://ok.example/"]


async def test_answer_from_a_file_without_an_address_names_it_and_can_be_rated(
    house: House, engine: StubEngine
) -> None:
    conversation = await house.conversation()
    named = {"passage_id": "m/a.pdf#0", "document_id": "m/a.pdf", "passage_hash": "0123456789abcdef"}
    engine.replies = [
        {"text": "see", "sources": [{"title": "Manual", "url": "", **named}, {"title": "", "url": ""}]}
    ]
    async with working(house, engine.url) as desk:
        await messages.post_text(desk, conversation, "c1", "hm")
        entries = await until(desk, conversation, has(2))
        async with desk.database.read() as session:
            quotes = await quoted.quoted_without_text(session, 10)
    assert [(source.title, source.url) for source in entries[1].sources] == [("Manual", "")]
    assert entries[1].can_be_rated
    assert [one.passage_id for one in quotes] == ["m/a.pdf#0"]


@given(st.integers(1, 10_000), st.floats(0, 1, exclude_max=True))
def test_waits_are_capped_and_never_zero(failures: int, jitter: float) -> None:
    config = EngineConfig()
    wait = wait_seconds(failures, config, jitter)
    assert 0 < wait <= config.max_wait_seconds
