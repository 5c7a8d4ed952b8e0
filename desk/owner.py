"""Who owns a conversation: one literal table (owner, event) -> owner.

Pure: no clock, no database. A pair that is missing from the table is a named error, never a silent "no".
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from desk.errors import ConversationTaken, WrongOwner


class OwnerKind(StrEnum):
    """The four states."""

    BOT = "bot"
    QUEUE = "queue"
    AGENT = "agent"
    CLOSED = "closed"


class Event(StrEnum):
    """What can happen to ownership."""

    CUSTOMER_WRITES = "customer_writes"
    HAND_OVER = "hand_over"
    CLAIM = "claim"
    TAKE_OVER = "take_over"
    TRANSFER_TO_QUEUE = "transfer_to_queue"
    TRANSFER_TO_AGENT = "transfer_to_agent"
    AGENT_RETURNS = "agent_returns"
    CUSTOMER_LEAVES = "customer_leaves"
    AGENT_SILENT = "agent_silent"
    NOBODY_FREE = "nobody_free"
    RESOLVE = "resolve"
    IDLE = "idle"


BOT, QUEUE, AGENT, CLOSED = OwnerKind.BOT, OwnerKind.QUEUE, OwnerKind.AGENT, OwnerKind.CLOSED

# The design's table, read row by row. `claim` of an agent's conversation is only a supervisor's `take_over`.
TABLE: dict[tuple[OwnerKind, Event], OwnerKind] = {
    (BOT, Event.CUSTOMER_WRITES): BOT,
    (QUEUE, Event.CUSTOMER_WRITES): QUEUE,
    (AGENT, Event.CUSTOMER_WRITES): AGENT,
    (CLOSED, Event.CUSTOMER_WRITES): BOT,
    (BOT, Event.HAND_OVER): QUEUE,
    (QUEUE, Event.HAND_OVER): QUEUE,
    (BOT, Event.CLAIM): AGENT,
    (QUEUE, Event.CLAIM): AGENT,
    (CLOSED, Event.CLAIM): AGENT,
    (AGENT, Event.TAKE_OVER): AGENT,
    (QUEUE, Event.TRANSFER_TO_QUEUE): QUEUE,
    (AGENT, Event.TRANSFER_TO_QUEUE): QUEUE,
    (AGENT, Event.TRANSFER_TO_AGENT): AGENT,
    (AGENT, Event.AGENT_RETURNS): BOT,
    (QUEUE, Event.CUSTOMER_LEAVES): BOT,
    (AGENT, Event.CUSTOMER_LEAVES): BOT,
    (AGENT, Event.AGENT_SILENT): QUEUE,
    (QUEUE, Event.NOBODY_FREE): BOT,
    (BOT, Event.RESOLVE): CLOSED,
    (QUEUE, Event.RESOLVE): CLOSED,
    (AGENT, Event.RESOLVE): CLOSED,
    (BOT, Event.IDLE): CLOSED,
}

_NEEDS_AGENT = frozenset({Event.CLAIM, Event.TAKE_OVER, Event.TRANSFER_TO_AGENT})


@dataclass(frozen=True)
class Owner:
    """A state; ``agent_id`` is set exactly when ``kind`` is agent."""

    kind: OwnerKind
    agent_id: str | None = None

    def __post_init__(self) -> None:
        if (self.kind is AGENT) != (self.agent_id is not None):
            raise ValueError("only an agent's conversation has an agent id")

    def __str__(self) -> str:
        return f"{self.kind}:{self.agent_id}" if self.agent_id else str(self.kind)


OWNED_BY_BOT = Owner(BOT)
IN_QUEUE = Owner(QUEUE)
IS_CLOSED = Owner(CLOSED)


def next_owner(owner: Owner, event: Event, agent_id: str | None = None) -> Owner:
    """Answer who owns the conversation after the event.

    Args:
        owner: who has it now.
        event: what happened.
        agent_id: who gets it, for `claim`, `take_over` and `transfer_to_agent`; ignored otherwise.

    Raises:
        ConversationTaken: a claim of what another agent has.
        WrongOwner: any other pair that is not in the table.
    """
    if owner.kind is AGENT and event is Event.CLAIM:
        return _claim_again(owner, agent_id)
    kind = TABLE.get((owner.kind, event))
    if kind is None:
        raise WrongOwner(str(owner.kind), str(event))
    if kind is not AGENT:
        return Owner(kind)
    return Owner(AGENT, _agent_after(owner, event, agent_id))


def _claim_again(owner: Owner, agent_id: str | None) -> Owner:
    if owner.agent_id is None or owner.agent_id != agent_id:
        raise ConversationTaken(owner.agent_id or "")
    return owner


def _agent_after(owner: Owner, event: Event, agent_id: str | None) -> str:
    wanted = agent_id if event in _NEEDS_AGENT else owner.agent_id
    if wanted is None:
        raise WrongOwner(str(owner.kind), str(event))
    return wanted
