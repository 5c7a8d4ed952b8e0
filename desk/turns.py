"""The turn worker: hands customers' entries to the engine, one conversation at a time and in order.

What is to be done stands in the log, so a crash, a lost wake-up or an engine that is away costs time and nothing
else. An engine that is down makes messages wait; one that fails on a message loses it to a person after a few
attempts, made over so long a time that an action server can start again in between. The customer hears after a
few seconds that it takes longer, and later gets an apology and the offer of a person.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import monotonic

import structlog

from desk.announce import Announcement, Topic
from desk.config import EngineConfig
from desk.context import Desk
from desk.engine import EngineClient, TurnRequest, TurnResult, Understanding
from desk.errors import EngineDown, EngineError
from desk.log import EntryKind, Work
from desk.service import turns
from desk.service.turns import LEASE, Turn

log = structlog.get_logger()

SWEEP_SECONDS = 5.0
LEASE_KEEP_SECONDS = LEASE.total_seconds() / 2
MAX_ENGINE_CALLS = 32
STOP_GRACE_SECONDS = 2.0
TYPING_TTL_SECONDS = 8
TYPING_REFRESH_SECONDS = 5.0


class GaveUp(Exception):
    """The engine will not answer this message; ``code`` says what it failed with last."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Overtaken(Exception):
    """While the message waited somebody else took the conversation."""


def wait_seconds(failures: int, config: EngineConfig, jitter: float) -> float:
    """Choose the pause after so many failures in a row: doubling, capped, with fresh jitter in [0, 1)."""
    ceiling: float = min(config.max_wait_seconds, config.first_wait_seconds * 2.0 ** min(failures - 1, 16))
    return ceiling * (0.5 + jitter / 2)


class TurnWorker:
    """Works on every conversation that has engine work; at most one task a conversation."""

    def __init__(
        self,
        desk: Desk,
        engine: EngineClient,
        *,
        sweep_seconds: float = SWEEP_SECONDS,
        dice: random.Random | None = None,
    ) -> None:
        self._desk = desk
        self._engine = engine
        self._config = desk.config.engine
        self._sweep_seconds = sweep_seconds
        self._dice = dice or random.Random()  # noqa: S311 - spreads retries, keeps no secret
        self._calls = asyncio.Semaphore(MAX_ENGINE_CALLS)
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._again: set[str] = set()
        self._leases: dict[str, float] = {}
        self._is_stopping = False

    async def run(self) -> None:
        """Work until cancelled; afterwards nothing of this worker runs any more."""
        try:
            with self._desk.announcer.listen(self._hear):
                while True:
                    await self._sweep()
                    await asyncio.sleep(self._sweep_seconds)
        finally:
            await self._stop()

    def _hear(self, announcement: Announcement) -> None:
        if announcement.topic is Topic.WORK and announcement.conversation_id:
            self.wake(announcement.conversation_id)

    def wake(self, conversation_id: str) -> None:
        """Look at a conversation now."""
        if self._is_stopping:
            return
        if conversation_id in self._tasks:
            self._again.add(conversation_id)
            return
        task = asyncio.create_task(self._work(conversation_id), name=f"turns {conversation_id}")
        self._tasks[conversation_id] = task

    async def _sweep(self) -> None:
        try:
            for conversation_id in await turns.find_waiting(self._desk):
                if conversation_id not in self._tasks:
                    self.wake(conversation_id)
        except Exception:
            log.exception("turn_sweep_failed")
        now = monotonic()
        self._leases = {name: until for name, until in self._leases.items() if until > now}

    async def _work(self, conversation_id: str) -> None:
        try:
            await self._work_off(conversation_id)
        except Exception:
            log.exception("turn_task_failed", conversation_id=conversation_id)
        finally:
            del self._tasks[conversation_id]
            if conversation_id in self._again:
                self._again.discard(conversation_id)
                self.wake(conversation_id)

    async def _work_off(self, conversation_id: str) -> None:
        has_more = True
        while has_more or conversation_id in self._again:
            self._again.discard(conversation_id)
            turn = await turns.next_turn(self._desk, conversation_id)
            if turn is None or not await self._hold_lease(conversation_id):
                return
            has_more = await self._handle(turn)

    async def _hold_lease(self, conversation_id: str) -> bool:
        if self._leases.get(conversation_id, 0.0) > monotonic():
            return True
        if not await turns.take_lease(self._desk, conversation_id):
            return False
        self._leases[conversation_id] = monotonic() + LEASE_KEEP_SECONDS
        return True

    async def _handle(self, turn: Turn) -> bool:
        """Do one piece of work; says whether to look for the next."""
        if not turn.is_for_bot:
            await self._understand(turn)
            return True
        began = monotonic()
        try:
            async with self._company(turn):
                result = await self._ask_until_answered(turn)
                kept = await turns.keep_replies(self._desk, turn, result)
        except GaveUp as failure:
            log.error("turn_given_up", conversation_id=turn.conversation_id, code=failure.code)
            await turns.give_up(self._desk, turn, failure.code)
        except Overtaken:
            log.info("turn_overtaken", conversation_id=turn.conversation_id)
        else:
            log.info(
                "turn_done",
                conversation_id=turn.conversation_id,
                duration_ms=round((monotonic() - began) * 1000, 1),
                is_shown=kept.is_shown,
                is_repeat=result.repeated,
            )
            return kept.has_more
        return True

    async def _ask_until_answered(self, turn: Turn) -> TurnResult:
        """Ask until there is an answer.

        Raises:
            GaveUp: the message failed too often, or the engine refuses it.
            Overtaken: the bot is not to answer any more.
        """
        failures = rounds = 0
        patient_until = monotonic() + self._config.give_up_after_seconds
        while True:
            try:
                return await self._ask(turn)
            except EngineError as error:
                log.warning(
                    "engine_failed", conversation_id=turn.conversation_id, code=error.code, reason=str(error)
                )
                failures += 0 if isinstance(error, EngineDown) else 1
                has_failed = failures >= self._config.max_attempts and monotonic() >= patient_until
                if has_failed or not error.may_retry:
                    raise GaveUp(error.code) from error
            rounds += 1
            await asyncio.sleep(wait_seconds(rounds, self._config, self._dice.random()))
            await self._check_still_wanted(turn)

    async def _ask(self, turn: Turn) -> TurnResult:
        async with self._calls:
            if turn.entry.work is Work.RESUME:
                said = await turns.read_said(self._desk, turn)
                mode = str(turn.entry.params.get("mode", "resume"))
                return await self._engine.send_resume(turn.conversation_id, turn.message_id, mode, said)
            return await self._engine.send_message(_request_of(turn))

    async def _check_still_wanted(self, turn: Turn) -> None:
        now = await turns.next_turn(self._desk, turn.conversation_id)
        if now is None or now.entry.seq != turn.entry.seq or not now.is_for_bot:
            raise Overtaken
        if not await self._hold_lease(turn.conversation_id):
            raise Overtaken

    async def _understand(self, turn: Turn) -> None:
        understanding: Understanding | None = None
        if turn.entry.kind is EntryKind.CUSTOMER:
            try:
                async with self._calls:
                    understanding = await self._engine.understand(turn.entry.text)
            except EngineError as error:
                log.info("not_understood", conversation_id=turn.conversation_id, code=error.code)
        await turns.keep_understanding(self._desk, turn, understanding)

    @asynccontextmanager
    async def _company(self, turn: Turn) -> AsyncIterator[None]:
        """Show that the bot is typing and tell the customer when it takes long, until the block ends."""
        done = asyncio.Event()
        await self._tell_typing(turn, is_typing=True)
        tasks = [
            asyncio.create_task(self._notices(turn, done)),
            asyncio.create_task(self._typing(turn, done)),
        ]
        try:
            yield
        finally:
            done.set()
            await asyncio.gather(*tasks)
            await self._tell_typing(turn, is_typing=False)

    async def _notices(self, turn: Turn, done: asyncio.Event) -> None:
        """Tell that it takes longer, then apologise; ends at once when the turn does."""
        slow, sorry = self._config.slow_after_seconds, self._config.apology_after_seconds
        try:
            if not await _is_done_in(done, slow):
                await turns.tell_slow(self._desk, turn)
                if not await _is_done_in(done, max(sorry - slow, 0.0)):
                    await turns.tell_apology(self._desk, turn)
        except Exception:
            log.exception("notice_failed", conversation_id=turn.conversation_id)

    async def _typing(self, turn: Turn, done: asyncio.Event) -> None:
        while not await _is_done_in(done, TYPING_REFRESH_SECONDS):
            await self._tell_typing(turn, is_typing=True)

    async def _tell_typing(self, turn: Turn, *, is_typing: bool) -> None:
        ttl = TYPING_TTL_SECONDS if is_typing else 0
        data = {"who": "bot", "name": None, "is_typing": is_typing, "ttl_seconds": ttl}
        await self._desk.announcer.publish(Announcement(Topic.TYPING, turn.conversation_id, data))

    async def _stop(self) -> None:
        self._is_stopping = True
        tasks = list(self._tasks.values())
        if tasks:
            _done, late = await asyncio.wait(tasks, timeout=STOP_GRACE_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        await turns.drop_leases(self._desk)


async def _is_done_in(done: asyncio.Event, seconds: float) -> bool:
    try:
        await asyncio.wait_for(done.wait(), seconds)
    except TimeoutError:
        return False
    return True


def _request_of(turn: Turn) -> TurnRequest:
    return TurnRequest(
        conversation_id=turn.conversation_id,
        message_id=turn.message_id,
        text=turn.entry.text,
        payload=turn.entry.payload,
        locale=turn.conversation.locale,
        channel=turn.conversation.channel,
        customer=turn.conversation.customer,
    )
