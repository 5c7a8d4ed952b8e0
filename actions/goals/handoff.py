"""Hand the conversation to a person, with one line that spares the customer from telling it all again."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import structlog

from actions.errors import ActionsError
from actions.goals.goal import Goal
from actions.goals.intents import CONTROL, SOCIAL, TASK_BRIEFS
from actions.goals.talk import Event, Say, Talk, button, listen, set_slots
from actions.goals.task import ACTION_SECONDS, Task
from actions.goals.world import World
from actions.ports import HandoffRequest
from actions.recognise import normalise

log = structlog.get_logger()

# A brief is also the subject of the ticket that is opened when nobody is there.
MAX_BRIEF = 160
MIN_QUOTE = 20
# What a brief tells of the slots, in this order.
BRIEF_SLOTS = {
    "order_number": "order",
    "order_candidate": "order (not proven)",
    "item": "item",
    "problem": "problem",
    "reason": "reason",
    "exchange_for": "instead",
    "resolution": "wants",
    "address": "new address",
    "ticket_number": "ticket",
}
REASONS = {"not_understood": "Was not understood"}
SAYS_NOTHING = CONTROL | SOCIAL | {"affirm", "deny", "repeat", "back_to_task"}
RETRY = button("Try again", "/talk_to_person")


def write_brief(talk: Talk, tasks: dict[str, Task], reason: str) -> str:
    """Write the brief, at most MAX_BRIEF characters: the goal, what is known, what went wrong, the last own words."""
    slots = talk.slots
    form = talk.turn.active_form or slots.get("last_task")
    goal = describe_goal(tasks.get(str(form)), reason, is_open=bool(talk.turn.active_form))
    known = {
        label: normalise(str(slots[slot])).rstrip(" .")
        for slot, label in BRIEF_SLOTS.items()
        if slots.get(slot)
    }
    facts = [f"{label} {value}" for label, value in known.items()]
    if slots.get("failed_proofs"):
        facts.append(f"order and e-mail did not match ({slots['failed_proofs']}×)")
    brief = clip(f"{goal}: {', '.join(facts)}." if facts else f"{goal}.", MAX_BRIEF)
    quote, room = last_words(talk), MAX_BRIEF - len(brief) - len(" Last said: “”.")
    if not quote or quote in brief or room < MIN_QUOTE:
        return brief
    return f"{brief} Last said: “{clip(quote, room)}”."


def clip(text: str, limit: int) -> str:
    """Cut a text to a length, with a sign that it was cut."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def describe_goal(task: Task | None, reason: str, *, is_open: bool) -> str:
    """Name the task that is open, or the one before."""
    asks = REASONS.get(reason, "Asks for a person")
    if task is None:
        return asks
    doing, done = TASK_BRIEFS[min(task.intents)]
    return doing if is_open else f"{asks} after {done}"


def last_words(talk: Talk) -> str:
    """Find the last thing the customer wrote that says more than "a person, please"."""
    for event in reversed(talk.events):
        if event.get("event") != "user":
            continue
        text = str(event.get("text") or "")
        if text and not text.startswith("/") and not meant_by(event.get("parse_data") or {}) <= SAYS_NOTHING:
            return normalise(text)
    return ""


def meant_by(parse: Mapping[str, Any]) -> set[str]:
    """List the intents of a message: of each part where it has several ("nothing came, I want a person")."""
    parts = (parse.get("understanding") or {}).get("parts") or []
    whole = (parse.get("intent") or {}).get("name")
    return {str(part.get("intent")) for part in parts} if len(parts) > 1 else {str(whole)}


class HandoffAction(Goal):
    """Asks the desk for a person. An open form stays open, for when the conversation comes back."""

    label = "action_handoff"

    def __init__(self, world: World, tasks: dict[str, Task]) -> None:
        self.world = world
        self.tasks = tasks

    async def act(self, talk: Talk, say: Say) -> list[Event]:
        """Ask for a person. The desk's own line tells that one comes, so nothing is said unless it has to wait."""
        is_asked = talk.intent == "talk_to_person"
        reason = "asked" if is_asked else str(talk.slots.get("handoff_reason") or "offered")
        request = HandoffRequest(
            conversation_id=talk.turn.conversation_id,
            reason=reason,
            brief=write_brief(talk, self.tasks, reason),
            interrupted_form=talk.turn.active_form,
        )
        try:
            async with asyncio.timeout(ACTION_SECONDS):
                receipt = await self.world.desk.request_handoff(request, talk.turn.effect_key("handoff"))
        except (ActionsError, TimeoutError) as error:
            log.warning("handoff_failed", conversation_id=request.conversation_id, error=type(error).__name__)
            say("utter_handoff_failed", buttons=[RETRY])
            return [*set_slots(misses=0, handoff_reason=None, offer="talk_to_person"), listen()]
        if receipt.is_waiting:
            say("utter_handoff_waiting")
        return [*set_slots(misses=0, handoff_reason=None), listen()]
