"""How far a message is from everything the bot knows: scores, higher for more familiar, and their threshold.

Each score is computed from what the network gives for a text; the trainer keeps the one that tells in-scope from
out-of-scope best on texts it was not trained on.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]

NEIGHBOURS = 3
"""The familiarity by neighbours is the mean cosine to this many nearest training texts."""

COSINE_SCALE = 20.0
"""About what the cosine head multiplies its cosines with."""


def softmax(logits: FloatArray) -> FloatArray:
    """Turn logits (n, classes) into probabilities; rows sum to 1."""
    shifted = np.exp(logits - logits.max(axis=-1, keepdims=True))
    result: FloatArray = shifted / shifted.sum(axis=-1, keepdims=True)
    return result


def max_probability(logits: FloatArray, embeddings: FloatArray, bank: FloatArray) -> FloatArray:
    """Score by the probability of the best intent."""
    del embeddings, bank
    return np.asarray(softmax(logits).max(axis=-1), dtype=np.float32)


def energy(logits: FloatArray, embeddings: FloatArray, bank: FloatArray) -> FloatArray:
    """Score by the negative free energy, log sum exp of the logits (Liu et al. 2020)."""
    del embeddings, bank
    top = logits.max(axis=-1)
    return np.asarray(top + np.log(np.exp(logits - top[..., None]).sum(axis=-1)), dtype=np.float32)


def best_cosine(logits: FloatArray, embeddings: FloatArray, bank: FloatArray) -> FloatArray:
    """Score by the nearness to the best intent's direction; the cosine head's logits are scaled cosines."""
    del embeddings, bank
    return np.asarray(logits.max(axis=-1), dtype=np.float32)


def neighbours(logits: FloatArray, embeddings: FloatArray, bank: FloatArray) -> FloatArray:
    """Score by the mean cosine to the nearest training texts."""
    del logits
    count = min(NEIGHBOURS, len(bank))
    cosines = embeddings @ bank.T
    nearest = np.partition(cosines, cosines.shape[-1] - count, axis=-1)[..., -count:]
    return np.asarray(nearest.mean(axis=-1), dtype=np.float32)


def energy_and_neighbours(logits: FloatArray, embeddings: FloatArray, bank: FloatArray) -> FloatArray:
    """Score by both: they err on different texts. The energy is brought to the size of a cosine first."""
    summed = energy(logits, embeddings, bank) / COSINE_SCALE + neighbours(logits, embeddings, bank)
    return np.asarray(summed, dtype=np.float32)


Score = Callable[[FloatArray, FloatArray, FloatArray], FloatArray]

SCORES: dict[str, Score] = {
    "energy": energy,
    "max_probability": max_probability,
    "best_cosine": best_cosine,
    "neighbours": neighbours,
    "energy_and_neighbours": energy_and_neighbours,
}
"""Name to score; each takes logits (n, classes), unit embeddings (n, d) and the training texts' embeddings (m, d)."""


def auroc(in_scope: FloatArray, out_of_scope: FloatArray) -> float:
    """Tell how well a score separates: the chance that an in-scope text scores higher; 0.5 is none. Ties count half."""
    if len(in_scope) == 0 or len(out_of_scope) == 0:
        return float("nan")
    order = np.sort(np.asarray(out_of_scope))
    below = np.searchsorted(order, in_scope, side="left")
    not_above = np.searchsorted(order, in_scope, side="right")
    return float((below + not_above).mean() / 2 / len(order))
