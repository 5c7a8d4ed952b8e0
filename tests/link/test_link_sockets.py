"""Both ends of the link over a real socket, with everything that can be cut being cut."""

from __future__ import annotations

import asyncio
import json
from random import Random
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from actions.errors import LinkDown, MissingSecret, RequestTimeout
from actions.link import LinkClient, Queued
from actions.outbox import Outbox
from desk.link import LinkServer
from desk.link_protocol import (
    CloseCode,
    Event,
    HandoffPlace,
    Hello,
    LinkRefused,
    Method,
    OpenedTicket,
    Ping,
    Request,
    RequestHandoff,
    Suggest,
    TicketState,
    TicketStatus,
    encode_frame,
)
from tests.link.conftest import NOW, TOKEN, Desk, MemoryDesk, build_client, running, ticket, until


def hello(token: str = TOKEN, after_event: int = 0) -> str:
    return encode_frame(Hello(id="h", sent_at=NOW, token=token, client="actions", after_event=after_event))


async def close_code(port: int, *messages: str | bytes) -> int | None:
    """Send messages and return the code the desk closes with."""
    async with connect(f"ws://127.0.0.1:{port}", max_size=None) as socket:
        try:
            for message in messages:
                await socket.send(message)
            async with asyncio.timeout(10):
                while True:
                    await socket.recv()
        except ConnectionClosed as error:
            return error.rcvd.code if error.rcvd else None


async def test_request_is_answered(desk: Desk, outbox: Outbox) -> None:
    async with running(build_client(desk.port, outbox)) as client:
        await until(lambda: client.is_connected)
        status = await client.request(TicketStatus(number="T-1001"), "k")
        assert status == TicketState(number="T-1001", status="open", subject="Lamp", updated_at=NOW)
        handoff = RequestHandoff(conversation_id="c", reason="asked", brief="Wants a person.")
        assert await client.submit(handoff, "k2") == HandoffPlace(position=2, wait_minutes=None, is_open=True)


async def test_refusal_carries_its_code(desk: Desk, outbox: Outbox) -> None:
    async with running(build_client(desk.port, outbox)) as client:
        await until(lambda: client.is_connected)
        with pytest.raises(LinkRefused, match="not_found"):
            await client.request(TicketStatus(number="T-9"), "k")


async def test_a_failing_handler_tells_nothing_of_itself(desk: Desk, outbox: Outbox) -> None:
    async with running(build_client(desk.port, outbox)) as client:
        await until(lambda: client.is_connected)
        with pytest.raises(LinkRefused) as refused:
            await client.request(Suggest(conversation_id="c", text="t"), "k")
        assert (refused.value.code, refused.value.is_retryable) == ("internal", True)
        assert "secret" not in refused.value.message


async def test_same_key_opens_one_ticket(desk: Desk, outbox: Outbox) -> None:
    desk.memory.delay_seconds = 0.05
    async with running(build_client(desk.port, outbox)) as client:
        await until(lambda: client.is_connected)
        answers = await asyncio.gather(*(client.submit(ticket(), "k") for _ in range(5)))
        again = await client.submit(ticket(), "k")
    assert set(answers) == {again}
    assert len(desk.memory.tickets) == len(desk.memory.calls) == 1


async def test_request_made_while_the_link_is_down_is_queued_and_sent_in_order(
    desk: Desk, outbox: Outbox
) -> None:
    client = build_client(desk.port, outbox)
    for number in range(5):
        assert await client.submit(ticket(subject=f"n{number}"), f"k{number}") == Queued(f"k{number}")
    with pytest.raises(LinkDown):
        await client.request(TicketStatus(number="T-1001"), "k")
    async with running(client):
        await until(lambda: len(desk.memory.tickets) == 5)
        assert [opened.subject for opened in desk.memory.tickets] == [f"n{number}" for number in range(5)]
        assert isinstance(await client.submit(ticket(subject="n0"), "k0"), OpenedTicket)


async def test_slow_desk_means_queued_and_the_answer_is_kept(desk: Desk, outbox: Outbox) -> None:
    desk.memory.delay_seconds = 0.2
    async with running(build_client(desk.port, outbox)) as client:
        await until(lambda: client.is_connected)
        assert await client.submit(ticket(), "k", timeout_seconds=0.05) == Queued("k")
        with pytest.raises(RequestTimeout):
            await client.request(ticket(), "k-other", timeout_seconds=0.05)
        await until(lambda: _is_settled(outbox))
        assert isinstance(await client.submit(ticket(), "k"), OpenedTicket)


async def _is_settled(outbox: Outbox) -> bool:
    return await outbox.count_waiting() == 0


async def test_retryable_refusal_is_tried_again_and_a_final_one_is_kept(desk: Desk, outbox: Outbox) -> None:
    desk.memory.refusals = [LinkRefused("busy", "Later.", is_retryable=True)] * 2
    async with running(build_client(desk.port, outbox)) as client:
        await until(lambda: client.is_connected)
        assert isinstance(await client.submit(ticket(), "k1"), OpenedTicket)
        desk.memory.refusals = [LinkRefused("closed", "No.")]
        for _ in range(2):
            with pytest.raises(LinkRefused, match="closed"):
                await client.submit(ticket(), "k2")
    assert desk.memory.calls == ["k1", "k1", "k1", "k2"]


async def test_events_are_handled_once_in_order_and_go_on_after_a_restart(desk: Desk, outbox: Outbox) -> None:
    seen: list[int] = []

    async def handle(event: Event) -> None:
        seen.append(event.event_seq)

    for _ in range(120):
        desk.memory.add_event("ticket.updated", "c", {})
    async with running(build_client(desk.port, outbox, handlers={"ticket.updated": handle})):
        await until(lambda: len(seen) == 120)
        desk.memory.add_event("ticket.updated", "c", {})
        desk.notify()
        await until(lambda: len(seen) == 121)
    desk.memory.add_event("ticket.updated", "c", {})
    async with running(build_client(desk.port, outbox, handlers={"ticket.updated": handle})):
        await until(lambda: len(seen) == 122)
    assert seen == list(range(1, 123))


async def test_an_event_whose_handler_keeps_failing_does_not_stop_the_next(
    desk: Desk, outbox: Outbox
) -> None:
    seen: list[int] = []

    async def handle(event: Event) -> None:
        seen.append(event.event_seq)
        if event.event_seq == 1:
            raise RuntimeError

    desk.memory.add_event("ticket.updated", "c", {})
    desk.memory.add_event("ticket.updated", "c", {})
    async with running(build_client(desk.port, outbox, handlers={"ticket.updated": handle})):
        await until(lambda: 2 in seen)
    assert seen == [1, 1, 1, 2]


async def test_a_desk_that_was_restored_from_a_backup_is_followed(desk: Desk, outbox: Outbox) -> None:
    await outbox.move_cursor(50)
    seen: list[int] = []

    async def handle(event: Event) -> None:
        seen.append(event.event_seq)

    desk.memory.add_event("ticket.updated", "c", {})
    async with running(build_client(desk.port, outbox, handlers={"ticket.updated": handle})) as client:
        await until(lambda: client.is_connected)
        desk.memory.add_event("ticket.updated", "c", {})
        desk.notify()
        await until(lambda: seen == [2])


@pytest.mark.parametrize("seed", range(24))
async def test_killed_desk_loses_and_doubles_nothing(seed: int, outbox: Outbox) -> None:
    random = Random(seed)
    memory = MemoryDesk(random)
    desk = Desk(memory)
    await desk.start()
    handled: list[int] = []

    async def handle(event: Event) -> None:
        handled.append(event.event_seq)

    client = build_client(desk.port, outbox, handlers={"ticket.updated": handle})
    answers: dict[str, object] = {}

    async def ask(number: int) -> None:
        await asyncio.sleep(random.uniform(0, 0.15))
        answers[f"k{number}"] = await client.submit(ticket(subject=f"n{number}"), f"k{number}")

    async def kill_now_and_then() -> None:
        for _ in range(3):
            await asyncio.sleep(random.uniform(0.005, 0.06))
            await desk.kill()
            await asyncio.sleep(random.uniform(0, 0.02))
            await desk.start()

    async with running(client):
        await asyncio.gather(kill_now_and_then(), *(ask(number) for number in range(12)))
        await until(lambda: _is_settled(outbox))
        desk.notify()
        await until(lambda: len(handled) == 12)
        final = {key: await client.submit(ticket(), key) for key in answers}
    await desk.kill()
    assert sorted(opened.subject for opened in memory.tickets) == sorted(f"n{number}" for number in range(12))
    assert handled == list(range(1, 13))
    assert all(answer == final[key] for key, answer in answers.items() if not isinstance(answer, Queued))


async def test_forged_and_missing_tokens_are_turned_away(desk: Desk, outbox: Outbox) -> None:
    assert await close_code(desk.port, hello(token="forged-token-of-16")) == CloseCode.UNAUTHORIZED
    assert await close_code(desk.port, encode_frame(Ping(id="1", sent_at=NOW))) == CloseCode.UNAUTHORIZED
    async with running(build_client(desk.port, outbox, token="forged-token-of-16")) as client:
        await asyncio.sleep(0.1)
        assert not client.is_connected
        assert await client.submit(ticket(), "k") == Queued("k")
    assert desk.memory.calls == []


async def test_empty_token_does_not_start(outbox: Outbox) -> None:
    memory = MemoryDesk()
    with pytest.raises(ValueError, match="token"):
        LinkServer(memory, memory, token="", clock=lambda: NOW)
    with pytest.raises(MissingSecret):
        build_client(1, outbox, token="")


async def test_oversize_binary_and_broken_frames_close_the_link(desk: Desk) -> None:
    assert await close_code(desk.port, hello(), "x" * (64 * 1024 + 1)) == CloseCode.TOO_BIG
    assert await close_code(desk.port, hello(), "x" * 200_000) == CloseCode.TOO_BIG
    assert await close_code(desk.port, hello(), b"\x00\x01") == CloseCode.BAD_FRAME
    assert await close_code(desk.port, hello(), "{}") == CloseCode.BAD_FRAME
    assert await close_code(desk.port, hello(), hello()) == CloseCode.BAD_FRAME
    assert await close_code(desk.port, "not json") == CloseCode.BAD_FRAME


async def test_a_flood_is_limited_with_a_retryable_refusal(desk: Desk) -> None:
    async with connect(f"ws://127.0.0.1:{desk.port}") as socket:
        await socket.send(hello())
        await socket.recv()
        for number in range(300):
            stamp: dict[str, Any] = {"id": str(number), "sent_at": NOW, "idempotency_key": str(number)}
            frame = Request(method=Method.TICKET_STATUS, params=TicketStatus(number="T-1001"), **stamp)
            await socket.send(encode_frame(frame))
        answers = [json.loads(await socket.recv()) for _ in range(300)]
    limited = [answer for answer in answers if not answer["ok"]]
    assert limited
    assert {(answer["error"]["code"], answer["error"]["retryable"]) for answer in limited} == {
        ("rate_limited", True)
    }


async def test_delay_grows_to_its_cap_with_jitter(outbox: Outbox) -> None:
    client = LinkClient("ws://127.0.0.1:1", TOKEN, outbox, clock=lambda: NOW, random=Random(7))
    delays = [client._next_delay(is_final=False) for _ in range(12)]
    assert all(0.1 <= delay <= 10.0 for delay in delays)
    assert delays[0] < 0.21
    assert all(delay >= 5.0 for delay in delays[7:])
    assert len(set(delays)) == 12
