"""The action server's door: who gets in, what comes out, and that nothing of the inside shows."""

from __future__ import annotations

import asyncio
import json
import zlib
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rasa_sdk import Action
from rasa_sdk.interfaces import ActionExecutionRejection

from actions.errors import MissingSecret
from actions.server import MAX_BODY_BYTES, build_app

TOKEN = "actions-token-for-tests"
GOOD = {"Authorization": f"Bearer {TOKEN}"}


class Scripted(Action):  # type: ignore[misc]  # rasa_sdk is untyped
    """Runs what it is given."""

    def __init__(self, name: str, act: Callable[..., Awaitable[Any]]) -> None:
        self._name = name
        self._act = act

    def name(self) -> str:
        return self._name

    async def run(self, dispatcher: Any, tracker: Any, domain: Any) -> Any:
        return await self._act(dispatcher, tracker, domain)


async def greet(dispatcher: Any, tracker: Any, domain: Any) -> list[dict[str, Any]]:
    assert domain == {}
    dispatcher.utter_message(text=f"Hi {tracker.sender_id}", json_message={"sources": []})
    return [{"event": "slot", "name": "seen", "value": True}]


async def fail(dispatcher: Any, tracker: Any, domain: Any) -> list[dict[str, Any]]:
    raise RuntimeError("password is hunter22")


async def linger(dispatcher: Any, tracker: Any, domain: Any) -> list[dict[str, Any]]:
    await asyncio.sleep(30)
    return []


async def reject(dispatcher: Any, tracker: Any, domain: Any) -> list[dict[str, Any]]:
    raise ActionExecutionRejection("action_reject", "hunter22")


async def say_nothing(dispatcher: Any, tracker: Any, domain: Any) -> None:
    return None


SCRIPTS = {"greet": greet, "fail": fail, "linger": linger, "reject": reject, "nothing": say_nothing}
APP = build_app(
    [Scripted(f"action_{name}", act) for name, act in SCRIPTS.items()],
    TOKEN,
    timeout_seconds=0.1,
    degraded=lambda: ["link_down"],
)


def call(name: str, **more: Any) -> dict[str, Any]:
    tracker = {"sender_id": "c1", "slots": {}, "latest_message": {}, "events": [], "active_loop": {}}
    return {
        "next_action": f"action_{name}",
        "sender_id": "c1",
        "tracker": tracker,
        "version": "3.6.21",
        **more,
    }


async def post(
    content: bytes, headers: dict[str, str] | None = None, path: str = "/webhook"
) -> httpx.Response:
    transport = httpx.ASGITransport(app=APP)
    async with httpx.AsyncClient(transport=transport, base_url="http://actions") as client:
        return await client.post(path, content=content, headers=GOOD if headers is None else headers)


async def run(name: str, **more: Any) -> httpx.Response:
    return await post(json.dumps(call(name, **more)).encode())


async def test_action_runs_without_a_domain() -> None:
    answer = await run("greet")
    assert answer.status_code == 200
    assert answer.json()["events"] == [{"event": "slot", "name": "seen", "value": True}]
    assert answer.json()["responses"][0]["text"] == "Hi c1"


async def test_action_that_returns_nothing_has_no_events() -> None:
    assert (await run("nothing")).json() == {"events": [], "responses": []}


@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": "Bearer x"}, {"Authorization": TOKEN}, {"X": f"Bearer {TOKEN}"}]
)
async def test_without_the_secret_nothing_runs(headers: dict[str, str]) -> None:
    answer = await post(json.dumps(call("greet")).encode(), headers)
    assert (answer.status_code, answer.json()) == (401, {"code": "unauthorized"})


@pytest.mark.parametrize(
    ("name", "status", "code"),
    [("fail", 500, "action_failed"), ("linger", 504, "action_timeout"), ("unknown", 404, "action_unknown")],
)
async def test_failures_are_codes_and_show_nothing_of_the_request(name: str, status: int, code: str) -> None:
    answer = await run(name, secret="4711")
    assert (answer.status_code, answer.json()) == (status, {"code": code, "action_name": f"action_{name}"})


async def test_rejection_is_what_engine_3_6_reads() -> None:
    answer = await run("reject")
    assert (answer.status_code, answer.json()) == (400, {"error": "rejected", "action_name": "action_reject"})


async def test_large_and_inflated_bodies_are_refused() -> None:
    assert (await post(b"x" * (MAX_BODY_BYTES + 1))).status_code == 413
    bomb = zlib.compress(b"0" * 50_000_000)
    assert (await post(bomb, {**GOOD, "Content-Encoding": "deflate"})).status_code == 415


async def test_other_paths_are_not_there() -> None:
    for path in ("/actions", "/", "/webhook/x", "/health"):
        assert (await post(b"{}", path=path)).status_code == 404


async def test_health_names_what_does_not_work_and_needs_no_secret() -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=APP), base_url="http://actions") as client:
        answer = await client.get("/health")
    assert answer.json() == {"status": "degraded", "degraded": ["link_down"]}


@pytest.mark.parametrize("token", ["", "short"])
def test_empty_secret_does_not_start(token: str) -> None:
    with pytest.raises(MissingSecret):
        build_app([], token)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
calls = st.fixed_dictionaries(
    {"next_action": st.just("action_greet") | json_values},
    optional={
        "tracker": json_values
        | st.fixed_dictionaries(
            {"sender_id": st.text(max_size=5) | json_values},
            optional=dict.fromkeys(("slots", "latest_message", "events", "active_loop"), json_values),
        ),
        "domain": json_values,
    },
)


@given(calls | json_values)
@settings(max_examples=200)
def test_any_json_is_answered_below_500_or_as_a_failed_action(body: Any) -> None:
    answer = asyncio.run(post(json.dumps(body).encode()))
    assert answer.status_code in (200, 422, 404, 500)
    if answer.status_code == 500:
        assert answer.json() == {"code": "action_failed", "action_name": "action_greet"}
