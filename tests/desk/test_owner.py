from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk.errors import ConversationTaken, WrongOwner
from desk.owner import AGENT, BOT, CLOSED, QUEUE, TABLE, Event, Owner, OwnerKind, next_owner

OWNERS = [Owner(BOT), Owner(QUEUE), Owner(AGENT, "a"), Owner(CLOSED)]
owners = st.sampled_from(OWNERS)
events = st.sampled_from(list(Event))

# The design's table, written a second time by hand: event -> what each owner becomes (bot, queue, agent, closed).
DESIGN: dict[Event, tuple[str, str, str, str]] = {
    Event.CUSTOMER_WRITES: ("bot", "queue", "agent", "bot"),
    Event.HAND_OVER: ("queue", "queue", "-", "-"),
    Event.CLAIM: ("agent", "agent", "taken", "agent"),
    Event.TAKE_OVER: ("-", "-", "agent", "-"),
    Event.TRANSFER_TO_QUEUE: ("-", "queue", "queue", "-"),
    Event.TRANSFER_TO_AGENT: ("-", "-", "agent", "-"),
    Event.AGENT_RETURNS: ("-", "-", "bot", "-"),
    Event.CUSTOMER_LEAVES: ("-", "bot", "bot", "-"),
    Event.AGENT_SILENT: ("-", "-", "queue", "-"),
    Event.NOBODY_FREE: ("-", "bot", "-", "-"),
    Event.RESOLVE: ("closed", "closed", "closed", "-"),
    Event.IDLE: ("closed", "-", "-", "-"),
}


@pytest.mark.parametrize(("event", "column"), list(itertools.product(Event, range(4))))
def test_every_pair_is_the_designs_answer_or_a_named_error(event: Event, column: int) -> None:
    expected = DESIGN[event][column]
    if expected in ("-", "taken"):
        with pytest.raises(ConversationTaken if expected == "taken" else WrongOwner):
            next_owner(OWNERS[column], event, "b")
        return
    assert next_owner(OWNERS[column], event, "b").kind == expected


@given(owners, events, st.sampled_from(["a", "b", None]))
def test_any_event_gives_one_owner_or_a_named_error(owner: Owner, event: Event, agent_id: str | None) -> None:
    try:
        after = next_owner(owner, event, agent_id)
    except (WrongOwner, ConversationTaken):
        return
    assert (after.kind is OwnerKind.AGENT) == (after.agent_id is not None)


def test_claiming_again_what_one_has_changes_nothing() -> None:
    assert next_owner(Owner(AGENT, "a"), Event.CLAIM, "a") == Owner(AGENT, "a")


def test_customer_who_writes_stays_with_the_same_agent() -> None:
    assert next_owner(Owner(AGENT, "a"), Event.CUSTOMER_WRITES) == Owner(AGENT, "a")


def test_transfer_names_the_new_agent() -> None:
    assert next_owner(Owner(AGENT, "a"), Event.TRANSFER_TO_AGENT, "b") == Owner(AGENT, "b")


def test_an_agent_owner_without_id_cannot_be_built() -> None:
    with pytest.raises(ValueError, match="agent id"):
        Owner(AGENT)
    with pytest.raises(ValueError, match="agent id"):
        Owner(BOT, "a")


def test_table_holds_only_known_states() -> None:
    assert {owner for owner, _ in TABLE} | set(TABLE.values()) == set(OwnerKind)
