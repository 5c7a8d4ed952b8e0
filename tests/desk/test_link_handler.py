"""What action servers ask of the desk, over the real link server."""

from __future__ import annotations

import pytest

from desk.link_handler import DeskEventStore, DeskLinkHandler
from desk.link_protocol import (
    LinkCustomer,
    LinkRefused,
    LinkSource,
    OpenTicket,
    Priority,
    RequestHandoff,
    Suggest,
    TicketStatus,
    UpdateTicket,
)
from desk.service import access, ownership
from tests.desk.house import House


@pytest.fixture
def handler(house: House) -> DeskLinkHandler:
    return DeskLinkHandler(house.desk)


def ticket_for(conversation: str, subject: str = "Parcel is late") -> OpenTicket:
    return OpenTicket(
        conversation_id=conversation,
        subject=subject,
        body="It has not moved.",
        priority=Priority.HIGH,
        kind="order_late",
        customer=LinkCustomer(name="Maya", email="maya@example.com"),
    )


async def test_the_same_key_opens_one_ticket(house: House, handler: DeskLinkHandler) -> None:
    conversation = await house.conversation()
    first = await handler.open_ticket(ticket_for(conversation), "key")
    again = await handler.open_ticket(ticket_for(conversation), "key")
    assert (first.number, first.created) == ("T-1001", True)
    assert (again.number, again.created) == ("T-1001", False)


async def test_an_open_ticket_about_the_same_is_used_again(house: House, handler: DeskLinkHandler) -> None:
    conversation = await house.conversation()
    await handler.open_ticket(ticket_for(conversation), "key 1")
    twin = await handler.open_ticket(ticket_for(conversation), "key 2")
    other = await handler.open_ticket(ticket_for(conversation, "Another matter"), "key 3")
    assert (twin.number, twin.created) == ("T-1001", False)
    assert (other.number, other.created) == ("T-1002", True)


async def test_a_ticket_of_an_unknown_conversation_is_refused(handler: DeskLinkHandler) -> None:
    with pytest.raises(LinkRefused) as refused:
        await handler.open_ticket(ticket_for("nothing"), "key")
    assert (refused.value.code, refused.value.is_retryable) == ("not_found", False)


async def test_an_update_is_done_once_and_told(house: House, handler: DeskLinkHandler) -> None:
    conversation = await house.conversation()
    number = (await handler.open_ticket(ticket_for(conversation), "key")).number
    update = UpdateTicket(number=number, comment="It arrived", status="solved")
    for _ in range(2):
        assert (await handler.update_ticket(update, "key u")).status == "solved"
    state = await handler.ticket_status(TicketStatus(number=number, conversation_id=conversation), "key s")
    assert (state.status, state.last_public_comment) == ("solved", "It arrived")
    codes = [entry.code for entry in await access.access_customer_entries(house.desk, conversation, 0)]
    assert codes == ["ticket_opened", "ticket_updated"]
    names = [event.name for event in await DeskEventStore(house.desk).events_after(0, 10)]
    assert names == ["ticket.opened", "ticket.commented", "ticket.updated"]


async def test_a_status_needs_the_conversation_or_the_address(house: House, handler: DeskLinkHandler) -> None:
    conversation, other = await house.conversation(), await house.conversation()
    number = (await handler.open_ticket(ticket_for(conversation), "key")).number
    found = await handler.ticket_status(TicketStatus(number=number, email="MAYA@example.com"), "k")
    assert found.subject == "Parcel is late"
    for params in (
        TicketStatus(number=number),
        TicketStatus(number=number, email="tom@example.com"),
        TicketStatus(number=number, conversation_id=other),
        TicketStatus(conversation_id=other),
        TicketStatus(),
    ):
        with pytest.raises(LinkRefused) as refused:
            await handler.ticket_status(params, "k")
        assert refused.value.code == "not_found"


async def test_a_handoff_gives_the_place_and_happens_once(house: House, handler: DeskLinkHandler) -> None:
    conversation = await house.conversation()
    asked = RequestHandoff(conversation_id=conversation, reason="angry", brief="Late", interrupted_form="f")
    places = [await handler.request_handoff(asked, "key") for _ in range(2)]
    assert [(place.position, place.wait_minutes, place.is_open) for place in places] == [(1, None, True)] * 2
    codes = [entry.code for entry in await access.access_customer_entries(house.desk, conversation, 0)]
    assert codes == ["queue_joined"]


async def test_a_handoff_of_a_persons_conversation_is_refused_by_name(
    house: House, handler: DeskLinkHandler
) -> None:
    sam = await house.agent("Sam")
    conversation = await house.conversation()
    await ownership.claim(house.desk, sam, conversation, 1)
    with pytest.raises(LinkRefused) as refused:
        await handler.request_handoff(
            RequestHandoff(conversation_id=conversation, reason="x", brief="y"), "key"
        )
    assert refused.value.code == "wrong_owner"


async def test_a_suggestion_is_for_the_agent_only(house: House, handler: DeskLinkHandler) -> None:
    sam = await house.agent("Sam")
    conversation = await house.conversation()
    suggest = Suggest(
        conversation_id=conversation,
        text="Within 30 days.",
        sources=(LinkSource(title="t", url="javascript:x"), LinkSource(title="t", url="/help/returns")),
    )
    assert not (await handler.suggest(suggest, "key")).is_shown
    await ownership.claim(house.desk, sam, conversation, 1)
    for _ in range(2):
        assert (await handler.suggest(suggest, "key")).is_shown
    drafts = [e for e in await access.access_agent_entries(house.desk, sam, conversation, 0) if e.is_draft]
    assert [[source.url for source in draft.sources] for draft in drafts] == [["/help/returns"]]
    seen = await access.access_customer_entries(house.desk, conversation, 0)
    assert all(not entry.is_draft for entry in seen)
