"""Spans to tags and back: the BIO scheme over words.

Tag 0 is ``O``; entity ``i`` of the sorted names has ``B`` at ``1 + 2 * i`` and ``I`` at ``2 + 2 * i``.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Sequence
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


def allowed_steps(names: Sequence[str], adjacent: Collection[str] = ()) -> npt.NDArray[np.bool_]:
    """Tell which tag may follow which: (tags, tags), row before, column after.

    An I tag needs its entity's B or I before it. A B tag may not stand right after its own entity, unless two of that
    entity do follow each other in the examples: else a doubt within a long span would cut it in two.

    Args:
        names: the entity names, in the order that numbers the tags.
        adjacent: the entities of which two may stand side by side.
    """
    tags = np.arange(len(tag_names(names)))
    entity = np.where(tags == OUTSIDE, -1, (tags - 1) // 2)
    is_inside = (tags > 0) & (tags % 2 == 0)
    is_same = (entity[:, None] == entity[None, :]) & (entity >= 0)[:, None]
    splits = np.asarray([True, *(name in adjacent for name in names for _ in "BI")], dtype=bool)
    allowed: npt.NDArray[np.bool_] = np.where(is_inside[None, :], is_same, ~is_same | splits[None, :])
    return allowed


def find_adjacent(tagged: Iterable[Sequence[int]], names: Sequence[str]) -> tuple[str, ...]:
    """List the entities of which two stand side by side somewhere in these sequences of tags, sorted."""
    steps = {step for tags in tagged for step in itertools.pairwise(tags)}
    begins = [(1 + 2 * number, name) for number, name in enumerate(names)]
    return tuple(sorted(name for begin, name in begins if steps & {(begin, begin), (begin + 1, begin)}))


def decode_tags(
    probabilities: npt.NDArray[np.float32], names: Sequence[str], allowed: npt.NDArray[np.bool_]
) -> list[TaggedSpan]:
    """Find the likeliest sequence of tags that is allowed, and read its spans.

    Args:
        probabilities: (words, tags), rows sum to 1.
        names: the entity names, in the order that numbers the tags.
        allowed: what `allowed_steps` gives.

    Returns:
        Spans in the order of the text; none for no words.
    """
    if len(probabilities) == 0:
        return []
    path = probabilities.argmax(axis=1)
    before = np.concatenate(([OUTSIDE], path[:-1]))
    if not allowed[before, path].all():
        path = _viterbi(np.log(probabilities + 1e-9), allowed)
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


def _viterbi(scores: npt.NDArray[np.float32], allowed: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """Find the path of the highest sum in which every step is allowed; it starts as if after an O."""
    penalty = np.where(allowed, 0.0, -1e9)
    best = scores[0] + penalty[OUTSIDE]
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
