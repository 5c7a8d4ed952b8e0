"""Whether a message belongs to the open form, or the customer wants something else first.

A pure decision over the understood message. Where the customer answers in their own words (why, what happened, to
which address), almost every intent may turn up in the answer, so only clear requests break in there.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from actions.goals.intents import CONTROL, QUESTIONS, SOCIAL, TASKS
from actions.goals.talk import Talk
from actions.recognise import count_words, has_words, is_in_other_script, is_question

# How sure understanding must be for a message to leave the field it may just as well answer.
SURE = 0.7
# How sure it must be that "a new one please", which answers what was asked, is yet a wish to start anew.
VERY_SURE = 0.9
# How sure it must be of something else than what was asked for, where the message fills nothing.
FAIRLY_SURE = 0.55
# Which rank, and which share of the confidence, make another task likely in such a case.
NEXT_RANK = 2
RATHER_A_TASK = 0.25
# A greeting or a thank-you is short; a longer text that begins with one says more.
SOCIAL_WORDS = 5


class Verdict(StrEnum):
    """What to do with a message in a form."""

    ANSWER = "answer"
    AGAIN = "again"
    INTERRUPTION = "interruption"
    COURTESY = "courtesy"
    STOP = "stop"


@dataclass(frozen=True)
class Place:
    """Where in a form the message arrived. ``has_value``: it fills at least one of the form's fields."""

    own: frozenset[str]
    related: frozenset[str]
    is_free_text: bool
    has_value: bool


def judge(talk: Talk, place: Place) -> Verdict:
    """Judge a message that arrived in a form."""
    intent = talk.intent
    if intent in CONTROL:
        return Verdict.INTERRUPTION if _breaks_in(talk, place) else Verdict.ANSWER
    if intent in ("repeat", "back_to_task"):
        return Verdict.ANSWER if place.is_free_text and not _is_sure(talk) else Verdict.AGAIN
    if intent == "cancel_order" and _is_lone_cancel(talk):
        return Verdict.AGAIN if intent in place.own else Verdict.STOP
    if intent in ("inform", "correct", "nlu_fallback") and _is_rather_a_task(talk, place):
        return Verdict.INTERRUPTION
    if intent in place.own:
        return Verdict.ANSWER if place.has_value else Verdict.AGAIN
    if intent in TASKS:
        return _judge_task(talk, place)
    if intent in QUESTIONS:
        return _judge_question(talk, place)
    if intent in SOCIAL:
        return _judge_social(talk, place)
    if intent in ("nlu_fallback", "out_of_scope") and not place.is_free_text and not place.has_value:
        return Verdict.INTERRUPTION if is_question(talk.text) else Verdict.ANSWER
    return Verdict.ANSWER


def _is_lone_cancel(talk: Talk) -> bool:
    """Tell whether the text is no more than "cancel": in the middle of something that means this, not an order."""
    return not talk.is_payload and talk.text.lower().strip(" .!") in (
        "cancel",
        "cancel that",
        "cancel this",
        "please cancel",
    )


def _is_rather_a_task(talk: Talk, place: Place) -> bool:
    """Tell whether an unsure "inform" or "correct" may rather be another task ("actually, where is NL-10234")."""
    is_sure = _is_sure(talk) and talk.intent != "nlu_fallback"
    if place.is_free_text or is_sure or not place.has_value or len(talk.turn.ranking) < NEXT_RANK:
        return False
    name, share = talk.turn.ranking[NEXT_RANK - 1]
    return name in TASKS - place.own - place.related and share >= RATHER_A_TASK


def _is_sure(talk: Talk) -> bool:
    return talk.is_payload or talk.turn.confidence >= SURE


def _breaks_in(talk: Talk, place: Place) -> bool:
    """Tell whether somebody leaves; a person is called at once, and a text that is an answer as well needs more."""
    if place.is_free_text or (place.has_value and talk.intent != "talk_to_person"):
        return _is_sure(talk) and (place.is_free_text or talk.turn.confidence >= VERY_SURE)
    return True


def _judge_task(talk: Talk, place: Place) -> Verdict:
    if talk.is_payload:
        return Verdict.INTERRUPTION
    if talk.intent in place.related and (place.has_value or place.is_free_text):
        return Verdict.ANSWER
    if place.is_free_text:
        return Verdict.INTERRUPTION if _is_sure(talk) and is_question(talk.text) else Verdict.ANSWER
    is_likely = _is_sure(talk) or (not place.has_value and talk.turn.confidence >= FAIRLY_SURE)
    return Verdict.INTERRUPTION if is_likely else Verdict.ANSWER


def _judge_question(talk: Talk, place: Place) -> Verdict:
    if talk.is_payload:
        return Verdict.INTERRUPTION
    if place.is_free_text or place.has_value:
        return Verdict.INTERRUPTION if _is_sure(talk) and is_question(talk.text) else Verdict.ANSWER
    is_likely = talk.turn.confidence >= FAIRLY_SURE or is_question(talk.text)
    return Verdict.INTERRUPTION if is_likely else Verdict.ANSWER


def _judge_social(talk: Talk, place: Place) -> Verdict:
    if not talk.is_payload and not has_words(talk.text):
        return Verdict.ANSWER
    is_short = count_words(talk.text) <= SOCIAL_WORDS and not is_in_other_script(talk.text)
    if place.has_value and not place.is_free_text:
        return Verdict.ANSWER
    if place.is_free_text:
        return Verdict.COURTESY if is_short and _is_sure(talk) else Verdict.ANSWER
    return Verdict.COURTESY if talk.is_payload or talk.turn.confidence >= FAIRLY_SURE else Verdict.ANSWER
