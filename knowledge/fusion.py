"""Joins the rankings by meaning and by words, with a weight that comes from the corpus and from the query.

No fixed weight wins everywhere: meaning finds paraphrased questions, words find names and numbers. Two things
decide here, both without labels. The corpus gives ``dense_weight``: at build, titles are asked as questions
against bodies alone, and the side that finds the right document more often weighs more. Each query gives its
two certainties: the highest cosine, and the share of the query's words (by idf) that the best passage covers.
"""

from dataclasses import dataclass

import numpy as np

from knowledge.dense import RowArray
from knowledge.encoder import FloatArray

# Candidates of each side; the score just below them is the zero of the scale.
CANDIDATES = 100
# Measured 2026-11-22 on SciFact train, StackFAQ even threads, and manual pages: see docs/knowledge.md.
NEUTRAL_DENSE_WEIGHT = 0.6
_SHARPNESS = 2
_WEIGHT_PER_ADVANTAGE = 1.0
_WEIGHT_RANGE = (0.4, 0.8)


@dataclass(frozen=True, slots=True)
class Side:
    """One side's view of the candidates.

    Attributes:
        scores: (c,) float32, in the order of the candidates.
        floor: the score that counts as nothing.
        top: the highest score of this side.
        certainty: how far this side can be trusted for this query, in [0, 1].
    """

    scores: FloatArray
    floor: float
    top: float
    certainty: float


def dense_weight(dense_quality: float, sparse_quality: float) -> float:
    """Weigh the dense side by how much better it found documents by their titles (both qualities in [0, 1])."""
    weight = NEUTRAL_DENSE_WEIGHT + _WEIGHT_PER_ADVANTAGE * (dense_quality - sparse_quality)
    return float(np.clip(weight, *_WEIGHT_RANGE))


def fuse(dense: Side, sparse: Side, weight: float) -> FloatArray:
    """Score the candidates from both sides: (c,) float32 in [0, 1]; weight is the dense side's share."""
    of_dense = weight * dense.certainty**_SHARPNESS * _scaled(dense)
    fused = of_dense + (1 - weight) * sparse.certainty**_SHARPNESS * _scaled(sparse)
    return np.asarray(fused, dtype=np.float32)


def best_first(scores: FloatArray, rows: RowArray) -> RowArray:
    """Order candidates by score, equal ones by row; returns positions into ``rows``."""
    return np.lexsort((rows, -scores)).astype(np.int64)


def _scaled(side: Side) -> FloatArray:
    span = side.top - side.floor
    if span <= 0:
        return np.where(side.scores >= side.top, np.float32(side.top > 0), np.float32(0))
    return np.asarray(np.clip((side.scores - side.floor) / span, 0, 1), dtype=np.float32)
