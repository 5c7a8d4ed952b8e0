"""Announcements between several desk processes, over Redis. Lost ones cost time, never an entry."""

from __future__ import annotations

import asyncio
import json
from contextlib import AbstractContextManager
from typing import Any

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError
from ulid import ULID

from desk.announce import Announcement, Listener, LocalAnnouncer, Topic

log = structlog.get_logger()

CHANNEL = "careline:announcements"
RETRY_SECONDS = 1.0


def encode(announcement: Announcement, sender: str) -> str:
    """Write an announcement for the wire."""
    return json.dumps(
        [sender, str(announcement.topic), announcement.conversation_id, dict(announcement.data)]
    )


def decode(raw: str | bytes) -> tuple[str, Announcement]:
    """Read an announcement and who sent it.

    Raises:
        ValueError: it is none.
    """
    match json.loads(raw):
        case [str(sender), str(topic), None | str() as conversation_id, dict() as data]:
            return sender, Announcement(Topic(topic), conversation_id, data)
    raise ValueError("no announcement")


class RedisAnnouncer:
    """Tells this process at once and the others over Redis; while Redis is away, only this one."""

    def __init__(self, url: str, client: Redis | None = None) -> None:
        self._redis: Redis = client or Redis.from_url(url, socket_connect_timeout=2.0)
        self._local = LocalAnnouncer()
        self._sender = str(ULID())

    async def publish(self, announcement: Announcement) -> None:
        """Tell this process, then the others."""
        self._local.tell(announcement)
        try:
            await self._redis.publish(CHANNEL, encode(announcement, self._sender))
        except (RedisError, OSError) as error:
            log.warning("announcement_lost", kind=type(error).__name__)

    def listen(self, listener: Listener) -> AbstractContextManager[None]:
        """Be told until the context closes."""
        return self._local.listen(listener)

    async def run(self) -> None:
        """Carry what others announce, until cancelled; comes back when Redis does."""
        while True:
            try:
                await self._carry()
            except (RedisError, OSError) as error:
                log.warning("announcements_interrupted", kind=type(error).__name__)
                await asyncio.sleep(RETRY_SECONDS)

    async def _carry(self) -> None:
        async with self._redis.pubsub(ignore_subscribe_messages=True) as channel:
            await channel.subscribe(CHANNEL)
            async for message in channel.listen():
                self._hear(message)

    def _hear(self, message: dict[str, Any]) -> None:
        try:
            sender, announcement = decode(message["data"])
        except (ValueError, KeyError, TypeError):
            log.warning("announcement_refused")
            return
        if sender != self._sender:
            self._local.tell(announcement)

    async def close(self) -> None:
        """Close the connection."""
        await self._local.close()
        await self._redis.aclose()
