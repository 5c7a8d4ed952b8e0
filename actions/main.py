"""The action server as a process: everything is put together here and nowhere else."""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from collections.abc import Iterable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, date, datetime
from random import SystemRandom

import httpx
import structlog

from actions.clients import DeskClient, KnowledgeClient
from actions.config import ActionsConfig
from actions.database import build_engine
from actions.errors import MissingSecret
from actions.generator import Generator
from actions.goals import build_actions
from actions.link import LinkClient
from actions.outbox import Outbox
from actions.server import Server, build_app, build_server
from actions.shop import ShopRepository
from knowledge.base import KnowledgeBase

log = structlog.get_logger()

HOUSEKEEPING_SECONDS = 3600.0
GENERATOR_SECONDS = 4.0
MIN_TOKEN_CHARACTERS = 16


def utc_now() -> datetime:
    """Tell the time."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class ActionsHouse:
    """What one action server is made of."""

    shop: ShopRepository
    outbox: Outbox
    link: LinkClient
    knowledge: KnowledgeClient

    def degraded(self) -> Iterable[str]:
        """Name what does not work now."""
        if not self.link.is_connected:
            yield "link_down"
        if not self.knowledge.is_open:
            yield "knowledge_missing"


async def run(config: ActionsConfig) -> None:
    """Run the action server until a signal stops it.

    Raises:
        MissingSecret: a token is empty or too short.
    """
    if len(config.token) < MIN_TOKEN_CHARACTERS:
        raise MissingSecret("actions token")
    async with AsyncExitStack() as stack:
        house = await build_house(config, stack)
        desk = DeskClient(house.link)
        actions = build_actions(house.shop, desk, house.knowledge, utc_now)
        app = build_app(actions, config.token, degraded=house.degraded)
        server = build_server(app, config.host, config.port)
        workers = [asyncio.create_task(house.link.run()), asyncio.create_task(keep_house(house))]
        for (
            worker
        ) in workers:  # one that ends by itself takes the process down, and the supervisor brings it back
            worker.add_done_callback(lambda ended: stop_after(ended, server))
        stop_on_signals(server)
        log.info("actions_started", host=config.host, port=config.port, actions=len(actions))
        try:
            await server.serve()
        finally:
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)
    if not server.started:
        sys.exit(1)  # the port was taken; uvicorn has said so


async def build_house(config: ActionsConfig, stack: AsyncExitStack) -> ActionsHouse:
    """Open the databases and build the clients; the stack closes them."""
    engine, shop_engine = build_engine(config.database), build_engine(config.shop_database)
    stack.push_async_callback(engine.dispose)
    stack.push_async_callback(shop_engine.dispose)
    outbox = Outbox(engine, utc_now)
    await outbox.create_tables()
    shop = ShopRepository(shop_engine, utc_now, lambda: today_in(config))
    await shop.create_tables()
    if config.seed_shop:
        log.info("shop_seeded", orders=await shop.seed())
    link = LinkClient(config.link_url, config.link_token, outbox, clock=utc_now, random=SystemRandom())
    generator = await build_generator(config, stack)
    knowledge = KnowledgeClient(lambda: KnowledgeBase.open(config.knowledge_root), time.monotonic, generator)
    await knowledge.open()
    return ActionsHouse(shop, outbox, link, knowledge)


async def build_generator(config: ActionsConfig, stack: AsyncExitStack) -> Generator | None:
    """Build the generator where one is configured; the stack closes its connections."""
    if config.generator is None:
        return None
    client = httpx.AsyncClient(timeout=GENERATOR_SECONDS, follow_redirects=False, trust_env=False)
    return Generator(config.generator, await stack.enter_async_context(client))


def today_in(config: ActionsConfig) -> date:
    """Tell the day in the shop's time zone."""
    return utc_now().astimezone(config.time_zone).date()


def stop_on_signals(server: Server) -> None:
    """Let SIGTERM and SIGINT stop the server; what was opened is closed after it."""

    def stop() -> None:
        server.should_exit = True

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop)


def stop_after(ended: asyncio.Task[None], server: Server) -> None:
    """Stop the server when a worker broke off."""
    if not ended.cancelled() and ended.exception() is not None:
        log.error("actions_worker_failed", error=type(ended.exception()).__name__, alarm=True)
        server.should_exit = True


async def keep_house(house: ActionsHouse) -> None:
    """Forget old requests, once an hour."""
    while True:
        await asyncio.sleep(HOUSEKEEPING_SECONDS)
        log.info("outbox_pruned", rows=await house.outbox.prune())
