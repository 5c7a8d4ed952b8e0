"""Fits the operator's dial on texts that were not trained on, with a promise that holds for so few texts too."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nlu.binomial import most_cases
from nlu.dial import LEAST_COVER, MOST_CHOICES, DialPoint
from nlu.scores import FloatArray

SHARES = tuple(percent / 100 for percent in range(1, 21))
"""The points of the dial."""

ERROR = 0.1
"""Each promise fails for at most this share of the held-out parts one might have drawn."""

NO_INTENT = -1
"""The right class of a text out of scope."""


@dataclass(frozen=True)
class Witnesses:
    """Texts not trained on: calibrated probabilities (n, intents), right classes (n,), and which were refused (n,)."""

    probabilities: FloatArray
    intents: npt.NDArray[np.int64]
    is_refused: npt.NDArray[np.bool_]


def fit_dial(witnesses: Witnesses) -> tuple[DialPoint, ...]:
    """Find, for each share, how sure the bot must be.

    The share of wrong messages falls as the needed probability rises. So the least probability is taken at which the
    held-out part still proves, by an exact binomial bound, that the share is kept. The same bound is then put on the
    messages that are asked about in vain (the right intent is not among the choices). Each promise is for messages
    drawn like the held-out texts, those out of scope in the same proportion.

    Source: Bates et al. 2021 (risk-controlling prediction sets), Angelopoulos et al. 2021 (learn then test).
    """
    return tuple(_fit_point(witnesses, share) for share in SHARES)


def _fit_point(witnesses: Witnesses, share: float) -> DialPoint:
    allowed = most_cases(len(witnesses.intents), share, error=ERROR)
    if allowed is None:
        return DialPoint(share, None, None)
    best = witnesses.probabilities.max(axis=1)
    is_wrong = witnesses.probabilities.argmax(axis=1) != witnesses.intents
    answer_above = _exceed(best[is_wrong & ~witnesses.is_refused], allowed, least=0.0)
    is_open = ~witnesses.is_refused & (best <= answer_above)
    vain = _vain_until(witnesses.probabilities[is_open], witnesses.intents[is_open])
    return DialPoint(share, answer_above, _exceed(vain, allowed, least=LEAST_COVER))


def _exceed(values: FloatArray, allowed: int, *, least: float) -> float:
    """Find the least line above which at most `allowed` of the values lie."""
    if len(values) <= allowed:
        return least
    return max(least, float(np.sort(values)[::-1][allowed]))


def _vain_until(probabilities: FloatArray, intents: npt.NDArray[np.int64]) -> FloatArray:
    """Find, per text that is asked about, below which needed probability its question is in vain; 0: at none.

    Two choices are named while these suffice, then three, then nothing is asked: a text whose intent comes third is
    asked about in vain as long as two suffice, one whose intent comes later as long as three do.
    """
    order = np.argsort(-probabilities, axis=1, kind="stable")[:, :MOST_CHOICES]
    reached = np.cumsum(np.take_along_axis(probabilities, order, axis=1), axis=1)
    hits = order == intents[:, None]
    two = min(2, reached.shape[1]) - 1
    until = np.where(hits.any(axis=1), reached[:, two], reached[:, -1])
    return np.asarray(np.where(hits[:, : two + 1].any(axis=1), 0.0, until), dtype=np.float32)
