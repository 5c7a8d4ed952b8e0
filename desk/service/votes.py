"""Whether an answer helped: one vote an answer, by the customer whose conversation it is in."""

from __future__ import annotations

from desk.announce import Topic
from desk.context import Desk
from desk.errors import VoteRefused
from desk.service.writing import writing
from desk.store import entries, quoted


async def rate_answer(desk: Desk, conversation_id: str, seq: int, *, is_helpful: bool | None) -> None:
    """Keep a customer's vote on an answer of their conversation; a later one takes its place, None takes it back.

    Raises:
        VoteRefused: that entry is no answer with a source, or not the customer's to see.
    """
    async with writing(desk, conversation_id) as unit:
        entry = await entries.read_one(unit.session, conversation_id, seq)
        if entry is None or not entry.can_be_rated:
            raise VoteRefused
        if entry.is_helpful is not is_helpful:
            await quoted.keep_vote(unit.session, conversation_id, seq, is_helpful, unit.now)
            unit.tell(Topic.ENTRY_CHANGED, seq=seq)
