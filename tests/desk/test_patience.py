"""Callers who never finish asking are let go; the others are not hurried."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from desk.app import create_app
from desk.patience import MAX_HEAD_BYTES, PatientHttp
from tests.desk.house import House
from tests.desk.stub_engine import serving


class Hasty(PatientHttp):
    ask_seconds = 0.3


@pytest.fixture
async def port(house: House) -> AsyncIterator[int]:
    app = create_app(house.desk.config, house.desk)
    async with serving(app, http=Hasty) as port:
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
    async with asyncio.timeout(3):
        await reader.read()
    writer.close()


async def test_a_head_without_end_is_refused(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET / HTTP/1.1\r\nX: " + b"a" * (MAX_HEAD_BYTES + 1))
    async with asyncio.timeout(3):
        assert (await reader.readline()).startswith(b"HTTP/1.1 400")
    writer.close()


async def test_who_has_asked_is_not_hurried(port: int) -> None:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
        session = (await client.post("/widget/session", json={})).json()
        headers = {"authorization": f"Bearer {session['token']}"}
        for _ in range(2):
            page = await client.get("/widget/entries?wait_seconds=0.5", headers=headers)
            assert page.status_code == 200
