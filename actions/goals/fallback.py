"""When a message was not understood: an answer, a question back, or a person. Never silence, never a guess."""

from __future__ import annotations

from typing import Any

import structlog

from actions.errors import ActionsError
from actions.goals.answer import asker_of, before_of, find_answer, query_of, say_answer, unanswered
from actions.goals.control import MENU, UNKNOWN_SHARE, asks_for_trace, likely_task, redo_lookup
from actions.goals.goal import Goal
from actions.goals.intents import MEANINGS, UNKNOWN
from actions.goals.talk import Button, Event, Say, Talk, button, go_to, listen, set_slots
from actions.goals.task import PERSON, Task
from actions.goals.world import DialogueSettings, World
from actions.ports import KnowledgeReply
from actions.recognise import find_order_number, is_call_for_help, is_in_other_script, is_question

log = structlog.get_logger()

MISSES_BEFORE_OFFER = 2
MISSES_BEFORE_HANDOFF = 3


def likely_meanings(talk: Talk, settings: DialogueSettings) -> list[str]:
    """Find the two or three intents that may have been meant, likeliest first; empty when none is likely enough.

    Understanding's own choices where it made any (the operator's dial in ``config.yml``), else by the settings.
    """
    if talk.turn.choices is not None:
        return [name for name in talk.turn.choices if name in MEANINGS and name not in UNKNOWN]
    ranked = [(name, share) for name, share in talk.turn.ranking if name in MEANINGS and name not in UNKNOWN]
    if not ranked or ranked[0][1] < settings.clarify_best:
        return []
    likely = [name for name, share in ranked if share >= settings.clarify_share]
    return likely[: settings.clarify_choices]


def meaning_buttons(intents: list[str]) -> list[Button]:
    """Offer each meaning, and the way out when it was none of them."""
    return [
        *(button(MEANINGS[intent], f"/{intent}") for intent in intents),
        button("Something else", "/deny"),
    ]


def next_step(talk: Talk) -> Event:
    """Name what comes next: the open form, else listening.

    No rule can do it, since this action also follows others, and stands in where no rule applies.
    """
    return go_to(talk.turn.active_form) if talk.turn.active_form else listen()


class FallbackAction(Goal):
    """Answers from the knowledge base, else asks back, else offers a person, else calls one."""

    label = "action_fallback"

    def __init__(self, world: World, tasks: dict[str, Task]) -> None:
        self.world = world
        self.tasks = tasks

    async def act(self, talk: Talk, say: Say) -> list[Event]:
        """Do the best that can be done with a message that was not understood."""
        if is_call_for_help(talk.text) and not talk.turn.active_form:
            say("utter_menu", buttons=MENU)
            return [*set_slots(misses=0), listen()]
        if asks_for_trace(talk):
            return [go_to("action_affirm")]
        number = find_order_number(talk.text, allow_bare=False)
        if number and likely_task(talk, UNKNOWN_SHARE):
            return [go_to("action_inform")]
        reply = await self._find(talk)
        if reply and reply.answer:
            say_answer(reply.answer, say)
            return [*set_slots(misses=0), next_step(talk)]
        told = unanswered(talk, reply) if reply and is_question(talk.text) else None
        if talk.turn.active_form:
            say("utter_cannot_help_here", data=told)
            return [next_step(talk)]
        redone = redo_lookup(talk, self.tasks)
        if redone:
            return redone
        if number:
            return [go_to("action_inform")]
        misses = int(talk.slots.get("misses") or 0) + 1 if talk.ran_before(self.name()) else 1
        if misses >= MISSES_BEFORE_HANDOFF:
            if told:
                say("utter_fallback_hand_over", data=told)
            return [*set_slots(misses=misses, handoff_reason="not_understood"), go_to("action_handoff")]
        self._ask_back(talk, say, misses, told)
        offer = "talk_to_person" if misses >= MISSES_BEFORE_OFFER else None
        return [*set_slots(misses=misses, offer=offer), next_step(talk)]

    async def _find(self, talk: Talk) -> KnowledgeReply | None:
        """Ask the knowledge base; None when it cannot be asked."""
        try:
            return await find_answer(self.world, query_of(talk), asker_of(talk), before_of(talk))
        except ActionsError as error:
            log.warning("answer_failed", conversation_id=talk.turn.conversation_id, code=error.code)
            return None

    def _ask_back(self, talk: Talk, say: Say, misses: int, told: dict[str, Any] | None) -> None:
        """Ask what was meant; ``told`` is what the desk hears of a question that was not answered."""
        meanings = likely_meanings(talk, self.world.settings)
        if misses >= MISSES_BEFORE_OFFER:
            say("utter_fallback_offer_person", buttons=[PERSON, *meaning_buttons(meanings)[:-1]], data=told)
        elif len(meanings) > 1:
            say("utter_clarify", buttons=meaning_buttons(meanings), data=told)
        elif meanings:
            meaning = MEANINGS[meanings[0]].lower()
            say("utter_clarify_one", meaning=meaning, buttons=meaning_buttons(meanings), data=told)
        elif not talk.text:
            say("utter_fallback_empty", buttons=[PERSON])
        elif is_in_other_script(talk.text):
            say("utter_fallback_language", buttons=[PERSON], data=told)
        else:
            say("utter_fallback_rephrase", buttons=[PERSON], data=told)
