from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from careline.errors import StartError
from careline.ports import check_free
from careline.supervisor import Program, Supervisor

SERVE = "import pathlib, sys, time; pathlib.Path(sys.argv[1]).write_text('up'); time.sleep(60)"


def program(folder: Path, code: str = SERVE, *, timeout: float = 10.0) -> Program:
    flag = folder / "flag"

    async def is_ready() -> bool:
        return flag.is_file()

    return Program("sleeper", [sys.executable, "-c", code, str(flag)], {}, folder / "log", is_ready, timeout)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - the condition is another process's
            await asyncio.sleep(0.02)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_stop_ends_every_process(tmp_path: Path) -> None:
    supervisor = Supervisor([program(tmp_path)], lambda *_: None)
    pids: list[int] = []

    def on_ready() -> None:
        pids.extend(supervisor.pids.values())
        supervisor.stop()

    await supervisor.run(on_ready)
    assert len(pids) == 1
    assert not is_alive(pids[0])


async def test_a_killed_process_is_started_again(tmp_path: Path) -> None:
    events: list[str] = []
    supervisor = Supervisor([program(tmp_path)], lambda _, event: events.append(event))
    task = asyncio.create_task(supervisor.run(lambda: None))
    await until(lambda: "ready" in events)
    first = supervisor.pids["sleeper"]
    os.kill(first, signal.SIGKILL)
    await until(lambda: events.count("ready") == 2)
    assert supervisor.pids["sleeper"] != first
    supervisor.stop()
    await task


async def test_a_process_that_ends_at_once_stops_the_start_with_its_last_words(tmp_path: Path) -> None:
    broken = program(tmp_path, "print('the model is corrupt')")
    with pytest.raises(StartError, match=r"(?s)sleeper ended while starting.*the model is corrupt"):
        await Supervisor([broken], lambda *_: None).run(lambda: None)


async def test_last_words_are_no_stack_frames_and_come_with_what_helps(tmp_path: Path) -> None:
    code = "def f(n):\n    return f(n - 1) if n else 1 / 0\nprint('the file is damaged', flush=True)\nf(20)"
    broken = replace(program(tmp_path, code), hint="Make it again.")
    with pytest.raises(
        StartError, match=r"(?s)file is damaged.*ZeroDivisionError.*Make it again\."
    ) as caught:
        await Supervisor([broken], lambda *_: None).run(lambda: None)
    assert "  File" not in str(caught.value)


async def test_a_log_that_cannot_be_written_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "log").mkdir()
    with pytest.raises(StartError, match="can't be written"):
        await Supervisor([program(tmp_path)], lambda *_: None).run(lambda: None)


async def test_a_process_that_never_serves_stops_the_start(tmp_path: Path) -> None:
    silent = program(tmp_path, "import time; time.sleep(60)", timeout=0.5)
    supervisor = Supervisor([silent], lambda *_: None)
    with pytest.raises(StartError, match="not ready after"):
        await supervisor.run(lambda: None)
    assert not any(is_alive(pid) for pid in supervisor.pids.values())


async def test_a_process_that_keeps_dying_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("careline.supervisor.RESTART_PAUSE_SECONDS", 0.0)
    dying = program(
        tmp_path, "import pathlib, sys, time; pathlib.Path(sys.argv[1]).write_text('up'); time.sleep(.2)"
    )
    with pytest.raises(StartError, match="died 5 times"):
        await Supervisor([dying], lambda *_: None).run(lambda: None)


def test_a_taken_port_is_named_with_its_setting(free_port: Callable[[], int]) -> None:
    import socket

    port = free_port()
    check_free("desk", "CARELINE_DESK__PORT", "127.0.0.1", port)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        with pytest.raises(StartError, match=f"Port {port}.*CARELINE_DESK__PORT"):
            check_free("desk", "CARELINE_DESK__PORT", "127.0.0.1", port)
