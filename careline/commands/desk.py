"""`careline desk`: the agents who answer customers."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import typer
from rich.console import Console
from rich.table import Table

from careline.errors import CarelineError
from careline.processes import desk_config
from careline.settings import complete_secrets, load_settings
from desk.app import build_desk
from desk.context import Desk
from desk.database import migrate
from desk.errors import DeskError
from desk.log import Agent, Role
from desk.passwords import MIN_PASSWORD_CHARS
from desk.service import agents

app = typer.Typer(no_args_is_help=True)
agent_app = typer.Typer(no_args_is_help=True)
app.add_typer(agent_app, name="agent", help="The people who answer customers.")

T = TypeVar("T")


def on_desk(work: Callable[[Desk], Awaitable[T]]) -> T:
    """Do something with the desk's database, migrated first; the desk's refusals become the command's."""
    settings = load_settings()
    config = desk_config(settings, complete_secrets(settings))
    migrate(config.database_url)

    async def run() -> T:
        desk = build_desk(config)
        try:
            return await work(desk)
        finally:
            await desk.database.close()

    try:
        return asyncio.run(run())
    except DeskError as error:
        raise CarelineError(str(error)) from error


def read_password(*, from_stdin: bool) -> str:
    """Read a new password: hidden and twice from a terminal, or one line from stdin."""
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise CarelineError("There is no terminal to ask for the password. Give it with --password-stdin.")
    hint = f"Password (at least {MIN_PASSWORD_CHARS} characters)"
    password: str = typer.prompt(hint, hide_input=True, confirmation_prompt=True)
    return password


@agent_app.command("add")
def add(
    email: Annotated[str, typer.Argument(help="The agent signs in with this address.")],
    name: Annotated[str, typer.Option(help="What customers see.")],
    role: Annotated[Role, typer.Option(help="A supervisor may take over from other agents.")] = Role.AGENT,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from stdin.")
    ] = False,
) -> None:
    """Add a person who answers customers."""
    password = read_password(from_stdin=password_stdin)
    agent = on_desk(lambda desk: agents.add_agent(desk, email, name, password, role))
    typer.echo(f"{agent.name} ({agent.role}) can sign in at /console/ as {agent.email}.")


@agent_app.command("list")
def list_agents(
    as_json: Annotated[bool, typer.Option("--json", help="Print the agents as JSON.")] = False,
) -> None:
    """List the agents."""
    found = on_desk(agents.access_agents)
    if as_json:
        typer.echo(json.dumps([_as_json(agent) for agent in found]))
        return
    if not found:
        typer.echo("There are no agents yet. Next: careline desk agent add EMAIL --name NAME")
        return
    table = Table("Name", "E-mail", "Role", "Presence", box=None, padding=(0, 2))
    for agent in found:
        table.add_row(agent.name, agent.email, str(agent.role), str(agent.presence))
    Console(highlight=False).print(table)


def _as_json(agent: Agent) -> dict[str, str]:
    return {
        "id": agent.id,
        "name": agent.name,
        "email": agent.email,
        "role": str(agent.role),
        "presence": str(agent.presence),
    }
