"""The engine's channel over HTTP: one message in, the replies and their trace out; every failure has a name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx
import msgspec

from desk.config import EngineConfig
from desk.errors import EngineDown, EngineError, EngineRefused, EngineSlow, TurnFailed
from desk.log import Customer, Entry
from desk.wire import wire_time

CHANNEL = "/webhooks/careline"
CONNECT_TIMEOUT_SECONDS = 2.0
EXPLAIN_TIMEOUT_SECONDS = 5.0
MAX_REPLIES = 20
MAX_REPLY_BYTES = 1024 * 1024

T = TypeVar("T")


class ReplyButton(msgspec.Struct, frozen=True):
    """A choice the engine offers."""

    title: str
    payload: str


class ReplySource(msgspec.Struct, frozen=True):
    """Where the engine's answer comes from."""

    title: str
    url: str
    section: str | None = None
    updated: str | None = None
    passage_id: str | None = None
    document_id: str | None = None
    passage_hash: str | None = None


class Reply(msgspec.Struct, frozen=True):
    """One thing the bot says."""

    text: str | None = None
    buttons: list[ReplyButton] = []
    sources: list[ReplySource] = []
    data: dict[str, Any] | None = None


class TurnResult(msgspec.Struct, frozen=True):
    """What the engine made of a message."""

    message_id: str
    replies: list[Reply] = []
    trace: dict[str, Any] | None = None
    repeated: bool = False


class Understanding(msgspec.Struct, frozen=True):
    """What the engine understood without answering."""

    intent: dict[str, Any] | None = None
    intent_ranking: list[dict[str, Any]] = []
    entities: list[dict[str, Any]] = []
    evidence: dict[str, Any] | None = None


class TaughtText(msgspec.Struct, frozen=True):
    """A text the bot was taught, and how near it is to the message: a cosine in [-1, 1]."""

    text: str
    intent: str
    cosine: float


class WordShare(msgspec.Struct, frozen=True):
    """A word, in a long text a run of words: how far the logits of the two intents fall without it.

    Below 0 it speaks against that intent.
    """

    word: str
    is_spaced: bool
    for_first: float
    for_second: float


class Explanation(msgspec.Struct, frozen=True):
    """Why the engine understands a text as it does now; without words there is no intent."""

    model_id: str
    intent: str | None
    confidence: float
    second: str | None
    margin: float
    logit_margin: float
    words_together: int
    is_whole: bool
    words: list[WordShare]
    first_example: TaughtText | None = None
    second_example: TaughtText | None = None


class _Failure(msgspec.Struct, frozen=True):
    code: str = ""


@dataclass(frozen=True)
class TurnRequest:
    """A customer's message on its way to the engine."""

    conversation_id: str
    message_id: str
    text: str
    payload: str | None
    locale: str
    channel: str
    customer: Customer


class EngineClient:
    """Talks to the engine's channel; give it a client in tests."""

    def __init__(self, config: EngineConfig, client: httpx.AsyncClient | None = None) -> None:
        self._config = config
        self._client = client or httpx.AsyncClient(
            base_url=config.url,
            headers={"Authorization": f"Bearer {config.token}"},
            timeout=httpx.Timeout(config.timeout_seconds, connect=CONNECT_TIMEOUT_SECONDS),
            limits=httpx.Limits(max_connections=64, max_keepalive_connections=16),
            trust_env=False,
            follow_redirects=False,
        )

    async def send_message(self, request: TurnRequest) -> TurnResult:
        """Hand a message over and get the answer.

        Raises:
            EngineError: whichever kind it was.
        """
        body = {
            "conversation_id": request.conversation_id,
            "message_id": request.message_id,
            "text": request.text,
            "payload": request.payload,
            "metadata": _metadata(request),
        }
        return _read(await self._post("/messages", body, self._config.timeout_seconds), TurnResult)

    async def send_resume(
        self, conversation_id: str, message_id: str, mode: str, said: Sequence[Entry]
    ) -> TurnResult:
        """Tell the engine what was said while a person was there, and let it go on.

        Raises:
            EngineError: whichever kind it was.
        """
        body = {
            "conversation_id": conversation_id,
            "message_id": message_id,
            "mode": mode,
            "entries": [
                {"kind": str(entry.kind), "text": entry.text, "at": wire_time(entry.at)} for entry in said
            ],
        }
        return _read(await self._post("/resume", body, self._config.timeout_seconds), TurnResult)

    async def understand(self, text: str) -> Understanding:
        """Ask what a text means; nothing is recorded.

        Raises:
            EngineError: whichever kind it was.
        """
        timeout = self._config.understand_timeout_seconds
        return _read(await self._post("/understand", {"text": text}, timeout), Understanding)

    async def explain(self, text: str) -> Explanation:
        """Ask why a text is understood as it is, by the model that serves now; nothing is recorded.

        Raises:
            EngineError: whichever kind it was.
        """
        return _read(await self._post("/explain", {"text": text}, EXPLAIN_TIMEOUT_SECONDS), Explanation)

    async def fetch_health(self) -> dict[str, Any]:
        """Ask whether the engine is ready; an engine that cannot be asked is not."""
        try:
            response = await self._client.get(f"{CHANNEL}/health", timeout=CONNECT_TIMEOUT_SECONDS)
            body = response.json() if response.status_code == httpx.codes.OK else {}
        except (httpx.HTTPError, ValueError):
            return {"ready": False}
        return body if isinstance(body, dict) else {"ready": False}

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _post(self, path: str, body: dict[str, Any], timeout_seconds: float) -> bytes:
        timeout = httpx.Timeout(timeout_seconds, connect=CONNECT_TIMEOUT_SECONDS)
        try:
            response = await self._client.post(f"{CHANNEL}{path}", json=body, timeout=timeout)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as exc:
            raise EngineDown("the engine cannot be reached") from exc
        except httpx.TimeoutException as exc:
            raise EngineSlow(f"no answer in {timeout_seconds:g} s") from exc
        except httpx.HTTPError as exc:
            raise TurnFailed(f"the connection broke: {type(exc).__name__}") from exc
        if response.status_code != httpx.codes.OK:
            raise _failure(response)
        if len(response.content) > MAX_REPLY_BYTES:
            raise TurnFailed("the answer is too large")
        return response.content


def _failure(response: httpx.Response) -> EngineError:
    try:
        code = msgspec.json.decode(response.content, type=_Failure).code
    except (msgspec.MsgspecError, UnicodeDecodeError):
        code = ""
    sentence = f"HTTP {response.status_code} {code}".strip()
    if response.status_code == httpx.codes.SERVICE_UNAVAILABLE:
        return EngineDown(sentence)
    if response.status_code < httpx.codes.INTERNAL_SERVER_ERROR:
        return EngineRefused(sentence)
    return TurnFailed(sentence)


def _read(content: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(content, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError) as exc:
        raise TurnFailed("the answer is not the channel's") from exc


def _metadata(request: TurnRequest) -> dict[str, Any]:
    customer = request.customer
    who = {"id": customer.id, "name": customer.name, "email": customer.email} if customer.id else None
    return {"locale": request.locale, "channel": request.channel, "customer": who}
