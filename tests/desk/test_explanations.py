"""Why a message was understood as it was: who may ask, of what, and what happens when the engine does not answer."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from desk.config import LimitConfig
from desk.service import messages
from tests.desk.browser import Json, Running, running_desk
from tests.desk.house import House
from tests.desk.test_console import API, signed_in, waiting

TEXT = "我的订单 where is it 🚚"
SHARE = {"for_first": 1.0, "for_second": -0.5}


@pytest.fixture
async def running(house: House) -> AsyncIterator[Running]:
    async with running_desk(house) as started:
        yield started


async def answered(running: Running, text: str = TEXT) -> str:
    """Let a customer write, and wait for the bot's answer; the message is entry 1 and the answer entry 2."""
    session = await running.session()
    async with running.widget(session["token"]) as widget:
        await widget.until("welcome")
        await widget.post("c1", text)
        await widget.until_entry(kind="bot", seq=2)
    conversation: str = session["conversation_id"]
    return conversation


def asked(running: Running) -> list[str]:
    return [body["text"] for path, body in running.engine.seen if path == "explain"]


def path(conversation: str, seq: object) -> str:
    return f"/conversations/{conversation}/entries/{seq}/explanation"


async def test_a_message_is_explained_from_its_own_line_and_from_the_answers(running: Running) -> None:
    conversation = await answered(running)
    async with signed_in(running, "Sam") as sam:
        own = await sam.get(path(conversation, 1))
        answers = await sam.get(path(conversation, 2))
    assert asked(running) == [TEXT, TEXT]
    assert answers == own | {"is_same_model": True}
    assert (own["seq"], own["intent"], own["second"]) == (1, "greet", "order_late")
    assert own["words"][0] == {"word": "我的订单", "is_spaced": False, **SHARE}
    assert own["first_example"]["text"] == "canary, taught"


async def test_that_another_model_answers_now_is_said(running: Running) -> None:
    conversation = await answered(running)
    running.engine.model_id = "f" * 16
    async with signed_in(running, "Sam") as sam:
        assert (await sam.get(path(conversation, 2)))["is_same_model"] is False
        assert (await sam.get(path(conversation, 1)))["is_same_model"] is None


async def test_only_agents_may_ask(running: Running) -> None:
    session = await running.session()
    await messages.post_text(running.desk, session["conversation_id"], "c1", "hello")
    url = f"{API}{path(session['conversation_id'], 1)}"
    async with running.client() as client:
        customer = await client.get(url, headers={"Authorization": f"Bearer {session['token']}"})
        nobody = await client.get(url)
    assert (customer.status_code, nobody.status_code) == (401, 401)
    assert asked(running) == []


async def test_a_session_that_ran_out_explains_nothing(running: Running) -> None:
    conversation = await answered(running)
    async with signed_in(running, "Sam") as sam:
        running.house.clock.pass_time(minutes=31)
        await sam.get(path(conversation, 1), 401)
    assert asked(running) == []


async def test_what_nobody_wrote_is_not_explained(running: Running) -> None:
    conversation = await waiting(running)
    async with signed_in(running, "Sam") as sam:
        claimed = await sam.post(f"/conversations/{conversation}/claim", {"version": 2})
        await sam.post(f"/conversations/{conversation}/note", {"client_id": "n", "text": "hello"})
        entries = (await sam.get(f"/conversations/{conversation}"))["entries"]
        refused = {}
        for entry in entries:
            answer = await sam.get(path(conversation, entry["seq"]), 409)
            assert answer["code"] == "nothing_to_explain"
            refused[entry["kind"]] = answer["details"]["reason"]
    assert claimed["owner"]["kind"] == "agent"
    assert refused == {"customer": "button", "system": "not_a_message", "note": "not_a_message"}
    assert asked(running) == []


async def test_a_pressed_button_is_not_explained_and_neither_is_its_answer(running: Running) -> None:
    session = await running.session()
    conversation = session["conversation_id"]
    async with running.widget(session["token"]) as widget, signed_in(running, "Sam") as sam:
        await widget.until("welcome")
        await messages.post_starter(running.desk, conversation, "c1", "track")
        await widget.until_entry(kind="bot", seq=2)
        for seq in (1, 2):
            answer = await sam.get(path(conversation, seq), 409)
            assert answer["details"] == {"reason": "button"}


async def test_an_entry_that_is_not_there_is_not_found(running: Running) -> None:
    conversation = await answered(running)
    async with signed_in(running, "Sam") as sam:
        for seq in (0, 99, -1, 2**31, 10**30, "x", "1.5"):
            await sam.get(path(conversation, seq), 404)
        await sam.get(path("nothing", 1), 404)
    assert asked(running) == []


@pytest.mark.parametrize(
    ("status", "code"), [(503, "engine_down"), (500, "turn_failed"), (409, "engine_refused")]
)
async def test_an_engine_that_fails_is_named_and_may_be_asked_again(
    running: Running, status: int, code: str
) -> None:
    conversation = await answered(running)
    running.engine.failures.append(status)
    async with signed_in(running, "Sam") as sam:
        assert (await sam.get(path(conversation, 1), 502))["code"] == code
        await sam.get(path(conversation, 1))


async def test_an_engine_that_is_slow_is_not_waited_for(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    conversation = await answered(running)
    monkeypatch.setattr("desk.engine.EXPLAIN_TIMEOUT_SECONDS", 0.1)
    running.engine.delays.append(1.0)
    async with signed_in(running, "Sam") as sam:
        assert (await sam.get(path(conversation, 1), 502))["code"] == "engine_slow"


async def test_asking_is_limited_for_each_agent(house: House) -> None:
    limits = LimitConfig(explain_burst=2, explains_per_second=0.01)
    async with running_desk(house, limits=limits) as running:
        conversation = await answered(running)
        async with signed_in(running, "Sam") as sam, signed_in(running, "Kim") as kim:
            for _ in range(2):
                await sam.get(path(conversation, 1))
            limited: Json = await sam.get(path(conversation, 1), 429)
            await kim.get(path(conversation, 1))
    assert limited["code"] == "rate_limited"
    assert limited["details"]["retry_after_seconds"] > 0
