"""Honest probabilities, and the line between familiar and foreign. Plain NumPy on what the network gave."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from nlu.dial import DialPoint
from nlu.scores import SCORES, Bank, FloatArray, IntArray, auroc, softmax
from nlu.training.dial import NO_INTENT, Witnesses, fit_dial
from nlu.training.pairs import SplitCalibration

BoolArray = npt.NDArray[np.bool_]

DEFAULT_SCORE = "energy_neighbours_and_probability"
"""The score kept unless out-of-scope examples clearly speak for another."""

LEAST_EXAMPLES_TO_CHOOSE = 20
"""So many out-of-scope examples are needed to choose another score by; with fewer the choice is chance."""

CLEARLY_BETTER = 0.005
"""Another score is chosen when its AUROC is better by this; less is chance even with a hundred examples."""

_TEMPERATURES = np.geomspace(0.2, 5.0, 161)
_TEMPERATURE_SPREAD = 0.25


@dataclass(frozen=True)
class Given:
    """What the network gave for some texts: logits (n, intents) and embeddings (n, d)."""

    logits: FloatArray
    embeddings: FloatArray


@dataclass(frozen=True)
class Calibration:
    """How raw outputs become claims, and how well the scores told foreign texts (AUROC by name; empty if unknown).

    `out_of_scope_recall` is the share of the foreign texts that are refused, `false_alarm_rate` that of the held-out
    ones which would have been understood rightly. `split` says when a message is two wishes.
    """

    temperature: float
    score: str
    threshold: float
    aurocs: dict[str, float]
    out_of_scope_recall: float
    false_alarm_rate: float
    dial: tuple[DialPoint, ...]
    split: SplitCalibration = field(default_factory=SplitCalibration)


def find_temperature(logits: FloatArray, intents: IntArray) -> float:
    """Find the divisor of the logits that makes the right intents likeliest; 1 for no texts.

    Few texts, above all if all are right, would drive it to an end of the scale; so it is drawn to 1 as much as about
    16 texts can, and a hundred hardly feel it.
    """
    if len(logits) == 0:
        return 1.0
    rows = np.arange(len(logits))
    losses = [
        -np.log(softmax((logits / t).astype(np.float32))[rows, intents] + 1e-12).sum()
        + np.log(t) ** 2 / (2 * _TEMPERATURE_SPREAD**2)
        for t in _TEMPERATURES
    ]
    return float(_TEMPERATURES[int(np.argmin(losses))])


def calibrate(
    held_out: Given, intents: Sequence[int], foreign: Given, bank: Bank, *, max_false_alarm: float
) -> Calibration:
    """Choose the temperature, the familiarity score and its threshold, and fit the dial.

    Where nothing was held out nothing is claimed: probabilities stay as the network gives them, no text is refused, and
    the dial is empty. Calibrated on texts that it learned, a network of few examples would refuse a quarter of all.

    Args:
        held_out: in-scope texts that were not trained on.
        intents: the right class of each.
        foreign: out-of-scope texts; may be none.
        bank: the training texts.
        max_false_alarm: share of the in-scope texts understood rightly that may fall below the threshold.
    """
    numbers = np.asarray(intents, dtype=np.int64)
    temperature = find_temperature(held_out.logits, numbers)
    known = {name: _score(name, held_out, bank, temperature) for name in SCORES}
    strange = {name: _score(name, foreign, bank, temperature) for name in SCORES}
    is_right = held_out.logits.argmax(axis=1) == numbers if len(numbers) else np.zeros(0, dtype=np.bool_)
    aurocs: dict[str, float] = {}
    score = DEFAULT_SCORE
    if len(foreign.logits) and is_right.any():
        aurocs = {name: round(auroc(known[name][is_right], strange[name]), 4) for name in SCORES}
        best = max(aurocs, key=lambda name: aurocs[name])
        is_clear = aurocs[best] > aurocs[score] + CLEARLY_BETTER
        score = best if is_clear and len(foreign.logits) >= LEAST_EXAMPLES_TO_CHOOSE else score
    right = known[score][is_right]
    threshold = find_threshold(right, max_false_alarm=max_false_alarm)
    is_refused = np.concatenate([known[score], strange[score]]) < threshold
    return Calibration(
        temperature=temperature,
        score=score,
        threshold=threshold,
        aurocs=aurocs,
        out_of_scope_recall=_share_below(strange[score], threshold),
        false_alarm_rate=_share_below(right, threshold),
        dial=fit_dial(_witnesses(held_out, numbers, foreign, temperature, is_refused))
        if len(numbers)
        else (),
    )


def find_threshold(right: FloatArray, *, max_false_alarm: float) -> float:
    """Find the least score of a text in scope: the operator's allowance of false alarms is used up.

    Foreign examples play no part: those that people write down are told apart more easily than those that come, so they
    would ask for less than what is allowed.

    Args:
        right: scores of held-out texts that are understood rightly; refusing another loses nothing.
        max_false_alarm: share of them that may be refused.
    """
    return float(np.quantile(right, max_false_alarm, method="lower")) if len(right) else float("-inf")


def _witnesses(
    held_out: Given, intents: IntArray, foreign: Given, temperature: float, is_refused: BoolArray
) -> Witnesses:
    given = [one for one in (held_out, foreign) if len(one.logits)]
    logits = np.concatenate([one.logits for one in given]) if given else np.zeros((0, 1), np.float32)
    right = np.concatenate([intents, np.full(len(foreign.logits), NO_INTENT)]).astype(np.int64)
    return Witnesses(softmax((logits / temperature).astype(np.float32)), right, is_refused)


def _score(name: str, given: Given, bank: Bank, temperature: float) -> FloatArray:
    if len(given.logits) == 0:
        return np.zeros(0, dtype=np.float32)
    logits = (given.logits / temperature).astype(np.float32)
    return SCORES[name](logits, given.embeddings, bank)


def _share_below(scores: FloatArray, threshold: float) -> float:
    return float((scores < threshold).mean()) if len(scores) else float("nan")
