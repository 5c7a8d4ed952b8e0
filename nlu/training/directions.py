"""Where the intents' directions start: at the mean of the examples, drawn towards the intent's own name."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch

from nlu.scores import FloatArray
from nlu.training.batches import Item
from nlu.training.network import JointNetwork
from nlu.training.predict import predict

IntArray = npt.NDArray[np.int64]

_GUARD_WEIGHT = 0.25
"""The weight at which names are tried on the untrained encoder. There a full one overshoots; in training it does not."""

_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_MARKS = re.compile(r"[\W_]+")


def name_texts(intents: Sequence[str]) -> list[str]:
    """Write each intent's name as words: ``card_arrival``, ``CardArrival`` and ``card/arrival`` are "card arrival"."""
    return [_MARKS.sub(" ", _CAMEL.sub(" ", intent)).strip().lower() or intent for intent in intents]


def start_directions(
    network: JointNetwork, items: Sequence[Item], named: Sequence[Item], *, name_weight: float
) -> bool:
    """Set each intent's direction to the mean embedding of its examples, drawn towards its name.

    Args:
        network: its directions are set.
        items: the examples; every intent has one at least.
        named: the intents' names as items, in the order of the intents; may be none.
        name_weight: what a name counts beside the mean of the examples; 0 for nothing.

    Returns:
        Whether the names say what the intents are (see `names_help`); if not, they are left out.
    """
    embeddings = predict(network, items).embeddings
    intents = np.array([item.intent for item in items])
    start = _means(embeddings, intents, len(network.directions))
    is_named = False
    if named and name_weight > 0:
        names = predict(network, named).embeddings
        is_named = names_help(embeddings, intents, names)
        start = start + (name_weight if is_named else 0.0) * names
    with torch.no_grad():
        network.directions.copy_(torch.from_numpy(_unit(start)))
    return is_named


def names_help(embeddings: FloatArray, intents: IntArray, names: FloatArray) -> bool:
    """Tell whether the names say what the intents are.

    Each example is given to the nearest direction while its own class does without it: once by means alone, once with
    the names. Names such as "intent_17" lose this and are not used.
    """
    return _left_out_accuracy(embeddings, intents, names, _GUARD_WEIGHT) > _left_out_accuracy(
        embeddings, intents, names, 0.0
    )


def _left_out_accuracy(embeddings: FloatArray, intents: IntArray, names: FloatArray, weight: float) -> float:
    counts = np.bincount(intents, minlength=len(names))[:, None]
    means = _means(embeddings, intents, len(names))
    scores = embeddings @ _unit(means + weight * names).T
    others = (means * counts)[intents] - embeddings
    without = _unit(others / np.maximum(counts[intents] - 1, 1) + weight * names[intents])
    scores[np.arange(len(intents)), intents] = (embeddings * without).sum(axis=1)
    return float((scores.argmax(axis=1) == intents).mean())


def _means(embeddings: FloatArray, intents: IntArray, classes: int) -> FloatArray:
    sums = np.zeros((classes, embeddings.shape[1]), dtype=np.float32)
    np.add.at(sums, intents, embeddings)
    counts = np.maximum(np.bincount(intents, minlength=classes), 1)[:, None]
    return np.asarray(sums / counts, dtype=np.float32)


def _unit(rows: FloatArray) -> FloatArray:
    result: FloatArray = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    return result
