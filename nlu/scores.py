"""How far a message is from everything the bot knows: scores, higher for more familiar, and their threshold.

Each score is computed from what the network gives for a text; the trainer keeps the one that tells in-scope from
out-of-scope best on texts it was not trained on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.int64]

NEIGHBOURS = 3
"""The familiarity by neighbours is the mean cosine to this many nearest training texts."""

LOOKED_INTO = 5
"""Neighbours are looked for among the texts of this many likeliest intents: hardly ever is one elsewhere."""

ROWS_OF_AN_INTENT = 200
"""Neighbours are looked for among at most this many texts of an intent, so that the time has a bound."""

COSINE_SCALE = 20.0
"""About what the cosine head multiplies its cosines with."""

PROBABILITY_WEIGHT = 0.1
"""Weight of the logarithm of the highest probability beside cosines."""


@dataclass(frozen=True)
class Bank:
    """Training texts to compare with: for each intent its unit embeddings, (rows, d), as few as have to be read."""

    of_intent: tuple[FloatArray, ...]

    @classmethod
    def build(cls, embeddings: FloatArray, intents: Sequence[int], *, count: int) -> Bank:
        """Sort embeddings (m, d) by their intents, numbers below `count`; of many, an even choice is kept."""
        numbers = np.asarray(intents, dtype=np.int64)
        return cls(tuple(_even_choice(embeddings[numbers == intent]) for intent in range(count)))

    def near(self, logits: FloatArray) -> FloatArray:
        """Give the texts of one text's likeliest intents."""
        likeliest = np.argsort(-logits, kind="stable")[:LOOKED_INTO]
        found: FloatArray = np.concatenate([self.of_intent[intent] for intent in likeliest])
        return found


def _even_choice(rows: FloatArray) -> FloatArray:
    if len(rows) <= ROWS_OF_AN_INTENT:
        return rows
    chosen = np.linspace(0, len(rows) - 1, ROWS_OF_AN_INTENT).round().astype(np.int64)
    result: FloatArray = rows[chosen]
    return result


def softmax(logits: FloatArray) -> FloatArray:
    """Turn logits (n, classes) into probabilities; rows sum to 1."""
    shifted = np.exp(logits - logits.max(axis=-1, keepdims=True))
    result: FloatArray = shifted / shifted.sum(axis=-1, keepdims=True)
    return result


def max_probability(logits: FloatArray, embeddings: FloatArray, bank: Bank) -> FloatArray:
    """Score by the probability of the best intent."""
    del embeddings, bank
    return np.asarray(softmax(logits).max(axis=-1), dtype=np.float32)


def energy(logits: FloatArray, embeddings: FloatArray, bank: Bank) -> FloatArray:
    """Score by the negative free energy, log sum exp of the logits (Liu et al. 2020)."""
    del embeddings, bank
    top = logits.max(axis=-1)
    return np.asarray(top + np.log(np.exp(logits - top[..., None]).sum(axis=-1)), dtype=np.float32)


def best_cosine(logits: FloatArray, embeddings: FloatArray, bank: Bank) -> FloatArray:
    """Score by the nearness to the best intent's direction; the cosine head's logits are scaled cosines."""
    del embeddings, bank
    return np.asarray(logits.max(axis=-1), dtype=np.float32)


def neighbours(logits: FloatArray, embeddings: FloatArray, bank: Bank) -> FloatArray:
    """Score by the mean cosine to the nearest training texts of the likeliest intents; 0 where these have none."""
    means = [_nearness(bank.near(row) @ one) for row, one in zip(logits, embeddings, strict=True)]
    return np.asarray(means, dtype=np.float32)


def _nearness(cosines: FloatArray) -> float:
    count = min(NEIGHBOURS, len(cosines))
    return float(np.partition(cosines, len(cosines) - count)[-count:].mean()) if count else 0.0


def energy_and_neighbours(logits: FloatArray, embeddings: FloatArray, bank: Bank) -> FloatArray:
    """Score by both: they err on different texts. The energy is brought to the size of a cosine first."""
    summed = energy(logits, embeddings, bank) / COSINE_SCALE + neighbours(logits, embeddings, bank)
    return np.asarray(summed, dtype=np.float32)


def energy_neighbours_and_probability(logits: FloatArray, embeddings: FloatArray, bank: Bank) -> FloatArray:
    """Score by all three: the probability tells texts that lie between intents, which the others take for familiar."""
    doubt = PROBABILITY_WEIGHT * np.log(max_probability(logits, embeddings, bank))
    return np.asarray(energy_and_neighbours(logits, embeddings, bank) + doubt, dtype=np.float32)


Score = Callable[[FloatArray, FloatArray, Bank], FloatArray]

SCORES: dict[str, Score] = {
    "energy": energy,
    "max_probability": max_probability,
    "best_cosine": best_cosine,
    "neighbours": neighbours,
    "energy_and_neighbours": energy_and_neighbours,
    "energy_neighbours_and_probability": energy_neighbours_and_probability,
}
"""Name to score; each takes calibrated logits (n, classes), unit embeddings (n, d) and the training texts."""


def auroc(in_scope: FloatArray, out_of_scope: FloatArray) -> float:
    """Tell how well a score separates: the chance that an in-scope text scores higher; 0.5 is none. Ties count half."""
    if len(in_scope) == 0 or len(out_of_scope) == 0:
        return float("nan")
    order = np.sort(np.asarray(out_of_scope))
    below = np.searchsorted(order, in_scope, side="left")
    not_above = np.searchsorted(order, in_scope, side="right")
    return float((below + not_above).mean() / 2 / len(order))
