"""The engine's only door: an HTTP channel that the desk calls.

Mounted by Rasa at ``/webhooks/careline``. It checks the token, reads the body strictly, lets ``bot.turns`` run the
turn and answers with replies and trace, or with ``{"code", "message"}``. Rasa's own API stays off.
"""

from __future__ import annotations

# mypy: disable-error-code="misc"
import asyncio
import hmac
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from rasa.core.channels.channel import InputChannel, UserMessage
from rasa.shared.exceptions import RasaException
from sanic import Blueprint, response
from sanic.request import Request
from sanic.response import HTTPResponse
from structlog.contextvars import bound_contextvars

from bot import wire
from bot.errors import BodyTooLarge, EngineError, EngineNotReady, TurnFailed, Unauthorized
from bot.turns import TurnRunner

log = structlog.get_logger()

MIN_TOKEN_CHARACTERS = 16

Handler = Callable[[Request], Awaitable[dict[str, Any]]]


class CarelineInput(InputChannel):
    """The channel ``careline``; ``token`` comes from credentials.yml and may not be empty."""

    def __init__(self, token: str) -> None:
        if len(token) < MIN_TOKEN_CHARACTERS:
            raise RasaException("The engine's token is empty or too short; set CARELINE_ENGINE_TOKEN.")
        self._authorization = f"Bearer {token}".encode()
        self._runner: TurnRunner | None = None

    @classmethod
    def name(cls) -> str:
        """Name the channel and its path."""
        return "careline"

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> CarelineInput:
        """Build the channel from credentials.yml."""
        return cls(str((credentials or {}).get("token") or ""))

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:  # noqa: ARG002
        """Define the five routes."""
        blueprint = Blueprint("careline_webhook")
        blueprint.add_route(self._route(self._messages), "/messages", methods=["POST"], name="messages")
        blueprint.add_route(self._route(self._understand), "/understand", methods=["POST"], name="understand")
        blueprint.add_route(self._route(self._explain), "/explain", methods=["POST"], name="explain")
        blueprint.add_route(self._route(self._resume), "/resume", methods=["POST"], name="resume")
        blueprint.add_route(self._route(self._health), "/health", methods=["GET"], name="health")
        blueprint.listener("before_server_start")(limit_bodies)
        blueprint.listener("after_server_start")(self._prepare)
        return blueprint

    async def _prepare(self, app: Any, _: Any) -> None:
        """Stop a start without a model, or with a tracker store that is not ours.

        Rasa logs a model that it cannot load and goes on without one; a bot that is there and cannot answer is
        worse than none, because nobody restarts it.
        """
        try:
            self._runner = build_runner(app)
        except EngineError as error:
            log.error("engine_not_started", code=error.code, alarm=True)
            sys.exit(1)

    def _route(self, handle: Handler) -> Any:
        async def answer(request: Request) -> HTTPResponse:
            try:
                self._authorize(request)
                return response.json(await handle(request), ensure_ascii=False)
            except EngineError as error:
                return self._refuse(error)
            except Exception:
                log.exception("channel_failed", path=request.path)
                return self._refuse(TurnFailed("channel_failed"))

        answer.__name__ = handle.__name__
        return answer

    def _refuse(self, error: EngineError) -> HTTPResponse:
        log.warning("request_refused", code=error.code, detail=str(error))
        return response.json({"code": error.code, "message": error.message}, status=error.status)

    def _authorize(self, request: Request) -> None:
        given = request.headers.get("authorization", "").encode()
        if not hmac.compare_digest(given, self._authorization):
            raise Unauthorized

    async def _messages(self, request: Request) -> dict[str, Any]:
        message = wire.parse_message(read_body(request))
        with bound_contextvars(conversation_id=message.conversation_id):
            return logged(await self._ready(request).answer(message))

    async def _resume(self, request: Request) -> dict[str, Any]:
        resume = wire.parse_resume(read_body(request))
        with bound_contextvars(conversation_id=resume.conversation_id):
            return logged(await self._ready(request).resume(resume))

    async def _understand(self, request: Request) -> dict[str, Any]:
        asked = wire.parse_understand(read_body(request))
        runner = self._ready(request)
        # On a thread: many texts take a second, in which conversations must go on.
        results = await asyncio.to_thread(runner.understand, asked.texts)
        return {"results": results} if asked.is_many else results[0]

    async def _explain(self, request: Request) -> dict[str, Any]:
        text = wire.parse_explain(read_body(request))
        return await self._ready(request).explain(text)

    async def _health(self, request: Request) -> dict[str, Any]:
        try:
            runner = self._ready(request)
        except EngineError as error:
            return {"ready": False, "model_id": None, "degraded": [error.code]}
        return {"ready": True, "model_id": runner.model_id, "degraded": await runner.degraded()}

    def _ready(self, request: Request) -> TurnRunner:
        """Get the runner of the loaded agent; raises EngineNotReady while there is none."""
        if self._runner is None:
            self._runner = build_runner(request.app)
        return self._runner


def logged(answer: dict[str, Any]) -> dict[str, Any]:
    """Note that a turn is over, without a word of what was said."""
    trace = answer["trace"]
    log.info(
        "turn_answered",
        intent=(trace["intent"] or {}).get("name"),
        actions=[action["name"] for action in trace["actions"]],
        duration_ms=round(trace["duration_ms"]["total"], 1),
        is_repeat=answer["repeated"],
    )
    return answer


def build_runner(app: Any) -> TurnRunner:
    """Build the runner of the agent that Rasa has loaded; raises EngineNotReady or TrackerStoreUnavailable."""
    agent = getattr(app.ctx, "agent", None)
    if agent is None or not agent.is_ready():
        raise EngineNotReady
    return TurnRunner(agent)


async def limit_bodies(app: Any, _: Any) -> None:
    """Let Sanic refuse larger bodies while it reads them."""
    app.config.REQUEST_MAX_SIZE = wire.MAX_BODY_BYTES


def read_body(request: Request) -> bytes:
    """Get the raw body, at most MAX_BODY_BYTES long."""
    body: bytes = request.body or b""
    if len(body) > wire.MAX_BODY_BYTES:
        raise BodyTooLarge
    return body
