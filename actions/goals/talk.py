"""A goal's view of the conversation: what was just said, what happened since, and how to answer.

:class:`Talk` reads rasa_sdk's tracker once; :class:`Say` collects the replies. Nothing here talks to the outside.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rasa_sdk.events import ActiveLoop, FollowupAction, SlotSet

from actions.recognise import count_words, is_question, normalise, read_yes_no
from actions.turn import Turn

Event = dict[str, Any]
Button = dict[str, str]

LISTEN = "action_listen"
REQUESTED_SLOT = "requested_slot"
# How sure understanding must be of a yes that has no word for it, and how many words a "yes?" may have.
CLEAR_YES = 0.6
YES_WORDS = 2
# Actions that the engine runs by itself; they are not an answer to the customer.
_SILENT_ACTIONS = frozenset({LISTEN, "action_extract_slots", "action_session_start", None})


@dataclass(frozen=True)
class Talk:
    """The latest message and the events around it, newest last."""

    turn: Turn
    events: Sequence[Event]

    @classmethod
    def from_tracker(cls, tracker: Any) -> Talk:
        """Read rasa_sdk's tracker."""
        return cls(Turn.from_tracker(tracker), tracker.events or [])

    @property
    def slots(self) -> Mapping[str, Any]:
        """The tracker's slots."""
        return self.turn.slots

    @property
    def intent(self) -> str:
        """The intent of the latest message."""
        return self.turn.intent

    @property
    def is_payload(self) -> bool:
        """Whether a button was pressed: understanding ranks many intents, a trusted payload names just one."""
        return self.turn.confidence == 1.0 and len(self.turn.ranking) <= 1

    @property
    def text(self) -> str:
        """What the customer wrote, normalised; empty when a button was pressed."""
        return "" if self.is_payload else normalise(self.turn.text)

    @property
    def customer_id(self) -> str | None:
        """The verified customer's id; None for everybody else."""
        return self.turn.customer.id if self.turn.customer and self.turn.customer.id else None

    @property
    def known_email(self) -> str | None:
        """The verified customer's address."""
        if self.turn.customer and self.turn.customer.id and self.turn.customer.email:
            return self.turn.customer.email.lower()
        return None

    def entity(self, name: str) -> str | None:
        """Get the last value of an entity in the latest message."""
        values = self.turn.values_of(name)
        return values[-1] if values else None

    def yes_or_no(self) -> bool | None:
        """Read a yes or a no; a question ("are you sure?") and a doubtful yes are neither."""
        said = read_yes_no(self.text)
        is_short_yes = said is not None and self.text.endswith("?") and count_words(self.text) <= YES_WORDS
        if self.text and is_question(self.text) and not is_short_yes:
            return None
        if self.intent == "affirm":
            return True if said or self.turn.confidence >= CLEAR_YES else None
        return False if self.intent == "deny" else said

    @property
    def is_waiting_wish(self) -> bool:
        """Whether the latest message is a part of an earlier one, whose turn has come."""
        for event in reversed(self.events):
            if event.get("event") == "user":
                return (event.get("metadata") or {}).get("kind") == "wish"
        return False

    def _since_message(self) -> Iterator[Event]:
        """Walk the events after the latest message, newest first."""
        for event in reversed(self.events):
            if event.get("event") == "user":
                return
            yield event

    def _former_turn(self) -> Iterator[Event]:
        """Walk the events between the message before the latest one and the latest, newest first."""
        seen = 0
        for event in reversed(self.events):
            if event.get("event") == "user":
                seen += 1
                if seen == 2:
                    return
            elif seen == 1:
                yield event

    def has_answered(self) -> bool:
        """Tell whether an action other than a form already answered the latest message.

        True when a form is taken up again: after a digression, after another task, or when the desk gives a
        conversation back. Then the message must not be read a second time.
        """
        names = (e.get("name") for e in self._since_message() if e.get("event") == "action")
        return any(name not in _SILENT_ACTIONS and not str(name).endswith("_form") for name in names)

    def has_just_started(self, form: str) -> bool:
        """Tell whether the form was activated by the action that asks now."""
        for event in self._since_message():
            if event.get("event") == "active_loop":
                return bool(event.get("name") == form)
        return False

    def loop_before(self, form: str) -> str | None:
        """Get the form that was active until this one was activated."""
        loops = [e.get("name") for e in self.events if e.get("event") == "active_loop"]
        former = loops[-2] if len(loops) > 1 and loops[-1] == form else None
        return str(former) if former and former != form else None

    def former_slot(self, name: str) -> Any:
        """Get what the previous turn set this slot to; None when it did not touch it."""
        for event in self._former_turn():
            if event.get("event") == "slot" and event.get("name") == name:
                return event.get("value")
        return None

    def recent_slot(self, name: str) -> Any:
        """Get what this turn or the previous one last set this slot to; None when neither touched it."""
        seen = 0
        for event in reversed(self.events):
            seen += event.get("event") == "user"
            if seen == 2:
                return None
            if event.get("event") == "slot" and event.get("name") == name:
                return event.get("value")
        return None

    def ran_before(self, action: str) -> bool:
        """Tell whether the previous turn ran this action."""
        return any(e.get("event") == "action" and e.get("name") == action for e in self._former_turn())

    def former_replies(self) -> list[Event]:
        """Get the replies of the previous turn, in order."""
        return [e for e in self._former_turn() if e.get("event") == "bot"][::-1]


class Say:
    """Collects replies. Words stand in ``data/responses``; here are only their names and values."""

    def __init__(self, dispatcher: Any) -> None:
        self._dispatcher = dispatcher

    def __call__(
        self,
        response: str,
        *,
        buttons: Sequence[Button] = (),
        data: Mapping[str, Any] | None = None,
        **values: Any,
    ) -> None:
        """Say a response by its name; the values fill its placeholders, the data travel beside it to the desk."""
        extra = dict(data) if data else None
        self._dispatcher.utter_message(response=response, buttons=list(buttons), json_message=extra, **values)

    def text(
        self, text: str, *, sources: Sequence[Mapping[str, str]] = (), buttons: Sequence[Button] = ()
    ) -> None:
        """Say a text that is not ours to word (an article's sentences, a repeated reply), with its sources."""
        extra = {"sources": [dict(source) for source in sources]} if sources else None
        self._dispatcher.utter_message(text=text, buttons=list(buttons), json_message=extra)


def button(title: str, payload: str) -> Button:
    """Build a button; the payload is an intent, with or without entities."""
    return {"title": title, "payload": payload}


def set_slots(**values: Any) -> list[Event]:
    """Set several slots."""
    return [SlotSet(name, value) for name, value in values.items()]


def listen() -> Event:
    """End the turn here: no rule, and no form, speaks after this."""
    return FollowupAction(LISTEN)  # type: ignore[no-any-return]


def go_to(action: str) -> Event:
    """Run this action next."""
    return FollowupAction(action)  # type: ignore[no-any-return]


def leave_form() -> list[Event]:
    """Deactivate whatever form is active."""
    return [ActiveLoop(None), SlotSet(REQUESTED_SLOT, None)]
