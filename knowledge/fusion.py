"""Joins the rankings by meaning and by words, with weights that come from the query and from the corpus.

No fixed weight wins everywhere: meaning finds paraphrased questions, words find names and numbers. Two things decide
here, both without labels.

Each query gives the shape of its scores. A side is strong when its best score is high on its own scale (the cosine; the
share of the query's words, by idf, that the best passage covers) and stands out from the rest of the corpus (in standard
deviations). The corpus gives ``dense_weight``: at build, titles are asked as questions against bodies alone, and the
side that finds the right document more often weighs more.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from knowledge.allowed import RowArray
from knowledge.encoder import FloatArray

# Candidates of each side; the score just below them is the zero of the scale.
CANDIDATES = 100
# Chosen 2026-11-22 on six sets, none of them a test set: SciFact train, StackFAQ (every second thread), gcloud and other
# manual pages, Python docstrings, Bitext. At these values no set falls below its better side (docs/knowledge.md).
NEUTRAL_DENSE_WEIGHT = 0.48
_WEIGHT_PER_ADVANTAGE = 0.7
_WEIGHT_RANGE = (0.35, 0.65)
# A document whose other passages fit as well is the better guess: our help centre, tuning questions, right article first
# 0.80 -> 0.87; its listed questions, each left out when it is asked, 0.28 -> 0.35 (2026-11-22).
_SUPPORT = 0.3
_SUPPORTERS = 2
# Passages from the top of the ranking that support one another.
SUPPORT_DEPTH = 40
_FLAT = 1e-6  # scores this near are equal: FAISS and numpy add up in another order
_CERTAINTY_POWER = 2.0
# An encoder that does not know a fifth of a question's tokens is trusted less: of English questions MiniLM knows all, of
# Chinese ones three in eight. Where no word of a question occurs, meaning has the say all the same.
_KNOWN = 0.8
_KNOWN_POWER = 10.0
_LEAST_TRUST = 1e-3
_DENSE_PROMINENCE = (5.0, 1.0)  # what is usual for a best cosine, in standard deviations, and its power
_SPARSE_PROMINENCE = (9.0, 1.5)


@dataclass(frozen=True, slots=True)
class Side:
    """One side's view of the candidates.

    Attributes:
        scores: (c,) float32, in the order of the candidates.
        floor: the score that counts as nothing.
        top: the highest score of this side.
        certainty: the top score on the side's own scale, in [0, 1].
        prominence: standard deviations of the corpus' scores between their mean and the top score, at least 1.
        trust: what the side's strength counts for, in (0, 1].
    """

    scores: FloatArray
    floor: float
    top: float
    certainty: float
    prominence: float
    trust: float = 1.0


def trust_in_meaning(known_share: float) -> float:
    """Trust cosines less where the encoder knows few of a question's tokens, as in a script that it never learned."""
    trust: float = min(known_share / _KNOWN, 1.0) ** _KNOWN_POWER
    return max(trust, _LEAST_TRUST)


def dense_weight(dense_quality: float, sparse_quality: float) -> float:
    """Weigh the dense side by how much better it found documents by their titles (both qualities in [0, 1])."""
    weight = NEUTRAL_DENSE_WEIGHT + _WEIGHT_PER_ADVANTAGE * (dense_quality - sparse_quality)
    return float(np.clip(weight, *_WEIGHT_RANGE))


def fuse(dense: Side, sparse: Side, weight: float) -> FloatArray:
    """Score the candidates from both sides: (c,) float32 in [0, 1].

    Args:
        dense: the view by meaning.
        sparse: the view by words.
        weight: the dense side's share when both are equally strong.
    """
    of_dense = weight * _strength(dense, _DENSE_PROMINENCE)
    of_sparse = (1 - weight) * _strength(sparse, _SPARSE_PROMINENCE)
    total = of_dense + of_sparse
    if total <= _FLAT:
        return np.zeros_like(dense.scores)
    fused = (of_dense * _scaled(dense) + of_sparse * _scaled(sparse)) / total
    return np.asarray(fused, dtype=np.float32)


def supported(scores: FloatArray, documents: Sequence[str]) -> FloatArray:
    """Raise each passage's score by those of the best other passages of its document; (n,) float32 in [0, 1].

    Args:
        scores: of passages, best first.
        documents: theirs; only the passages that have one (a prefix) support one another.
    """
    groups: dict[str, list[int]] = {}
    for place, name in enumerate(documents):
        groups.setdefault(name, []).append(place)
    raised = scores.copy()
    for places in groups.values():
        for place in places:
            others = [other for other in places if other != place][:_SUPPORTERS]
            raised[place] += _SUPPORT * scores[others].sum()
    return np.asarray(raised / max(1.0, float(raised.max(initial=0))), dtype=np.float32)


def best_first(scores: FloatArray, rows: RowArray) -> RowArray:
    """Order candidates by score, equal ones by row; returns positions into ``rows``."""
    return np.lexsort((rows, -scores)).astype(np.int64)


def _strength(side: Side, prominence: tuple[float, float]) -> float:
    usual, power = prominence
    return float(side.trust * side.certainty**_CERTAINTY_POWER * (side.prominence / usual) ** power)


def _scaled(side: Side) -> FloatArray:
    span = side.top - side.floor
    if span <= _FLAT:
        return np.where(side.scores >= side.top - _FLAT, np.float32(side.top > 0), np.float32(0))
    return np.asarray(np.clip((side.scores - side.floor) / span, 0, 1), dtype=np.float32)
