"""What an action may know of the message it answers, taken once from rasa_sdk's tracker."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from actions.ports import Customer

MAX_RANKING = 5


@dataclass(frozen=True)
class TurnEntity:
    """A piece of the message with a meaning; ``start`` and ``end`` are None when a button said it."""

    entity: str
    value: str
    start: int | None = None
    end: int | None = None
    confidence: float | None = None


@dataclass(frozen=True)
class Turn:
    """One customer message, understood, with the state of the dialogue around it.

    ``message_id`` is the desk's id of the message; it is empty only where no message was written (a test, a
    session start). ``ranking`` holds at most five intents, likeliest first. ``choices`` are the intents that
    understanding would ask about, likeliest first; None where it did not decide. ``slots`` is read-only.
    ``customer`` has empty texts for what the desk does not know, and is None for an anonymous visitor.
    """

    conversation_id: str
    message_id: str
    text: str
    intent: str
    confidence: float
    ranking: tuple[tuple[str, float], ...] = ()
    entities: tuple[TurnEntity, ...] = ()
    slots: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    customer: Customer | None = None
    locale: str = "en"
    channel: str = "widget"
    active_form: str | None = None
    requested_slot: str | None = None
    latest_action: str | None = None
    choices: tuple[str, ...] | None = None

    @classmethod
    def from_tracker(cls, tracker: Any) -> Turn:
        """Read rasa_sdk's tracker; whatever is missing or of a foreign type becomes empty."""
        message = _mapping(tracker.latest_message)
        metadata = _mapping(message.get("metadata"))
        intent = _mapping(message.get("intent"))
        return cls(
            conversation_id=str(tracker.sender_id),
            message_id=_text(message.get("message_id")),
            text=_text(message.get("text")),
            intent=_text(intent.get("name")),
            confidence=_number(intent.get("confidence")),
            ranking=_read_ranking(message.get("intent_ranking")),
            entities=_read_entities(message.get("entities")),
            slots=MappingProxyType(dict(tracker.slots or {})),
            customer=_read_customer(metadata.get("customer")),
            locale=_text(metadata.get("locale")) or "en",
            channel=_text(metadata.get("channel")) or "widget",
            active_form=tracker.active_loop_name,
            requested_slot=_text(_mapping(tracker.slots).get("requested_slot")) or None,
            latest_action=tracker.latest_action_name,
            choices=_read_choices(message.get("understanding")),
        )

    def values_of(self, entity: str) -> tuple[str, ...]:
        """Get the values of one kind of entity in this message, in reading order."""
        return tuple(found.value for found in self.entities if found.entity == entity)

    def effect_key(self, effect: str) -> str:
        """Name an effect of this message; the same message always gives the same key."""
        return f"{self.conversation_id}:{self.message_id}:{effect}"


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else 0.0


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _read_ranking(value: object) -> tuple[tuple[str, float], ...]:
    items = value if isinstance(value, list) else []
    pairs = [(_text(_mapping(item).get("name")), _number(_mapping(item).get("confidence"))) for item in items]
    return tuple(pair for pair in pairs if pair[0])[:MAX_RANKING]


def _read_choices(value: object) -> tuple[str, ...] | None:
    """Read what to ask about; None too where understanding would have acted, and something else kept it from it."""
    view = _mapping(value)
    choices = view.get("choices")
    if view.get("decision") == "answer" or not isinstance(choices, list):
        return None
    return tuple(filter(None, map(_text, choices)))


def _read_entities(value: object) -> tuple[TurnEntity, ...]:
    items = value if isinstance(value, list) else []
    return tuple(entity for entity in map(_read_entity, items) if entity is not None)


def _read_entity(value: object) -> TurnEntity | None:
    item = _mapping(value)
    name, text = _text(item.get("entity")), item.get("value")
    if not name or not isinstance(text, str | int | float):
        return None
    confidence = item.get("confidence_entity", item.get("confidence"))
    return TurnEntity(
        entity=name,
        value=str(text),
        start=_whole(item.get("start")),
        end=_whole(item.get("end")),
        confidence=_number(confidence) if confidence is not None else None,
    )


def _read_customer(value: object) -> Customer | None:
    item = _mapping(value)
    customer = Customer(
        id=_text(item.get("id")), name=_text(item.get("name")), email=_text(item.get("email"))
    )
    return customer if customer.id or customer.email or customer.name else None
