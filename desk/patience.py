"""Connections that do not wait for ever: so long to finish asking, so much room for a head, so long to take an answer.

uvicorn limits the pause between two requests and nothing else, so callers who send a byte a minute could hold as many
connections open as they like. And a transport that is closed waits until all is read that was written, which whoever
reads nothing never does.
"""

from __future__ import annotations

import asyncio
from typing import ClassVar

import structlog
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

log = structlog.get_logger()

ASK_SECONDS = 10.0
TAKE_SECONDS = 120.0
CLOSE_SECONDS = 5.0
MAX_HEAD_BYTES = 32 * 1024


class PatientHttp(HttpToolsProtocol):
    """One connection; the time runs from its opening, and from each further request's first byte, to the end of its body."""

    ask_seconds: ClassVar[float] = ASK_SECONDS
    take_seconds: ClassVar[float] = TAKE_SECONDS

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        """Begin to wait for the first request."""
        self._patience: asyncio.TimerHandle | None = None
        self._taking: asyncio.TimerHandle | None = None
        self._head_bytes = 0
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._stop_waiting()
        self._has_taken()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """The caller reads slower than we write: wait, but not for ever."""
        self._expect_taking()
        super().pause_writing()

    def resume_writing(self) -> None:
        """The caller has caught up."""
        self._has_taken()
        super().resume_writing()

    def timeout_keep_alive_handler(self) -> None:
        """Close an idle connection, also where its last answer was never read."""
        self._expect_taking()
        super().timeout_keep_alive_handler()

    def data_received(self, data: bytes) -> None:
        """Count what is no body; close on a head without end."""
        self._head_bytes += len(data)
        super().data_received(data)
        if self._patience is not None and self._head_bytes > MAX_HEAD_BYTES:
            log.warning("request_head_too_large")
            self.send_400_response("The request's head is too large.")

    def on_message_begin(self) -> None:
        """Begin to wait for a further request's end."""
        self._wait()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Count no further; the application limits bodies."""
        self._head_bytes = -(2**62)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The caller has asked; from here on they wait for us."""
        self._stop_waiting()
        super().on_message_complete()

    def handle_websocket_upgrade(self) -> None:
        """Leave the connection to the websocket, which has times of its own."""
        self._stop_waiting()
        super().handle_websocket_upgrade()

    def _wait(self) -> None:
        if self._patience is None:
            self._head_bytes = 0
            self._patience = self.loop.call_later(self.ask_seconds, self._give_up)

    def _stop_waiting(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _expect_taking(self) -> None:
        if self._taking is None:
            self._taking = self.loop.call_later(self.take_seconds, self.transport.abort)

    def _has_taken(self) -> None:
        if self._taking is not None:
            self._taking.cancel()
            self._taking = None

    def _give_up(self) -> None:
        self._patience = None
        log.info("request_too_slow")
        self.transport.close()


class PatientSocket(WebSocketsSansIOProtocol):
    """A websocket whose connection ends soon after it was closed, whether or not the other side reads."""

    close_seconds: ClassVar[float] = CLOSE_SECONDS

    async def run_asgi(self) -> None:
        """Serve; afterwards the other side gets a moment to read the rest."""
        await super().run_asgi()
        self.loop.call_later(self.close_seconds, self.transport.abort)
