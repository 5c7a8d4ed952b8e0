"""Answer a question from the knowledge base, in the articles' own sentences and with their source; or say that we don't know."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

import structlog

from actions.errors import ActionsError, KnowledgeUnavailable
from actions.goals.goal import Goal
from actions.goals.intents import MEANINGS, QUESTION_TOPICS
from actions.goals.talk import Event, Say, Talk, button, set_slots
from actions.goals.task import PERSON
from actions.goals.world import World
from actions.ports import Asker, KnowledgeAnswer, KnowledgeReply, NearPassage
from actions.recognise import count_words, without_details

log = structlog.get_logger()

ANSWER_SECONDS = 4.0
NOTHING = KnowledgeReply(None, 0.0)
# What the desk keeps of a question without an answer.
MAX_QUESTION_CHARS = 500
MAX_NEAREST = 3
MAX_NEAREST_CHARS = 300
TICKET = button("Leave a message", "/complaint")


# A question of at most this many words may go on with the one before ("and to Norway?").
FOLLOW_UP_WORDS = 8
# How sure understanding must be of a question's topic for an answer to the topic to be worth offering.
SURE_OF_TOPIC = 0.6
# So sure, and in so few words, the topic is all that is asked.
SURE_OF_ALL = 0.9
TOPIC_WORDS = 5


def query_of(talk: Talk) -> str:
    """Build the query: what was written, without numbers and addresses; for a button, its topic."""
    return (
        without_details(talk.text)
        or talk.text
        or QUESTION_TOPICS.get(talk.intent)
        or MEANINGS.get(talk.intent, "")
    )


def before_of(talk: Talk) -> tuple[str, ...]:
    """Name the question before, where this one is short enough to go on with it; the knowledge base decides whether it does."""
    former = talk.slots.get("last_question")
    was_answer = any(talk.ran_before(action) for action in ("action_answer", "action_repeat", "utter_thank"))
    is_short = count_words(query_of(talk)) <= FOLLOW_UP_WORDS
    return (former,) if was_answer and former and is_short else ()


def is_topic_itself(talk: Talk) -> bool:
    """Tell whether a question is hardly more than its topic ("what is your return policy?")."""
    return talk.turn.confidence >= SURE_OF_ALL and count_words(query_of(talk)) <= TOPIC_WORDS


def asker_of(talk: Talk) -> Asker:
    """Say who asks: the desk names a customer's id only where the shop vouches for it.

    One who writes Chinese reads Chinese, whatever the page around the chat speaks.
    """
    customer = talk.turn.customer
    is_chinese = any("\u4e00" <= letter <= "\u9fff" for letter in talk.text)
    return Asker(customer is not None and bool(customer.id), "zh" if is_chinese else talk.turn.locale)


async def find_answer(world: World, query: str, asker: Asker, before: Sequence[str] = ()) -> KnowledgeReply:
    """Ask the knowledge base, within this goal's time; ``before`` are the questions that this one may go on with.

    Raises:
        KnowledgeUnavailable: it did not answer, or not in time.
    """
    if not query:
        return NOTHING
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            return await world.knowledge.answer(query, before=before, asker=asker)
    except TimeoutError as error:
        raise KnowledgeUnavailable("no answer in time") from error


def say_answer(answer: KnowledgeAnswer, say: Say) -> None:
    """Say the answer with where it stands."""
    say.text(answer.text, sources=[asdict(source) for source in answer.sources])


def unanswered(talk: Talk, reply: KnowledgeReply) -> dict[str, Any] | None:
    """Tell the desk what could not be answered, without personal details; None when no word is left.

    A pressed button asks for its topic.
    """
    question = without_details(talk.text) if talk.text else QUESTION_TOPICS.get(talk.intent)
    if not question:
        return None
    nearest = [_near(passage) for passage in reply.nearest[:MAX_NEAREST]]
    told = {
        "question": question[:MAX_QUESTION_CHARS],
        "confidence": round(reply.confidence, 4),
        "nearest": nearest,
    }
    return {"unanswered": told}


def _near(passage: NearPassage) -> dict[str, Any]:
    short = replace(passage, text=passage.text[:MAX_NEAREST_CHARS], score=round(passage.score, 4))
    return asdict(short)


class AnswerAction(Goal):
    """Answers every question intent."""

    label = "action_answer"

    def __init__(self, world: World) -> None:
        self.world = world

    async def act(self, talk: Talk, say: Say) -> list[Event]:
        """Answer; else answer what is nearest to it, and say so; else say honestly that there is no answer."""
        try:
            reply = await find_answer(self.world, query_of(talk), asker_of(talk), before_of(talk))
            nearest = None if reply.answer else await self._find_nearest(talk)
        except ActionsError as error:
            log.warning("answer_failed", conversation_id=talk.turn.conversation_id, code=error.code)
            say("utter_answer_unavailable", buttons=[PERSON])
            return set_slots(offer="talk_to_person")
        if nearest and not is_topic_itself(talk):
            say("utter_nearest_answer", data=unanswered(talk, reply))
        found = reply.answer or nearest
        if found:
            say_answer(found, say)
            return set_slots(last_question=query_of(talk))
        if talk.turn.active_form:
            say("utter_no_answer_here", buttons=[PERSON], data=unanswered(talk, reply))
            return []
        say("utter_no_answer", buttons=[PERSON, TICKET], data=unanswered(talk, reply))
        return set_slots(offer="talk_to_person")

    async def _find_nearest(self, talk: Talk) -> KnowledgeAnswer | None:
        """Look up the question's topic, where understanding is sure of it."""
        topic = QUESTION_TOPICS.get(talk.intent)
        if not topic or talk.turn.confidence < SURE_OF_TOPIC:
            return None
        return (await find_answer(self.world, topic, asker_of(talk))).answer
