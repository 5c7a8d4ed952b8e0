"""A websocket as the channels see it: text frames in, JSON frames out, bounded in time and number."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import IntEnum
from typing import Any

from litestar import WebSocket

from desk.errors import BadRequest, RateLimited
from desk.frames import MAX_FRAME_BYTES, write_frame
from desk.wire import Json

HELLO_SECONDS = 10.0
SEND_SECONDS = 20.0


class Close(IntEnum):
    """Why the desk closes a socket; 4000 and above are ours."""

    NORMAL = 1000
    GOING_AWAY = 1001
    POLICY = 1008
    TOO_BIG = 1009
    INTERNAL_ERROR = 1011
    TRY_LATER = 1013
    BAD_FRAME = 4400
    UNAUTHORIZED = 4401
    ORIGIN_REFUSED = 4403
    HELLO_TIMEOUT = 4408
    FLOODED = 4429


class Closed(Exception):
    """The other side went away, or we closed it."""


class Socket:
    """One connection. Sending waits for a slow reader, but not for ever."""

    def __init__(self, socket: WebSocket[Any, Any, Any]) -> None:
        self._socket = socket
        self._sending = asyncio.Lock()
        self._is_open = True

    async def read(self) -> str:
        """Wait for the next text frame.

        Raises:
            Closed: there is none any more.
            BadRequest: a binary frame, or one that is too large.
        """
        message = await self._socket.receive()
        if message["type"] == "websocket.disconnect":
            self._is_open = False
            raise Closed
        text = message.get("text")
        if not isinstance(text, str):
            raise BadRequest("Frames are text.")
        if len(text) > MAX_FRAME_BYTES or len(text.encode()) > MAX_FRAME_BYTES:
            raise BadRequest("The frame is too large.", "frame_too_large")
        return text

    async def send(self, frame: Json) -> None:
        """Send a frame.

        Raises:
            Closed: nobody reads it, or not fast enough.
        """
        if not self._is_open:
            raise Closed
        try:
            async with asyncio.timeout(SEND_SECONDS), self._sending:
                await self._socket.send({"type": "websocket.send", "text": write_frame(frame), "bytes": None})
        except TimeoutError as exc:
            await self.close(Close.TRY_LATER)
            raise Closed from exc
        except Exception as exc:
            self._is_open = False
            raise Closed from exc

    async def close(self, code: Close) -> None:
        """Close, if it is still open."""
        if self._is_open:
            self._is_open = False
            with suppress(Exception):
                async with asyncio.timeout(1.0):
                    await self._socket.send(
                        {"type": "websocket.close", "code": int(code), "reason": code.name.lower()}
                    )


class SocketCounter:
    """How many sockets each address has open."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._open: Counter[str] = Counter()

    @contextmanager
    def count(self, address: str, factor: float) -> Iterator[None]:
        """Count one while the context is open.

        Raises:
            RateLimited: the address has enough.
        """
        if self._open[address] >= self._most * factor:
            raise RateLimited(30.0)
        self._open[address] += 1
        try:
            yield
        finally:
            self._open[address] -= 1
            if not self._open[address]:
                del self._open[address]
