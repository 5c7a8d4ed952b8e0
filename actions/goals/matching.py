"""Which items of an order a text names. Pure text."""

from __future__ import annotations

import re
from collections.abc import Sequence

from actions.recognise import normalise

_ALL = re.compile(r"\b(?:all|everything|both|whole order|the lot|entire order|every item)\b", re.IGNORECASE)
_WORD = re.compile(r"\w{3,}")
# Words that fit any item.
_PLAIN = frozenset(
    [
        "the",
        "and",
        "one",
        "ones",
        "from",
        "with",
        "for",
        "that",
        "this",
        "item",
        "items",
        "please",
        "want",
        "send",
        "back",
        "return",
        "order",
    ]
)


def match_items(text: str, items: Sequence[str]) -> list[str]:
    """Find the items whose names share the most words with the text; all of them for "both" or "everything"."""
    clean = normalise(text).lower()
    if items and _ALL.search(clean):
        return list(items)
    words = set(_WORD.findall(clean)) - _PLAIN
    scores = {item: _count_shared(words, item) for item in items}
    best = max(scores.values(), default=0)
    return [item for item, score in scores.items() if score == best and best > 0]


def _count_shared(words: set[str], item: str) -> int:
    name = set(_WORD.findall(item.lower()))
    return sum(1 for word in words if word in name or word.rstrip("s") in name or f"{word}s" in name)
