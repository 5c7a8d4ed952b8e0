"""The widget's channel over real sockets: resume, repeats, forged tokens, floods."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import jwt
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from desk.config import LimitConfig
from desk.log import Customer
from desk.service import access, messages, ownership
from desk.tokens import sign_identity
from tests.desk.browser import Running, running_desk
from tests.desk.house import House


@pytest.fixture
async def running(house: House) -> AsyncIterator[Running]:
    async with running_desk(house, demo=True) as started:
        yield started


async def test_a_message_is_acknowledged_shown_and_answered(running: Running) -> None:
    session = await running.session(locale="en")
    async with running.widget(session["token"]) as widget:
        welcome = await widget.until("welcome")
        assert welcome["owner"] == {"kind": "bot"}
        await widget.post("c1", "hello")
        assert (await widget.until("ack"))["seq"] == 1
        entry = await widget.until_entry(kind="bot")
    assert entry["text"] == "you said hello"
    assert "trace" not in entry
    assert [shown["seq"] for shown in widget.entries()] == [1, 2]
    assert any(frame["type"] == "typing" and frame["is_typing"] for frame in widget.frames)


async def test_reconnecting_reads_on_after_the_last_seq(running: Running) -> None:
    session = await running.session()
    async with running.widget(session["token"]) as widget:
        for number in range(3):
            await widget.post(f"c{number}", f"m{number}")
        while len(widget.entries()) < 6:
            await widget.receive()
    async with running.widget(session["token"], after_seq=4) as widget:
        assert (await widget.until("welcome"))["last_seq"] == 6
        await widget.until_entry(seq=6)
        assert [entry["seq"] for entry in widget.entries()] == [5, 6]
        assert not [frame for frame in await widget.rest() if frame["type"] == "entry"]


async def test_a_cursor_from_another_world_is_told_to_start_again(running: Running) -> None:
    session = await running.session()
    async with running.widget(session["token"]) as widget:
        await widget.post("c1", "hello")
        await widget.until_entry(seq=2)
    async with running.widget(session["token"], after_seq=999) as widget:
        await widget.until("resync")
        await widget.until_entry(seq=2)
        assert [entry["seq"] for entry in widget.entries()] == [1, 2]


async def test_a_repeated_client_id_is_acknowledged_with_the_same_seq_and_answered_once(
    running: Running,
) -> None:
    session = await running.session()
    async with running.widget(session["token"]) as widget:
        await widget.post("same", "hello")
        await widget.until_entry(seq=2)
    async with running.widget(session["token"], after_seq=2) as widget:
        await widget.post("same", "hello")
        assert (await widget.until("ack"))["seq"] == 1
        assert not [frame for frame in await widget.rest() if frame["type"] == "entry"]
    assert running.engine.texts() == ["hello"]


async def test_two_tabs_see_the_same_order(running: Running) -> None:
    session = await running.session()
    async with running.widget(session["token"]) as one, running.widget(session["token"]) as two:
        for number in range(3):
            await asyncio.gather(one.post(f"a{number}", "x"), two.post(f"b{number}", "y"))
        for tab in (one, two):
            while len(tab.entries()) < 12:
                await tab.receive()
    assert one.entries() == two.entries()
    assert [entry["seq"] for entry in one.entries()] == list(range(1, 13))


async def test_a_foreign_origin_gets_no_socket(running: Running) -> None:
    session = await running.session()
    with pytest.raises(InvalidStatus):
        async with running.widget(session["token"], origin="https://evil.example"):
            pass


async def test_an_embedding_site_is_let_in(house: House) -> None:
    async with running_desk(house, widget_origins=("https://shop.example",)) as running:
        session = await running.session()
        async with running.widget(session["token"], origin="https://shop.example") as widget:
            await widget.until("welcome")


@pytest.mark.parametrize("kind", ["empty", "noise", "unsigned", "other_key", "over", "other_audience"])
async def test_a_forged_token_is_refused_and_the_socket_closed(running: Running, kind: str) -> None:
    session = await running.session()
    claims = {"aud": "careline-widget", "sub": session["conversation_id"], "iat": 1, "exp": 4_000_000_000}
    tokens = {
        "empty": "",
        "noise": "a.b.c",
        "unsigned": jwt.encode(claims, "", algorithm="none"),
        "other_key": jwt.encode(claims, "k" * 32, algorithm="HS256"),
        "over": jwt.encode(claims | {"exp": 2}, "s" * 32, algorithm="HS256"),
        "other_audience": jwt.encode(claims | {"aud": "careline-identity"}, "s" * 32, algorithm="HS256"),
    }
    async with running.widget(tokens[kind]) as widget:
        assert (await widget.receive())["code"] == "token_invalid"
        assert await widget.until_closed() == 4401


async def test_an_oversize_frame_closes_the_socket(running: Running) -> None:
    session = await running.session()
    async with running.widget(session["token"]) as widget:
        await widget.until("welcome")
        await widget.socket.send("x" * 70_000)
        assert await widget.until_closed() == 1009


BAD_FRAMES: list[Any] = [
    "no json",
    "[]",
    "null",
    '{"type": 5, "id": "x"}',
    '{"type": "post"}',
    '{"type": "post", "id": "x", "client_id": "c", "text": {"$gt": ""}}',
    '{"type": "post", "id": "x", "client_id": {"a": 1}, "text": "x"}',
    '{"type": "post", "id": "x", "client_id": "c", "text": "x", "starter": "track"}',
    '{"type": "post", "id": "x", "client_id": "c", "button": {"seq": "1", "id": "b1"}}',
    '{"type": "post", "id": "x", "client_id": "c", "button": {"seq": -1, "id": "b1"}}',
    '{"type": "post", "id": "x", "client_id": "desk:reply:1", "text": "x"}',
    '{"type": "post", "id": "x", "client_id": "c", "text": " "}',
    '{"type": "post", "id": "x", "client_id": "c", "starter": "nope"}',
    '{"type": "read", "id": "x", "seq": 1e400}',
    '{"type": "typing", "id": "x", "is_typing": "yes"}',
    '{"type": "subscribe", "id": "x"}',
    b"\xff\xfe",
    "[" * 30_000,
    '{"type": "ping", "id": "x", "more": ' + "[" * 30_000,
]


async def test_every_bad_frame_is_refused_with_a_code_and_the_socket_lives(running: Running) -> None:
    session = await running.session()
    async with running.widget(session["token"]) as widget:
        await widget.until("welcome")
        for bad in BAD_FRAMES:
            await widget.socket.send(bad)
            refused = await widget.until("refused")
            assert refused["code"] not in ("internal_error", ""), bad
        await widget.post("c1", "still here")
        await widget.until("ack")


async def test_a_flood_is_told_when_to_come_back_and_nothing_acknowledged_is_lost(house: House) -> None:
    limits = LimitConfig(message_burst=3, messages_per_second=0.5)
    async with running_desk(house, limits=limits) as running:
        session = await running.session()
        async with running.widget(session["token"]) as widget:
            for number in range(8):
                await widget.post(f"c{number}", "x")
            refusals = [await widget.until("refused") for _ in range(5)]
            refused = refusals[-1]
            assert refused["code"] == "rate_limited"
            assert refused["retry_after_seconds"] > 0
            assert refused["client_id"] == "c7"
            acked = {frame["client_id"] for frame in widget.frames if frame["type"] == "ack"}
        stored = await access.access_customer_entries(running.desk, session["conversation_id"], 0)
        assert (
            acked == {entry.client_id for entry in stored if entry.kind == "customer"} == {"c0", "c1", "c2"}
        )


async def test_whoever_goes_on_flooding_is_closed(house: House) -> None:
    limits = LimitConfig(frame_burst=5, frames_per_second=0.1)
    async with running_desk(house, limits=limits) as running:
        session = await running.session()
        async with running.widget(session["token"]) as widget:
            with suppress(ConnectionClosed):
                for _ in range(200):
                    await widget.send("ping")
            assert await widget.until_closed() == 4429


async def test_talking_to_a_person_and_back(running: Running, house: House) -> None:
    sam = await house.agent("Sam")
    session = await running.session()
    conversation = session["conversation_id"]
    async with running.widget(session["token"]) as widget:
        await widget.send("request_person", client_id="p1")
        owner = await widget.until("owner")
        assert owner["owner"] == {"kind": "queue", "position": 1, "wait_minutes": None}
        await ownership.claim(running.desk, sam, conversation, 2)
        assert (await widget.until("owner"))["owner"] == {"kind": "agent", "agent_name": "Sam"}
        await messages.post_note(running.desk, sam, conversation, "n1", "secret canary")
        await messages.post_reply(running.desk, sam, conversation, "r1", "Hello!")
        await widget.until_entry(kind="agent")
        await widget.send("leave_person", client_id="l1")
        assert (await widget.until("owner"))["owner"] == {"kind": "bot"}
        await widget.until_entry(kind="bot")
        frames = widget.frames + await widget.rest()
    text = json.dumps(frames)
    for secret in ("canary", "intent_ranking", '"trace"', "is_draft", '"payload"', "nearest", sam.email):
        assert secret not in text


async def test_an_answered_button_is_shown_as_answered_in_every_tab(running: Running) -> None:
    running.engine.replies = [{"text": "Sure?", "buttons": [{"title": "Yes", "payload": "/affirm"}]}]
    session = await running.session()
    async with running.widget(session["token"]) as one, running.widget(session["token"]) as two:
        await one.post("c1", "cancel it")
        entry = await one.until_entry(kind="bot")
        assert entry["buttons"] == [{"id": "b1", "title": "Yes"}]
        await two.until_entry(kind="bot")
        await one.send("post", client_id="c2", button={"seq": 2, "id": "b1"})
        assert (await two.until_entry(seq=2))["answered_button"] == "b1"
        await one.until_entry(seq=4)
    path, body = running.engine.seen[-1]
    assert (path, body["text"], body["payload"]) == ("messages", "Yes", "/affirm")


async def test_a_customers_slash_is_text(running: Running) -> None:
    session = await running.session()
    async with running.widget(session["token"]) as widget:
        await widget.post("c1", '/inform{"slot":"x"}')
        await widget.until_entry(kind="bot")
    assert running.engine.seen[-1][1]["payload"] is None


async def test_the_long_poll_gives_the_same_as_the_socket(running: Running) -> None:
    session = await running.session()
    headers = {"Authorization": f"Bearer {session['token']}"}
    async with running.client() as client:
        frame = {"type": "post", "id": "1", "client_id": "c1", "text": "hello"}
        acked = (await client.post("/widget/messages", json=frame, headers=headers)).json()
        assert (acked["type"], acked["seq"]) == ("ack", 1)
        entries: list[Any] = []
        while len(entries) < 2:
            after = entries[-1]["seq"] if entries else 0
            page = await client.get(f"/widget/entries?after={after}&wait_seconds=5", headers=headers)
            entries += page.json()["entries"]
        assert [entry["kind"] for entry in entries] == ["customer", "bot"]
        again = (await client.post("/widget/messages", json=frame, headers=headers)).json()
        assert again["seq"] == 1
        refused = await client.post("/widget/messages", json={**frame, "text": 5}, headers=headers)
        assert refused.json()["code"] == "bad_request"
        assert (await client.get("/widget/entries?after=0")).status_code == 401
        assert (await client.get("/widget/entries?after=x", headers=headers)).status_code == 400


async def test_an_old_token_goes_on_with_its_conversation_in_the_language_asked_for(running: Running) -> None:
    first = await running.session(locale="en")
    second = await running.session(token=first["token"], locale="zh-CN")
    assert second["conversation_id"] == first["conversation_id"]
    assert second["settings"]["locale"] == "zh"
    assert "Linde" in second["settings"]["greeting"]
    async with running.widget(second["token"]) as widget:
        await widget.send("post", client_id="s1", starter="return")
        assert (await widget.until_entry(seq=1))["text"] == "我要退货"
        await widget.until_entry(seq=2)
    assert running.engine.seen[-1][1]["payload"] == "/return_item"
    assert running.engine.seen[-1][1]["metadata"]["locale"] == "zh"


async def identity(running: Running, customer: Customer) -> str:
    desk = running.desk
    return sign_identity(customer, desk.config.identity_secret, desk.clock(), timedelta(hours=1))


MAYA = Customer("maya", "Maya Jansen", "maya@example.com")
TOM = Customer("tom", "Tom Becker", "tom@example.com")


async def test_a_signed_identity_takes_the_anonymous_conversation_over(
    running: Running, house: House
) -> None:
    sam = await house.agent("Sam")
    anonymous = await running.session()
    known = await running.session(token=anonymous["token"], identity=await identity(running, MAYA))
    assert known["conversation_id"] == anonymous["conversation_id"]
    summary = await access.access_summary(running.desk, sam, known["conversation_id"])
    assert summary.conversation.customer == replace(MAYA, is_verified=True)
    async with running.widget(anonymous["token"]) as widget:
        assert (await widget.receive())["code"] == "token_invalid"


async def test_a_known_customer_finds_the_conversation_on_another_device(running: Running) -> None:
    first = await running.session(identity=await identity(running, MAYA))
    second = await running.session(identity=await identity(running, MAYA))
    assert second["conversation_id"] == first["conversation_id"]


async def test_the_next_visitor_of_the_browser_does_not_see_what_maya_wrote(running: Running) -> None:
    maya = await running.session(identity=await identity(running, MAYA))
    tom = await running.session(token=maya["token"], identity=await identity(running, TOM))
    nobody = await running.session(token=maya["token"])
    assert len({maya["conversation_id"], tom["conversation_id"], nobody["conversation_id"]}) == 3


@pytest.mark.parametrize("kind", ["other_key", "over", "no_end", "too_long", "odd_name"])
async def test_a_forged_identity_opens_no_session(running: Running, kind: str) -> None:
    now = int(running.desk.clock().timestamp())
    claims: dict[str, Any] = {"aud": "careline-identity", "sub": "maya", "iat": now, "exp": now + 600}
    key = "i" * 32
    if kind == "other_key":
        key = "s" * 32
    if kind == "over":
        claims |= {"iat": now - 7200, "exp": now - 3600}
    if kind == "no_end":
        del claims["exp"]
    if kind == "too_long":
        claims["exp"] = now + 10**8
    if kind == "odd_name":
        claims["name"] = {"$gt": ""}
    async with running.client() as client:
        body = {"identity": jwt.encode(claims, key, algorithm="HS256")}
        response = await client.post("/widget/session", json=body)
    assert (response.status_code, response.json()["code"]) == (401, "identity_invalid")


async def test_where_identity_is_required_nobody_writes_without(house: House) -> None:
    async with running_desk(house, is_identity_required=True) as running, running.client() as client:
        response = await client.post("/widget/session", json={})
        assert response.json()["code"] == "identity_required"
        session = await running.session(identity=await identity(running, MAYA))
        async with running.widget(session["token"]) as widget:
            await widget.until("welcome")


async def test_new_sessions_of_one_address_are_limited(house: House) -> None:
    limits = LimitConfig(session_burst=2, sessions_per_second=0.01, loopback_factor=1.0)
    async with running_desk(house, limits=limits) as running, running.client() as client:
        codes = [(await client.post("/widget/session", json={})).status_code for _ in range(4)]
        last = await client.post("/widget/session", json={})
    assert codes == [200, 200, 429, 429]
    assert int(last.headers["retry-after"]) > 0


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"null", b"{", b'{"token": {"$ne": 1}}', b'{"identity": []}', b'{"locale": 7}', b"\xff"],
)
async def test_a_session_body_of_the_wrong_shape_is_a_400(running: Running, body: bytes) -> None:
    async with running.client() as client:
        headers = {"content-type": "application/json"}
        response = await client.post("/widget/session", content=body, headers=headers)
        large = await client.post("/widget/session", content=b" " * 80_000, headers=headers)
    assert response.status_code == 400
    assert set(response.json()) == {"code", "message", "details"}
    assert large.status_code == 413


async def test_cors_is_only_for_sites_that_embed_the_widget(house: House) -> None:
    async with (
        running_desk(house, widget_origins=("https://shop.example",)) as running,
        running.client() as client,
    ):
        preflight = {"origin": "https://shop.example", "access-control-request-method": "POST"}
        allowed = await client.options("/widget/session", headers=preflight)
        assert allowed.headers["access-control-allow-origin"] == "https://shop.example"
        posted = await client.post("/widget/session", json={}, headers={"origin": "https://shop.example"})
        assert posted.headers["access-control-allow-origin"] == "https://shop.example"
        evil = await client.post("/widget/session", json={}, headers={"origin": "https://evil.example"})
        assert (evil.status_code, evil.json()["code"]) == (403, "origin_refused")
        assert "access-control-allow-origin" not in evil.headers
        console = await client.get("/console/api/me", headers={"origin": "https://shop.example"})
        assert "access-control-allow-origin" not in console.headers


async def test_health_and_headers(running: Running) -> None:
    async with running.client() as client:
        health = await client.get("/health")
        head = await client.head("/health")
        console = await client.get("/console/anything")
        demo = await client.post("/demo/identity", json={"email": "maya.jansen@example.com"})
    assert (head.status_code, head.content) == (200, b"")
    assert health.json()["engine"] is True
    assert health.json()["status"] == "degraded"
    assert "frame-ancestors 'none'" in console.headers["content-security-policy"]
    assert console.headers["x-content-type-options"] == "nosniff"
    assert demo.json()["identity"].count(".") == 2


async def test_whoever_waits_as_told_may_go_on_for_ever(house: House) -> None:
    limits = LimitConfig(message_burst=1, messages_per_second=50, frame_burst=1000)
    async with running_desk(house, limits=limits) as running:
        session = await running.session()
        async with running.widget(session["token"]) as widget:
            for number in range(30):
                acked = False
                while not acked:
                    await widget.post(f"c{number}", "x")
                    while (frame := await widget.receive())["type"] not in ("ack", "refused"):
                        pass
                    acked = frame["type"] == "ack"
                    await asyncio.sleep(frame.get("retry_after_seconds", 0))


async def test_an_anonymous_socket_is_closed_once_the_conversation_is_a_known_customers(
    running: Running,
) -> None:
    session = await running.session()
    maya = Customer("cust-1", "Maya", "maya@example.com")
    desk = running.desk
    async with running.widget(session["token"]) as stranger:
        await stranger.until("welcome")
        identity = sign_identity(maya, desk.config.identity_secret, desk.clock(), timedelta(hours=1))
        known = await running.session(token=session["token"], identity=identity)
        assert known["conversation_id"] == session["conversation_id"]
        assert await stranger.until_closed() == 4401
    async with running.widget(known["token"]) as widget:
        await widget.until("welcome")
        await running.session(token=known["token"], identity=identity)
        await widget.post("c1", "still mine")
        await widget.until("ack")


SOURCE = {
    "title": "Returns",
    "url": "/help/returns",
    "section": None,
    "updated": None,
    "passage_id": "returns#0",
    "document_id": "returns",
    "passage_hash": "5f0c",
}


async def test_a_vote_is_acknowledged_shown_in_every_tab_and_there_after_a_reload(running: Running) -> None:
    running.engine.replies = [{"text": "30 days", "sources": [SOURCE]}]
    session = await running.session()
    async with running.widget(session["token"]) as one, running.widget(session["token"]) as two:
        await one.post("c1", "how long?")
        answer = await one.until_entry(kind="bot")
        assert answer["sources"] == [{name: SOURCE[name] for name in ("title", "url", "section", "updated")}]
        await one.send("rate", client_id="v1", seq=answer["seq"], is_helpful=False)
        assert (await one.until("ack", client_id="v1"))["seq"] == answer["seq"]
        await two.until_entry(seq=answer["seq"], is_helpful=False)
    async with running.widget(session["token"]) as widget:
        await widget.until_entry(seq=answer["seq"], is_helpful=False)


async def test_a_vote_over_http_counts_too_and_one_on_anything_else_is_refused(running: Running) -> None:
    running.engine.replies = [{"text": "30 days", "sources": [SOURCE]}]
    session = await running.session()
    async with running.widget(session["token"]) as widget:
        await widget.post("c1", "how long?")
        answer = await widget.until_entry(kind="bot")
    headers = {"authorization": f"Bearer {session['token']}"}
    frame = {"type": "rate", "id": "f1", "client_id": "v1", "seq": answer["seq"], "is_helpful": True}
    async with running.client() as client:
        said = [
            (await client.post("/widget/messages", json=frame | change, headers=headers)).json()
            for change in ({}, {"seq": 1}, {"is_helpful": "yes"}, {"client_id": ""})
        ]
        nobody = await client.post("/widget/messages", json=frame)
    assert [one.get("code", one["type"]) for one in said] == [
        "ack",
        "not_an_answer",
        "bad_request",
        "bad_request",
    ]
    assert nobody.status_code == 401


async def test_a_flood_of_votes_is_told_to_wait(house: House) -> None:
    limits = LimitConfig(message_burst=3, messages_per_second=0.01)
    async with running_desk(house, limits=limits) as running:
        running.engine.replies = [{"text": "30 days", "sources": [SOURCE]}]
        session = await running.session()
        async with running.widget(session["token"]) as widget:
            await widget.post("c1", "how long?")
            answer = await widget.until_entry(kind="bot")
            for number in range(3):
                await widget.send("rate", client_id=f"v{number}", seq=answer["seq"], is_helpful=True)
            refused = await widget.until("refused")
    assert (refused["code"], refused["client_id"]) == ("rate_limited", "v2")
