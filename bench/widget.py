"""A customer at the widget's websocket, as a program: for benchmarks and for tests of the whole system."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

import httpx
from ulid import ULID
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

Frame = dict[str, Any]


@dataclass(frozen=True)
class Turn:
    """What one message brought: the entries after it, and the seconds until the first of them."""

    text: str
    client_id: str
    seq: int
    entries: tuple[Frame, ...]
    first_entry_seconds: float

    @property
    def replies(self) -> tuple[Frame, ...]:
        """The bot's entries."""
        return tuple(entry for entry in self.entries if entry["kind"] == "bot")

    @property
    def said(self) -> str:
        """All that the bot said, in one text."""
        return "\n".join(entry["text"] for entry in self.replies)


@dataclass
class Customer:
    """One conversation. `entries` holds the log by seq, as this customer sees it."""

    url: str
    identity: str | None = None
    locale: str = "en"
    token: str = ""
    conversation_id: str = ""
    owner: Frame = field(default_factory=dict)
    entries: dict[int, Frame] = field(default_factory=dict)
    acks: dict[str, int] = field(default_factory=dict)
    refused: list[Frame] = field(default_factory=list)
    is_bot_typing: bool = False
    _socket: ClientConnection | None = None
    _reader: asyncio.Task[None] | None = None
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def __aenter__(self) -> Self:
        """Get a session and connect."""
        async with httpx.AsyncClient(trust_env=False) as client:
            body = {"token": None, "identity": self.identity, "locale": self.locale}
            answer = await client.post(f"{self.url}/widget/session", json=body)
            answer.raise_for_status()
        self.token, self.conversation_id = answer.json()["token"], answer.json()["conversation_id"]
        await self.connect()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Hang up."""
        await self.disconnect()

    @property
    def last_seq(self) -> int:
        """The newest entry this customer has."""
        return max(self.entries, default=0)

    async def connect(self) -> None:
        """Open the socket and ask for everything after the last entry."""
        address = self.url.replace("http", "ws", 1) + "/widget/socket"
        self._socket = await connect(address, origin=self.url, compression=None, proxy=None)  # type: ignore[arg-type]
        await self.send("hello", token=self.token, after_seq=self.last_seq)
        self._reader = asyncio.create_task(self._read(self._socket))
        await self.wait(lambda: bool(self.owner))

    async def disconnect(self) -> None:
        """Close the socket."""
        if self._socket is not None:
            await self._socket.close()
        if self._reader is not None:
            await self._reader

    async def send(self, kind: str, **fields: object) -> None:
        """Send one frame."""
        if self._socket is None:
            raise ConnectionError("connect first")
        frame = {"type": kind, "id": str(ULID()), "sent_at": datetime.now(UTC).isoformat(), **fields}
        await self._socket.send(json.dumps(frame))

    async def wait(self, condition: Callable[[], bool], seconds: float = 30.0) -> None:
        """Wait until a condition on what was received holds.

        Raises:
            TimeoutError: it does not within the time.
        """
        async with asyncio.timeout(seconds), self._changed:
            await self._changed.wait_for(condition)

    async def post(self, text: str, client_id: str | None = None) -> int:
        """Post a message and return its seq once it is acknowledged; while too fast, wait as told.

        Raises:
            ValueError: the desk refuses it for another reason; the text is the reason's code.
        """
        client_id = client_id or str(ULID())
        while client_id not in self.acks:
            self.refused.clear()
            await self.send("post", client_id=client_id, text=text)
            await self.wait(lambda: client_id in self.acks or bool(self.refused))
            if client_id not in self.acks:
                await self._wait_as_told(self.refused[0])
        return self.acks[client_id]

    async def _wait_as_told(self, refused: Frame) -> None:
        if refused["code"] != "rate_limited":
            raise ValueError(refused["code"])
        await asyncio.sleep(refused.get("retry_after_seconds") or 0.2)

    async def say(self, text: str, seconds: float = 30.0) -> Turn:
        """Post a message and wait until its turn is over: something came back and nobody types any more."""
        client_id = str(ULID())
        began = time.perf_counter()
        seq = await self.post(text, client_id)
        return await self._turn(text, client_id, seq, began, seconds)

    async def _turn(self, text: str, client_id: str, seq: int, began: float, seconds: float) -> Turn:
        def after() -> list[Frame]:
            return [e for n, e in sorted(self.entries.items()) if n > seq and e["kind"] != "customer"]

        await self.wait(lambda: bool(after()), seconds)
        first = time.perf_counter() - began
        with contextlib.suppress(TimeoutError):
            await self.wait(lambda: not self.is_bot_typing, seconds)
        return Turn(text, client_id, seq, tuple(after()), first)

    async def _read(self, socket: ClientConnection) -> None:
        with contextlib.suppress(ConnectionClosed):
            async for message in socket:
                async with self._changed:
                    self._take(json.loads(message))
                    self._changed.notify_all()

    def _take(self, frame: Frame) -> None:
        kind = frame["type"]
        if kind in ("welcome", "owner"):
            self.owner = frame["owner"]
        elif kind == "entry":
            self.entries[frame["entry"]["seq"]] = frame["entry"]
        elif kind == "ack":
            self.acks[frame["client_id"]] = frame["seq"]
        elif kind == "refused":
            self.refused.append(frame)
        elif kind == "typing" and frame["who"] == "bot":
            self.is_bot_typing = frame["is_typing"]
