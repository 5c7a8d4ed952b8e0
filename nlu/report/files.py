"""The files of a report: metrics.json, predictions.jsonl, errors.jsonl and report.html."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from nlu.evaluation import Evaluation
from nlu.model_folder import write_json
from nlu.predictions import FILE as PREDICTIONS
from nlu.predictions import Prediction, write_predictions
from nlu.report.mistakes import find_mistakes, look_up, mistake_to_json
from nlu.report.record import to_finite, to_json
from nlu.runtime import Understander

METRICS = "metrics.json"
ERRORS = "errors.jsonl"
PAGE = "report.html"


def write_report(
    evaluation: Evaluation, predictions: Sequence[Prediction], understander: Understander, folder: Path
) -> None:
    """Write everything that was measured into a folder; files of the same names are replaced.

    Args:
        evaluation: the figures.
        predictions: what they were taken from.
        understander: the model, for the nearest training examples.
        folder: made if it is not there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    mistakes = look_up(understander, find_mistakes(predictions))
    write_json(folder / METRICS, to_json(evaluation))
    write_predictions(predictions, folder / PREDICTIONS)
    lines = [json.dumps(to_finite(mistake_to_json(one)), ensure_ascii=False) for one in mistakes]
    (folder / ERRORS).write_text("".join(line + "\n" for line in lines), encoding="utf-8")
