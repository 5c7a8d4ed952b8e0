"""The desk's end of the link: accepts action servers, answers their requests, sends them events.

The desk's rooms stand behind two Protocols. ``LinkHandler`` does what is asked and keeps the idempotency
keys, so that a repeat gets the stored answer. ``EventStore`` is the log of events, gapless from 1.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

import structlog
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from desk.link_protocol import (
    HELLO_TIMEOUT_SECONDS,
    MAX_FRAME_BYTES,
    PING_INTERVAL_SECONDS,
    CloseCode,
    Event,
    EventAck,
    Frame,
    HandoffPlace,
    Hello,
    JsonValue,
    LinkProtocolError,
    LinkRefused,
    OpenedTicket,
    OpenTicket,
    Ping,
    Pong,
    Refusal,
    Request,
    RequestHandoff,
    Response,
    Result,
    Suggest,
    Suggested,
    TicketState,
    TicketStatus,
    UpdatedTicket,
    UpdateTicket,
    Welcome,
    encode_frame,
    parse_frame,
)

log = structlog.get_logger()

MIN_TOKEN_CHARACTERS = 16
MAX_CLIENTS = 8
MAX_REQUESTS_AT_ONCE = 16
MAX_REQUESTS_PER_SECOND = 50.0
MAX_EVENTS_UNACKED = 100
EVENTS_PER_READ = 50
EVENT_POLL_SECONDS = 5.0
MAX_FRAMES_QUEUED = 16

Clock = Callable[[], datetime]


class LinkHandler(Protocol):
    """What the desk does for the actions.

    Every method may raise ``LinkRefused(code, message, is_retryable=...)``: ``not_found``, ``wrong_owner``.
    A method that changes something is given a key and must, in one transaction, either do it and keep the key
    with its result, or find the key and return that result.
    """

    async def open_ticket(self, params: OpenTicket, idempotency_key: str) -> OpenedTicket:
        """Open a ticket; ``created`` is false where the conversation has this one open already."""

    async def update_ticket(self, params: UpdateTicket, idempotency_key: str) -> UpdatedTicket:
        """Comment on a ticket or change its status; ``not_found`` when there is none."""

    async def ticket_status(self, params: TicketStatus, idempotency_key: str) -> TicketState:
        """Look a ticket up; ``not_found`` also when the e-mail is not its requester's."""

    async def request_handoff(self, params: RequestHandoff, idempotency_key: str) -> HandoffPlace:
        """Put the conversation in the queue."""

    async def suggest(self, params: Suggest, idempotency_key: str) -> Suggested:
        """Show a draft to the agent who owns the conversation."""


@dataclass(frozen=True)
class StoredEvent:
    """One event of the desk's log; ``seq`` is gapless and starts at 1."""

    seq: int
    name: str
    conversation_id: str | None
    data: Mapping[str, JsonValue]
    at: datetime


class EventStore(Protocol):
    """The desk's log of events for the actions."""

    async def last_event(self) -> int:
        """Get the newest event's seq, 0 when there is none."""

    async def events_after(self, seq: int, limit: int) -> Sequence[StoredEvent]:
        """Get at most ``limit`` events with a greater seq, in order."""


class LinkServer:
    """Accepts action servers on loopback.

    Call ``notify()`` after an event was committed; should a call be lost, a poll finds the event within
    EVENT_POLL_SECONDS.
    """

    def __init__(
        self,
        handler: LinkHandler,
        store: EventStore,
        *,
        token: str,
        clock: Clock,
        host: str = "127.0.0.1",
        port: int = 8081,
    ) -> None:
        if len(token) < MIN_TOKEN_CHARACTERS:
            raise ValueError("The link's token is empty or too short.")
        self._handler = handler
        self._store = store
        self._token = token.encode()
        self._clock = clock
        self._host = host
        self._port = port
        self._sessions: set[LinkSession] = set()
        self._running: dict[tuple[str, str], asyncio.Task[Result]] = {}
        self._server: Server | None = None

    @property
    def port(self) -> int:
        """Get the port that is listened on; of use when 0 was asked for."""
        if self._server is None:
            return self._port
        port: int = next(iter(self._server.sockets)).getsockname()[1]
        return port

    @property
    def is_connected(self) -> bool:
        """Tell whether an action server is there."""
        return bool(self._sessions)

    async def start(self) -> None:
        """Listen."""
        self._server = await serve(
            self._accept,
            self._host,
            self._port,
            max_size=MAX_FRAME_BYTES,
            max_queue=MAX_FRAMES_QUEUED,
            compression=None,
            ping_interval=PING_INTERVAL_SECONDS,
            ping_timeout=PING_INTERVAL_SECONDS,
            close_timeout=2,
            server_header=None,
        )

    async def close(self) -> None:
        """Stop listening, close the clients and let running requests finish."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
        if self._running:
            await asyncio.wait(self._running.values(), timeout=5)

    def notify(self) -> None:
        """Say that there is a new event."""
        for session in self._sessions:
            session.wake.set()

    async def _accept(self, connection: ServerConnection) -> None:
        try:
            hello = await self._read_hello(connection)
            if hello is not None:
                await self._serve(connection, hello)
        except ConnectionClosed:
            pass
        except LinkProtocolError as error:
            log.warning("link_frame_refused", code=error.code, detail=str(error))
            await connection.close(CloseCode.BAD_FRAME, error.code)

    async def _read_hello(self, connection: ServerConnection) -> Hello | None:
        """Read the first frame; None when the connection was closed instead of served."""
        if len(self._sessions) >= MAX_CLIENTS:
            await connection.close(CloseCode.TOO_MANY_CLIENTS, "too_many_clients")
            return None
        try:
            async with asyncio.timeout(HELLO_TIMEOUT_SECONDS):
                frame = await read_frame(connection)
        except TimeoutError:
            await connection.close(CloseCode.HELLO_TIMEOUT, "hello_timeout")
            return None
        is_known = isinstance(frame, Hello) and hmac.compare_digest(frame.token.encode(), self._token)
        if not isinstance(frame, Hello) or not is_known:
            log.warning("link_unauthorized", alarm=True)
            await connection.close(CloseCode.UNAUTHORIZED, "unauthorized")
            return None
        return frame

    async def _serve(self, connection: ServerConnection, hello: Hello) -> None:
        last_event = await self._store.last_event()
        if hello.after_event > last_event:
            log.error("link_client_ahead", after_event=hello.after_event, last_event=last_event, alarm=True)
        session = LinkSession(self, connection, min(hello.after_event, last_event))
        self._sessions.add(session)
        log.info("link_connected", client=hello.client, after_event=hello.after_event, last_event=last_event)
        try:
            await session.send(Welcome(**self.stamp(), last_event=last_event))
            await session.run()
        finally:
            self._sessions.discard(session)
            log.info("link_disconnected", client=hello.client)

    def stamp(self) -> dict[str, Any]:
        """Make the id and the time of a new frame."""
        return {"id": secrets.token_hex(8), "sent_at": self._clock()}

    async def events_after(self, seq: int) -> Sequence[StoredEvent]:
        """Read the next events of the log."""
        return await self._store.events_after(seq, EVENTS_PER_READ)

    async def answer(self, request: Request) -> Response:
        """Do a request, or wait for the same one that is being done already; never raises for the handler."""
        refusal = result = None
        try:
            result = await self._once(request)
        except LinkRefused as error:
            refusal = Refusal(code=error.code[:64], message=error.message[:300], retryable=error.is_retryable)
        except Exception as error:
            log.exception("link_request_failed", method=request.method, error=type(error).__name__)
            refusal = Refusal(code="internal", message="The desk failed at this.", retryable=True)
        return Response(
            **self.stamp(),
            reply_to=request.id,
            method=request.method,
            ok=refusal is None,
            result=result,
            error=refusal,
        )

    async def _once(self, request: Request) -> Result:
        """Run the handler in a task of its own, which a lost connection does not cancel."""
        name = (request.method.value, request.idempotency_key)
        task = self._running.get(name)
        if task is None:
            task = asyncio.create_task(self._handle(request))
            self._running[name] = task
            task.add_done_callback(lambda done: self._forget(name, done))
        return await asyncio.shield(task)

    def _forget(self, name: tuple[str, str], done: asyncio.Task[Result]) -> None:
        self._running.pop(name, None)
        if not done.cancelled():
            done.exception()  # seen, also when the connection that asked is gone

    async def _handle(self, request: Request) -> Result:
        """Call the handler's method of this request."""
        key = request.idempotency_key
        match request.params:
            case OpenTicket() as params:
                return await self._handler.open_ticket(params, key)
            case UpdateTicket() as params:
                return await self._handler.update_ticket(params, key)
            case TicketStatus() as params:
                return await self._handler.ticket_status(params, key)
            case RequestHandoff() as params:
                return await self._handler.request_handoff(params, key)
            case Suggest() as params:
                return await self._handler.suggest(params, key)


class LinkSession:
    """One connected action server: its requests, its place in the event log, its limits."""

    def __init__(self, server: LinkServer, connection: ServerConnection, after_event: int) -> None:
        self.wake = asyncio.Event()
        self._server = server
        self._connection = connection
        self._sent_event = after_event
        self._acked_event = after_event
        self._slots = asyncio.Semaphore(MAX_REQUESTS_AT_ONCE)
        self._tasks: set[asyncio.Task[None]] = set()
        self._allowance = MAX_REQUESTS_PER_SECOND
        self._allowance_at = asyncio.get_running_loop().time()

    async def run(self) -> None:
        """Read frames and send events until the connection ends; raises ConnectionClosed or LinkProtocolError."""
        pump = asyncio.create_task(self._send_events())
        try:
            while True:
                await self._receive(await read_frame(self._connection))
        finally:
            pump.cancel()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(pump, *self._tasks, return_exceptions=True)

    async def send(self, frame: Frame) -> None:
        """Send one frame; waits while the client reads slowly."""
        await self._connection.send(encode_frame(frame))

    async def _receive(self, frame: Frame) -> None:
        match frame:
            case Request():
                await self._accept_request(frame)
            case EventAck():
                self._acked_event = max(self._acked_event, min(frame.event_seq, self._sent_event))
                self.wake.set()
            case Ping():
                await self.send(Pong(**self._server.stamp(), reply_to=frame.id))
            case Pong():
                pass
            case _:
                raise UnexpectedFrame(type(frame).__name__)

    async def _accept_request(self, request: Request) -> None:
        if not self._is_allowed():
            refusal = Refusal(code="rate_limited", message="Too many requests.", retryable=True)
            await self.send(
                Response(
                    **self._server.stamp(),
                    reply_to=request.id,
                    method=request.method,
                    ok=False,
                    error=refusal,
                )
            )
            return
        await self._slots.acquire()  # no more is read while the limit is reached
        task = asyncio.create_task(self._answer(request))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(self, request: Request) -> None:
        try:
            response = await self._server.answer(request)
            with contextlib.suppress(ConnectionClosed):
                await self._send_response(response)
        finally:
            self._slots.release()

    async def _send_response(self, response: Response) -> None:
        try:
            await self.send(response)
        except LinkProtocolError as error:  # the handler's answer breaks the frame's bounds
            log.error("link_response_unsendable", code=error.code, detail=str(error), alarm=True)
            refusal = Refusal(code="internal", message="The answer cannot be sent.", retryable=False)
            await self.send(replace(response, ok=False, result=None, error=refusal))

    def _is_allowed(self) -> bool:
        """Take one request from the allowance, which refills MAX_REQUESTS_PER_SECOND a second."""
        now = asyncio.get_running_loop().time()
        refill = (now - self._allowance_at) * MAX_REQUESTS_PER_SECOND
        self._allowance = min(MAX_REQUESTS_PER_SECOND * 2, self._allowance + refill)
        self._allowance_at = now
        if self._allowance < 1:
            return False
        self._allowance -= 1
        return True

    async def _send_events(self) -> None:
        with contextlib.suppress(ConnectionClosed):
            while True:
                self.wake.clear()
                has_sent = await self._send_next_events()
                if not has_sent:
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(EVENT_POLL_SECONDS):
                            await self.wake.wait()

    async def _send_next_events(self) -> bool:
        """Send what the log has, as far as the client keeps up; returns whether anything was sent."""
        if self._sent_event - self._acked_event >= MAX_EVENTS_UNACKED:
            return False
        try:
            events = await self._server.events_after(self._sent_event)
        except Exception as error:
            log.exception("link_events_unreadable", error=type(error).__name__)
            return False
        for event in events:
            await self._send_event(event)
            self._sent_event = event.seq
        return bool(events)

    async def _send_event(self, event: StoredEvent) -> None:
        """Send an event; one that is too large goes without its data rather than stopping all that follow."""
        frame = Event(
            **self._server.stamp(),
            event_seq=event.seq,
            name=event.name,
            conversation_id=event.conversation_id,
            data=dict(event.data),
        )
        try:
            await self.send(frame)
        except LinkProtocolError as error:
            log.error("link_event_unsendable", event_seq=event.seq, detail=str(error), alarm=True)
            await self.send(replace(frame, data={}))


class UnexpectedFrame(LinkProtocolError):
    """A frame that is known but not expected from a client now."""

    code = "frame_unexpected"

    def __init__(self, name: str) -> None:
        self.name = name

    def __str__(self) -> str:
        return f"{self.name} is not expected here."


async def read_frame(connection: ServerConnection) -> Frame:
    """Read one frame; raises ConnectionClosed or LinkProtocolError."""
    message = await connection.recv()
    return parse_frame(message if isinstance(message, str) else "")
