"""Why a text was understood so, from numbers that are at hand: no further run of the network.

It goes into the trace that agents see, so it is small: `NEAREST` training texts, cut to `MAX_TEXT_CHARACTERS`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nlu.model_folder import BankExample
from nlu.runtime import Parse, Understander
from nlu.scores import FloatArray

NEAREST = 3
"""Training texts in the evidence."""

MAX_TEXT_CHARACTERS = 120
"""Characters of a training text in the evidence; a longer one is cut and ends in an ellipsis."""


@dataclass(frozen=True)
class Nearest:
    """A training text near to the one in question; `cosine` is in [-1, 1]."""

    text: str
    intent: str
    cosine: float


@dataclass(frozen=True)
class Evidence:
    """What stands behind a parse.

    `nearest` is ordered, nearest first. The text is out of scope where `familiarity` is below `threshold`; for one
    without words it is minus infinity. `second` is the next likely intent (None where the model knows a single one) and
    `margin` how much less likely it is than the first, in [0, 1].
    """

    nearest: tuple[Nearest, ...]
    familiarity: float
    threshold: float
    second: str | None
    margin: float


def find_nearest(
    embedding: FloatArray, bank: FloatArray, examples: Sequence[BankExample], count: int
) -> tuple[Nearest, ...]:
    """Find the training texts nearest to an embedding, nearest first.

    Args:
        embedding: (d,), of unit length.
        bank: (m, d), rows of unit length.
        examples: the m texts of the bank, in its order.
        count: how many; fewer where the bank is smaller.
    """
    cosines = bank @ embedding
    order = np.arange(len(bank))
    if count < len(bank):
        order = np.argpartition(-cosines, count)[:count]
    best = order[np.argsort(-cosines[order], kind="stable")]
    return tuple(
        Nearest(examples[i].text, examples[i].intent, min(1.0, max(-1.0, float(cosines[i])))) for i in best
    )


def gather_evidence(understander: Understander, parse: Parse, threshold: float | None = None) -> Evidence:
    """Gather what stands behind a parse of this understander.

    Args:
        understander: the model that gave the parse.
        parse: what it understood.
        threshold: the least familiarity that was used; the calibrated one unless given.
    """
    nearest: tuple[Nearest, ...] = ()
    if parse.embedding is not None:
        nearest = find_nearest(parse.embedding, understander.bank, understander.bank_examples, NEAREST)
    second = parse.ranking[1] if len(parse.ranking) > 1 else None
    return Evidence(
        nearest=nearest,
        familiarity=parse.familiarity,
        threshold=understander.labels.out_of_scope_threshold if threshold is None else threshold,
        second=second[0] if second else None,
        margin=parse.ranking[0][1] - second[1] if second else 1.0,
    )


def evidence_record(evidence: Evidence) -> dict[str, Any]:
    """Write the evidence for the wire; texts are cut, and a familiarity that is no number is null."""
    is_finite = math.isfinite(evidence.familiarity)
    return {
        "nearest": [
            {"text": _cut(near.text), "intent": near.intent, "cosine": round(near.cosine, 4)}
            for near in evidence.nearest
        ],
        "familiarity": round(evidence.familiarity, 4) if is_finite else None,
        "threshold": round(evidence.threshold, 4),
        "second": evidence.second,
        "margin": round(evidence.margin, 4),
    }


def _cut(text: str) -> str:
    return text if len(text) <= MAX_TEXT_CHARACTERS else text[: MAX_TEXT_CHARACTERS - 1] + "…"
