"""A widget and a console as a browser would speak, over real sockets."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import httpx
from ulid import ULID
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin

from desk.app import create_app
from desk.config import DeskConfig, EngineConfig
from desk.context import Desk
from desk.database import Database
from desk.engine import EngineClient
from desk.library import Library
from desk.main import running
from desk.turns import TurnWorker
from tests.desk.house import House
from tests.desk.stub_engine import TOKEN, StubEngine, serving, stub_engine

Json = dict[str, Any]


@dataclass
class Running:
    """A whole desk on loopback with a stub engine."""

    desk: Desk
    port: int
    engine: StubEngine
    house: House

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=self.origin, trust_env=False)

    async def session(self, **body: Any) -> Json:
        async with self.client() as client:
            response = await client.post("/widget/session", json=body)
            assert response.status_code == 200, response.text
            answer: Json = response.json()
            return answer

    @asynccontextmanager
    async def widget(
        self, token: str, after_seq: int = 0, origin: str | None = None
    ) -> AsyncIterator[Widget]:
        url = f"ws://127.0.0.1:{self.port}/widget/socket"
        async with connect(url, origin=Origin(origin or self.origin), proxy=None, compression=None) as socket:
            widget = Widget(socket)
            await widget.send("hello", token=token, after_seq=after_seq)
            yield widget

    @asynccontextmanager
    async def console(self, cookie: str, origin: str | None = None) -> AsyncIterator[Widget]:
        url = f"ws://127.0.0.1:{self.port}/console/socket"
        headers = {"Cookie": cookie}
        async with connect(
            url,
            origin=Origin(origin or self.origin),
            additional_headers=headers,
            proxy=None,
            compression=None,
        ) as socket:
            yield Widget(socket)


class Widget:
    """One open socket that remembers every frame."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.frames: list[Json] = []

    async def send(self, type_: str, **fields: Any) -> None:
        frame = {"type": type_, "id": str(ULID()), "sent_at": "2026-11-23T10:00:00Z", **fields}
        await self.socket.send(json.dumps(frame))

    async def post(self, client_id: str, text: str) -> None:
        await self.send("post", client_id=client_id, text=text)

    async def receive(self) -> Json:
        async with asyncio.timeout(30):
            frame: Json = json.loads(await self.socket.recv())
        self.frames.append(frame)
        return frame

    async def until(self, type_: str, **fields: Any) -> Json:
        """Read frames until one is of the type and has these fields."""
        while True:
            frame = await self.receive()
            if frame["type"] == type_ and all(frame.get(name) == value for name, value in fields.items()):
                return frame

    async def until_entry(self, **fields: Any) -> Json:
        while True:
            entry: Json = (await self.until("entry"))["entry"]
            if all(entry.get(name) == value for name, value in fields.items()):
                return entry

    async def rest(self, seconds: float = 0.3) -> list[Json]:
        """Read what still comes."""
        more: list[Json] = []
        try:
            async with asyncio.timeout(seconds):
                while True:
                    more.append(json.loads(await self.socket.recv()))
        except TimeoutError:
            return more

    async def until_closed(self) -> int | None:
        """Read until the desk closes; gives the close code."""
        try:
            while True:
                await self.receive()
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else None

    def entries(self) -> list[Json]:
        return [frame["entry"] for frame in self.frames if frame["type"] == "entry"]


@asynccontextmanager
async def running_desk(
    house: House, *, library: Library | None = None, takes_turns: bool = True, **changes: Any
) -> AsyncIterator[Running]:
    """Run the application, the turn worker and a stub engine on the house's database.

    Args:
        house: the desk that is run.
        library: the articles it knows.
        takes_turns: whether the turn worker runs; without it the test itself says what the bot answers.
        changes: fields of the configuration.
    """
    async with stub_engine() as stub:
        engine_config = EngineConfig(
            url=stub.url,
            token=TOKEN,
            first_wait_seconds=0.02,
            max_wait_seconds=0.1,
            give_up_after_seconds=0.0,
        )
        config: DeskConfig = replace(house.desk.config, engine=engine_config, **changes)
        desk = replace(house.desk, config=config, database=Database(config.database_url))
        client = EngineClient(engine_config)
        app = create_app(config, desk, client, library)
        try:
            async with serving(app) as port, AsyncExitStack() as stack:
                if takes_turns:
                    worker = TurnWorker(desk, client, sweep_seconds=0.5)
                    await stack.enter_async_context(running(worker.run(), "turns"))
                yield Running(desk, port, stub, house)
        finally:
            await client.close()
            await desk.database.close()
