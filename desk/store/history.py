"""Closed conversations, one after the other, for those who learn from them."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.log import Conversation
from desk.models import ConversationRow
from desk.owner import OwnerKind
from desk.store.rows import conversation_of


async def closed_after(session: AsyncSession, conversation_id: str, limit: int) -> list[Conversation]:
    """Read the heads of closed conversations with a greater id, in the order of their ids; "" begins."""
    found = await session.scalars(
        select(ConversationRow)
        .where(ConversationRow.owner_kind == str(OwnerKind.CLOSED), ConversationRow.id > conversation_id)
        .order_by(ConversationRow.id)
        .limit(limit)
    )
    return [conversation_of(row) for row in found]
