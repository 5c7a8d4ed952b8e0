"""The console over HTTP and its socket: sign in, claims, conflicts, who may see what."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import httpx
import pytest
from websockets.exceptions import InvalidStatus

from desk.config import LimitConfig
from desk.log import Customer, Role
from desk.service import messages, ownership, turns, visits
from tests.desk.browser import Json, Running, running_desk
from tests.desk.house import House

PASSWORD = "correct horse battery"
API = "/console/api"


@pytest.fixture
async def running(house: House) -> AsyncIterator[Running]:
    async with running_desk(house) as started:
        yield started


class Console:
    """A signed-in agent's browser."""

    def __init__(self, client: httpx.AsyncClient, agent: Json) -> None:
        self.client = client
        self.agent = agent

    async def get(self, path: str, status: int = 200) -> Json:
        return self._read(await self.client.get(f"{API}{path}"), status)

    async def post(self, path: str, body: Any, status: int = 200) -> Json:
        return self._read(await self.client.post(f"{API}{path}", json=body), status)

    def _read(self, response: httpx.Response, status: int) -> Json:
        assert response.status_code == status, response.text
        answer: Json = response.json()
        return answer

    @property
    def cookie(self) -> str:
        return f"careline_session={self.client.cookies['careline_session']}"


async def test_guessing_does_not_lock_out_whoever_signed_in_from_there_before(house: House) -> None:
    limits = LimitConfig(login_burst=2, logins_per_second=0.01)
    async with running_desk(house, limits=limits) as running, running.client() as client:
        await house.agent("Sam")
        right = {"email": "sam@example.com", "password": PASSWORD}
        assert (await client.post(f"{API}/login", json=right)).status_code == 200
        guesses = []
        for number in range(6):
            elsewhere = {"x-forwarded-for": f"203.0.113.{number}"}
            guess = await client.post(f"{API}/login", json=right | {"password": "no"}, headers=elsewhere)
            guesses.append(guess.status_code)
        assert guesses[-1] == 429
        assert (await client.post(f"{API}/login", json=right)).status_code == 200


@asynccontextmanager
async def signed_in(running: Running, name: str, role: Role = Role.AGENT) -> AsyncIterator[Console]:
    agent = await running.house.agent(name, role)
    async with running.client() as client:
        body = {"email": agent.email, "password": PASSWORD}
        response = await client.post(f"{API}/login", json=body)
        assert response.status_code == 200, response.text
        client.headers["X-CSRF-Token"] = response.json()["csrf_token"]
        yield Console(client, response.json()["agent"])


async def waiting(running: Running, client_id: str = "p1") -> str:
    conversation = await visits.create_conversation(running.desk, Customer(), "en")
    await messages.request_person(running.desk, conversation, client_id)
    return conversation


async def test_signing_in_gives_a_strict_cookie_and_a_csrf_token(running: Running) -> None:
    await running.house.agent("Sam")
    async with running.client() as client:
        body = {"email": "SAM@example.com", "password": PASSWORD}
        response = await client.post(f"{API}/login", json=body)
        cookie = response.headers["set-cookie"]
        me = (await client.get(f"{API}/me")).json()
    assert "HttpOnly" in cookie
    assert "samesite=strict" in cookie.lower()
    assert "Path=/console" in cookie
    assert me["csrf_token"] == response.json()["csrf_token"]
    assert me["agent"]["name"] == "Sam"


async def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(running: Running) -> None:
    await running.house.agent("Sam")
    async with running.client() as client:
        wrong = await client.post(f"{API}/login", json={"email": "sam@example.com", "password": "x" * 12})
        unknown = await client.post(f"{API}/login", json={"email": "kim@example.com", "password": "x" * 12})
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.json() == unknown.json()


async def test_guessing_passwords_is_slowed_down(house: House) -> None:
    await house.agent("Sam")
    limits = LimitConfig(login_burst=3, logins_per_second=0.01, loopback_factor=1.0)
    async with running_desk(house, limits=limits) as running, running.client() as client:
        body = {"email": "sam@example.com", "password": "wrong password"}
        codes = [(await client.post(f"{API}/login", json=body)).status_code for _ in range(5)]
    assert codes == [401, 401, 401, 429, 429]


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {"email": {"$gt": ""}, "password": {"$gt": ""}},
        {"email": "sam@example.com", "password": ["x"]},
        {"email": None, "password": 5},
        {"email": "x" * 400, "password": "x"},
    ],
)
async def test_a_login_of_the_wrong_shape_is_a_400(running: Running, body: Any) -> None:
    async with running.client() as client:
        response = await client.post(f"{API}/login", json=body)
    assert (response.status_code, response.json()["code"]) == (400, "bad_request")


async def test_without_a_session_nothing_is_told(running: Running) -> None:
    conversation = await waiting(running)
    paths = ["/me", "/overview", "/conversations", f"/conversations/{conversation}", "/tickets", "/agents"]
    paths += [f"/conversations/{conversation}/entries/1/explanation"]
    async with running.client() as client:
        client.cookies.set("careline_session", "guess")
        codes = {(await client.get(f"{API}{path}")).status_code for path in paths}
        posted = await client.post(f"{API}/conversations/{conversation}/claim", json={"version": 2})
    assert codes == {401}
    assert posted.status_code == 401


async def test_a_change_without_the_csrf_token_is_refused(running: Running) -> None:
    conversation = await waiting(running)
    async with signed_in(running, "Sam") as sam:
        for token in ("", "wrong"):
            sam.client.headers["X-CSRF-Token"] = token
            refused = await sam.post(f"/conversations/{conversation}/claim", {"version": 2}, 403)
            assert refused["code"] == "csrf_failed"


async def test_another_sites_page_may_not_act(running: Running) -> None:
    conversation = await waiting(running)
    async with signed_in(running, "Sam") as sam:
        sam.client.headers["Origin"] = "https://evil.example"
        refused = await sam.post(f"/conversations/{conversation}/claim", {"version": 2}, 403)
        assert refused["code"] == "origin_refused"


async def test_of_two_who_claim_one_wins_and_the_other_hears_who(running: Running) -> None:
    conversation = await waiting(running)
    async with signed_in(running, "Sam") as sam, signed_in(running, "Kim") as kim:
        answers = await asyncio.gather(
            *(
                each.client.post(f"{API}/conversations/{conversation}/claim", json={"version": 2})
                for each in (sam, kim)
            )
        )
    won = [answer for answer in answers if answer.status_code == 200]
    lost = [answer for answer in answers if answer.status_code == 409]
    assert (len(won), len(lost)) == (1, 1)
    body = lost[0].json()
    assert body["code"] == "conversation_taken"
    assert body["details"]["owner"]["agent_name"] == won[0].json()["owner"]["agent_name"]


async def test_a_whole_conversation_with_a_person(running: Running) -> None:
    conversation = await waiting(running)
    async with signed_in(running, "Sam") as sam:
        listed = (await sam.get("/conversations?view=waiting"))["items"]
        assert [(item["id"], item["queue_position"], item["unread"]) for item in listed] == [
            (conversation, 1, 1)
        ]
        path = f"/conversations/{conversation}"
        claimed = await sam.post(f"{path}/claim", {"version": listed[0]["version"]})
        assert claimed["owner"]["agent_id"] == sam.agent["id"]
        replied = await sam.post(f"{path}/reply", {"client_id": "r1", "text": "Hello"})
        again = await sam.post(f"{path}/reply", {"client_id": "r1", "text": "Hello"})
        assert replied == again
        await sam.post(f"{path}/note", {"client_id": "n1", "text": "careful"})
        ticket = await sam.post(
            f"{path}/tickets", {"client_id": "t1", "subject": "Late", "body": "x", "priority": "high"}
        )
        twin = await sam.post(
            f"{path}/tickets", {"client_id": "t1", "subject": "Late", "body": "x", "priority": "high"}
        )
        assert ticket["number"] == twin["number"] == "T-1001"
        opened = await sam.get(path)
        assert [entry["kind"] for entry in opened["entries"]] == [
            "customer",
            "system",
            "system",
            "agent",
            "note",
            "system",
        ]
        assert [one["number"] for one in opened["tickets"]] == ["T-1001"]
        stale = await sam.post(f"{path}/return", {"mode": "resume", "version": 1}, 409)
        assert (stale["code"], stale["details"]["version"]) == ("version_conflict", claimed["version"])
        returned = await sam.post(f"{path}/return", {"mode": "resume", "version": claimed["version"]})
        assert returned["owner"]["kind"] == "bot"
        refused = await sam.post(f"{path}/reply", {"client_id": "r2", "text": "wait"}, 409)
        assert refused["code"] == "wrong_owner"
        resolved = await sam.post(f"{path}/resolve", {"version": returned["version"]})
        assert resolved["owner"]["kind"] == "closed"
        overview = await sam.get("/overview")
        assert (overview["waiting"], overview["mine"], overview["agents_online"]) == (0, 0, 1)


async def test_transfer_to_a_colleague_and_to_nobody(running: Running) -> None:
    conversation = await waiting(running)
    path = f"/conversations/{conversation}"
    async with signed_in(running, "Sam") as sam, signed_in(running, "Kim") as kim:
        claimed = await sam.post(f"{path}/claim", {"version": 2})
        missing = await sam.post(
            f"{path}/transfer", {"agent_id": "nobody", "version": claimed["version"]}, 404
        )
        assert missing["code"] == "not_found"
        moved = await sam.post(
            f"{path}/transfer", {"agent_id": kim.agent["id"], "version": claimed["version"]}
        )
        assert moved["owner"]["agent_name"] == "Kim"
        taken = await sam.post(f"{path}/reply", {"client_id": "r1", "text": "me again"}, 409)
        assert taken["code"] == "conversation_taken"
        queued = await kim.post(f"{path}/transfer", {"agent_id": None, "version": moved["version"]})
        assert (queued["owner"]["kind"], queued["queue_position"]) == ("queue", 1)


async def test_tickets_move_only_as_their_life_allows(running: Running) -> None:
    conversation = await waiting(running)
    async with signed_in(running, "Sam") as sam:
        body = {"client_id": "t1", "subject": "Late", "body": "x"}
        number = (await sam.post(f"/conversations/{conversation}/tickets", body))["number"]
        patch = {"version": 1, "status": "closed", "comment": "done", "is_public": True}
        closed = (await sam.client.patch(f"{API}/tickets/{number}", json=patch)).json()
        assert (closed["status"], closed["version"]) == ("closed", 2)
        reopened = await sam.client.patch(f"{API}/tickets/{number}", json={"version": 2, "status": "open"})
        assert (reopened.status_code, reopened.json()["code"]) == (409, "ticket_move_refused")
        stale = await sam.client.patch(f"{API}/tickets/{number}", json={"version": 1, "comment": "x"})
        assert stale.json()["code"] == "version_conflict"
        empty = await sam.client.patch(f"{API}/tickets/{number}", json={"version": 2})
        assert empty.status_code == 400
        assert (await sam.get("/tickets?status=closed"))["items"][0]["number"] == number
        assert (await sam.get("/tickets/T-9999", 404))["code"] == "not_found"
        assert (await sam.get("/tickets/x'--", 404))["code"] == "not_found"


WRONG_BODIES: list[tuple[str, Any]] = [
    ("claim", {"version": "2"}),
    ("claim", {"version": {"$gt": 0}}),
    ("claim", []),
    ("claim", {"version": -1}),
    ("claim", {"version": 2**70}),
    ("reply", {"client_id": {"a": 1}, "text": "x"}),
    ("reply", {"client_id": "r", "text": ["x"]}),
    ("reply", {"client_id": "", "text": "x"}),
    ("reply", {"client_id": "desk:reply", "text": "x"}),
    ("note", {"client_id": "n", "text": None}),
    ("note", {"client_id": "n", "text": "x" * 30_000}),
    ("return", {"mode": "../x", "version": 2}),
    ("return", {"mode": 5, "version": 2}),
    ("transfer", {"agent_id": {}, "version": 2}),
    ("tickets", {"client_id": "t", "subject": {}, "body": "x"}),
    ("tickets", {"client_id": "t", "subject": "x", "priority": "now!"}),
]


async def test_every_body_of_the_wrong_shape_is_a_400(running: Running) -> None:
    conversation = await waiting(running)
    async with signed_in(running, "Sam") as sam:
        for verb, body in WRONG_BODIES:
            answer = await sam.post(f"/conversations/{conversation}/{verb}", body, 400)
            assert set(answer) == {"code", "message", "details"}, (verb, body)
        edges = [
            f"cursor={at}%7Cx"
            for at in ("0%7C0001-01-01T00:00:00%2B23:59", "9" * 60 + "%7C2026-01-01T00:00Z")
        ]
        for query in ("view=secret", "limit=0", "limit=x", "cursor=x", "limit=99999", *edges):
            await sam.get(f"/conversations?{query}", 400)
        path = f"{API}/conversations/{conversation}/claim"
        json_type = {"content-type": "application/json"}
        for content in (b"{" * 5000, b"\xff\xfe", b"", b"[" * 60_000):
            raw = await sam.client.post(path, content=content, headers=json_type)
            assert (raw.status_code, raw.json()["code"]) == (400, "bad_request")
        form = await sam.client.post(path, content=b"{}", headers={"content-type": "text/plain"})
        assert form.json()["code"] == "json_expected"
        large = await sam.client.post(path, content=b" " * 80_000, headers=json_type)
        assert (large.status_code, large.json()["code"]) == (413, "body_too_large")


async def test_a_conversation_that_is_not_there_is_not_found_for_every_verb(running: Running) -> None:
    async with signed_in(running, "Sam") as sam:
        await sam.get("/conversations/nothing", 404)
        await sam.get("/conversations/nothing/entries", 404)
        await sam.post("/conversations/nothing/claim", {"version": 1}, 404)
        await sam.post("/conversations/nothing/note", {"client_id": "n", "text": "x"}, 404)


async def test_a_customers_token_opens_no_console_and_no_other_conversation(running: Running) -> None:
    mine, other = await running.session(), await running.session()
    await messages.post_text(running.desk, other["conversation_id"], "c1", "canary")
    headers = {"Authorization": f"Bearer {mine['token']}"}
    async with running.client() as client:
        page = await client.get(
            f"/widget/entries?after=0&wait_seconds=0&conversation_id={other['conversation_id']}",
            headers=headers,
        )
        console = await client.get(f"{API}/conversations", headers=headers)
    assert "canary" not in page.text
    assert page.json()["conversation_id"] == mine["conversation_id"]
    assert console.status_code == 401


async def test_an_idle_session_runs_out_and_signing_out_ends_it(running: Running) -> None:
    async with signed_in(running, "Sam") as sam:
        await sam.get("/me")
        running.house.clock.pass_time(minutes=31)
        await sam.get("/me", 401)
    async with signed_in(running, "Kim") as kim:
        assert (await kim.client.post(f"{API}/logout")).status_code == 204
        await kim.get("/me", 401)


async def test_a_session_ends_after_its_absolute_life_however_busy(running: Running) -> None:
    async with signed_in(running, "Sam") as sam:
        for _ in range(23):
            running.house.clock.pass_time(minutes=20)
            await sam.get("/me")
        running.house.clock.pass_time(minutes=21)
        await sam.get("/me", 401)


async def test_earlier_conversations_of_a_known_customer_are_shown(running: Running) -> None:
    maya = Customer("maya", "Maya", "maya@example.com", is_verified=True)
    first = await visits.create_conversation(running.desk, maya, "en")
    second = await visits.create_conversation(running.desk, maya, "en")
    for conversation in (first, second):
        await messages.post_text(running.desk, conversation, "c1", "hello")
    async with signed_in(running, "Sam") as sam:
        opened = await sam.get(f"/conversations/{second}")
    assert [summary["id"] for summary in opened["earlier"]] == [first]


async def test_the_socket_tells_of_every_conversation_and_shows_the_watched(running: Running) -> None:
    async with (
        signed_in(running, "Sam") as sam,
        signed_in(running, "Kim") as kim,
        running.console(sam.cookie) as one,
        running.console(kim.cookie) as two,
    ):
        assert (await one.until("welcome"))["agent"]["name"] == "Sam"
        await two.until("welcome")
        conversation = await waiting(running)
        summary = (await one.until("summary", conversation_id=conversation))["summary"]
        assert summary["owner"]["kind"] == "queue"
        await two.send("watch", conversation_id=conversation, after_seq=0)
        await two.until("viewers")
        await one.send("watch", conversation_id=conversation, after_seq=0)
        await one.until_entry(code="queue_joined")
        await sam.post(f"/conversations/{conversation}/claim", {"version": summary["version"]})
        await one.send("typing", conversation_id=conversation, is_typing=True)
        typing = await two.until("typing", who="agent")
        assert (typing["name"], typing["ttl_seconds"]) == ("Sam", 6)
        await messages.post_text(running.desk, conversation, "c1", "are you there")
        await one.until_entry(kind="customer", text="are you there")
        while True:
            entry = await one.until_entry(kind="customer", text="are you there")
            if entry["trace"]:
                break
        assert entry["trace"]["intent"]["name"] == "order_late"
        viewers = [frame["viewers"] for frame in two.frames if frame["type"] == "viewers"]
        assert {viewer["name"] for viewer in viewers[-1]} == {"Sam", "Kim"} or len(viewers) == 1


async def test_watching_marks_as_read_for_the_one_who_has_it(running: Running) -> None:
    session = await running.session()
    conversation = session["conversation_id"]
    await messages.request_person(running.desk, conversation, "p1")
    async with signed_in(running, "Sam") as sam, running.widget(session["token"]) as widget:
        await widget.until("welcome")
        async with running.console(sam.cookie) as socket:
            await socket.until("welcome")
            await sam.post(f"/conversations/{conversation}/claim", {"version": 2})
            await socket.send("watch", conversation_id=conversation, after_seq=0)
            read = await widget.until("read")
            assert read["seq"] >= 3
            assert (await sam.get(f"/conversations/{conversation}"))["unread"] == 0


async def test_customers_typing_reaches_only_who_watches(running: Running) -> None:
    session = await running.session()
    async with signed_in(running, "Sam") as sam, running.widget(session["token"]) as widget:
        await messages.post_text(running.desk, session["conversation_id"], "c1", "hi")
        async with running.console(sam.cookie) as socket:
            await socket.send("watch", conversation_id=session["conversation_id"], after_seq=0)
            await socket.until_entry(seq=1)
            await widget.send("typing", is_typing=True)
            assert (await socket.until("typing", who="customer"))["is_typing"] is True


async def test_the_socket_needs_a_session_and_our_own_origin(running: Running) -> None:
    async with signed_in(running, "Sam") as sam:
        async with running.console("careline_session=guess") as socket:
            assert await socket.until_closed() == 4401
        with pytest.raises(InvalidStatus):
            async with running.console(sam.cookie, origin="https://evil.example"):
                pass


async def test_signing_out_closes_the_socket(running: Running) -> None:
    async with signed_in(running, "Sam") as sam, running.console(sam.cookie) as socket:
        await socket.until("welcome")
        await sam.client.post(f"{API}/logout")
        assert await socket.until_closed() == 4401


async def test_bad_console_frames_are_refused_and_the_socket_lives(running: Running) -> None:
    async with signed_in(running, "Sam") as sam, running.console(sam.cookie) as socket:
        await socket.until("welcome")
        for bad in ("x", '{"type":"watch","id":"1"}', '{"type":"post","id":"1"}', '{"type":"watch","id":5}'):
            await socket.socket.send(bad)
            await socket.until("refused")
        await socket.send("watch", conversation_id="nothing", after_seq=0)
        assert (await socket.until("refused"))["code"] == "not_found"
        await socket.send("ping")
        await socket.until("pong")


async def test_a_draft_is_shown_to_agents_only(running: Running) -> None:
    conversation = await waiting(running)
    await turns.keep_draft(running.desk, conversation, "desk:suggest:1", "try this", ())
    async with signed_in(running, "Sam") as sam:
        opened = await sam.get(f"/conversations/{conversation}")
    assert [entry["text"] for entry in opened["entries"] if entry["is_draft"]] == ["try this"]


async def test_openapi_names_every_console_path_and_the_shape_of_its_body(running: Running) -> None:
    async with running.client() as client:
        document = (await client.get(f"{API}/openapi.json")).json()
    paths = document["paths"]
    for name in ("claim", "reply", "note", "return", "transfer", "resolve", "tickets"):
        body = paths[f"{API}/conversations/{{conversation_id}}/{name}"]["post"]["requestBody"]
        reference = body["content"]["application/json"]["schema"]["$ref"]
        shape = document["components"]["schemas"][reference.rsplit("/", 1)[-1]]
        assert shape["required"], name
    assert "requestBody" in paths[f"{API}/login"]["post"]
    assert f"{API}/me/presence" in paths
    explanation = paths[f"{API}/conversations/{{conversation_id}}/entries/{{seq}}/explanation"]["get"]
    assert {parameter["name"] for parameter in explanation["parameters"]} == {"conversation_id", "seq"}


async def test_a_second_desk_process_serves_the_same_log(running: Running) -> None:
    conversation = await waiting(running)
    other = replace(running.desk, config=replace(running.desk.config, instance="desk-2"))
    sam = await running.house.agent("Sam")
    head = await ownership.claim(other, sam, conversation, 2)
    assert head.owner.agent_id == sam.id
