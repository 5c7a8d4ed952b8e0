"""Actions that do one telling thing each, for tests of the engine's channel."""

from __future__ import annotations

import asyncio
from typing import Any

from rasa_sdk import Action
from rasa_sdk.interfaces import ActionExecutionRejection

from actions.turn import Turn

SOURCE = {"title": "Shipping", "url": "/help/shipping", "section": "Times", "updated": "2026-11-01"}


class TinyAction(Action):  # type: ignore[misc]  # rasa_sdk is untyped
    """Notes each run as (conversation, message)."""

    def __init__(self, runs: list[tuple[str, str]]) -> None:
        self.runs = runs

    def name(self) -> str:
        return f"action_{type(self).__name__.lower()}"

    async def run(self, dispatcher: Any, tracker: Any, domain: Any) -> list[dict[str, Any]]:
        turn = Turn.from_tracker(tracker)
        self.runs.append((turn.conversation_id, turn.message_id))
        return await self.act(dispatcher, turn)

    async def act(self, dispatcher: Any, turn: Turn) -> list[dict[str, Any]]:
        raise NotImplementedError


class Echo(TinyAction):
    async def act(self, dispatcher: Any, turn: Turn) -> list[dict[str, Any]]:
        email = turn.customer.email if turn.customer else ""
        dispatcher.utter_message(text=f"{turn.text}|{turn.message_id}|{email}|{turn.locale}")
        return []


class Story(TinyAction):
    async def act(self, dispatcher: Any, turn: Turn) -> list[dict[str, Any]]:
        dispatcher.utter_message(text="One.\n\nTwo.", json_message={"sources": [SOURCE], "mood": "calm"})
        return []


class Break(TinyAction):
    async def act(self, dispatcher: Any, turn: Turn) -> list[dict[str, Any]]:
        dispatcher.utter_message(text="never seen")
        raise RuntimeError("the secret is 4711")


class Slow(TinyAction):
    async def act(self, dispatcher: Any, turn: Turn) -> list[dict[str, Any]]:
        await asyncio.sleep(30)
        return []


class Missing(TinyAction):
    async def act(self, dispatcher: Any, turn: Turn) -> list[dict[str, Any]]:
        dispatcher.utter_message(response="utter_that_is_not_there")
        return []


class Menu(TinyAction):
    async def act(self, dispatcher: Any, turn: Turn) -> list[dict[str, Any]]:
        dispatcher.utter_message(
            text="What can I do?", buttons=[{"title": "Track", "payload": "/order_status"}]
        )
        return []


class Reject(TinyAction):
    async def act(self, dispatcher: Any, turn: Turn) -> list[dict[str, Any]]:
        raise ActionExecutionRejection(self.name())


def build_tiny_actions(runs: list[tuple[str, str]]) -> list[Action]:
    return [kind(runs) for kind in (Echo, Story, Break, Slow, Missing, Menu, Reject)]
