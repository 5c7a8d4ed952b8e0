"""A small engine channel on loopback that does as it is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from litestar import Litestar, Request, Response, get, post

Json = dict[str, Any]
TOKEN = "e" * 32


@dataclass
class StubEngine:
    """What it answers next: a delay, then a status, then an echo. ``seen`` keeps every request, repeats too."""

    port: int = 0
    delays: list[float] = field(default_factory=list)
    failures: list[int] = field(default_factory=list)
    poison: str | None = None
    model_id: str = "04ea499fcdfca23b"
    replies: list[Json] | None = None
    seen: list[tuple[str, Json]] = field(default_factory=list)
    answered: dict[str, Json] = field(default_factory=dict)
    busy: dict[str, int] = field(default_factory=dict)
    has_overlapped: bool = False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def texts(self) -> list[str]:
        return [body["text"] for path, body in self.seen if path == "messages"]

    async def answer(self, path: str, body: Json) -> Response[Json]:
        self.seen.append((path, body))
        if self.delays:
            await asyncio.sleep(self.delays.pop(0))
        if self.poison is not None and body.get("text") == self.poison:
            return Response({"code": "turn_failed", "message": "x"}, status_code=500)
        if self.failures:
            status = self.failures.pop(0)
            code = "engine_not_ready" if status == 503 else "turn_failed"
            return Response({"code": code, "message": "x"}, status_code=status)
        return Response(self._result(path, body), status_code=200)

    def _result(self, path: str, body: Json) -> Json:
        if path == "explain":
            return self.explanation(body["text"])
        said = self.replies if self.replies is not None else [{"text": f"you said {body.get('text', path)}"}]
        evidence: Json = {
            "nearest": [{"text": "canary, taught", "intent": "greet", "cosine": 0.9}],
            "model_id": "04ea499fcdfca23b",
        }
        trace: Json = {
            "intent": {"name": "greet", "confidence": 0.9},
            "evidence": evidence,
            "active_form": None,
            "actions": [],
        }
        result = {"message_id": body["message_id"], "replies": said, "trace": trace, "repeated": False}
        return self.answered.setdefault(body["message_id"], result)

    def explanation(self, text: str) -> Json:
        words = [
            {"word": word, "is_spaced": n > 0, "for_first": 1.0, "for_second": -0.5}
            for n, word in enumerate(text.split()[:40])
        ]
        near = {"text": "canary, taught", "intent": "greet", "cosine": 0.9}
        return {
            "model_id": self.model_id,
            "intent": "greet",
            "confidence": 0.9,
            "second": "order_late",
            "margin": 0.8,
            "logit_margin": 2.5,
            "words_together": 1,
            "is_whole": len(words) == len(text.split()),
            "words": words,
            "first_example": near,
            "second_example": None,
        }


def build_app(stub: StubEngine) -> Litestar:
    def check(request: Request[Any, Any, Any]) -> None:
        assert request.headers["authorization"] == f"Bearer {TOKEN}"

    @post("/webhooks/careline/messages")
    async def messages(request: Request[Any, Any, Any]) -> Response[Json]:
        check(request)
        body = await request.json()
        conversation = body["conversation_id"]
        stub.has_overlapped |= bool(stub.busy.get(conversation))
        stub.busy[conversation] = stub.busy.get(conversation, 0) + 1
        try:
            return await stub.answer("messages", body)
        finally:
            stub.busy[conversation] -= 1

    @post("/webhooks/careline/resume")
    async def resume(request: Request[Any, Any, Any]) -> Response[Json]:
        check(request)
        return await stub.answer("resume", await request.json())

    @post("/webhooks/careline/understand", status_code=200)
    async def understand(request: Request[Any, Any, Any]) -> Json:
        check(request)
        body = await request.json()
        stub.seen.append(("understand", body))
        return {"intent": {"name": "order_late", "confidence": 0.8}, "intent_ranking": [], "entities": []}

    @post("/webhooks/careline/explain", status_code=200)
    async def explain(request: Request[Any, Any, Any]) -> Response[Json]:
        check(request)
        return await stub.answer("explain", await request.json())

    @get("/webhooks/careline/health")
    async def health() -> Json:
        return {"ready": True, "model_id": "stub", "degraded": []}

    return Litestar([messages, resume, understand, explain, health], logging_config=None, openapi_config=None)


@asynccontextmanager
async def serving(
    app: Any, port: int = 0, http: Any = "auto", ws: Any = "websockets-sansio"
) -> AsyncIterator[int]:
    """Serve an application on loopback while the context is open."""
    config = uvicorn.Config(
        app,
        host="127.0.0.1",
        port=port,
        log_config=None,
        http=http,
        ws=ws,
        ws_max_size=64 * 1024,
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    task = asyncio.create_task(server._serve())
    while not server.started:
        await asyncio.sleep(0.005)
        if task.done():
            task.result()
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        await task


@asynccontextmanager
async def stub_engine() -> AsyncIterator[StubEngine]:
    stub = StubEngine()
    async with serving(build_app(stub)) as port:
        stub.port = port
        yield stub
