"""`careline knowledge …`: builds the index of the articles, searches it, measures it, and lets it learn."""

from __future__ import annotations

import typer

from careline.commands.knowledge.build import build
from careline.commands.knowledge.evaluate import evaluate
from careline.commands.knowledge.reranking import train_reranker, use_reranker
from careline.commands.knowledge.search import conflicts, search
from careline.commands.knowledge.sources import add, refresh, remove, sources
from careline.commands.knowledge.teaching import encoders, promote, teach
from careline.commands.knowledge.unanswered import unanswered

app = typer.Typer(no_args_is_help=True)
for command in (
    *(build, search, conflicts, evaluate, unanswered),
    *(teach, encoders, promote, train_reranker, use_reranker),
    *(add, remove, refresh, sources),
):
    app.command()(command)
