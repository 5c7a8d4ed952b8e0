"""The log's promises, on SQLite and on PostgreSQL."""

from __future__ import annotations

import asyncio
import random

import pytest

from desk.announce import Topic
from desk.engine import Reply, ReplyButton, TurnResult, Understanding
from desk.errors import (
    BadRequest,
    ButtonRefused,
    ConversationTaken,
    DeskError,
    NotFound,
    TicketMoveRefused,
    VersionConflict,
    WrongOwner,
)
from desk.log import Author, EntryKind, Role
from desk.owner import OwnerKind
from desk.service import access, agents, messages, ownership, tickets, turns
from desk.service.tickets import TicketChange, TicketDraft
from desk.store.conversations import Page, View
from tests.desk.house import House

SAID = TurnResult(
    "m", [Reply("Hello", [ReplyButton("Yes", "/affirm")])], {"intent": {"name": "greet", "confidence": 0.9}}
)
LINDE = Author("bot", "Linde")


async def test_entries_are_read_on_after_a_seq_in_order(house: House) -> None:
    conversation = await house.conversation()
    for number in range(5):
        await messages.post_text(house.desk, conversation, f"c{number}", f"message {number}")
    read = await access.access_customer_entries(house.desk, conversation, 2)
    assert [(entry.seq, entry.text) for entry in read] == [
        (3, "message 2"),
        (4, "message 3"),
        (5, "message 4"),
    ]


async def test_the_same_client_id_is_stored_once_and_acknowledged_twice(house: House) -> None:
    conversation = await house.conversation()
    first = await messages.post_text(house.desk, conversation, "same", "hello")
    again = await messages.post_text(house.desk, conversation, "same", "hello")
    assert first.seq == again.seq == 1
    assert len(await access.access_customer_entries(house.desk, conversation, 0)) == 1


async def test_simultaneous_messages_get_gapless_seqs(house: House) -> None:
    conversation = await house.conversation()
    stored = await asyncio.gather(
        *(messages.post_text(house.desk, conversation, f"c{number}", "x") for number in range(20))
    )
    assert sorted(entry.seq for entry in stored) == list(range(1, 21))


async def test_simultaneous_repeats_are_stored_once(house: House) -> None:
    conversation = await house.conversation()
    stored = await asyncio.gather(
        *(messages.post_text(house.desk, conversation, "one", "x") for _ in range(10))
    )
    assert {entry.seq for entry in stored} == {1}


async def test_two_agents_claim_at_once_and_exactly_one_wins(house: House) -> None:
    sam, kim = await house.agent("Sam"), await house.agent("Kim")
    conversation = await house.conversation()
    head = await ownership.request_handoff(house.desk, conversation, "asked", "brief")
    results = await asyncio.gather(
        *(ownership.claim(house.desk, agent, conversation, head.version) for agent in (sam, kim) * 3),
        return_exceptions=True,
    )
    winners = {result.owner.agent_id for result in results if not isinstance(result, BaseException)}
    losses = [result for result in results if isinstance(result, BaseException)]
    assert len(winners) == 1
    assert len(losses) == 3
    assert all(isinstance(loss, ConversationTaken) and loss.agent_name for loss in losses)


async def test_an_old_version_is_refused_with_the_present_one(house: House) -> None:
    sam = await house.agent("Sam")
    conversation = await house.conversation()
    head = await ownership.request_handoff(house.desk, conversation, "asked", "brief")
    with pytest.raises(VersionConflict) as refused:
        await ownership.claim(house.desk, sam, conversation, head.version - 1)
    assert refused.value.version == head.version


async def test_only_a_supervisor_takes_over_from_an_agent(house: House) -> None:
    sam, boss = await house.agent("Sam"), await house.agent("Boss", Role.SUPERVISOR)
    conversation = await house.conversation()
    head = await ownership.request_handoff(house.desk, conversation, "asked", "brief")
    head = await ownership.claim(house.desk, sam, conversation, head.version)
    head = await ownership.claim(house.desk, boss, conversation, head.version)
    assert head.owner.agent_id == boss.id
    with pytest.raises(ConversationTaken):
        await messages.post_reply(house.desk, sam, conversation, "r1", "still me")


async def test_agent_returns_and_the_engine_is_told_what_was_said(house: House) -> None:
    sam = await house.agent("Sam")
    conversation = await house.conversation()
    await messages.post_text(house.desk, conversation, "c1", "to the bot")
    turn = await turns.next_turn(house.desk, conversation)
    assert turn is not None
    await turns.keep_replies(house.desk, turn, SAID)
    head = await ownership.request_handoff(house.desk, conversation, "asked", "brief", "return_item_form")
    head = await ownership.claim(house.desk, sam, conversation, head.version)
    await messages.post_text(house.desk, conversation, "c2", "to Sam")
    await messages.post_reply(house.desk, sam, conversation, "r1", "hello")
    understood = await turns.next_turn(house.desk, conversation)
    assert understood is not None
    assert not understood.is_for_bot
    await turns.keep_understanding(house.desk, understood, None)
    await ownership.return_to_bot(house.desk, sam, conversation, "resume", head.version)
    resume = await turns.next_turn(house.desk, conversation)
    assert resume is not None
    assert resume.is_for_bot
    assert [entry.text for entry in await turns.read_said(house.desk, resume)] == ["to Sam", "hello"]


async def test_bot_reply_after_an_agent_took_over_is_a_draft_no_customer_sees(house: House) -> None:
    sam = await house.agent("Sam")
    conversation = await house.conversation()
    await messages.post_text(house.desk, conversation, "c1", "hello")
    turn = await turns.next_turn(house.desk, conversation)
    assert turn is not None
    await ownership.claim(house.desk, sam, conversation, turn.conversation.version)
    assert not (await turns.keep_replies(house.desk, turn, SAID)).is_shown
    seen = await access.access_customer_entries(house.desk, conversation, 0)
    assert [entry.kind for entry in seen] == [EntryKind.CUSTOMER, EntryKind.SYSTEM]
    every = await access.access_agent_entries(house.desk, sam, conversation, 0)
    assert every[-1].is_draft
    assert every[-1].trace == SAID.trace


async def test_reply_from_before_a_human_stretch_stays_a_draft_after_it(house: House) -> None:
    sam = await house.agent("Sam")
    conversation = await house.conversation()
    await messages.post_text(house.desk, conversation, "c1", "hello")
    turn = await turns.next_turn(house.desk, conversation)
    assert turn is not None
    head = await ownership.claim(house.desk, sam, conversation, turn.conversation.version)
    await ownership.return_to_bot(house.desk, sam, conversation, "menu", head.version)
    assert not (await turns.keep_replies(house.desk, turn, SAID)).is_shown


async def test_a_reply_is_kept_once_however_often_it_is_kept(house: House) -> None:
    conversation = await house.conversation()
    await messages.post_text(house.desk, conversation, "c1", "hello")
    turn = await turns.next_turn(house.desk, conversation)
    assert turn is not None
    for _ in range(3):
        await turns.keep_replies(house.desk, turn, SAID)
    assert [e.kind for e in await access.access_customer_entries(house.desk, conversation, 0)] == [
        EntryKind.CUSTOMER,
        EntryKind.BOT,
    ]
    assert await turns.next_turn(house.desk, conversation) is None


async def test_an_answer_without_text_becomes_an_honest_sentence(house: House) -> None:
    conversation = await house.conversation()
    await messages.post_text(house.desk, conversation, "c1", "???")
    turn = await turns.next_turn(house.desk, conversation)
    assert turn is not None
    await turns.keep_replies(house.desk, turn, TurnResult("m", [Reply("  ")], None))
    last = (await access.access_customer_entries(house.desk, conversation, 1))[-1]
    assert "no good answer" in last.text
    assert [button.id for button in last.buttons] == ["person"]


@pytest.mark.parametrize("is_open", [True, False])
async def test_a_turn_that_handed_over_without_a_word_adds_none(house: House, is_open: bool) -> None:
    from dataclasses import replace

    from desk.hours import parse_hours

    hours = parse_hours("always" if is_open else "sun 00:00-00:01", "UTC")
    desk = replace(house.desk, hours=hours)
    conversation = await house.conversation()
    await messages.post_text(desk, conversation, "c1", "a person please")
    turn = await turns.next_turn(desk, conversation)
    assert turn is not None
    await ownership.request_handoff(desk, conversation, "asked", "brief")
    await turns.keep_replies(desk, turn, TurnResult("m", [], {"intent": {"name": "talk", "confidence": 1}}))
    codes = [entry.code for entry in await access.access_customer_entries(desk, conversation, 0)]
    assert codes == [None, "queue_joined" if is_open else "nobody_available"]
    sam = await house.agent("Sam")
    asked = await access.access_agent_entry(desk, sam, conversation, 1)
    assert asked is not None
    assert asked.trace == {"intent": {"name": "talk", "confidence": 1}}


async def test_notes_reach_no_customer(house: House) -> None:
    sam = await house.agent("Sam")
    conversation = await house.conversation()
    await messages.post_note(house.desk, sam, conversation, "n1", "rude customer")
    assert await access.access_customer_entries(house.desk, conversation, 0) == []
    assert await access.access_customer_entry(house.desk, conversation, 1) is None
    assert (await access.access_customer_head(house.desk, conversation)).last_seq == 0


async def test_a_button_is_pressed_once_and_its_payload_travels_to_the_engine(house: House) -> None:
    conversation = await house.conversation()
    await messages.post_text(house.desk, conversation, "c1", "hello")
    turn = await turns.next_turn(house.desk, conversation)
    assert turn is not None
    await turns.keep_replies(house.desk, turn, SAID)
    pressed = await messages.post_button(house.desk, conversation, "c2", 2, "b1")
    assert (pressed.text, pressed.payload) == ("Yes", "/affirm")
    again = await messages.post_button(house.desk, conversation, "c2", 2, "b1")
    assert again.seq == pressed.seq
    with pytest.raises(ButtonRefused):
        await messages.post_button(house.desk, conversation, "c3", 2, "b1")
    with pytest.raises(ButtonRefused):
        await messages.post_button(house.desk, conversation, "c4", 2, "b9")
    answered = await access.access_customer_entry(house.desk, conversation, 2)
    assert answered is not None
    assert answered.answered_button == "b1"


async def test_person_button_of_an_apology_asks_for_a_person(house: House) -> None:
    conversation = await house.conversation()
    await messages.post_text(house.desk, conversation, "c1", "hello")
    turn = await turns.next_turn(house.desk, conversation)
    assert turn is not None
    await turns.tell_slow(house.desk, turn)
    await turns.tell_apology(house.desk, turn)
    await turns.tell_apology(house.desk, turn)
    await messages.post_button(house.desk, conversation, "c2", 3, "person")
    head = await access.access_customer_head(house.desk, conversation)
    assert (head.conversation.owner.kind, head.position) == (OwnerKind.QUEUE, 1)
    codes = [entry.code for entry in await access.access_customer_entries(house.desk, conversation, 0)]
    assert codes == [None, "taking_longer", "apology", None, "queue_joined"]


async def test_writing_to_a_closed_conversation_opens_it_again(house: House) -> None:
    sam = await house.agent("Sam")
    conversation = await house.conversation()
    await messages.post_text(house.desk, conversation, "c1", "hello")
    head = await ownership.resolve(house.desk, sam, conversation, 1)
    with pytest.raises(WrongOwner):
        await ownership.resolve(house.desk, sam, conversation, head.version)
    await messages.post_text(house.desk, conversation, "c2", "one more thing")
    assert (
        await access.access_customer_head(house.desk, conversation)
    ).conversation.owner.kind is OwnerKind.BOT


async def test_customer_leaves_the_person_once(house: House) -> None:
    conversation = await house.conversation()
    await messages.request_person(house.desk, conversation, "p1")
    left = await ownership.leave_person(house.desk, conversation, "l1")
    again = await ownership.leave_person(house.desk, conversation, "l1")
    assert left.seq == again.seq
    with pytest.raises(WrongOwner):
        await ownership.leave_person(house.desk, conversation, "l2")


async def test_asking_again_for_a_person_adds_the_reason_and_is_said_once(house: House) -> None:
    conversation = await house.conversation()
    await ownership.request_handoff(house.desk, conversation, "angry", "first")
    head = await ownership.request_handoff(house.desk, conversation, "angry", "second")
    assert head.handoff is not None
    assert head.handoff.brief == "first\nsecond"
    entries = await access.access_customer_entries(house.desk, conversation, 0)
    assert [entry.code for entry in entries] == ["queue_joined"]


async def test_the_line_is_in_order_and_a_requeued_conversation_is_first(house: House) -> None:
    sam = await house.agent("Sam")
    first, second, third = [await house.conversation() for _ in range(3)]
    for conversation in (first, second, third):
        await messages.request_person(house.desk, conversation, "p")
    head = (await access.access_summary(house.desk, sam, third)).conversation
    head = await ownership.claim(house.desk, sam, third, head.version)
    await ownership.requeue_silent(house.desk, third, head.version)
    listed, cursor = await access.access_summaries(house.desk, sam, Page(View.WAITING, 2))
    more, end = await access.access_summaries(house.desk, sam, Page(View.WAITING, 2, cursor=cursor))
    places = [(summary.conversation.id, summary.queue_position) for summary in [*listed, *more]]
    assert places == [(third, 1), (first, 2), (second, 3)]
    assert end is None


async def test_nobody_free_gives_a_ticket_and_the_bot_back(house: House) -> None:
    conversation = await house.conversation()
    head = await ownership.request_handoff(house.desk, conversation, "asked", "Parcel is late", "late_form")
    await ownership.give_up_waiting(house.desk, conversation, head.version)
    entries = await access.access_customer_entries(house.desk, conversation, 0)
    assert [entry.code for entry in entries] == ["queue_joined", "nobody_available"]
    assert entries[-1].params["ticket"] == "T-1001"
    turn = await turns.next_turn(house.desk, conversation)
    assert turn is not None
    assert turn.is_for_bot


async def test_ticket_numbers_and_link_events_have_no_gaps(house: House) -> None:
    conversations = [await house.conversation() for _ in range(6)]
    opened = await asyncio.gather(
        *(
            tickets.open_ticket(house.desk, conversation, TicketDraft("Late", "Very"), LINDE)
            for conversation in conversations
        )
    )
    assert sorted(ticket.number for ticket in opened) == [f"T-{number}" for number in range(1001, 1007)]
    from desk.store import tickets as store

    async with house.desk.database.read() as session:
        events = await store.link_events_after(session, 0, 100)
    assert [event.event_seq for event in events] == list(range(1, 7))


async def test_a_ticket_change_is_told_in_its_conversation(house: House) -> None:
    conversation = await house.conversation()
    ticket = await tickets.open_ticket(house.desk, conversation, TicketDraft("Late", "Very"), LINDE)
    change = TicketChange(status="solved", comment="It arrived.", is_public=True, version=1)
    changed = await tickets.update_ticket(house.desk, ticket.number, change, LINDE)
    assert (changed.status, changed.version) == ("solved", 2)
    with pytest.raises(VersionConflict):
        await tickets.update_ticket(house.desk, ticket.number, change, LINDE)
    with pytest.raises(TicketMoveRefused):
        await tickets.update_ticket(house.desk, ticket.number, TicketChange(status="new"), LINDE)
    told = await access.access_customer_entries(house.desk, conversation, 0)
    assert [entry.code for entry in told] == ["ticket_opened", "ticket_updated"]


async def test_an_internal_comment_is_not_told(house: House) -> None:
    conversation = await house.conversation()
    ticket = await tickets.open_ticket(house.desk, conversation, TicketDraft("Late", "Very"), LINDE)
    await tickets.update_ticket(house.desk, ticket.number, TicketChange(comment="secret canary"), LINDE)
    told = await access.access_customer_entries(house.desk, conversation, 0)
    assert all("canary" not in entry.text for entry in told)
    public = tickets.public_view(await tickets.find_ticket(house.desk, ticket.number))
    assert all("canary" not in comment.body for comment in public.comments)


async def test_a_ticket_of_somebody_else_is_not_found(house: House) -> None:
    mine, other = await house.conversation(), await house.conversation()
    ticket = await tickets.open_ticket(house.desk, mine, TicketDraft("Late", "Very"), LINDE)
    with pytest.raises(NotFound):
        await tickets.access_ticket_as_customer(house.desk, ticket.number, other, None)
    with pytest.raises(NotFound):
        await tickets.access_ticket_as_customer(house.desk, ticket.number, None, "")
    found = await tickets.access_ticket_as_customer(house.desk, ticket.number, mine, None)
    assert found.number == ticket.number


async def test_what_was_understood_is_for_agents_and_lies_beside_the_entry(house: House) -> None:
    sam = await house.agent("Sam")
    conversation = await house.conversation()
    await messages.request_person(house.desk, conversation, "p1")
    await messages.post_text(house.desk, conversation, "c1", "where is it")
    turn = await turns.next_turn(house.desk, conversation)
    assert turn is not None
    assert not turn.is_for_bot
    evidence = {"nearest": [{"text": "late", "intent": "order_late", "cosine": 0.9}], "second": None}
    understanding = Understanding({"name": "order_late", "confidence": 0.4}, [], [], evidence)
    await turns.keep_understanding(house.desk, turn, understanding)
    entry = await access.access_agent_entry(house.desk, sam, conversation, turn.entry.seq)
    assert entry is not None
    assert entry.trace is not None
    assert entry.trace["intent"] == {"name": "order_late", "confidence": 0.4}
    assert entry.trace["evidence"] == evidence
    head = (await access.access_summary(house.desk, sam, conversation)).conversation
    assert (head.last_intent, head.is_shaky) == ("order_late", True)


async def test_giving_up_apologises_and_asks_a_person(house: House) -> None:
    conversation = await house.conversation()
    await messages.post_text(house.desk, conversation, "c1", "poison")
    turn = await turns.next_turn(house.desk, conversation)
    assert turn is not None
    await turns.give_up(house.desk, turn, "turn_failed")
    await turns.give_up(house.desk, turn, "turn_failed")
    codes = [entry.code for entry in await access.access_customer_entries(house.desk, conversation, 0)]
    assert codes == [None, "apology", "queue_joined"]
    assert await turns.find_waiting(house.desk) == []


async def test_the_lease_is_one_processes_own(house: House) -> None:
    from dataclasses import replace

    conversation = await house.conversation()
    other = replace(house.desk, config=replace(house.desk.config, instance="desk-2"))
    assert await turns.take_lease(house.desk, conversation)
    assert await turns.take_lease(house.desk, conversation)
    assert not await turns.take_lease(other, conversation)
    house.clock.pass_time(minutes=2)
    assert await turns.take_lease(other, conversation)
    await turns.drop_leases(other)
    assert await turns.take_lease(house.desk, conversation)


async def test_unread_counts_what_the_customer_wrote_since(house: House) -> None:
    sam = await house.agent("Sam")
    conversation = await house.conversation()
    await messages.request_person(house.desk, conversation, "p1")
    await messages.post_text(house.desk, conversation, "c1", "anybody?")
    assert (await access.access_summary(house.desk, sam, conversation)).unread == 2
    head = (await access.access_summary(house.desk, sam, conversation)).conversation
    await ownership.claim(house.desk, sam, conversation, head.version)
    await messages.mark_read_by_agent(house.desk, sam, conversation)
    assert (await access.access_summary(house.desk, sam, conversation)).unread == 0


async def test_search_takes_percent_signs_as_text(house: House) -> None:
    sam = await house.agent("Sam")
    conversation = await house.conversation()
    await messages.post_text(house.desk, conversation, "c1", "100% wool?")
    await messages.post_text(house.desk, await house.conversation(), "c1", "nothing")
    found, _ = await access.access_summaries(house.desk, sam, Page(View.ALL, 10, "100%"))
    assert [summary.conversation.id for summary in found] == [conversation]


async def test_text_no_database_likes_is_made_storable(house: House) -> None:
    conversation = await house.conversation()
    entry = await messages.post_text(house.desk, conversation, "c1", "a\x00b\ud800c \U0001f600")
    assert entry.text == "ab\ufffdc \U0001f600"
    with pytest.raises(BadRequest):
        await messages.post_text(house.desk, conversation, "c2", "\x00 \n")


async def test_nothing_is_announced_when_nothing_was_committed(house: House) -> None:
    conversation = await house.conversation()
    house.heard.clear()
    with pytest.raises(WrongOwner):
        await ownership.leave_person(house.desk, conversation, "l1")
    assert house.heard == []
    await messages.post_text(house.desk, conversation, "c1", "hello")
    assert {announcement.topic for announcement in house.heard} >= {Topic.ENTRIES, Topic.WORK}


async def test_a_taken_email_address_is_refused(house: House) -> None:
    await house.agent("Sam")
    with pytest.raises(BadRequest):
        await agents.add_agent(house.desk, "SAM@example.com", "Sam", "correct horse battery")


@pytest.mark.parametrize("seed", range(6))
async def test_any_interleaving_keeps_the_logs_promises(house: House, seed: int) -> None:
    dice = random.Random(seed)
    staff = [await house.agent("Sam"), await house.agent("Kim"), await house.agent("Boss", Role.SUPERVISOR)]
    conversation = await house.conversation()
    acked: dict[str, int] = {}

    async def act() -> None:
        agent = dice.choice(staff)
        summary = await access.access_summary(house.desk, agent, conversation)
        version = summary.conversation.version
        client_id = f"k{dice.randrange(12)}"
        choice = dice.randrange(12)
        if choice <= 3:
            entry = await messages.post_text(house.desk, conversation, f"c{client_id}", f"text {client_id}")
            assert acked.setdefault(entry.client_id, entry.seq) == entry.seq
        elif choice == 4:
            entry = await messages.post_reply(
                house.desk, agent, conversation, f"r{agent.id}{client_id}", "hi"
            )
            assert acked.setdefault(entry.client_id, entry.seq) == entry.seq
        elif choice == 5:
            await ownership.claim(house.desk, agent, conversation, version)
        elif choice == 6:
            await ownership.return_to_bot(house.desk, agent, conversation, "resume", version)
        elif choice == 7:
            await ownership.transfer(
                house.desk, agent, conversation, dice.choice([None, staff[0].id]), version
            )
        elif choice == 8:
            await messages.request_person(house.desk, conversation, f"p{client_id}")
        elif choice == 9:
            await ownership.leave_person(house.desk, conversation, f"l{client_id}")
        elif choice == 10:
            await ownership.resolve(house.desk, agent, conversation, version)
        else:
            turn = await turns.next_turn(house.desk, conversation)
            if turn is not None and turn.is_for_bot:
                await turns.keep_replies(house.desk, turn, SAID)
            elif turn is not None:
                await turns.keep_understanding(house.desk, turn, None)

    for _ in range(12):
        results = await asyncio.gather(*(act() for _ in range(4)), return_exceptions=True)
        assert all(result is None or isinstance(result, DeskError) for result in results), results
    entries = await access.access_agent_entries(house.desk, staff[0], conversation, 0, limit=10_000)
    assert [entry.seq for entry in entries] == list(range(1, len(entries) + 1))
    assert len({entry.client_id for entry in entries}) == len(entries)
    assert {(entry.client_id, entry.seq) for entry in entries} >= set(acked.items())
    head = (await access.access_summary(house.desk, staff[0], conversation)).conversation
    assert (head.owner.kind is OwnerKind.AGENT) == (head.owner.agent_id is not None)
    seen = await access.access_customer_entries(house.desk, conversation, 0, limit=10_000)
    assert [e.seq for e in seen] == [
        e.seq for e in entries if e.kind is not EntryKind.NOTE and not e.is_draft
    ]
