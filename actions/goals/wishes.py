"""Two wishes in one message: what the customer hears about the one that waits, and when its turn has come."""

from __future__ import annotations

from actions.goals.goal import Goal
from actions.goals.intents import MEANINGS, TASK_MEANINGS
from actions.goals.talk import Event, Say, Talk


class AnnounceWish(Goal):
    """Says what comes later (before a task, which takes several turns), or what comes now."""

    label = "action_announce_wish"

    async def act(self, talk: Talk, say: Say) -> list[Event]:
        """Name the wish as the buttons do; an answer, a yes or a no has no name and needs none."""
        if talk.is_waiting_wish:
            if talk.intent in MEANINGS:
                say("utter_next_wish", meaning=MEANINGS[talk.intent])
            return []
        waiting = talk.slots.get("waiting_wishes") or []
        named = [MEANINGS[wish["intent"]] for wish in waiting if wish.get("intent") in MEANINGS]
        if named and talk.intent in TASK_MEANINGS:
            say("utter_wish_waits", meaning=named[0])
        return []
