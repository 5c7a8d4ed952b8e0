"""The numbers behind the charts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import binomtest

from nlu.outcomes import BINS, BoolArray, FloatArray, bins_of
from nlu.predictions import Prediction
from nlu.runtime import Understander

SHOTS = (1, 2, 5, 10, 20)
_DRAWS = 5
_SEED = 13
_ASKED = 1000
"""At most so many test texts are embedded for the curve over examples per intent."""
_POINTS = 200
_FEWEST = 20
"""A reject curve begins where at least so many texts are answered; before that it is noise."""


@dataclass(frozen=True)
class Bin:
    """The texts whose confidence lies in one bin: their mean confidence, their accuracy and its 95 % interval (Wilson)."""

    confidence: float
    accuracy: float
    low: float
    high: float
    texts: int


@dataclass(frozen=True)
class Point:
    """A point of a curve."""

    x: float
    y: float


@dataclass(frozen=True)
class Shot:
    """Accuracy with at most so many examples per intent, mean over the draws; None is all there are."""

    examples: int | None
    accuracy: float


def reliability(predictions: Sequence[Prediction]) -> tuple[Bin, ...]:
    """Compare confidence with accuracy, bin by bin, over the in-scope texts; empty bins are left out."""
    known = [one for one in predictions if one.is_in_scope]
    confidence = np.asarray([one.confidence for one in known], dtype=np.float64)
    right = np.asarray([one.has_right_intent for one in known], dtype=np.bool_)
    bins = bins_of(confidence)
    return tuple(
        _bin(confidence[bins == number], right[bins == number])
        for number in range(BINS)
        if (bins == number).any()
    )


def reject_curve(scores: FloatArray, right: BoolArray) -> tuple[Point, ...]:
    """Tell the accuracy of what is answered (y) if the texts with the highest scores are answered (x, their share).

    Texts of equal score are answered together. Scores and right are (n,).
    """
    if len(scores) == 0:
        return ()
    order = np.argsort(-scores, kind="stable")
    ordered = scores[order]
    ends = np.append(np.flatnonzero(ordered[1:] != ordered[:-1]), len(ordered) - 1)
    ends = ends[ends + 1 >= min(_FEWEST, len(ordered))]
    kept = ends[np.unique(np.linspace(0, len(ends) - 1, min(_POINTS, len(ends))).round().astype(int))]
    hits = np.cumsum(right[order])
    return tuple(Point((end + 1) / len(ordered), hits[end] / (end + 1)) for end in kept.tolist())


def shots_curve(
    understander: Understander, predictions: Sequence[Prediction]
) -> tuple[tuple[Shot, ...], int]:
    """Classify test texts by the means of a few training embeddings per intent: (curve, number of texts).

    The encoder has learned from all of them, so this shows how many examples its space needs, not how it would have
    learned from fewer. Empty if the model does not hold its training texts or no text is in scope.
    """
    known = [one for one in predictions if one.is_in_scope and one.understood is not None]
    random = np.random.default_rng(_SEED)
    if len(known) > _ASKED:
        known = [known[number] for number in sorted(random.permutation(len(known))[:_ASKED].tolist())]
    intents = np.asarray([example.intent for example in understander.bank_examples])
    if not known or not len(intents):
        return (), 0
    embeddings = np.asarray(understander.embed([one.text for one in known]), dtype=np.float64)
    expected = np.asarray([one.expected for one in known])
    bank = np.asarray(understander.bank, dtype=np.float64)
    most = int(np.unique(intents, return_counts=True)[1].max())
    counted = [
        Shot(
            shots,
            float(
                np.mean(
                    [_by_means(bank, intents, embeddings, expected, shots, random) for _ in range(_DRAWS)]
                )
            ),
        )
        for shots in SHOTS
        if shots < most
    ]
    everything = _by_means(bank, intents, embeddings, expected, most, random)
    return (*counted, Shot(None, everything)), len(known)


def _by_means(
    bank: FloatArray,
    intents: np.ndarray,
    embeddings: FloatArray,
    expected: np.ndarray,
    shots: int,
    random: np.random.Generator,
) -> float:
    """Draw examples of each intent, and measure the nearest-mean classifier that they make."""
    names, rows = np.unique(intents, return_inverse=True)
    order = random.permutation(len(intents))
    rank = np.empty(len(intents), dtype=np.int64)
    for name in range(len(names)):
        members = order[rows[order] == name]
        rank[members] = np.arange(len(members))
    means = np.stack([bank[(rows == name) & (rank < shots)].mean(axis=0) for name in range(len(names))])
    means /= np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-12)
    return float((names[np.argmax(embeddings @ means.T, axis=1)] == expected).mean())


def _bin(confidence: FloatArray, right: BoolArray) -> Bin:
    texts, hits = len(right), int(right.sum())
    ends = binomtest(hits, texts).proportion_ci(method="wilson")
    return Bin(float(confidence.mean()), hits / texts, float(ends.low), float(ends.high), texts)


def floor_of(values: Sequence[float]) -> float:
    """Find the tenth below the least of some shares, where an axis may begin; 0 for none."""
    finite = [value for value in values if math.isfinite(value)]
    return max(0.0, math.floor(10 * min(finite) - 1e-9) / 10) if finite else 0.0
