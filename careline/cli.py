"""The command line: `careline` and its commands."""

from __future__ import annotations

import sys

import typer
from rich.console import Console
from rich.markup import escape

from careline.commands import desk, knowledge, nlu
from careline.commands.docs import docs
from careline.commands.rasa import rasa
from careline.commands.status import status
from careline.commands.train import train
from careline.commands.up import up
from careline.errors import CarelineError

app = typer.Typer(
    name="careline",
    help="A customer-service assistant on your own machines.",
    no_args_is_help=False,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(up)
app.command()(train)
app.command()(status)
app.command()(docs)
app.command(
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True}, add_help_option=False
)(rasa)
app.add_typer(nlu.app, name="nlu", help="Understanding: check, train, evaluate, compare, parse, export.")
app.add_typer(knowledge.app, name="knowledge", help="Answers: build the index, search it, evaluate it.")
app.add_typer(desk.app, name="desk", help="Conversations: the agents and what they see.")


@app.callback(invoke_without_command=True)
def overview(context: typer.Context) -> None:
    """Show what state things are in when no command is named."""
    if context.invoked_subcommand is None:
        status(as_json=False)


def main() -> None:
    """Run the command line; an expected error is one sentence and exit code 1."""
    try:
        app()
    except CarelineError as error:
        Console(stderr=True, highlight=False).print(
            f"[bold red]Error:[/] {escape(str(error))}", soft_wrap=True
        )
        sys.exit(1)


if __name__ == "__main__":
    main()
