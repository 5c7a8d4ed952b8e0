"""`careline up`: starts everything and keeps it running."""

from __future__ import annotations

import asyncio
import fcntl
import os
import shutil
import signal
import time
from pathlib import Path
from typing import IO, Annotated

import typer
from rich.console import Console

from careline.commands.train import train_all
from careline.errors import StartError
from careline.ports import check_free
from careline.programs import check_knowledge, has_no_agent, programs
from careline.refreshing import keep_fresh
from careline.settings import Settings, complete_secrets, load_settings
from careline.supervisor import Supervisor

MIN_FREE_BYTES = 200 * 1024**2
# What customers say is in the databases that are made from here on, and nobody else's on this machine.
OWNER_ONLY = 0o077
FIRST_AGENT = 'careline desk agent add you@example.com --name "Your Name"'


def check_ports(settings: Settings) -> None:
    """Check that every port is free before anything starts."""
    check_free("desk", "CARELINE_DESK__PORT", settings.desk.host, settings.desk.port)
    check_free("link", "CARELINE_LINK__PORT", settings.link.host, settings.link.port)
    check_free("action server", "CARELINE_ACTIONS__PORT", settings.actions.host, settings.actions.port)
    check_free("engine", "CARELINE_ENGINE__PORT", settings.engine.host, settings.engine.port)


def take_folder(var: Path) -> IO[str]:
    """Take the folder that everything is written to for this command alone; closing what is returned gives it back.

    Two desks on one log would answer every message twice.

    Raises:
        StartError: the folder cannot be written, or another `careline up` uses it.
    """
    try:
        var.mkdir(parents=True, exist_ok=True)
        lock = (var / "up.lock").open("a")
    except OSError as error:
        raise StartError(
            f"{var}, where Careline keeps everything, can't be written: {error.strerror}."
        ) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        lock.close()
        raise StartError(
            f"Another `careline up` runs on {var}. Stop it first, or set CARELINE_PATHS__VAR to another folder."
        ) from error
    return lock


def check_disk(settings: Settings) -> None:
    """Check that there is room to write a log of what customers say."""
    free = shutil.disk_usage(settings.var).free
    if free < MIN_FREE_BYTES:
        raise StartError(
            f"The disk holding {settings.var} has {free // 1024**2} MiB left. Conversations could not be kept: "
            f"free at least {MIN_FREE_BYTES // 1024**2} MiB and start again."
        )


def check_models(settings: Settings) -> None:
    """Check that there is something to start with."""
    if not any((settings.var / "models" / "rasa").glob("*.tar.gz")):
        raise StartError(
            "There is no trained bot yet. Train one first: `careline train`, or `careline up --train`."
        )


def up(
    train: Annotated[
        bool, typer.Option("--train", help="Train what is not trained yet, then start.")
    ] = False,
) -> None:
    """Start the desk, the action server and the engine; Ctrl-C stops them."""
    settings = load_settings()
    os.umask(OWNER_ONLY)
    console = Console(highlight=False)
    with take_folder(settings.var):
        check_disk(settings)
        check_ports(settings)
        if train:
            train_all(settings, console)
        check_models(settings)
        asyncio.run(serve(settings, console))


async def serve(settings: Settings, console: Console) -> None:
    """Run the programs until a signal asks for the end."""
    began = time.monotonic()

    def report(name: str, event: str) -> None:
        if event == "died":
            console.print(f"  [yellow]{name} died[/]; starting it again")
        else:
            console.print(f"  {name:<8} {event:<9} {time.monotonic() - began:5.1f} s")

    def on_ready() -> None:
        check_knowledge(settings)
        console.print(f"\n[bold green]Careline is ready[/] after {time.monotonic() - began:.1f} s.")
        console.print(f"  Shop with the chat widget   {settings.desk_url}/")
        console.print(f"  Agents' console             {settings.desk_url}/console/")
        if has_no_agent(settings):
            console.print("  Nobody can sign in there yet:", FIRST_AGENT, soft_wrap=True)
        console.print("  Ctrl-C stops everything.", soft_wrap=True)

    supervisor = Supervisor(programs(settings, complete_secrets(settings)), report)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, supervisor.stop)
    fresh = asyncio.create_task(keep_fresh(settings))
    try:
        await supervisor.run(on_ready)
    finally:
        fresh.cancel()
        await asyncio.gather(fresh, return_exceptions=True)
