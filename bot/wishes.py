"""Two wishes in one message: what is dealt with now, and what waits for its turn.

Understanding tells the parts of a message (``understanding.parts``, see docs/understanding.md). The first part is the
turn's message; the others wait in the slot ``waiting_wishes`` until no task is open and no question is, and are then
taken up as if the customer had written them by themselves. Pure, and without Rasa. Runs on Python 3.10.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

WAITING = "waiting_wishes"
"""The slot that holds what waits, first come first served."""

COURTESIES = frozenset({"greet", "thank", "praise", "smalltalk", "goodbye"})
"""Said around a wish, and no wish: they are not answered one by one."""

FIRST_OF_ALL = "talk_to_person"
"""A call for a person is heard before everything else; the person reads the rest."""

TELLING = frozenset({"inform"})
"""A detail told beside a wish ("it's NL-10234, where is it?") belongs to it; in a form it is the answer."""

ANSWERS = frozenset({"inform", "correct", "affirm", "deny"})
"""What answers an open form. In a form a message is taken apart only if it begins with one of these: in free text
("it is too big and the colour is off") every intent may turn up."""

ENDINGS = frozenset({"action_handoff", "action_goodbye", "action_start_over", "action_menu"})
"""After these nothing waits any longer: a person is there, or the customer wants none of it."""

SHARED_DETAILS = ("order_number", "ticket_number", "email")
"""Told once in a message, they hold for each of its parts that names none of its own."""


@dataclass(frozen=True)
class Wish:
    """One thing that a customer wants, in their words; the entities' places count within `text`.

    `ranking` holds what else the words may mean, likeliest first and the intent itself among them.
    """

    intent: str
    confidence: float
    text: str
    entities: tuple[Mapping[str, Any], ...] = ()
    ranking: tuple[Mapping[str, Any], ...] = ()

    def to_slot(self) -> dict[str, Any]:
        """Write it for the tracker."""
        return {
            "intent": self.intent,
            "confidence": self.confidence,
            "text": self.text,
            "entities": [dict(entity) for entity in self.entities],
            "ranking": [dict(other) for other in self.ranking],
        }

    def to_parse(self) -> dict[str, Any]:
        """Write it as a parsed message."""
        intent = {"name": self.intent, "confidence": self.confidence}
        others = [dict(other) for other in self.ranking if other.get("name") != self.intent]
        return {
            "text": self.text,
            "intent": intent,
            "intent_ranking": [intent, *others],
            "entities": [dict(entity) for entity in self.entities],
        }


def read_waiting(value: Any) -> list[Wish]:
    """Read the slot; what is not of its form falls away."""
    items = value if isinstance(value, list) else []
    return [
        Wish(
            str(item["intent"]),
            float(item.get("confidence") or 0.0),
            str(item["text"]),
            _mappings(item.get("entities")),
            _mappings(item.get("ranking")),
        )
        for item in items
        if isinstance(item, Mapping) and item.get("intent") and item.get("text")
    ]


def find_wishes(parse: Mapping[str, Any], *, is_in_form: bool) -> list[Wish]:
    """Find what a message is to be dealt with as, in this order; empty where it is one thing.

    Args:
        parse: the parsed message, with the parts that understanding found.
        is_in_form: whether a form waits for an answer.
    """
    parts = (parse.get("understanding") or {}).get("parts") or []
    wishes = [_wish_of(part, str(parse.get("text") or "")) for part in parts]
    if len(wishes) < 2 or any(wish.intent == FIRST_OF_ALL for wish in wishes):
        calls = [wish for wish in wishes if wish.intent == FIRST_OF_ALL]
        return [_whole(calls[0], parse)] if calls else []
    if is_in_form and wishes[0].intent not in ANSWERS:
        return []
    beside = COURTESIES if is_in_form else COURTESIES | TELLING
    wanted = [wish for wish in wishes if wish.intent not in beside]
    if len(wanted) == 1:
        return [_whole(wanted[0], parse)]
    return share_details(wanted, wishes)


def share_details(wanted: Sequence[Wish], told: Sequence[Wish]) -> list[Wish]:
    """Give each wish the numbers and addresses that are told elsewhere and not in its own words."""
    return [_with_details(wish, [e for other in told for e in other.entities]) for wish in wanted]


def with_order(wish: Wish, number: Any) -> Wish:
    """Let a wish be about the order that was just spoken of, unless it names an order or a thing itself."""
    if not number or any(e.get("entity") in ("order_number", "product") for e in wish.entities):
        return wish
    return _with_details(wish, [{"entity": "order_number", "value": str(number)}])


def _with_details(wish: Wish, known: Iterable[Mapping[str, Any]]) -> Wish:
    own = {entity.get("entity") for entity in wish.entities}
    told = {e.get("entity"): e for e in known if e.get("entity") in SHARED_DETAILS}
    more = [
        {"entity": name, "value": e.get("value"), "start": 0, "end": 0, "extractor": "shared"}
        for name, e in told.items()
        if name not in own
    ]
    return replace(wish, entities=(*wish.entities, *more))


def _whole(wish: Wish, parse: Mapping[str, Any]) -> Wish:
    """Keep the whole message as this wish's words: nothing in it is another one."""
    return replace(wish, text=str(parse.get("text") or ""), entities=_mappings(parse.get("entities")))


def _wish_of(part: Mapping[str, Any], text: str) -> Wish:
    start, end = int(part["start"]), int(part["end"])
    entities = tuple(
        {**entity, "start": int(entity["start"]) - start, "end": int(entity["end"]) - start}
        for entity in part.get("entities") or []
    )
    ranking = _mappings(part.get("ranking"))
    return Wish(str(part["intent"]), float(part["confidence"]), text[start:end], entities, ranking)


def _mappings(value: Any) -> tuple[Mapping[str, Any], ...]:
    return tuple(item for item in value or () if isinstance(item, Mapping))
