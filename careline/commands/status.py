"""`careline status`: what state things are in, and the next sensible command."""

from __future__ import annotations

import asyncio
import json
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from careline.errors import StartError
from careline.programs import programs
from careline.settings import Settings, complete_secrets, load_settings
from careline.supervisor import Program
from knowledge.folders import read_pointer


async def answers(program: Program) -> bool:
    """Tell whether a process serves; one that never will does not."""
    try:
        return await program.is_ready()
    except StartError:
        return False


async def look(settings: Settings) -> dict[str, Any]:
    """Ask the processes and the disk."""
    all_programs = programs(settings, complete_secrets(settings))
    ready = await asyncio.gather(*(answers(program) for program in all_programs))
    bots = sorted((settings.var / "models" / "rasa").glob("*.tar.gz"))
    return {
        "processes": {program.name: is_ready for program, is_ready in zip(all_programs, ready, strict=True)},
        "understanding": read_pointer(settings.var / "models" / "nlu"),
        "knowledge": read_pointer(settings.var / "knowledge"),
        "bot": bots[-1].name if bots else None,
        "address": settings.desk_url,
    }


def next_step(state: dict[str, Any]) -> str:
    """Return the next sensible command."""
    if not (state["bot"] and state["knowledge"] and state["understanding"]):
        return "careline train   (teaches the bot from data/)"
    if not any(state["processes"].values()):
        return "careline up      (starts everything)"
    if not all(state["processes"].values()):
        return "look into var/logs/ for the process that does not answer"
    return f"open {state['address']}/"


def status(
    as_json: Annotated[bool, typer.Option("--json", help="Print the state as JSON.")] = False,
) -> None:
    """Show which processes answer, what is trained, and what to do next."""
    settings = load_settings()
    state = asyncio.run(look(settings))
    if as_json:
        typer.echo(json.dumps(state))
        return
    table = Table(show_header=False, box=None, padding=(0, 2))
    for name, is_ready in state["processes"].items():
        table.add_row(name, "[green]ready[/]" if is_ready else "[dim]not running[/]")
    for name in ("understanding", "knowledge", "bot"):
        table.add_row(name, state[name] or "[yellow]not trained[/]")
    console = Console(highlight=False)
    console.print(table)
    console.print(f"\nNext: [bold]{next_step(state)}[/]")
