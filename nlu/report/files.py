"""The files of a report: metrics.json, predictions.jsonl, errors.jsonl and report.html."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from nlu.evaluation import Evaluation
from nlu.files import write_json, write_json_lines
from nlu.predictions import FILE as PREDICTIONS
from nlu.predictions import Prediction, write_predictions
from nlu.report.background import Background
from nlu.report.mistakes import mistake_to_json
from nlu.report.page import render_report
from nlu.report.record import to_finite, to_json

METRICS = "metrics.json"
ERRORS = "errors.jsonl"
PAGE = "report.html"


def write_report(
    evaluation: Evaluation, predictions: Sequence[Prediction], background: Background, folder: Path
) -> None:
    """Write everything that was measured into a folder; files of the same names are replaced.

    Args:
        evaluation: the figures.
        predictions: what they were taken from.
        background: what the model said besides.
        folder: made if it is not there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / METRICS, to_json(evaluation))
    write_predictions(predictions, folder / PREDICTIONS)
    write_json_lines(folder / ERRORS, (to_finite(mistake_to_json(one)) for one in background.mistakes))
    (folder / PAGE).write_text(render_report(evaluation, predictions, background), encoding="utf-8")
