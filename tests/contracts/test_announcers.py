"""Every announcer: what is published is heard, in order, by everybody, and one listener's fault is its own."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import subprocess
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
from fakeredis import TcpFakeServer
from redis.asyncio import Redis
from redis.exceptions import RedisError

from desk.announce import Announcement, Announcer, LocalAnnouncer, Topic
from desk.announce_redis import CHANNEL, RedisAnnouncer, decode, encode
from desk.main import running

Pair = tuple[Announcer, Announcer]


@contextlib.contextmanager
def real_redis(folder: Path) -> Iterator[str]:
    if shutil.which("redis-server") is None:
        pytest.skip("redis-server is not installed here; the imitation stands in for it")
    socket = folder / "redis.sock"
    command = ["redis-server", "--port", "0", "--unixsocket", str(socket), "--save", "", "--dir", str(folder)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    while not socket.exists():
        assert server.poll() is None
        time.sleep(0.01)
    yield f"unix://{socket}"
    server.terminate()
    server.wait()


@contextlib.contextmanager
def imitated_redis() -> Iterator[str]:
    server = TcpFakeServer(("127.0.0.1", 0), server_type="redis")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"redis://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.fixture(params=["local", "imitated redis", "real redis"])
async def announcers(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Pair]:
    """Two ends: the same announcer inside one process, one each in two."""
    if request.param == "local":
        local = LocalAnnouncer()
        yield local, local
        return
    with imitated_redis() if request.param == "imitated redis" else real_redis(tmp_path) as url:
        one, two = RedisAnnouncer(url), RedisAnnouncer(url)
        async with running(one.run(), "one"), running(two.run(), "two"):
            await both_listen(url)
            yield one, two
        await one.close()
        await two.close()


async def both_listen(url: str) -> None:
    async with Redis.from_url(url) as client, asyncio.timeout(30):
        listening = 0
        while listening < 2:
            await asyncio.sleep(0.01)
            with contextlib.suppress(RedisError):
                listening = dict(await client.pubsub_numsub(CHANNEL))[CHANNEL.encode()]


async def heard_enough(enough: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not enough():  # noqa: ASYNC110 - what is waited for comes over a socket
            await asyncio.sleep(0.01)


async def test_what_one_end_publishes_both_ends_hear_once_and_in_order(announcers: Pair) -> None:
    here, there = announcers
    near: list[Announcement] = []
    far: list[Announcement] = []
    sent = [Announcement(Topic.READ, "c", {"by": "agent", "seq": number}) for number in range(20)]
    with here.listen(near.append), there.listen(far.append):
        for announcement in sent:
            await here.publish(announcement)
        await heard_enough(lambda: len(far) >= len(sent))
    assert near == far == sent


async def test_a_listener_that_fails_does_not_deafen_the_others(announcers: Pair) -> None:
    here, there = announcers
    heard: list[Announcement] = []

    def fail(_announcement: Announcement) -> None:
        raise RuntimeError

    with there.listen(fail), there.listen(heard.append):
        await here.publish(Announcement(Topic.QUEUE))
        await heard_enough(lambda: bool(heard))


async def test_who_stopped_listening_hears_no_more(announcers: Pair) -> None:
    here, _there = announcers
    heard: list[Announcement] = []
    with here.listen(heard.append):
        pass
    await here.publish(Announcement(Topic.QUEUE))
    assert heard == []


async def test_without_redis_the_own_process_still_hears() -> None:
    announcer = RedisAnnouncer("redis://127.0.0.1:1")
    heard: list[Announcement] = []
    with announcer.listen(heard.append):
        await announcer.publish(Announcement(Topic.QUEUE))
    assert len(heard) == 1
    await announcer.close()


@pytest.mark.parametrize("raw", ["", "[]", "{}", '["a", "nothing", "c", {}]', '["a", "read", 5, {}]', "[1]"])
def test_noise_on_the_channel_is_no_announcement(raw: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - any of them
        decode(raw)


@pytest.mark.parametrize("topic", list(Topic))
def test_encoding_and_decoding_is_identity(topic: Topic) -> None:
    announcement = Announcement(topic, "c", {"seq": 1, "name": "Zoë"})
    assert decode(encode(announcement, "me")) == ("me", announcement)
