"""What is compared: a report that was written before, or a model that is measured now."""

from __future__ import annotations

import json
from pathlib import Path

from nlu.errors import ReportUnusable
from nlu.examples import Dataset
from nlu.predictions import FILE, pair, read_predictions
from nlu.report.compare import Side
from nlu.runtime import load


def read_side(path: Path, dataset: Dataset | None) -> Side:
    """Get one side of a comparison.

    Args:
        path: a folder with `predictions.jsonl`, such a file itself, or a model (or folder of models).
        dataset: what a model is measured on.

    Raises:
        ReportUnusable: the path is no report and there is no data to measure it as a model.
        ModelUnusable: it is no model either.
    """
    if path.is_file():
        return Side(path.parent.name or path.name, read_predictions(path))
    if (path / FILE).is_file():
        return Side(_name_of(path), read_predictions(path / FILE))
    if dataset is None:
        raise ReportUnusable(
            str(path), f"holds no {FILE}; to measure it as a model, name the examples with --data"
        )
    understander = load(path)
    parses = understander.parse([example.text for example in dataset.examples])
    return Side(understander.model_id, pair(dataset.examples, parses))


def _name_of(report: Path) -> str:
    """Name a report by its folder and, if its figures are there, by its model."""
    try:
        record = json.loads((report / "metrics.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return report.name
    model = record.get("model_id") if isinstance(record, dict) else None
    return f"{report.name} ({model})" if model else report.name
