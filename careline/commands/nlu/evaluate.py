"""`careline nlu evaluate`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from careline.commands.nlu.plumbing import (
    AsJson,
    ModelOption,
    console,
    in_plain_words,
    model_folder,
    print_rows,
    write_json,
)


def evaluate(
    *,
    data: Annotated[Path, typer.Option(help="Examples that the model was not trained on.")],
    report: Annotated[
        Path | None, typer.Option(help="A folder for metrics.json, summary.md, mistakes.md.")
    ] = None,
    model: ModelOption = None,
    as_json: AsJson = False,
) -> None:
    """Measure a model on examples that it was not trained on."""
    from nlu import evaluate as evaluation_of
    from nlu.examples import read_dataset
    from nlu.runtime import load

    with in_plain_words():
        understander, dataset = load(model_folder(model)), read_dataset(data)
    evaluation, parses = evaluation_of.evaluate(understander, dataset, name=data.name)
    if report is not None:
        evaluation_of.write_report(evaluation, dataset.examples, parses, report)
    if as_json:
        write_json(evaluation_of.to_json(evaluation))
        return
    table = Table(title=f"{evaluation.model_id} on {evaluation.data}", show_header=False)
    for label, value in evaluation_of.headline(evaluation):
        table.add_row(label, value)
    print_rows(table, [f"{label}: {value}" for label, value in evaluation_of.headline(evaluation)])
    if report is not None:
        console().print(f"Report: {report / 'summary.md'}")
