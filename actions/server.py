"""The action server: rasa_sdk's executor behind a door of our own.

rasa_sdk brings a web server too, but that one asks for no secret, inflates bodies without a limit, allows every
origin and answers an error with the request it got. So only its executor is used, behind a small ASGI app that
speaks the same webhook as engine 3.6: a shared secret, a bounded body, a time limit for each action, and errors
that carry a code and nothing else.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any

import structlog
import uvicorn
from rasa_sdk import Action
from rasa_sdk.executor import ActionExecutor
from rasa_sdk.interfaces import ActionExecutionRejection, ActionNotFoundException

from actions.errors import ActionTimeout, MissingSecret

log = structlog.get_logger()

MAX_BODY_BYTES = 4 * 1024 * 1024
ACTION_TIMEOUT_SECONDS = 8.0
MIN_TOKEN_CHARACTERS = 16
KEEP_ALIVE_SECONDS = 75

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
HealthCheck = Callable[[], Iterable[str]]


class RequestRefused(Exception):
    """A request that reaches no action: its HTTP status and code."""

    def __init__(self, status: int, code: str) -> None:
        self.status = status
        self.code = code
        super().__init__(status, code)


class Executor(ActionExecutor):  # type: ignore[misc]
    """rasa_sdk's executor for an engine that sends no domain."""

    def update_and_return_domain(self, payload: dict[str, Any], action_name: str) -> dict[str, Any]:  # noqa: ARG002
        """Take the domain of the call or none.

        Engine 3.6 with ``enable_selective_domain`` sends neither domain nor digest, and rasa_sdk 3.21 would ask
        for it again, which that engine does not understand.
        """
        domain = payload.get("domain")
        return domain if isinstance(domain, dict) else {}


def build_app(
    actions: Iterable[Action],
    token: str,
    *,
    timeout_seconds: float = ACTION_TIMEOUT_SECONDS,
    degraded: HealthCheck = tuple,
) -> ActionApp:
    """Build the ASGI app.

    Args:
        actions: instances; what they need was passed to them.
        token: the secret the engine sends; at least 16 characters.
        timeout_seconds: how long an action may take.
        degraded: names what does not work now, for the health page.

    Raises:
        MissingSecret: the token is empty or too short.
    """
    executor = Executor()
    for action in actions:
        executor.register_action(action)
    return ActionApp(executor, token, timeout_seconds=timeout_seconds, degraded=degraded)


class ActionApp:
    """``POST /webhook`` runs an action, ``GET /health`` tells what works."""

    def __init__(
        self, executor: ActionExecutor, token: str, *, timeout_seconds: float, degraded: HealthCheck
    ) -> None:
        if len(token) < MIN_TOKEN_CHARACTERS:
            raise MissingSecret("actions token")
        self._executor = executor
        self._authorization = f"Bearer {token}".encode()
        self._timeout_seconds = timeout_seconds
        self._degraded = degraded

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one ASGI connection."""
        if scope["type"] == "lifespan":
            await answer_lifespan(receive, send)
        elif scope["type"] == "http":
            status, body = await self._answer(scope, receive)
            await send_json(send, status, body)

    async def _answer(self, scope: Scope, receive: Receive) -> tuple[int, Any]:
        try:
            if (scope["method"], scope["path"]) == ("GET", "/health"):
                return 200, self._health()
            if (scope["method"], scope["path"]) != ("POST", "/webhook"):
                raise RequestRefused(404, "not_found")
            self._authorize(scope)
            call = parse_call(await read_body(scope, receive))
        except RequestRefused as refused:
            log.warning("action_request_refused", code=refused.code, status=refused.status)
            return refused.status, {"code": refused.code}
        return await self._run(call)

    def _health(self) -> dict[str, Any]:
        codes = list(self._degraded())
        return {"status": "degraded" if codes else "ok", "degraded": codes}

    def _authorize(self, scope: Scope) -> None:
        if not hmac.compare_digest(header_of(scope, b"authorization"), self._authorization):
            raise RequestRefused(401, "unauthorized")

    async def _run(self, call: dict[str, Any]) -> tuple[int, Any]:
        name, conversation_id = call["next_action"], call["tracker"]["sender_id"]
        with structlog.contextvars.bound_contextvars(action=name, conversation_id=conversation_id):
            try:
                began = time.perf_counter()
                result = await self._run_in_time(call, name)
                log.info("action_done", duration_ms=round((time.perf_counter() - began) * 1000, 1))
                return 200, result
            except ActionExecutionRejection:
                return 400, {"error": "rejected", "action_name": name}
            except ActionNotFoundException:
                log.error("action_unknown")
                return 404, {"code": "action_unknown", "action_name": name}
            except ActionTimeout as error:
                log.error("action_timeout", timeout_seconds=error.timeout_seconds)
                return 504, {"code": error.code, "action_name": name}
            except Exception as error:
                log.exception("action_failed", error=type(error).__name__)
                return 500, {"code": "action_failed", "action_name": name}

    async def _run_in_time(self, call: dict[str, Any], name: str) -> dict[str, Any]:
        deadline = asyncio.timeout(self._timeout_seconds)
        try:
            async with deadline:
                result = await self._executor.run(call)
        except TimeoutError as error:
            if deadline.expired():
                raise ActionTimeout(name, self._timeout_seconds) from error
            raise
        return result.model_dump() if result else {"events": [], "responses": []}


def parse_call(body: bytes) -> dict[str, Any]:
    """Read the engine's call; raises RequestRefused unless it names an action and holds a tracker."""
    try:
        call = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise RequestRefused(422, "not_json") from error
    tracker = call.get("tracker") if isinstance(call, dict) else None
    if not isinstance(tracker, dict) or not isinstance(tracker.get("sender_id"), str):
        raise RequestRefused(422, "no_tracker")
    if not isinstance(call.get("next_action"), str) or not call["next_action"]:
        raise RequestRefused(422, "no_action")
    return {**call, "tracker": check_tracker(tracker)}


def check_tracker(tracker: dict[str, Any]) -> dict[str, Any]:
    """Refuse a tracker whose parts have other types than rasa_sdk reads."""
    for name, kind in (("slots", dict), ("latest_message", dict), ("events", list), ("active_loop", dict)):
        if not isinstance(tracker.get(name) or kind(), kind):
            raise RequestRefused(422, "tracker_malformed")
    return {**tracker, "events": tracker.get("events") or [], "slots": tracker.get("slots") or {}}


async def read_body(scope: Scope, receive: Receive) -> bytes:
    """Read the body, at most MAX_BODY_BYTES, never inflated; raises RequestRefused."""
    if header_of(scope, b"content-encoding") not in (b"", b"identity"):
        raise RequestRefused(415, "encoding_not_supported")
    chunks, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise RequestRefused(400, "disconnected")
        chunks.append(message.get("body", b""))
        size += len(chunks[-1])
        if size > MAX_BODY_BYTES:
            raise RequestRefused(413, "body_too_large")
        if not message.get("more_body"):
            return b"".join(chunks)


def header_of(scope: Scope, name: bytes) -> bytes:
    """Get a header's value, empty when it is missing; ASGI gives names in lower case."""
    headers: list[tuple[bytes, bytes]] = scope["headers"]
    return next((value for key, value in headers if key == name), b"")


async def send_json(send: Send, status: int, body: Any) -> None:
    """Send a whole JSON answer."""
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(body, default=str).encode()})


async def answer_lifespan(receive: Receive, send: Send) -> None:
    """Say yes to start and stop."""
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


class Server(uvicorn.Server):
    """uvicorn without its signal handlers, which kill the process before the rest of it has stopped."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to ``actions.main``."""
        yield


def build_server(app: ActionApp, host: str, port: int) -> Server:
    """Build the HTTP server; ``await server.serve()`` runs it until ``server.should_exit`` is set."""
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=5,
    )
    return Server(config)
