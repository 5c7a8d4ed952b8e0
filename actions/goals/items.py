"""Which of an order's items is meant."""

from __future__ import annotations

import json
from collections.abc import Sequence

from actions.goals.draft import Draft
from actions.goals.matching import match_items
from actions.goals.talk import Button, button
from actions.goals.task import PERSON, Field, Prompt

ALL_ITEMS = "everything"
SEPARATOR = "; "
OTHER_ORDER = button("Another order", "/correct")


def read_item(draft: Draft) -> str | None:
    """Read items of the proven order from what understanding marked; a name that fits two items is asked again."""
    return choose_items(draft.talk.turn.values_of("product"), draft.get("order_items") or [])


def read_item_text(draft: Draft) -> str | None:
    """Read an item from the whole text, once it was asked for."""
    return choose_items([draft.talk.text], draft.get("order_items") or [])


def choose_items(named: Sequence[str], items: Sequence[str]) -> str | None:
    """Choose the items that the names mean; None when one of them fits several, and not all."""
    chosen: set[str] = set()
    for name in named:
        found = match_items(name, items)
        if len(found) > 1 and len(found) != len(items):
            return None
        chosen.update(found)
    return SEPARATOR.join(item for item in items if item in chosen) or None


def split_items(chosen: str, items: Sequence[str]) -> list[str]:
    """Turn the slot's text back into the order's item names."""
    wanted = chosen.split(SEPARATOR)
    return [item for item in items if item in wanted] or list(items)


def settle_item(draft: Draft) -> None:
    """Settle which item is meant from what the first message named; a single item needs no question."""
    items, named = draft.get("order_items") or [], draft.get("item_named")
    if draft.get("item") is None and items:
        alone = items[0] if len(items) == 1 and not named else None
        draft.set("item", choose_items(named.split(SEPARATOR), items) if named else alone)


def item_prompt(draft: Draft, response: str) -> Prompt:
    """Ask which item; say what the order holds when something was named that is not in it."""
    items, named = draft.get("order_items") or [], draft.get("item_named")
    draft.set("item_named", None)
    if named and not match_items(named, items):
        return not_in_order(draft)
    return Prompt(response, item_buttons(draft))


def explain_item(draft: Draft) -> Prompt:
    """Say what the order holds; something was named that is not in it, or nothing at all."""
    if draft.talk.entity("product"):
        return not_in_order(draft)
    return Prompt("utter_invalid_item", item_buttons(draft))


def not_in_order(draft: Draft) -> Prompt:
    """Say what is in the order, and offer another one."""
    items = draft.get("order_items") or []
    values = {"number": draft.get("order_number"), "items": SEPARATOR.join(items)}
    return Prompt("utter_item_not_in_order", (*item_buttons(draft), OTHER_ORDER, PERSON), values)


def item_buttons(draft: Draft) -> tuple[Button, ...]:
    """Offer every item of the order, and all of them together."""
    items = draft.get("order_items") or []
    choices = [(item, item) for item in items] + ([("All of them", ALL_ITEMS)] if len(items) > 1 else [])
    return tuple(button(title, f"/inform{json.dumps({'product': value})}") for title, value in choices)


ITEM = Field("item", read=read_item, read_asked=read_item_text, invalid="utter_invalid_item")
