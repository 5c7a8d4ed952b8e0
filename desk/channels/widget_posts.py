"""What a widget's frame does, whichever way it came: the socket and the long poll share it."""

from __future__ import annotations

from time import monotonic

from desk.config import DeskConfig
from desk.errors import BadRequest, DeskError
from desk.frames import (
    LeavePerson,
    Ping,
    Post,
    Rate,
    Read,
    RequestPerson,
    Typing,
    WidgetFrame,
    build_frame,
    build_refused,
)
from desk.house import House
from desk.log import Entry
from desk.service import messages, ownership, votes
from desk.wire import Json

CUSTOMER_TYPING_TTL_SECONDS = 6


async def answer_frame(house: House, conversation_id: str, frame: WidgetFrame) -> Json | None:
    """Do what a frame asks; returns the frame to answer with, None where nothing is to be said.

    Raises:
        DeskError: it is refused; `build_refusal` writes the answer.
    """
    desk = house.desk
    now = desk.clock()
    match frame:
        case Post() | RequestPerson() | LeavePerson():
            house.messages.check(conversation_id, monotonic())
            entry = await _store(house, conversation_id, frame)
            return build_frame("ack", now, conversation_id, client_id=frame.client_id, seq=entry.seq)
        case Rate():
            house.messages.check(conversation_id, monotonic())
            await votes.rate_answer(desk, conversation_id, frame.seq, is_helpful=frame.is_helpful)
            return build_frame("ack", now, conversation_id, client_id=frame.client_id, seq=frame.seq)
        case Typing():
            ttl = CUSTOMER_TYPING_TTL_SECONDS
            await house.live.tell_typing(conversation_id, "customer", None, ttl, is_typing=frame.is_typing)
            return None
        case Read():
            await messages.mark_read_by_customer(desk, conversation_id, frame.seq)
            return None
        case Ping():
            return build_frame("pong", now, conversation_id)
        case _:
            raise BadRequest("Hello is said once.")


async def _store(house: House, conversation_id: str, frame: Post | RequestPerson | LeavePerson) -> Entry:
    desk = house.desk
    if isinstance(frame, RequestPerson):
        return await messages.request_person(desk, conversation_id, frame.client_id)
    if isinstance(frame, LeavePerson):
        return await ownership.leave_person(desk, conversation_id, frame.client_id)
    if frame.button is not None:
        return await messages.post_button(
            desk, conversation_id, frame.client_id, frame.button.seq, frame.button.id
        )
    if frame.starter is not None:
        return await messages.post_starter(desk, conversation_id, frame.client_id, frame.starter)
    return await messages.post_text(desk, conversation_id, frame.client_id, frame.text or "")


def build_refusal(house: House, error: DeskError, frame: WidgetFrame | None = None) -> Json:
    """Write a refusal with the client_id it answers and, where it may be tried again, when."""
    return build_refused(
        error.code,
        str(error),
        house.desk.clock(),
        client_id=getattr(frame, "client_id", None) or None,
        retry_after_seconds=error.details().get("retry_after_seconds"),
    )


def build_settings(config: DeskConfig, locale: str) -> Json:
    """Write what the widget must know to look like the brand."""
    brand = config.brand
    return {
        "brand_name": brand.name,
        "assistant_name": brand.assistant_name,
        "brand_color": brand.color,
        "greeting": brand.greeting(locale),
        "starters": [{"id": starter.id, "title": starter.title} for starter in brand.voice(locale).starters],
        "max_message_chars": config.limits.max_message_chars,
        "locale": locale,
    }
