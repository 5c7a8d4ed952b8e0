"""Reads the sources again on a schedule: beside the other processes, one at a time, and with the lowest priority."""

from __future__ import annotations

import asyncio
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import structlog

from careline.settings import ROOT, Settings
from careline.supervisor import die_with_parent, open_log
from knowledge.sources import is_any_due

LOOK_EVERY_SECONDS = 30.0
NICE = 10

log = structlog.get_logger()


async def keep_fresh(settings: Settings, *, look_every_seconds: float = LOOK_EVERY_SECONDS) -> None:
    """Refresh what is due, for ever; returns at once where ``knowledge.refresh_minutes`` is 0.

    Serving goes on whatever becomes of it: a refresh that fails is logged, and what it could not read stays due.
    """
    minutes = settings.knowledge.refresh_minutes
    if minutes == 0:
        return
    root = settings.var / "knowledge"
    while True:
        await asyncio.sleep(look_every_seconds)
        if await asyncio.to_thread(is_any_due, root, minutes, datetime.now(UTC)):
            code = await refresh(settings, root)
            log.info("knowledge_sources_refreshed", exit_code=code)


async def refresh(settings: Settings, root: Path) -> int:
    """Refresh what is due in a process of its own; its words go to refresh.log. Returns its exit code."""
    folders = ("--data", str(settings.data / "knowledge"), "--root", str(root))
    command = [sys.executable, "-m", "careline.cli", "knowledge", "refresh", "--due", *folders]
    with open_log(settings.var / "logs" / "refresh.log") as log_file:
        process = await asyncio.create_subprocess_exec(
            *command,
            cwd=ROOT,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log_file,
            stderr=log_file,
            preexec_fn=_step_back,
        )
    try:
        return await process.wait()
    except asyncio.CancelledError:
        process.kill()
        await process.wait()
        raise


def _step_back() -> None:
    die_with_parent()
    os.nice(NICE)
