"""What time does by itself."""

from __future__ import annotations

from dataclasses import replace

from desk.announce import Topic
from desk.context import Desk
from desk.hours import parse_hours
from desk.housekeeping import Housekeeper
from desk.log import Agent, Presence
from desk.owner import OwnerKind
from desk.service import access, agents, messages, ownership
from tests.desk.house import House


async def kind_of(desk: Desk, conversation: str) -> OwnerKind:
    return (await access.access_customer_head(desk, conversation)).conversation.owner.kind


async def codes_of(desk: Desk, conversation: str) -> list[str | None]:
    return [entry.code for entry in await access.access_customer_entries(desk, conversation, 0)]


async def claimed(house: House, agent: Agent) -> str:
    conversation = await house.conversation()
    await messages.request_person(house.desk, conversation, "p1")
    await ownership.claim(house.desk, agent, conversation, 2)
    return conversation


async def test_an_agent_who_is_gone_loses_the_conversation_to_the_front(house: House) -> None:
    sam, kim = await house.agent("Sam"), await house.agent("Kim")
    waiting = await house.conversation()
    await messages.request_person(house.desk, waiting, "p1")
    conversation = await claimed(house, sam)
    house.clock.pass_time(minutes=4)
    await Housekeeper(house.desk).look_around()
    assert await kind_of(house.desk, conversation) is OwnerKind.AGENT
    house.clock.pass_time(minutes=2)
    await agents.touch(house.desk, kim.id)
    await Housekeeper(house.desk).look_around()
    head = await access.access_customer_head(house.desk, conversation)
    assert (head.conversation.owner.kind, head.position) == (OwnerKind.QUEUE, 1)
    assert (await codes_of(house.desk, conversation))[-2:] == ["agent_left", "queue_joined"]


async def test_an_agent_who_is_there_but_silent_loses_it_too(house: House) -> None:
    sam = await house.agent("Sam")
    conversation = await claimed(house, sam)
    await messages.post_text(house.desk, conversation, "c1", "hello?")
    house.clock.pass_time(minutes=16)
    await agents.touch(house.desk, sam.id)
    await Housekeeper(house.desk).look_around()
    assert await kind_of(house.desk, conversation) is OwnerKind.QUEUE


async def test_an_agent_who_answered_keeps_it(house: House) -> None:
    sam = await house.agent("Sam")
    conversation = await claimed(house, sam)
    await messages.post_text(house.desk, conversation, "c1", "hello?")
    await messages.post_reply(house.desk, sam, conversation, "r1", "yes")
    house.clock.pass_time(minutes=16)
    await agents.touch(house.desk, sam.id)
    await Housekeeper(house.desk).look_around()
    assert await kind_of(house.desk, conversation) is OwnerKind.AGENT


async def test_nobody_there_for_long_gives_ticket_and_promise(house: House) -> None:
    conversation = await house.conversation()
    await messages.request_person(house.desk, conversation, "p1")
    house.clock.pass_time(minutes=9)
    await Housekeeper(house.desk).look_around()
    assert await kind_of(house.desk, conversation) is OwnerKind.QUEUE
    house.clock.pass_time(minutes=2)
    await Housekeeper(house.desk).look_around()
    assert await kind_of(house.desk, conversation) is OwnerKind.BOT
    assert (await codes_of(house.desk, conversation))[-1] == "nobody_available"


async def test_a_busy_agent_online_is_waited_for(house: House) -> None:
    sam = await house.agent("Sam")
    conversation = await house.conversation()
    await messages.request_person(house.desk, conversation, "p1")
    house.clock.pass_time(minutes=30)
    await agents.touch(house.desk, sam.id)
    await Housekeeper(house.desk).look_around()
    assert await kind_of(house.desk, conversation) is OwnerKind.QUEUE


async def test_out_of_hours_the_bot_keeps_the_conversation_and_names_the_hours(house: House) -> None:
    hours = parse_hours("sat 10:00-16:00", "UTC")
    desk = replace(house.desk, hours=hours)
    conversation = await house.conversation()
    await messages.request_person(desk, conversation, "p1")
    entries = await access.access_customer_entries(desk, conversation, 0)
    assert await kind_of(desk, conversation) is OwnerKind.BOT
    assert [entry.code for entry in entries] == [None, "nobody_available"]
    assert entries[-1].params == {"ticket": "T-1001", "hours": "sat 10:00-16:00"}


async def test_whoever_waits_when_the_doors_close_is_not_left_waiting(house: House) -> None:
    sam = await house.agent("Sam")
    conversation = await house.conversation()
    await messages.request_person(house.desk, conversation, "p1")
    await agents.touch(house.desk, sam.id)
    closed = replace(house.desk, hours=parse_hours("sat 10:00-16:00", "UTC"))
    await Housekeeper(closed).look_around()
    assert await kind_of(closed, conversation) is OwnerKind.BOT


async def test_what_is_idle_for_long_is_closed(house: House) -> None:
    conversation, empty = await house.conversation(), await house.conversation()
    sam = await house.agent("Sam")
    await messages.post_note(house.desk, sam, conversation, "n1", "x")
    house.clock.pass_time(hours=25)
    await Housekeeper(house.desk).look_around()
    assert await kind_of(house.desk, conversation) is OwnerKind.CLOSED
    assert await kind_of(house.desk, empty) is OwnerKind.BOT


async def test_a_console_that_vanished_is_told_as_offline(house: House) -> None:
    sam = await house.agent("Sam")
    keeper = Housekeeper(house.desk)
    await keeper.look_around()
    house.clock.pass_time(minutes=2)
    house.heard.clear()
    await keeper.look_around()
    told = [
        announcement.data["agent_id"] for announcement in house.heard if announcement.topic is Topic.PRESENCE
    ]
    assert told == [sam.id]
    found = await agents.access_agent(house.desk, sam.id)
    assert found is not None
    assert found.presence is Presence.OFFLINE
