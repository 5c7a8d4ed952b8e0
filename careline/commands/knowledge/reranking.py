"""`careline knowledge train-reranker`, `use-reranker`: question and passage are read together, and ordered anew."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from careline.commands.knowledge.plumbing import (
    AsJson,
    Data,
    Root,
    build_index,
    data_folder,
    in_plain_words,
    root_folder,
    stages_shown,
)
from careline.commands.knowledge.teaching import Pairs, changes_told, print_unknown, silent
from careline.commands.output import say, write_json

if TYPE_CHECKING:
    from knowledge.teaching.rerank import RerankReport

NONE = "none"


def train_reranker(
    pairs: Pairs = None,
    epochs: Annotated[
        int, typer.Option(min=0, max=10, help="Passes over the questions; 0 takes --model as it is.")
    ] = 2,
    model: Annotated[
        str | None,
        typer.Option(
            help="What to begin with: a folder in Hugging Face's form, or a package that carries one; MiniLM by default."
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder to keep the trained model in, in Hugging Face's form.")
    ] = None,
    data: Data = None,
    root: Root = None,
    as_json: AsJson = False,
) -> None:
    """Train a reranker from questions with known articles; it serves only if held-out ones are ordered better with it."""
    from knowledge.build import load_collection
    from knowledge.encoder_export import DEFAULT_ENCODER
    from knowledge.teaching.config import RerankConfig
    from knowledge.teaching.pairs import read_pairs
    from knowledge.teaching.rerank import train_reranker as train_now
    from knowledge.teaching.teach import Listeners

    with in_plain_words(), stages_shown(is_quiet=as_json) as progress:
        report = train_now(
            load_collection(data_folder(data), root_folder(root)).documents,
            [pair for path in pairs or () for pair in read_pairs(path)],
            root_folder(root),
            RerankConfig(model=model or DEFAULT_ENCODER, epochs=epochs),
            out=out,
            listeners=Listeners(progress, tell=silent if as_json else say),
        )
        if report.is_better:
            build_index(data, root, progress)
    if as_json:
        write_json(report.to_json())
    else:
        print_reranking(report)


def use_reranker(
    reranker: Annotated[
        str, typer.Argument(help=f"A reranker that was kept, or '{NONE}' for the order without one.")
    ],
    data: Data = None,
    root: Root = None,
) -> None:
    """Let another reranker serve, or none: the index is built for it and swapped."""
    from knowledge.teaching.rerank import use_reranker as use_now

    with in_plain_words(), stages_shown(is_quiet=False) as progress:
        use_now(root_folder(root), None if reranker == NONE else reranker)
        report = build_index(data, root, progress)
    say(f"{report.index_id} is made for it; running processes take it up by themselves.")


def print_reranking(report: RerankReport) -> None:
    """Say what was measured and what became of the reranker."""
    measured = report.held_out
    kind = "titles" if report.is_titles else "questions"
    say(
        f"{measured['questions']} held-out {kind}: {changes_told(measured)} (first: p = {measured['p_first']:.3f})"
    )
    say(
        f"It has {report.weight:.0%} of the score; reading again takes {report.milliseconds_p50:.0f} ms a question "
        f"(95 of 100: {report.milliseconds_p95:.0f} ms)."
    )
    if report.is_better:
        say(f"Promoted {report.reranker_id}: {report.reason}.")
    else:
        say(f"Not promoted, the order stays as it was ({report.reranker_id} is kept): {report.reason}.")
    print_unknown(report.unknown)
