"""What a form knows while one message is read: the tracker's slots, and the changes made to them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rasa_sdk.events import SlotSet

from actions.goals.talk import REQUESTED_SLOT, Event, Talk

# What a suspended task takes along and gets back. Bookkeeping slots are not among them.
SNAPSHOT_SLOTS = (
    "order_number",
    "order_candidate",
    "order_proof",
    "order_summary",
    "order_items",
    "order_total",
    "email",
    "ticket_number",
    "item",
    "item_named",
    "reason",
    "address",
    "description",
    "problem",
    "resolution",
    "exchange_for",
    "confirm",
)
# What follows from the order: a different order makes it void.
ORDER_SLOTS = ("order_proof", "order_summary", "order_items", "item", "confirm")
# An offer holds for one turn, so the event counts even where the value is what it was.
_TOLD_ANEW = ("offer",)
_TOLD_APART = ("tries", REQUESTED_SLOT)


class Draft:
    """Slots with changes on top; only real changes become events."""

    def __init__(self, talk: Talk, form: str) -> None:
        self.talk = talk
        self.form = form
        self._changes: dict[str, Any] = {}
        self._filled: set[str] = set()

    @property
    def is_resumed(self) -> bool:
        """Whether this task is taken up again: another one has just ended, or a failure is tried once more."""
        return bool(self.talk.recent_slot("resuming") == self.form)

    @property
    def is_start(self) -> bool:
        """Whether the form was activated in this turn."""
        return self.talk.has_just_started(self.form)

    @property
    def former_form(self) -> str | None:
        """The form that was active when this one started."""
        return self.talk.loop_before(self.form)

    @property
    def has_changed_fields(self) -> bool:
        """Whether the message filled any field."""
        return bool(self._filled)

    def has_filled(self, slot: str) -> bool:
        """Tell whether the message filled this field."""
        return slot in self._filled

    def get(self, slot: str) -> Any:
        """Get a slot's value with this turn's changes."""
        return self._changes[slot] if slot in self._changes else self.talk.slots.get(slot)

    def set(self, slot: str, value: Any) -> None:
        """Change a slot."""
        self._changes[slot] = value

    def fill(self, slot: str, value: Any) -> None:
        """Fill a field from the message; another order number or address voids what followed from the old one."""
        before = self.get(slot)
        self._filled.add(slot)
        self.set(slot, value)
        if slot in ("order_number", "email") and before != value:
            self.forget(ORDER_SLOTS)

    def forget(self, slots: Iterable[str]) -> None:
        """Empty slots."""
        for slot in slots:
            self.set(slot, None)

    def snapshot(self) -> dict[str, Any]:
        """Copy what a task knows, for the time after an interruption."""
        return {slot: self.talk.slots.get(slot) for slot in SNAPSHOT_SLOTS}

    def events(self) -> list[Event]:
        """Build the events of all changes.

        The requested slot is told last, so that the engine asks nothing itself. The count of tries is told always:
        a form whose validator sets no other slot counts as rejected in the engine.
        """
        slots = self.talk.slots
        tries = self.get("tries") or 0
        changed = {
            s: v
            for s, v in self._changes.items()
            if s not in _TOLD_APART and (s in _TOLD_ANEW or slots.get(s) != v)
        }
        events = [SlotSet("tries", tries), *(SlotSet(slot, value) for slot, value in changed.items())]
        if REQUESTED_SLOT in self._changes:
            events.append(SlotSet(REQUESTED_SLOT, self._changes[REQUESTED_SLOT]))
        return events
