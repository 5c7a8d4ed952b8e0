"""Honest probabilities, and the line between familiar and foreign. Plain NumPy on what the network gave."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nlu.dial import DialPoint
from nlu.scores import SCORES, FloatArray, auroc, softmax
from nlu.training.dial import NO_INTENT, Witnesses, fit_dial

IntArray = npt.NDArray[np.int64]

SCORE_WITHOUT_EXAMPLES = "energy_and_neighbours"
"""The score kept when there are no out-of-scope examples to choose it by."""

_TEMPERATURES = np.geomspace(0.2, 5.0, 161)


@dataclass(frozen=True)
class Given:
    """What the network gave for some texts: logits (n, intents) and embeddings (n, d)."""

    logits: FloatArray
    embeddings: FloatArray


@dataclass(frozen=True)
class Calibration:
    """How raw outputs become claims, and how well the scores told foreign texts (AUROC by name; empty if unknown)."""

    temperature: float
    score: str
    threshold: float
    aurocs: dict[str, float]
    out_of_scope_recall: float
    false_alarm_rate: float
    dial: tuple[DialPoint, ...]


def find_temperature(logits: FloatArray, intents: IntArray) -> float:
    """Find the divisor of the logits that makes the right intents likeliest; 1 for no texts."""
    if len(logits) == 0:
        return 1.0
    rows = np.arange(len(logits))
    losses = [
        -np.log(softmax((logits / t).astype(np.float32))[rows, intents] + 1e-12).mean() for t in _TEMPERATURES
    ]
    return float(_TEMPERATURES[int(np.argmin(losses))])


def calibrate(
    held_out: Given, intents: Sequence[int], foreign: Given, bank: FloatArray, *, max_false_alarm: float
) -> Calibration:
    """Choose the temperature, the familiarity score and its threshold.

    Args:
        held_out: in-scope texts that were not trained on.
        intents: the right class of each.
        foreign: out-of-scope texts; may be none.
        bank: the training texts' embeddings.
        max_false_alarm: share of the in-scope texts that may fall below the threshold.
    """
    temperature = find_temperature(held_out.logits, np.asarray(intents, dtype=np.int64))
    known = {name: _score(name, held_out, bank, temperature) for name in SCORES}
    strange = {name: _score(name, foreign, bank, temperature) for name in SCORES}
    aurocs: dict[str, float] = {}
    score = SCORE_WITHOUT_EXAMPLES
    if len(foreign.logits) and len(held_out.logits):
        aurocs = {name: round(auroc(known[name], strange[name]), 4) for name in SCORES}
        score = max(aurocs, key=lambda name: aurocs[name])
    threshold = find_threshold(known[score], strange[score], max_false_alarm=max_false_alarm)
    familiarity = np.concatenate([known[score], strange[score]])
    witnesses = _witnesses(held_out, intents, foreign, temperature, familiarity < threshold)
    return Calibration(
        temperature=temperature,
        score=score,
        threshold=threshold,
        aurocs=aurocs,
        out_of_scope_recall=_share_below(strange[score], threshold),
        false_alarm_rate=_share_below(known[score], threshold),
        dial=fit_dial(witnesses),
    )


def _witnesses(
    held_out: Given,
    intents: Sequence[int],
    foreign: Given,
    temperature: float,
    is_refused: npt.NDArray[np.bool_],
) -> Witnesses:
    given = [one for one in (held_out, foreign) if len(one.logits)]
    logits = np.concatenate([one.logits for one in given]) if given else np.zeros((0, 1), np.float32)
    right = [*intents, *[NO_INTENT] * len(foreign.logits)]
    probabilities = softmax((logits / temperature).astype(np.float32))
    return Witnesses(probabilities, np.asarray(right, dtype=np.int64), is_refused)


def find_threshold(known: FloatArray, foreign: FloatArray, *, max_false_alarm: float) -> float:
    """Find the least score of a text in scope.

    With foreign texts: the threshold with the most right decisions on both sides (each side counts the same) among
    those that refuse no more of the known than allowed. Without: the quantile of the known that is allowed to fall.
    """
    if len(known) == 0:
        return float("-inf")
    limit = float(np.quantile(known, max_false_alarm))
    if len(foreign) == 0:
        return limit
    values = np.unique(np.concatenate([known, foreign]))
    candidates = np.concatenate([values[:1] - 1e-3, (values[:-1] + values[1:]) / 2])
    candidates = candidates[candidates <= max(limit, candidates[0])]
    gains = [_share_below(foreign, t) - _share_below(known, t) for t in candidates]
    return float(candidates[int(np.argmax(gains))])


def _score(name: str, given: Given, bank: FloatArray, temperature: float) -> FloatArray:
    if len(given.logits) == 0:
        return np.zeros(0, dtype=np.float32)
    logits = (given.logits / temperature).astype(np.float32)
    return SCORES[name](logits, given.embeddings, bank)


def _share_below(scores: FloatArray, threshold: float) -> float:
    return float((scores < threshold).mean()) if len(scores) else float("nan")
