"""Hand the conversation to a person, with one line that spares the customer from telling it all again."""

from __future__ import annotations

import asyncio

import structlog

from actions.errors import ActionsError
from actions.goals.goal import Goal
from actions.goals.intents import CONTROL, MEANINGS, SOCIAL
from actions.goals.talk import Event, Say, Talk, button, listen, set_slots
from actions.goals.task import ACTION_SECONDS, Task
from actions.goals.world import World
from actions.ports import HandoffRequest

log = structlog.get_logger()

MAX_QUOTE = 140
MAX_BRIEF = 400
# What a brief tells of the slots, in this order.
BRIEF_SLOTS = {
    "order_number": "order",
    "order_candidate": "order (not proven)",
    "item": "item",
    "problem": "problem",
    "reason": "reason",
    "exchange_for": "wants instead",
    "resolution": "wants",
    "address": "new address",
    "ticket_number": "ticket",
    "email": "e-mail",
}
SAYS_NOTHING = CONTROL | SOCIAL | {"affirm", "deny", "repeat", "back_to_task"}
RETRY = button("Try again", "/talk_to_person")


def write_brief(talk: Talk, tasks: dict[str, Task]) -> str:
    """Write the brief: the goal, what is known, what went wrong, the customer's last own words."""
    slots = talk.slots
    form = talk.turn.active_form or slots.get("last_task")
    parts = [f"Goal: {describe_goal(tasks.get(str(form)), is_open=bool(talk.turn.active_form))}"]
    known = [f"{label} {slots[slot]}" for slot, label in BRIEF_SLOTS.items() if slots.get(slot)]
    if known:
        parts.append("known: " + ", ".join(known))
    if slots.get("misses"):
        parts.append(f"not understood: {slots['misses']}×")
    if slots.get("failed_proofs"):
        parts.append(f"order and e-mail did not match: {slots['failed_proofs']}×")
    quote = last_words(talk)
    if quote:
        parts.append(f"last said: “{quote}”")
    return ". ".join(parts)[:MAX_BRIEF]


def describe_goal(task: Task | None, *, is_open: bool) -> str:
    """Name the task that is open, or the one before."""
    if task is None:
        return "asked for a person"
    meaning = MEANINGS[min(task.intents)].lower()
    return meaning if is_open else f"asked for a person (before that: {meaning})"


def last_words(talk: Talk) -> str:
    """Find the last thing the customer wrote that says more than "a person, please"."""
    for event in reversed(talk.events):
        if event.get("event") != "user":
            continue
        said = event.get("parse_data") or {}
        text = str(event.get("text") or "")
        if text and not text.startswith("/") and (said.get("intent") or {}).get("name") not in SAYS_NOTHING:
            return " ".join(text.split())[:MAX_QUOTE]
    return ""


class HandoffAction(Goal):
    """Asks the desk for a person. An open form stays open, for when the conversation comes back."""

    label = "action_handoff"

    def __init__(self, world: World, tasks: dict[str, Task]) -> None:
        self.world = world
        self.tasks = tasks

    async def act(self, talk: Talk, say: Say) -> list[Event]:
        """Ask for a person; the desk itself tells the place in the queue."""
        request = HandoffRequest(
            conversation_id=talk.turn.conversation_id,
            reason="asked"
            if talk.intent == "talk_to_person"
            else str(talk.slots.get("handoff_reason") or "offered"),
            brief=write_brief(talk, self.tasks),
            interrupted_form=talk.turn.active_form,
        )
        try:
            async with asyncio.timeout(ACTION_SECONDS):
                receipt = await self.world.desk.request_handoff(request, talk.turn.effect_key("handoff"))
        except (ActionsError, TimeoutError) as error:
            log.warning("handoff_failed", conversation_id=request.conversation_id, error=type(error).__name__)
            say("utter_handoff_failed", buttons=[RETRY])
            return [*set_slots(misses=0, handoff_reason=None, offer="talk_to_person"), listen()]
        say("utter_handoff_waiting" if receipt.is_waiting else "utter_handoff")
        return [*set_slots(misses=0, handoff_reason=None), listen()]
