"""Which of an order's items is meant."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from actions.goals.draft import Draft
from actions.goals.talk import Button, button
from actions.goals.task import Field
from actions.recognise import normalise

ALL_ITEMS = "everything"
SEPARATOR = "; "
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


def read_item(draft: Draft) -> str | None:
    """Read an item of the proven order from a marked product; one that fits two items is asked again."""
    named, items = draft.talk.entity("product"), draft.get("order_items") or []
    return _one_or_all(match_items(named, items), items) if named and items else None


def read_item_text(draft: Draft) -> str | None:
    """Read an item from the whole text, once it was asked for."""
    items = draft.get("order_items") or []
    return _one_or_all(match_items(draft.talk.text, items), items)


def _one_or_all(found: list[str], items: Sequence[str]) -> str | None:
    if len(found) == 1 or (found and len(found) == len(items)):
        return SEPARATOR.join(found)
    return None


def split_items(chosen: str, items: Sequence[str]) -> list[str]:
    """Turn the slot's text back into the order's item names."""
    wanted = chosen.split(SEPARATOR)
    return [item for item in items if item in wanted] or list(items)


def item_buttons(draft: Draft) -> tuple[Button, ...]:
    """Offer every item of the order, and all of them together."""
    items = draft.get("order_items") or []
    choices = [(item, item) for item in items] + ([("All of them", ALL_ITEMS)] if len(items) > 1 else [])
    return tuple(button(title, f"/inform{json.dumps({'product': value})}") for title, value in choices)


ITEM = Field("item", read=read_item, read_asked=read_item_text, invalid="utter_invalid_item")
