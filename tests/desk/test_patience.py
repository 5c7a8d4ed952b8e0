"""Callers who never finish asking are let go; the others are not hurried."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator

import httpx
import psutil
import pytest

from desk.app import create_app
from desk.log import EntryKind, NewEntry
from desk.patience import MAX_HEAD_BYTES, PatientHttp, PatientSocket
from desk.service import visits
from desk.service.writing import writing
from tests.desk.house import House
from tests.desk.stub_engine import serving


class Hasty(PatientHttp):
    ask_seconds = 0.3
    take_seconds = 0.3


class HastySocket(PatientSocket):
    close_seconds = 0.1


@pytest.fixture
async def port(house: House) -> AsyncIterator[int]:
    app = create_app(house.desk.config, house.desk)
    async with serving(app, http=Hasty, ws=HastySocket) as port:
        yield port


HEAD = b"POST /widget/session HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
UNFINISHED = {
    "nothing at all": b"",
    "half a head": b"GET / HTTP/1.1\r\nHost: x\r\n",
    "half a body": HEAD + b"Content-Length: 9\r\n\r\n{",
    "half a chunked body": HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n",
    "half a handshake": b"GET /widget/socket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: upgrade\r\n",
    "half a second request": b"GET /nothing HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\n",
}


@pytest.mark.parametrize("said", UNFINISHED.values(), ids=UNFINISHED.keys())
async def test_a_caller_who_never_finishes_asking_is_let_go(port: int, said: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(said)
    async with asyncio.timeout(10):
        await reader.read()
    writer.close()


async def test_a_head_without_end_is_refused(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET / HTTP/1.1\r\nX: " + b"a" * (MAX_HEAD_BYTES + 1))
    async with asyncio.timeout(10):
        assert (await reader.readline()).startswith(b"HTTP/1.1 400")
    writer.close()


async def test_who_has_asked_is_not_hurried(port: int) -> None:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
        session = (await client.post("/widget/session", json={})).json()
        headers = {"authorization": f"Bearer {session['token']}"}
        for _ in range(2):
            page = await client.get("/widget/entries?wait_seconds=0.5", headers=headers)
            assert page.status_code == 200


HANDSHAKE = (
    b"GET /widget/socket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)


async def fill(house: House, conversation_id: str, entries: int = 1000) -> None:
    """Write more than the kernel keeps for a connection."""
    async with writing(house.desk, conversation_id) as unit:
        for number in range(entries):
            unit.append(NewEntry(f"c{number}", EntryKind.AGENT, "x" * 8000))


async def open_deaf(port: int, said: bytes) -> socket.socket:
    """Connect as somebody who never reads, with as little room as the system allows."""
    deaf = socket.socket()
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
    deaf.setblocking(False)
    await asyncio.get_running_loop().sock_connect(deaf, ("127.0.0.1", port))
    await asyncio.get_running_loop().sock_sendall(deaf, said)
    return deaf


async def until_let_go(deaf: socket.socket) -> None:
    """Wait until this process holds the serving end no more; the kernel sends the rest by itself."""
    port = deaf.getsockname()[1]

    def is_held() -> bool:
        return any(one.raddr[1:] == (port,) for one in psutil.Process().net_connections("tcp4"))

    assert is_held()
    async with asyncio.timeout(30):
        while is_held():  # noqa: ASYNC110 - the kernel tells nobody
            await asyncio.sleep(0.05)
    deaf.close()


async def test_a_socket_that_reads_nothing_is_let_go(
    house: House, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("desk.sockets.SEND_SECONDS", 0.3)
    visit = await visits.open_visit(house.desk, None, None, None)
    await fill(house, visit.conversation_id)
    hello = json.dumps({"type": "hello", "id": "1", "token": visit.token}).encode()
    frame = b"\x81\xfe" + len(hello).to_bytes(2, "big") + bytes(4) + hello
    deaf = await open_deaf(port, HANDSHAKE)
    await asyncio.get_running_loop().sock_recv(deaf, 4096)
    await asyncio.get_running_loop().sock_sendall(deaf, frame)
    await until_let_go(deaf)


async def test_an_answer_that_nobody_takes_is_let_go(house: House, port: int) -> None:
    visit = await visits.open_visit(house.desk, None, None, None)
    await fill(house, visit.conversation_id)
    ask = f"GET /widget/entries HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {visit.token}\r\n\r\n".encode()
    await until_let_go(await open_deaf(port, ask * 20))
