"""`careline nlu evaluate`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from careline.commands.nlu.plumbing import (
    AsJson,
    ModelOption,
    in_plain_words,
    model_folder,
    open_folder,
    texts_counted,
)
from careline.commands.output import print_table, say, write_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nlu.evaluation import Evaluation
    from nlu.metrics import ClassScore
    from nlu.report.headline import Headline

WORST = 3


def evaluate(
    *,
    data: Annotated[
        Path,
        typer.Option(
            help="Examples that the model never saw: .jsonl, Rasa .yml or a folder (with train and test: test)."
        ),
    ],
    report: Annotated[
        Path | None, typer.Option(help="A folder for report.html, metrics.json and the predictions.")
    ] = None,
    model: ModelOption = None,
    as_json: AsJson = False,
) -> None:
    """Measure a model on examples that it was not trained on."""
    from nlu import evaluation as measuring
    from nlu.examples import read_dataset
    from nlu.report.background import gather
    from nlu.report.files import PAGE, write_report
    from nlu.report.headline import headline
    from nlu.report.record import to_json
    from nlu.runtime import load
    from nlu.splits import choose_part

    with in_plain_words():
        open_folder(report)
        file = choose_part(data, "test", "valid")
        understander, dataset = load(model_folder(model)), read_dataset(file)
        with texts_counted(len(dataset.examples)) as on_text:
            evaluation, predictions = measuring.evaluate(
                understander, dataset, name=file.name, on_text=on_text
            )
        if report is not None:
            background = gather(understander, predictions, model_folder(model))
            write_report(evaluation, predictions, background, report)
    if as_json:
        write_json(to_json(evaluation))
        return
    _print_figures(evaluation, headline(evaluation))
    _print_worst(evaluation.metrics.intents)
    for note in evaluation.notes:
        say(note)
    if report is not None:
        say(f"Report: {report / PAGE}")


def _print_figures(evaluation: Evaluation, rows: Sequence[Headline]) -> None:
    times = f"{evaluation.milliseconds_p50:.1f} / {evaluation.milliseconds_p95:.1f} ms"
    last = "one message, p50 / p95"
    figures = [(one.label, one.told, one.told_interval, str(one.texts)) for one in rows]
    lines = [f"{one.label}: {one.told}\t{one.told_interval}\tn={one.texts}" for one in rows]
    print_table(
        f"{evaluation.model_id} on {evaluation.data}",
        ["figure", "value", "95 % interval", "n"],
        [*figures, (last, times)],
        [*lines, f"{last}: {times}"],
    )


def _print_worst(scores: Sequence[ClassScore]) -> None:
    worst = sorted((one for one in scores if one.support), key=lambda one: (one.f1, one.name))[:WORST]
    if worst:
        told = ", ".join(f"{one.name} (F1 {100 * one.f1:.1f} %, n={one.support})" for one in worst)
        say(f"Worst intents: {told}")
