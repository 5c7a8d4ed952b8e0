"""Spans to tags and back: the BIO scheme over words.

Tag 0 is ``O``; entity ``i`` of the sorted names has ``B`` at ``1 + 2 * i`` and ``I`` at ``2 + 2 * i``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

OUTSIDE = 0


@dataclass(frozen=True)
class TaggedSpan:
    """Words ``first`` to ``last`` (inclusive) name an `entity`; `confidence` is that of the least certain word."""

    first: int
    last: int
    entity: str
    confidence: float


def tag_names(entities: Sequence[str]) -> tuple[str, ...]:
    """List the tags of these entities in the order of their numbers."""
    return ("O", *(f"{prefix}-{entity}" for entity in entities for prefix in "BI"))


def encode_tags(
    words: Sequence[tuple[int, int]], entities: Sequence[tuple[int, int, str]], names: Sequence[str]
) -> list[int]:
    """Give each word the tag of the entity that it overlaps.

    Args:
        words: (start, end) of each word, in order.
        entities: (start, end, entity name), without overlap.
        names: the entity names, in the order that numbers the tags.
    """
    tags = [OUTSIDE] * len(words)
    for start, end, entity in entities:
        begin = 1 + 2 * names.index(entity)
        touched = [i for i, (left, right) in enumerate(words) if left < end and right > start]
        for place, index in enumerate(touched):
            tags[index] = begin if place == 0 else begin + 1
    return tags


def decode_tags(probabilities: npt.NDArray[np.float32], names: Sequence[str]) -> list[TaggedSpan]:
    """Find the likeliest sequence of tags that is well-formed, and read its spans.

    Args:
        probabilities: (words, tags), rows sum to 1.
        names: the entity names, in the order that numbers the tags.

    Returns:
        Spans in the order of the text; none for no words.
    """
    if len(probabilities) == 0:
        return []
    path = probabilities.argmax(axis=1)
    if not _is_well_formed(path):
        path = _viterbi(np.log(probabilities + 1e-9))
    spans: list[TaggedSpan] = []
    for index, tag in enumerate(path.tolist()):
        certainty = float(probabilities[index, tag])
        if tag == OUTSIDE:
            continue
        if tag % 2 == 1:
            spans.append(TaggedSpan(index, index, names[(tag - 1) // 2], certainty))
        else:
            last = spans[-1]
            spans[-1] = TaggedSpan(last.first, index, last.entity, min(last.confidence, certainty))
    return spans


def _is_well_formed(path: npt.NDArray[np.int64]) -> bool:
    """Tell whether every I tag follows the B or I tag of its entity."""
    previous = np.concatenate(([OUTSIDE], path[:-1]))
    inside = (path > 0) & (path % 2 == 0)
    return bool(np.all(~inside | (previous == path) | (previous == path - 1)))


def _viterbi(scores: npt.NDArray[np.float32]) -> npt.NDArray[np.int64]:
    """Find the best path in which no I tag stands without its entity's B or I tag before it."""
    count = scores.shape[1]
    tags = np.arange(count)
    inside = (tags > 0) & (tags % 2 == 0)
    allowed = ~inside[None, :] | (tags[:, None] == tags[None, :]) | (tags[:, None] == tags[None, :] - 1)
    penalty = np.where(allowed, 0.0, -1e9)
    best = np.where(inside, -1e9, scores[0])
    back = np.zeros(scores.shape, dtype=np.int64)
    for row in range(1, len(scores)):
        steps = best[:, None] + penalty
        back[row] = steps.argmax(axis=0)
        best = steps.max(axis=0) + scores[row]
    path = np.zeros(len(scores), dtype=np.int64)
    path[-1] = best.argmax()
    for row in range(len(scores) - 1, 0, -1):
        path[row - 1] = back[row, path[row]]
    return path
