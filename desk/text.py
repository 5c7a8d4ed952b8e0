"""Text from outside, and the sentences the desk itself says. Pure."""

from __future__ import annotations

import re

from desk.errors import BadRequest, TextTooLong

# NUL breaks PostgreSQL, the others break terminals and logs; line feeds and tabs are text.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x9f]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")

REPLACEMENT = "\ufffd"


def clean_text(text: str, limit: int) -> str:
    """Make a message storable: no control characters, no lone surrogates, no blank ends.

    Raises:
        BadRequest: nothing is left.
        TextTooLong: more than ``limit`` characters are.
    """
    clean = scrub(text)
    if not clean:
        raise BadRequest("The message is empty.", "text_empty")
    if len(clean) > limit:
        raise TextTooLong(limit)
    return clean


def scrub(text: str) -> str:
    """Drop what no database or frame can hold; may leave nothing."""
    return _CONTROL.sub("", _SURROGATE.sub(REPLACEMENT, text.replace("\r\n", "\n"))).strip()


def clip(text: str, limit: int) -> str:
    """Cut a text to a length, with a sign that it was cut."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def queue_text(position: int, wait_minutes: int | None) -> str:
    """Tell the place in line; the wait only where it is known."""
    place = "You are next in line." if position == 1 else f"You are number {position} in line."
    wait = f" The wait is about {wait_minutes} min." if wait_minutes else ""
    return f"A person will join this chat. {place}{wait}"


def nobody_text(ticket: str, hours: str) -> str:
    """Say that nobody is free, what was promised and when people are there."""
    when = f" People are here {hours}." if hours else ""
    return f"Nobody is free right now. We opened ticket {ticket} and will answer there and here.{when}"


def say(locale: str, sentence: str) -> str:
    """Say one of the sentences that have no code for the widget to translate, in the customer's language."""
    return CHINESE.get(sentence, sentence) if locale == "zh" else sentence


TAKING_LONGER = "This takes a little longer than usual. I am still on it."
APOLOGY = "I am sorry, I cannot answer right now. Your message is kept. Would you like to talk to a person?"
BROKEN_TURN = "I am sorry, I could not work on that message. I am asking a person to take over."
NO_ANSWER = "I have no good answer to that. You can say it in other words, or talk to a person."
RESUME_FAILED = "I am back. What can I do for you?"
TALK_TO_PERSON = "Talk to a person"
ASKED_FOR_PERSON = "I would like to talk to a person."
BACK_TO_BOT = "You are talking with the assistant again."
CLOSED = "This conversation was closed. Write at any time to open it again."

CHINESE = {
    NO_ANSWER: "这个问题我暂时没有合适的答案。您可以换个说法，或者转人工客服。",
    RESUME_FAILED: "我回来了。有什么可以帮您？",
    TALK_TO_PERSON: "转人工客服",
    ASKED_FOR_PERSON: "我想和人工客服交谈。",
}
