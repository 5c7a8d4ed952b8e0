"""The action server's end of the link to the desk.

``run()`` keeps one connection open: it comes back after every loss with a growing, jittered delay and asks for the
events after the last one handled. Requests go one of two ways. ``request`` asks now or fails. ``submit`` writes the
request to the outbox first: it is sent in order, again after every loss, until the desk has answered; the caller
gets the answer, or hears that it waits.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any

import structlog
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage

from actions.errors import LinkDown, MissingSecret, RequestTimeout
from actions.outbox import METHOD_OF, Outbox, OutboxItem, OutboxState
from desk.link_protocol import (
    HELLO_TIMEOUT_SECONDS,
    MAX_FRAME_BYTES,
    PING_INTERVAL_SECONDS,
    CloseCode,
    Event,
    EventAck,
    Frame,
    Hello,
    LinkProtocolError,
    LinkRefused,
    Params,
    Ping,
    Pong,
    Request,
    Response,
    Result,
    Welcome,
    encode_frame,
    parse_frame,
)

log = structlog.get_logger()

CLIENT_NAME = "actions"
MIN_TOKEN_CHARACTERS = 16
REQUEST_TIMEOUT_SECONDS = 4.0
DRAIN_TIMEOUT_SECONDS = 10.0
FIRST_DELAY_SECONDS = 0.2
LONGEST_DELAY_SECONDS = 10.0
MAX_ATTEMPTS = 20
MAX_EVENTS_QUEUED = 256  # more than the desk has under way, so that reading never waits for a handler
EVENT_ATTEMPTS = 3
STOP_TIMEOUT_SECONDS = 3.0

Clock = Callable[[], datetime]
EventHandler = Callable[[Event], Awaitable[None]]


@dataclass(frozen=True)
class Queued:
    """The request waits in the outbox and will be sent when the desk is there."""

    key: str


@dataclass(frozen=True)
class LinkTiming:
    """How long the client waits; tests shorten it."""

    first_delay_seconds: float = FIRST_DELAY_SECONDS
    longest_delay_seconds: float = LONGEST_DELAY_SECONDS
    request_timeout_seconds: float = REQUEST_TIMEOUT_SECONDS


class LinkClient:
    """One link to the desk; start it with ``asyncio.create_task(client.run())``."""

    def __init__(
        self,
        url: str,
        token: str,
        outbox: Outbox,
        *,
        clock: Clock,
        random: Random,
        handlers: Mapping[str, EventHandler] | None = None,
        timing: LinkTiming | None = None,
    ) -> None:
        if len(token) < MIN_TOKEN_CHARACTERS:
            raise MissingSecret("link token")
        self._url = url
        self._token = token
        self._outbox = outbox
        self._clock = clock
        self._random = random
        self._handlers = dict(handlers or {})
        self._timing = timing or LinkTiming()
        self._connection: ClientConnection | None = None
        self._cursor = 0
        self._answers: dict[str, asyncio.Future[Response]] = {}
        self._waiters: dict[str, list[asyncio.Future[Result | Queued]]] = {}
        self._has_work = asyncio.Event()
        self._events: asyncio.Queue[Event] = asyncio.Queue(MAX_EVENTS_QUEUED)
        self._handling: asyncio.Task[None] | None = None
        self._attempt = 0

    @property
    def is_connected(self) -> bool:
        """Tell whether the desk has welcomed this client and the connection lasts."""
        return self._connection is not None

    # --- what actions call -----------------------------------------------------------------------

    async def request(self, params: Params, key: str, *, timeout_seconds: float | None = None) -> Result:
        """Ask now.

        Raises:
            LinkDown: there is no connection, or it was lost before the answer.
            RequestTimeout: no answer in time.
            LinkRefused: the desk says no.
        """
        return await self._exchange(params, key, timeout_seconds or self._timing.request_timeout_seconds)

    async def submit(
        self, params: Params, key: str, *, timeout_seconds: float | None = None
    ) -> Result | Queued:
        """Ask so that it is not lost; the answer, or Queued when it takes longer or the desk is away.

        Raises:
            LinkRefused: the desk said no for good.
            DeskUnavailable: the outbox is full.
        """
        item = await self._outbox.put(params, key)
        if item.state is not OutboxState.WAITING:
            return settled(item)
        self._has_work.set()
        if not self.is_connected:
            return Queued(key)
        waiter: asyncio.Future[Result | Queued] = asyncio.get_running_loop().create_future()
        self._waiters.setdefault(key, []).append(waiter)
        return await self._wait(waiter, key, timeout_seconds or self._timing.request_timeout_seconds)

    async def _wait(
        self, waiter: asyncio.Future[Result | Queued], key: str, timeout_seconds: float
    ) -> Result | Queued:
        try:
            item = await self._outbox.find(key)  # it may have been settled before the waiter stood in line
            if item is not None and item.state is not OutboxState.WAITING:
                return settled(item)
            async with asyncio.timeout(timeout_seconds):
                return await waiter
        except TimeoutError:
            return Queued(key)
        finally:
            self._drop_waiter(key, waiter)

    def _drop_waiter(self, key: str, waiter: asyncio.Future[Result | Queued]) -> None:
        waiters = self._waiters.get(key, [])
        if waiter in waiters:
            waiters.remove(waiter)
        if not waiters:
            self._waiters.pop(key, None)
        if waiter.done() and not waiter.cancelled():
            waiter.exception()

    # --- the connection --------------------------------------------------------------------------

    async def run(self) -> None:
        """Keep the link up until cancelled."""
        self._cursor = await self._outbox.read_cursor()
        # Not one worker for each connection: a lost one would cancel a handler that has done its work already.
        worker = asyncio.create_task(self._handle_events())
        try:
            while True:
                reason = await self._live_once()
                delay = self._next_delay(is_final=reason == CloseCode.UNAUTHORIZED)
                log.info("link_down", reason=reason, retry_in_seconds=round(delay, 2))
                await asyncio.sleep(delay)
        finally:
            worker.cancel()
            await asyncio.gather(worker, return_exceptions=True)
            if self._handling is not None:  # the event that is being handled gets its cursor
                await asyncio.wait([self._handling], timeout=STOP_TIMEOUT_SECONDS)

    async def _live_once(self) -> object:
        """Connect and live as long as the connection does; returns why it ended."""
        try:
            async with connect(
                self._url,
                max_size=MAX_FRAME_BYTES,
                compression=None,
                ping_interval=PING_INTERVAL_SECONDS,
                ping_timeout=PING_INTERVAL_SECONDS,
                open_timeout=HELLO_TIMEOUT_SECONDS,
                close_timeout=1,
            ) as connection:
                await self._say_hello(connection)
                await self._live(connection)
        except ConnectionClosed as error:
            return error.rcvd.code if error.rcvd else "lost"
        except (OSError, TimeoutError, InvalidHandshake, InvalidMessage) as error:
            return type(error).__name__
        except LinkProtocolError as error:
            log.error("link_frame_refused", code=error.code, detail=str(error))
            return error.code
        return "closed"

    async def _say_hello(self, connection: ClientConnection) -> None:
        hello = Hello(**self._stamp(), token=self._token, client=CLIENT_NAME, after_event=self._cursor)
        await connection.send(encode_frame(hello))
        async with asyncio.timeout(HELLO_TIMEOUT_SECONDS):
            welcome = await read_frame(connection)
        if not isinstance(welcome, Welcome):
            raise UnwelcomeFrame
        if welcome.last_event < self._cursor:
            log.error("link_desk_behind", cursor=self._cursor, last_event=welcome.last_event, alarm=True)
            await self._move_cursor(welcome.last_event)
        self._attempt = 0
        log.info("link_up", after_event=self._cursor, last_event=welcome.last_event)

    async def _live(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._has_work.set()
        worker = asyncio.create_task(self._drain())
        try:
            while True:
                await self._receive(connection, await read_frame(connection))
        finally:
            self._connection = None
            worker.cancel()
            await asyncio.gather(worker, return_exceptions=True)
            self._release_all()

    def _release_all(self) -> None:
        """Tell everybody who waits that the connection is gone."""
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(LinkDown())
        for key, waiters in self._waiters.items():
            for waiter in waiters:
                if not waiter.done():
                    waiter.set_result(Queued(key))

    async def _receive(self, connection: ClientConnection, frame: Frame) -> None:
        match frame:
            case Response():
                answer = self._answers.get(frame.reply_to)
                if answer is not None and not answer.done():
                    answer.set_result(frame)
            case Event():
                await self._events.put(frame)
            case Ping():
                await connection.send(encode_frame(Pong(**self._stamp(), reply_to=frame.id)))
            case Pong():
                pass
            case _:
                raise UnwelcomeFrame

    def _next_delay(self, *, is_final: bool) -> float:
        """Grow the delay up to its cap, with fresh jitter; a refused token waits the longest at once."""
        longest = self._timing.longest_delay_seconds
        grown = self._timing.first_delay_seconds * 2 ** min(self._attempt, 20)
        self._attempt += 1
        return (longest if is_final else min(longest, grown)) * self._random.uniform(0.5, 1.0)

    def _stamp(self) -> dict[str, Any]:
        return {"id": secrets.token_hex(8), "sent_at": self._clock()}

    # --- requests --------------------------------------------------------------------------------

    async def _exchange(self, params: Params, key: str, timeout_seconds: float) -> Result:
        connection = self._connection
        if connection is None:
            raise LinkDown
        method = METHOD_OF[type(params)]
        frame = Request(**self._stamp(), method=method, params=params, idempotency_key=key)
        answer: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
        self._answers[frame.id] = answer
        try:
            async with asyncio.timeout(timeout_seconds):
                await connection.send(encode_frame(frame))
                return result_of(await answer)
        except ConnectionClosed as error:
            raise LinkDown from error
        except TimeoutError as error:
            raise RequestTimeout(f"{method} took longer than {timeout_seconds} s") from error
        finally:
            del self._answers[frame.id]

    async def _drain(self) -> None:
        """Send what waits in the outbox, oldest first, one at a time, until the connection is gone."""
        while self.is_connected:
            self._has_work.clear()
            try:
                item = await self._outbox.next_waiting()
                if item is None:
                    await self._has_work.wait()
                else:
                    await self._drain_one(item)
            except LinkDown:
                return
            except Exception as error:
                log.exception("link_outbox_stuck", error=type(error).__name__)
                await asyncio.sleep(self._timing.longest_delay_seconds)

    async def _drain_one(self, item: OutboxItem) -> None:
        """Settle one request or leave it for later; raises LinkDown."""
        try:
            result = await self._exchange(item.params, item.key, DRAIN_TIMEOUT_SECONDS)
        except LinkRefused as refusal:
            await self._refused(item, refusal)
        except RequestTimeout:
            await self._refused(item, LinkRefused("timeout", "The desk did not answer.", is_retryable=True))
        except LinkProtocolError as error:  # it can never be sent
            await self._refused(item, LinkRefused(error.code, str(error)[:300]))
        else:
            await self._outbox.finish(item, result)
            self._resolve(item.key, result)

    async def _refused(self, item: OutboxItem, refusal: LinkRefused) -> None:
        attempts = await self._outbox.note_attempt(item)
        is_dead = refusal.is_retryable and attempts >= MAX_ATTEMPTS
        if refusal.is_retryable and not is_dead:
            delay = min(self._timing.longest_delay_seconds, self._timing.first_delay_seconds * 2**attempts)
            await asyncio.sleep(delay * self._random.uniform(0.5, 1.0))
            return
        log.error("link_request_refused", key=item.key, code=refusal.code, is_dead=is_dead, alarm=is_dead)
        await self._outbox.refuse(item, refusal, is_dead=is_dead)
        self._resolve(item.key, refusal)

    def _resolve(self, key: str, outcome: Result | LinkRefused) -> None:
        for waiter in self._waiters.get(key, []):
            if waiter.done():
                continue
            if isinstance(outcome, LinkRefused):
                waiter.set_exception(outcome)
            else:
                waiter.set_result(outcome)

    # --- events ----------------------------------------------------------------------------------

    async def _handle_events(self) -> None:
        """Handle events in order and acknowledge each after it was handled; a repeat is acknowledged only.

        A process that is killed between handler and cursor handles that one event again: handlers bear it.
        """
        while True:
            event = await self._events.get()
            while event.event_seq > self._cursor:
                self._handling = asyncio.create_task(self._handle_whole(event))
                try:
                    await asyncio.shield(self._handling)
                except Exception as error:
                    log.exception("link_cursor_stuck", event_seq=event.event_seq, error=type(error).__name__)
                    await asyncio.sleep(self._timing.longest_delay_seconds)
            await self._acknowledge(event)

    async def _handle_whole(self, event: Event) -> None:
        """Handle an event and move the cursor behind it."""
        if event.event_seq != self._cursor + 1:
            log.error("link_events_missing", after=self._cursor, got=event.event_seq, alarm=True)
        await self._handle_event(event)
        await self._move_cursor(event.event_seq)

    async def _handle_event(self, event: Event) -> None:
        """Call the event's handler; one that keeps failing is logged and passed, so that the rest goes on."""
        handler = self._handlers.get(event.name)
        if handler is None:
            log.debug("link_event_ignored", name=event.name, event_seq=event.event_seq)
            return None
        for attempt in range(EVENT_ATTEMPTS):
            try:
                return await handler(event)
            except Exception as error:
                log.exception(
                    "link_event_failed", name=event.name, attempt=attempt, error=type(error).__name__
                )
                await asyncio.sleep(self._timing.first_delay_seconds * 2**attempt)
        log.error("link_event_dropped", name=event.name, event_seq=event.event_seq, alarm=True)
        return None

    async def _move_cursor(self, event_seq: int) -> None:
        await self._outbox.move_cursor(event_seq)
        self._cursor = event_seq

    async def _acknowledge(self, event: Event) -> None:
        if self._connection is not None:
            with contextlib.suppress(ConnectionClosed):
                ack = EventAck(**self._stamp(), event_seq=event.event_seq)
                await self._connection.send(encode_frame(ack))


class UnwelcomeFrame(LinkProtocolError):
    """The desk sent a frame that is not expected now."""

    code = "frame_unexpected"


async def read_frame(connection: ClientConnection) -> Frame:
    """Read one frame; raises ConnectionClosed or LinkProtocolError."""
    message = await connection.recv()
    return parse_frame(message if isinstance(message, str) else "")


def result_of(response: Response) -> Result:
    """Take the result out of a response; raises LinkRefused."""
    if response.result is not None:
        return response.result
    error = response.error
    if error is None:
        raise LinkRefused("empty", "The desk answered nothing.", is_retryable=True)
    raise LinkRefused(error.code, error.message, is_retryable=error.retryable)


def settled(item: OutboxItem) -> Result:
    """Take the outcome of a settled request; raises LinkRefused."""
    if item.result is not None:
        return item.result
    raise item.refusal or LinkRefused("dead", "The request was given up.")
