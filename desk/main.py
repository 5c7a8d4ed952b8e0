"""The desk's process: web server, link server, turn worker, housekeeper; they start and stop together."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from typing import Any

import structlog
import uvicorn
from sqlalchemy.exc import DBAPIError

from desk.announce import Announcement, Announcer, LocalAnnouncer, Topic
from desk.announce_redis import RedisAnnouncer
from desk.app import build_desk, create_app
from desk.config import DeskConfig
from desk.context import Desk
from desk.database import migrate, normalise_url
from desk.engine import EngineClient
from desk.frames import MAX_FRAME_BYTES, utc_now
from desk.housekeeping import Housekeeper
from desk.librarian import Librarian
from desk.library import Library
from desk.link import LinkServer
from desk.link_handler import DeskEventStore, DeskLinkHandler
from desk.patience import PatientHttp, PatientSocket
from desk.turns import TurnWorker

log = structlog.get_logger()

PING_SECONDS = 20.0
SHUTDOWN_SECONDS = 5


def build_server(
    config: DeskConfig, desk: Desk, engine: EngineClient, library: Library | None = None
) -> uvicorn.Server:
    """Build the web server: no compression on sockets, small frames, dead peers noticed."""
    return uvicorn.Server(
        uvicorn.Config(
            create_app(config, desk, engine, library),
            host=config.host,
            port=config.port,
            log_config=None,
            access_log=False,
            server_header=False,
            http=PatientHttp,
            ws=PatientSocket,
            ws_max_size=MAX_FRAME_BYTES,
            ws_per_message_deflate=False,
            ws_ping_interval=PING_SECONDS,
            ws_ping_timeout=PING_SECONDS,
            timeout_graceful_shutdown=SHUTDOWN_SECONDS,
        )
    )


async def run(config: DeskConfig, library: Library | None = None) -> None:
    """Serve until SIGTERM or SIGINT; ``library`` answers what is asked about the articles."""
    await asyncio.to_thread(prepare_database, config.database_url)
    announcer = build_announcer(config)
    desk = build_desk(config, announcer)
    engine = EngineClient(config.engine)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(announcer.close)
        stack.push_async_callback(desk.database.close)
        stack.push_async_callback(engine.close)
        await stack.enter_async_context(link_open(desk))
        await stack.enter_async_context(running(announcer.run(), "announcements"))
        await stack.enter_async_context(running(TurnWorker(desk, engine).run(), "turns"))
        await stack.enter_async_context(running(Housekeeper(desk).run(), "housekeeping"))
        if library is not None:
            await stack.enter_async_context(running(Librarian(desk, library).run(), "librarian"))
        server = build_server(config, desk, engine, library)
        with ending(server):
            log.info("desk_ready", host=config.host, port=config.port)
            await server.serve()
    log.info("desk_stopped")


def prepare_database(url: str) -> None:
    """Bring the tables up to date; names the database where it cannot be used, its password as stars."""
    try:
        migrate(url)
    except (DBAPIError, OSError):
        log.error("database_unusable", url=str(normalise_url(url)))
        raise


def build_announcer(config: DeskConfig) -> Announcer:
    """Choose how wake-ups travel: inside the process, or over Redis between several."""
    if config.redis_url is None:
        return LocalAnnouncer()
    return RedisAnnouncer(config.redis_url)


@asynccontextmanager
async def link_open(desk: Desk) -> AsyncIterator[LinkServer]:
    """Serve the link while the context is open, and tell it about new events."""
    config = desk.config.link
    server = LinkServer(
        DeskLinkHandler(desk),
        DeskEventStore(desk),
        token=config.token,
        host=config.host,
        port=config.port,
        clock=utc_now,
    )

    def hear(announcement: Announcement) -> None:
        if announcement.topic is Topic.LINK_EVENT:
            server.notify()

    await server.start()
    try:
        with desk.announcer.listen(hear):
            yield server
    finally:
        await server.close()


@asynccontextmanager
async def running(work: Coroutine[Any, Any, None], name: str) -> AsyncIterator[None]:
    """Run a task while the context is open, then end it and wait for its end."""
    task = asyncio.create_task(work, name=name)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@contextmanager
def ending(server: uvicorn.Server) -> Iterator[None]:
    """End the server on SIGTERM and SIGINT without raising them again; uvicorn would."""
    loop = asyncio.get_running_loop()

    def end() -> None:
        server.should_exit = True

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, end)
    try:
        yield
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)
