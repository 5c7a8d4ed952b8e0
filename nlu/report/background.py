"""What a report tells of a model beyond its predictions; gathered once, so that the page needs no model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from nlu.model_folder import read_json, resolve_model
from nlu.predictions import Prediction
from nlu.report.curves import Shot, shots_curve
from nlu.report.mistakes import Mistake, find_mistakes, look_up
from nlu.runtime import Understander


@dataclass(frozen=True)
class EpochPoint:
    """An epoch of the training and the intent accuracy on the held-out part after it."""

    number: int
    accuracy: float


@dataclass(frozen=True)
class Background:
    """Mistakes with their nearest training examples, the training's epochs, the curve over examples per intent."""

    mistakes: tuple[Mistake, ...]
    epochs: tuple[EpochPoint, ...]
    shots: tuple[Shot, ...]
    shots_texts: int


def gather(understander: Understander, predictions: Sequence[Prediction], model: Path) -> Background:
    """Ask the model for what the page shows besides the figures.

    Args:
        understander: the model, loaded.
        predictions: what it understood of the test texts.
        model: its folder, or the folder of models.
    """
    shots, texts = shots_curve(understander, predictions)
    mistakes = look_up(understander, find_mistakes(predictions))
    return Background(mistakes, read_epochs(resolve_model(model)), shots, texts)


def read_epochs(folder: Path) -> tuple[EpochPoint, ...]:
    """Read `history.json`; epochs after which nothing was measured are left out."""
    return tuple(
        EpochPoint(int(epoch["number"]), float(epoch["held_out_accuracy"]))
        for epoch in read_json(folder, "history.json")
        if epoch.get("held_out_accuracy") is not None
    )
