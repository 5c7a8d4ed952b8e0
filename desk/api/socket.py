"""The console's websocket: every conversation's line, the watched ones' entries, who is here and who looks."""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import Any

import structlog
from litestar import WebSocket, websocket

from desk.api.conversations import see
from desk.api.guard import cookie_of
from desk.errors import BadRequest, DeskError, NotFound, RateLimited, Unauthorized
from desk.frames import (
    ConsoleFrame,
    Hello,
    Ping,
    Typing,
    Unwatch,
    Watch,
    build_frame,
    build_refused,
    parse_console_frame,
)
from desk.house import House
from desk.limits import Bucket, Rate
from desk.live import Mail, Mailbox
from desk.security import is_origin_allowed
from desk.service import access, agents, messages
from desk.service.agents import ConsoleSession
from desk.sockets import Close, Closed, Socket
from desk.wire import agent_entry, wire_agent

log = structlog.get_logger()

AGENT_TYPING_TTL_SECONDS = 6
HEARTBEAT_SECONDS = 20.0
MAX_WATCHED = 20
MAX_STRIKES = 50


class ConsoleConnection:
    """One open console. ``_cursors`` holds the watched conversations and what was sent of each."""

    def __init__(self, house: House, socket: Socket, session: ConsoleSession) -> None:
        self._house = house
        self._socket = socket
        self._session = session
        self._agent = session.agent
        self._cursors: dict[str, int] = {}
        self._strikes = 0
        limits = house.desk.config.limits
        self._frames = Bucket(Rate(limits.frame_burst, limits.frames_per_second), monotonic())

    async def run(self, mailbox: Mailbox) -> None:
        """Serve until either side closes or the session ends."""
        await agents.touch(self._house.desk, self._agent.id)
        await self._send("welcome", agent=wire_agent(self._agent), heartbeat_seconds=int(HEARTBEAT_SECONDS))
        work = (self._read(), self._write(mailbox), self._beat())
        tasks = [asyncio.create_task(each) for each in work]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for conversation_id in list(self._cursors):
                await self._tell_viewing(conversation_id, is_watching=False)

    async def _send(self, type_: str, conversation_id: str | None = None, **fields: Any) -> None:
        await self._socket.send(build_frame(type_, self._house.desk.clock(), conversation_id, **fields))

    async def _read(self) -> None:
        while True:
            try:
                text = await self._socket.read()
                wait = self._frames.take(monotonic())
                if wait > 0:
                    raise RateLimited(wait)
                await self._answer(parse_console_frame(text))
            except DeskError as error:
                await self._refuse(error)

    async def _refuse(self, error: DeskError) -> None:
        self._strikes += 1
        frame = build_refused(error.code, str(error), self._house.desk.clock(), **error.details())
        await self._socket.send(frame)
        if self._strikes > MAX_STRIKES:
            await self._socket.close(Close.FLOODED)
            raise Closed

    async def _answer(self, frame: ConsoleFrame) -> None:
        conversation_id = frame.conversation_id or ""
        match frame:
            case Watch():
                await self._watch(conversation_id, frame.after_seq)
            case Unwatch():
                if self._cursors.pop(conversation_id, None) is not None:
                    await self._tell_viewing(conversation_id, is_watching=False)
            case Typing():
                await self._type(conversation_id, is_typing=frame.is_typing)
            case Ping():
                await self._send("pong")
            case Hello():
                pass

    async def _watch(self, conversation_id: str, after_seq: int) -> None:
        if len(self._cursors) >= MAX_WATCHED and conversation_id not in self._cursors:
            raise BadRequest("Too many conversations are watched at once.", "too_many_watched")
        summary = await access.access_summary(self._house.desk, self._agent, conversation_id)
        last_seq = summary.conversation.last_seq
        self._cursors[conversation_id] = after_seq if after_seq <= last_seq else 0
        if after_seq > last_seq:
            await self._send("resync", conversation_id, last_seq=last_seq)
        await self._tell_viewing(conversation_id, is_watching=True)
        await self._send_entries(conversation_id)
        for sign in self._house.live.typing_in(conversation_id):
            await self._send("typing", conversation_id, **sign)

    async def _type(self, conversation_id: str, *, is_typing: bool) -> None:
        if conversation_id not in self._cursors:
            raise NotFound("watched conversation")
        await self._house.live.tell_typing(
            conversation_id, "agent", self._agent.name, AGENT_TYPING_TTL_SECONDS, is_typing=is_typing
        )

    async def _tell_viewing(self, conversation_id: str, *, is_watching: bool) -> None:
        agent = self._agent
        await self._house.live.tell_viewer(conversation_id, agent.id, agent.name, is_watching=is_watching)

    async def _send_entries(self, conversation_id: str) -> None:
        desk = self._house.desk
        cursor = self._cursors[conversation_id]
        has_more = True
        while has_more:
            page = await access.access_agent_entries(desk, self._agent, conversation_id, cursor)
            has_more = len(page) == access.PAGE_ENTRIES
            for entry in page:
                await self._send("entry", conversation_id, entry=agent_entry(entry))
                cursor = entry.seq
            if conversation_id not in self._cursors:
                return
            self._cursors[conversation_id] = max(cursor, self._cursors[conversation_id])
        await messages.mark_read_by_agent(desk, self._agent, conversation_id)

    async def _write(self, mailbox: Mailbox) -> None:
        while True:
            mail = await mailbox.collect()
            if self._session.token_digest in mail.signed_out:
                raise Unauthorized
            if mail.has_overflowed:
                await self._send("resync")
            await self._send_watched(mail)
            for conversation_id in sorted(mail.heads | mail.viewers):
                await self._send_summary(conversation_id)
            for agent_id in mail.agents:
                await self._send_presence(agent_id)

    async def _send_watched(self, mail: Mail) -> None:
        for conversation_id in sorted(mail.entries & self._cursors.keys()):
            await self._send_entries(conversation_id)
        for conversation_id, seq in sorted(mail.changed):
            if self._cursors.get(conversation_id, 0) >= seq:
                await self._send_again(conversation_id, seq)
        for conversation_id in sorted(mail.viewers & self._cursors.keys()):
            viewers = self._house.live.viewers_of(conversation_id)
            shown = [{"agent_id": viewer.agent_id, "name": viewer.name} for viewer in viewers]
            await self._send("viewers", conversation_id, viewers=shown)
        for (conversation_id, by), seq in mail.reads.items():
            if by == "customer" and conversation_id in self._cursors:
                await self._send("read", conversation_id, seq=seq)
        for conversation_id, sign in mail.signs:
            if conversation_id in self._cursors and sign.get("name") != self._agent.name:
                await self._send("typing", conversation_id, **sign)

    async def _send_again(self, conversation_id: str, seq: int) -> None:
        entry = await access.access_agent_entry(self._house.desk, self._agent, conversation_id, seq)
        if entry is not None:
            await self._send("entry", conversation_id, entry=agent_entry(entry))

    async def _send_summary(self, conversation_id: str) -> None:
        summary = await access.access_summary(self._house.desk, self._agent, conversation_id)
        await self._send("summary", conversation_id, summary=see(self._house, summary))

    async def _send_presence(self, agent_id: str) -> None:
        agent = await agents.access_agent(self._house.desk, agent_id)
        if agent is not None:
            await self._send("presence", agent=wire_agent(agent))

    async def _beat(self) -> None:
        """Stay seen, renew what one is looking at, and end with the session."""
        while True:
            await asyncio.sleep(HEARTBEAT_SECONDS)
            desk = self._house.desk
            await agents.access_session_by_digest(desk, self._session.token_digest, is_use=False)
            await agents.touch(desk, self._agent.id)
            for conversation_id in list(self._cursors):
                await self._tell_viewing(conversation_id, is_watching=True)


async def serve(house: House, raw: WebSocket[Any, Any, Any]) -> None:
    """Serve a console's socket from accept to close."""
    origin, host = raw.headers.get("origin"), raw.headers.get("host")
    if not is_origin_allowed(house.desk.config, origin, host, widget=False):
        await raw.close(code=Close.ORIGIN_REFUSED, reason="origin")
        return
    await raw.accept()
    socket = Socket(raw)
    try:
        token = cookie_of(raw.headers.get("cookie"))
        session = await agents.access_session(house.desk, token or "")
        with house.live.mailbox(None) as mailbox:
            await ConsoleConnection(house, socket, session).run(mailbox)
    except Closed:
        pass
    except Unauthorized:
        await socket.close(Close.UNAUTHORIZED)
    except DeskError as error:
        log.warning("console_socket_refused", code=error.code)
        await socket.close(Close.TRY_LATER)
    except Exception:
        log.exception("console_socket_failed")
        await socket.close(Close.INTERNAL_ERROR)
    finally:
        await socket.close(Close.NORMAL)


@websocket("/console/socket")
async def console_socket(socket: WebSocket[Any, Any, Any]) -> None:
    """Open the console's socket."""
    await serve(socket.app.state.house, socket)
