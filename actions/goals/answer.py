"""Answer a question from the knowledge base, in the articles' own sentences and with their source; or say that we don't know."""

from __future__ import annotations

import asyncio

import structlog

from actions.errors import ActionsError, KnowledgeUnavailable
from actions.goals.goal import Goal
from actions.goals.intents import MEANINGS
from actions.goals.talk import Event, Say, Talk, button, set_slots
from actions.goals.task import PERSON
from actions.goals.world import World
from actions.ports import KnowledgeAnswer

log = structlog.get_logger()

ANSWER_SECONDS = 4.0
TICKET = button("Leave a message", "/complaint")


def query_of(talk: Talk) -> str:
    """Build the query: what was written; for a button, what the button said."""
    return talk.text or MEANINGS.get(talk.intent, "")


async def find_answer(world: World, query: str) -> KnowledgeAnswer | None:
    """Ask the knowledge base, within this goal's time.

    Raises:
        KnowledgeUnavailable: it did not answer, or not in time.
    """
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            return await world.knowledge.answer(query) if query else None
    except TimeoutError as error:
        raise KnowledgeUnavailable("no answer in time") from error


def say_answer(answer: KnowledgeAnswer, say: Say) -> None:
    """Say the answer with where it stands."""
    source = {"title": answer.title, "url": answer.url, "section": answer.section, "updated": answer.updated}
    say.text(answer.text, sources=[source])


class AnswerAction(Goal):
    """Answers every question intent."""

    label = "action_answer"

    def __init__(self, world: World) -> None:
        self.world = world

    async def act(self, talk: Talk, say: Say) -> list[Event]:
        """Answer, or say honestly that there is no answer."""
        try:
            answer = await find_answer(self.world, query_of(talk))
        except ActionsError as error:
            log.warning("answer_failed", conversation_id=talk.turn.conversation_id, code=error.code)
            say("utter_answer_unavailable", buttons=[PERSON])
            return set_slots(offer="talk_to_person")
        if answer is None:
            say("utter_no_answer", buttons=[PERSON, TICKET])
            return set_slots(offer="talk_to_person")
        say_answer(answer, say)
        return []
