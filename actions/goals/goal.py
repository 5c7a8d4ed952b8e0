"""What every custom action is: a name, and one verb over the conversation."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

from rasa_sdk import Action

from actions.goals.talk import Event, Say, Talk


class Goal(Action):  # type: ignore[misc]  # rasa_sdk is untyped
    """A custom action; the domain is never read, and therefore never sent."""

    label = ""

    def name(self) -> str:
        """Name the action as the engine calls it."""
        return self.label

    async def run(self, dispatcher: Any, tracker: Any, _domain: Any) -> list[Event]:
        """Answer the latest message."""
        return await self.act(Talk.from_tracker(tracker), Say(dispatcher))

    @abstractmethod
    async def act(self, talk: Talk, say: Say) -> list[Event]:
        """Say what is to be said; answer what changes in the tracker, and what comes next."""
