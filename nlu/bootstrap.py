"""How sure a figure is: 95 % intervals by resampling the texts (percentile bootstrap, Efron 1979)."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import astuple, dataclass, replace

import numpy as np

from nlu.outcomes import Counts, Figures, FloatArray, Outcomes, count, figures_of

RESAMPLES = 1000
SEED = 13
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Interval:
    """A figure lies between `low` and `high` in 95 of 100 resamples; NaN where there is nothing to measure."""

    low: float
    high: float


@dataclass(frozen=True)
class Intervals:
    """The intervals of the figures and, in their order, of the F1 of each intent and entity."""

    low: Figures
    high: Figures
    intents: tuple[Interval, ...]
    entities: tuple[Interval, ...]


def bootstrap(outcomes: Outcomes, *, resamples: int = RESAMPLES, seed: int = SEED) -> Intervals:
    """Draw the texts anew with replacement and compute every figure each time.

    The calibration error has no interval: an accidental gap in a bin adds to it, so that resamples lie above the
    figure itself. An interval of an intent leaves out the resamples in which it neither occurs nor is understood.
    """
    figures, intents, entities = [], [], []
    for weights in draws(len(outcomes.in_scope), resamples=resamples, seed=seed):
        figures.append(astuple(figures_of(outcomes, weights)))
        intents.append(_f1_or_nan(count(outcomes.intents, weights)))
        entities.append(_f1_or_nan(count(outcomes.entities, weights)))
    ends = percentiles(np.asarray(figures, dtype=np.float64))
    low, high = (replace(Figures(*end), ece=math.nan) for end in ends)
    return Intervals(low, high, _intervals(intents), _intervals(entities))


def draws(size: int, *, resamples: int, seed: int) -> list[FloatArray]:
    """Draw `size` texts with replacement; each resample says how often each text was drawn, (size,) float64."""
    if size == 0:
        return [np.zeros(0, dtype=np.float64)]
    random = np.random.default_rng(seed)
    return [
        np.bincount(random.integers(size, size=size), minlength=size).astype(np.float64)
        for _ in range(resamples)
    ]


def percentiles(values: FloatArray) -> tuple[list[float], list[float]]:
    """Cut what lies outside the confidence off both ends of each column of (resamples, k); NaN is left out."""
    if values.shape[1] == 0:
        return [], []
    tail = 50 * (1 - CONFIDENCE)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "All-NaN slice", RuntimeWarning)
        low, high = np.nanpercentile(values, [tail, 100 - tail], axis=0)
    return low.tolist(), high.tolist()


def _intervals(rows: Sequence[FloatArray]) -> tuple[Interval, ...]:
    return tuple(Interval(*ends) for ends in zip(*percentiles(np.stack(rows)), strict=True))


def _f1_or_nan(counts: Counts) -> FloatArray:
    return np.where(counts.expected + counts.found > 0, counts.f1(), math.nan)
