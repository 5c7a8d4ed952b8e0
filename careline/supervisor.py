"""Starts the processes, waits until each is ready, restarts one that dies, and stops them together."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import signal
import sys
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from careline.errors import StartError

STOP_GRACE_SECONDS = 10.0
READY_POLL_SECONDS = 0.1
RESTART_LIMIT = 5
RESTART_WINDOW_SECONDS = 60.0
RESTART_PAUSE_SECONDS = 0.5
TAIL_LINES = 12
PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Program:
    """One process to keep running.

    `is_ready` answers whether the process serves; it must not raise while the process is still coming up.
    `hint` says what usually helps where it ends while it starts.
    """

    name: str
    command: Sequence[str]
    env: Mapping[str, str]
    log_file: Path
    is_ready: Callable[[], Awaitable[bool]]
    ready_timeout_seconds: float = 120.0
    hint: str = ""


@dataclass
class Running:
    """A program with the process that runs it now."""

    program: Program
    process: asyncio.subprocess.Process | None = None
    starts: deque[float] = field(default_factory=lambda: deque(maxlen=RESTART_LIMIT + 1))

    def restarts_too_often(self, now: float) -> bool:
        """Tell whether the program died more often than a restart can help."""
        return len(self.starts) > RESTART_LIMIT and now - self.starts[0] < RESTART_WINDOW_SECONDS


def die_with_parent() -> None:
    """Ask the kernel to end this child when its parent is gone, even killed (Linux only)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def open_log(file: Path) -> IO[bytes]:
    """Open a log file to go on with it.

    Raises:
        StartError: it cannot be written.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        return file.open("ab")
    except OSError as error:
        raise StartError(f"{file} can't be written: {error.strerror}.") from error


def tail(file: Path, lines: int = TAIL_LINES) -> str:
    """Return the last lines of a log file, without the frames of stack traces; empty where there is none."""
    if not file.is_file():
        return ""
    said = [line for line in file.read_text(errors="replace").splitlines() if line[:1].strip()]
    return "\n".join(said[-lines:])


class Supervisor:
    """Keeps programs running until it is told to stop.

    `report(name, event)` is called with `starting`, `ready`, `died`, `stopped`.
    """

    def __init__(self, programs: Sequence[Program], report: Callable[[str, str], None]) -> None:
        self._running = [Running(program) for program in programs]
        self._report = report
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Ask `run` to end."""
        self._stopping.set()

    @property
    def pids(self) -> dict[str, int]:
        """The processes that run now."""
        return {one.program.name: one.process.pid for one in self._running if one.process is not None}

    async def run(self, on_ready: Callable[[], None]) -> None:
        """Start everything, call on_ready once all serve, and keep it running until stop().

        Raises:
            StartError: a program did not become ready, or died again and again.
        """
        try:
            await self._until_stopped(self._start_all())
            if self._stopping.is_set():
                return
            on_ready()
            await self._until_stopped(self._keep_all())
        finally:
            await self._stop_all()

    async def _until_stopped(self, work: Awaitable[None]) -> None:
        tasks = [asyncio.ensure_future(work), asyncio.ensure_future(self._stopping.wait())]
        done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)
        for task in done:
            task.result()

    async def _start_all(self) -> None:
        async with first_error() as group:
            for one in self._running:
                group.create_task(self._start(one))

    async def _keep_all(self) -> None:
        async with first_error() as group:
            for one in self._running:
                group.create_task(self._keep(one))

    async def _start(self, one: Running) -> None:
        program = one.program
        one.starts.append(time.monotonic())
        self._report(program.name, "starting")
        with open_log(program.log_file) as log:
            one.process = await asyncio.create_subprocess_exec(
                *program.command,
                env={**os.environ, **program.env},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=die_with_parent,
            )
        await self._wait_until_ready(one)
        self._report(program.name, "ready")

    async def _wait_until_ready(self, one: Running) -> None:
        program, process = one.program, one.process
        deadline = time.monotonic() + program.ready_timeout_seconds
        while process is not None and process.returncode is None and time.monotonic() < deadline:
            if await program.is_ready():
                return
            await asyncio.sleep(READY_POLL_SECONDS)
        ended = process is None or process.returncode is not None
        what = (
            "ended while starting" if ended else f"was not ready after {program.ready_timeout_seconds:.0f} s"
        )
        last_words = f"The end of {program.log_file}:\n{tail(program.log_file)}"
        raise StartError("\n".join(filter(None, (f"The {program.name} {what}. {last_words}", program.hint))))

    async def _keep(self, one: Running) -> None:
        while one.process is not None:
            await one.process.wait()
            self._report(one.program.name, "died")
            if one.restarts_too_often(time.monotonic()):
                raise StartError(
                    f"The {one.program.name} died {RESTART_LIMIT} times within {RESTART_WINDOW_SECONDS:.0f} s. "
                    f"The end of {one.program.log_file}:\n{tail(one.program.log_file)}"
                )
            await asyncio.sleep(RESTART_PAUSE_SECONDS)
            try:
                await self._start(one)
            except StartError:  # counted: the next round of the loop starts it again or gives up
                await self._stop_one(one)

    async def _stop_all(self) -> None:
        await asyncio.gather(*(self._stop_one(one) for one in self._running))

    async def _stop_one(self, one: Running) -> None:
        process = one.process
        if process is None or process.returncode is not None:
            return
        send_signal(process.pid, signal.SIGTERM)
        try:
            await asyncio.wait_for(process.wait(), STOP_GRACE_SECONDS)
        except TimeoutError:
            send_signal(process.pid, signal.SIGKILL)
            await process.wait()
        self._report(one.program.name, "stopped")


@contextlib.asynccontextmanager
async def first_error():  # type: ignore[no-untyped-def]  # an async generator of TaskGroup; the decorator types it
    """Run tasks together; raise the first StartError itself instead of a group of one."""
    try:
        async with asyncio.TaskGroup() as group:
            yield group
    except* StartError as errors:
        raise errors.exceptions[0] from None


def send_signal(pid: int, number: signal.Signals) -> None:
    """Signal a process group that this supervisor started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, number)
