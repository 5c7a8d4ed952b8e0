"""`careline nlu …`: train, measure and try what the bot understands, without Rasa. A module holds one command."""

from __future__ import annotations

import typer

from careline.commands.nlu.check import check
from careline.commands.nlu.compare import compare
from careline.commands.nlu.evaluate import evaluate
from careline.commands.nlu.explain import explain
from careline.commands.nlu.export import export
from careline.commands.nlu.parse import parse
from careline.commands.nlu.store import models, promote
from careline.commands.nlu.train import train

app = typer.Typer(no_args_is_help=True)
for command in (check, train, evaluate, compare, parse, explain, export, models, promote):
    app.command()(command)
