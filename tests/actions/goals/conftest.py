"""A conversation held with one action at a time: no engine, the same tracker that rasa_sdk would read."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

import pytest
from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.goals import build_actions
from tests.actions.goals.fakes import CUSTOMERS, FakeDesk, FakeKnowledge, FakeShop, now


@dataclass
class Bench:
    """The fakes, every action, and what the conversation has come to."""

    shop: FakeShop = field(default_factory=FakeShop)
    desk: FakeDesk = field(default_factory=FakeDesk)
    knowledge: FakeKnowledge = field(default_factory=FakeKnowledge)
    slots: dict[str, Any] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)
    form: str | None = None
    replies: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        built = build_actions(self.shop, self.desk, self.knowledge, now)
        self.actions: dict[str, Action] = {action.name(): action for action in built}

    def hear(self, text: str, intent: str, customer: str | None = None, **more: Any) -> None:
        """Record a customer's message."""
        confidence = more.pop("confidence", 0.95)
        ranking = more.pop("ranking", [["greet", 0.01]])
        entities = [{"entity": name, "value": value} for name, value in more.items()]
        email = CUSTOMERS.get(customer or "", "")
        known = {"id": customer, "name": "X", "email": email} if customer else None
        self.message = {
            "message_id": f"m{len(self.events)}",
            "text": text,
            "intent": {"name": intent, "confidence": confidence},
            "intent_ranking": [
                {"name": intent, "confidence": confidence},
                *({"name": name, "confidence": share} for name, share in ranking),
            ],
            "entities": entities,
            "metadata": {"locale": "en", "channel": "widget", "customer": known},
        }
        self.events.append({"event": "user", "text": text, "parse_data": self.message})

    def start(self, form: str) -> None:
        """Activate a form, as its rule does."""
        self.form = form
        self.events.append({"event": "active_loop", "name": form})

    def run(self, name: str) -> list[dict[str, Any]]:
        """Run an action; its events are applied."""
        dispatcher = CollectingDispatcher()
        tracker = Tracker(
            "c1", dict(self.slots), self.message, list(self.events), False, None, self.loop, "action_listen"
        )
        events: list[dict[str, Any]] = asyncio.run(self.actions[name].run(dispatcher, tracker, {}))
        self.replies = dispatcher.messages
        self.events += [{"event": "action", "name": name}, *events]
        self.slots.update({e["name"]: e["value"] for e in events if e["event"] == "slot"})
        return events

    @property
    def loop(self) -> dict[str, Any]:
        return {"name": self.form} if self.form else {}

    @property
    def said(self) -> list[str]:
        """The names of the responses said last; a text of its own counts as "text"."""
        return [reply["response"] or "text" for reply in self.replies]


@pytest.fixture
def bench() -> Bench:
    return Bench()
