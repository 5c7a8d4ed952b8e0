"""The widget's websocket: hello, everything after the last seq, then live; acks only after the commit."""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import Any

import structlog
from litestar import WebSocket, websocket

from desk.channels.widget_posts import answer_frame, build_refusal
from desk.errors import BadRequest, DeskError, RateLimited, StoreUnavailable, Unauthorized
from desk.frames import Hello, WidgetFrame, build_frame, parse_widget_frame
from desk.house import House
from desk.limits import Bucket, Rate
from desk.live import Mail, Mailbox
from desk.security import client_address, is_origin_allowed
from desk.service import access, visits
from desk.sockets import HELLO_SECONDS, Close, Closed, Socket
from desk.tasks import to_the_end
from desk.wire import Json, customer_entry, customer_owner

log = structlog.get_logger()

MAX_STRIKES = 20
RECHECK_SECONDS = 1800.0


class WidgetConnection:
    """One open widget. The cursor is the highest seq that was sent."""

    def __init__(self, house: House, socket: Socket, hello: Hello, conversation_id: str) -> None:
        self._house = house
        self._socket = socket
        self._token = hello.token
        self._conversation_id = conversation_id
        self._cursor = hello.after_seq
        self._owner: Json | None = None
        limits = house.desk.config.limits
        self._frames = Bucket(Rate(limits.frame_burst, limits.frames_per_second), monotonic())
        self._strikes = 0

    async def run(self, mailbox: Mailbox) -> None:
        """Serve until either side closes."""
        await self._welcome()
        tasks = [asyncio.create_task(self._read()), asyncio.create_task(self._write(mailbox))]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _send(self, type_: str, **fields: Any) -> None:
        frame = build_frame(type_, self._house.desk.clock(), self._conversation_id, **fields)
        await self._socket.send(frame)

    async def _welcome(self) -> None:
        head = await access.access_customer_head(self._house.desk, self._conversation_id)
        self._owner = customer_owner(head.conversation, head.position, head.wait_minutes)
        heartbeat = self._house.desk.config.heartbeat_seconds
        await self._send("welcome", owner=self._owner, last_seq=head.last_seq, heartbeat_seconds=heartbeat)
        if self._cursor > head.conversation.last_seq:
            self._cursor = 0
            await self._send("resync", last_seq=head.last_seq)
        await self._send_entries()
        if head.conversation.agent_read_seq:
            await self._send("read", seq=head.conversation.agent_read_seq)
        for sign in self._house.live.typing_in(self._conversation_id):
            await self._send_sign(dict(sign))

    async def _read(self) -> None:
        while True:
            frame: WidgetFrame | None = None
            try:
                frame = parse_widget_frame(await self._read_counted())
                reply = await to_the_end(answer_frame(self._house, self._conversation_id, frame))
                self._strikes = max(self._strikes - 1, 0)  # who waits as told may go on for ever
            except DeskError as error:
                reply = build_refusal(self._house, error, frame)
                await self._strike(error)
            if reply is not None:
                await self._socket.send(reply)

    async def _read_counted(self) -> str:
        text = await self._socket.read()
        wait = self._frames.take(monotonic())
        if wait > 0:
            raise RateLimited(wait)
        return text

    async def _strike(self, error: DeskError) -> None:
        """Close on whoever goes on breaking the rules."""
        if isinstance(error, BadRequest | RateLimited):
            self._strikes += 1
        if self._strikes > MAX_STRIKES:
            log.warning("socket_flooded", conversation_id=self._conversation_id)
            await self._socket.send(build_refusal(self._house, error))
            await self._socket.close(Close.FLOODED)
            raise Closed

    async def _write(self, mailbox: Mailbox) -> None:
        while True:
            mail = await mailbox.collect()
            if mail.was_identified:
                await visits.check_visit(self._house.desk, self._token)
            if mail.entries or mail.has_overflowed:
                await self._send_entries()
            for _, seq in sorted(mail.changed):
                await self._send_again(seq)
            if mail.owners or mail.has_queue_moved:
                await self._send_owner(mail)
            for (_, by), seq in mail.reads.items():
                if by == "agent":
                    await self._send("read", seq=seq)
            for _, sign in mail.signs:
                await self._send_sign(dict(sign))

    async def _send_entries(self) -> None:
        desk = self._house.desk
        has_more = True
        while has_more:
            page = await access.access_customer_entries(desk, self._conversation_id, self._cursor)
            has_more = len(page) == access.PAGE_ENTRIES
            for entry in page:
                await self._send("entry", entry=customer_entry(entry))
                self._cursor = entry.seq

    async def _send_again(self, seq: int) -> None:
        if seq > self._cursor:
            return
        entry = await access.access_customer_entry(self._house.desk, self._conversation_id, seq)
        if entry is not None:
            await self._send("entry", entry=customer_entry(entry))

    async def _send_owner(self, mail: Mail) -> None:
        is_waiting = bool(self._owner and self._owner["kind"] == "queue")
        if not mail.owners and not is_waiting:
            return
        head = await access.access_customer_head(self._house.desk, self._conversation_id)
        owner = customer_owner(head.conversation, head.position, head.wait_minutes)
        if owner != self._owner:
            self._owner = owner
            await self._send("owner", owner=owner)

    async def _send_sign(self, sign: Json) -> None:
        if sign["who"] != "customer":
            await self._send(
                "typing", who=sign["who"], is_typing=sign["is_typing"], ttl_seconds=sign["ttl_seconds"]
            )


async def serve(house: House, raw: WebSocket[Any, Any, Any]) -> None:
    """Serve a widget's socket from accept to close."""
    origin, host = raw.headers.get("origin"), raw.headers.get("host")
    if not is_origin_allowed(house.desk.config, origin, host, widget=True):
        log.warning("origin_refused")
        await raw.close(code=Close.ORIGIN_REFUSED, reason="origin")
        return
    await raw.accept()
    socket = Socket(raw)
    address = client_address(raw.scope)
    try:
        with house.sockets.count(address, house.factor(address)):
            await _serve_open(house, socket)
    except Closed:
        pass
    except RateLimited as error:
        await _refuse(house, socket, error, Close.TRY_LATER)
    except Unauthorized as error:
        await _refuse(house, socket, error, Close.UNAUTHORIZED)
    except StoreUnavailable as error:
        await _refuse(house, socket, error, Close.TRY_LATER)
    except DeskError as error:
        await _refuse(house, socket, error, Close.BAD_FRAME)
    except TimeoutError:
        await socket.close(Close.GOING_AWAY)
    except Exception:
        log.exception("widget_socket_failed")
        await socket.close(Close.INTERNAL_ERROR)
    finally:
        await socket.close(Close.NORMAL)


async def _serve_open(house: House, socket: Socket) -> None:
    hello = await _read_hello(socket)
    token = await visits.check_visit(house.desk, hello.token)
    conversation_id = token.conversation_id
    with house.live.mailbox(frozenset({conversation_id})) as mailbox:
        connection = WidgetConnection(house, socket, hello, conversation_id)
        async with asyncio.timeout(RECHECK_SECONDS):
            await connection.run(mailbox)


async def _read_hello(socket: Socket) -> Hello:
    try:
        async with asyncio.timeout(HELLO_SECONDS):
            frame = parse_widget_frame(await socket.read())
    except TimeoutError as exc:
        await socket.close(Close.HELLO_TIMEOUT)
        raise Closed from exc
    if not isinstance(frame, Hello):
        raise BadRequest("The first frame is hello.", "hello_expected")
    return frame


async def _refuse(house: House, socket: Socket, error: DeskError, code: Close) -> None:
    try:
        await socket.send(build_refusal(house, error))
    except Closed:
        return
    await socket.close(code)


@websocket("/widget/socket", opt={"is_public": True})
async def widget_socket(socket: WebSocket[Any, Any, Any]) -> None:
    """Open the widget's socket."""
    await serve(socket.app.state.house, socket)
