"""Votes on answers, the passages they quote and the questions without an answer, on SQLite and on PostgreSQL."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from desk.announce import Topic
from desk.engine import Reply, ReplySource, TurnResult
from desk.errors import NotFound, VoteRefused
from desk.log import Customer
from desk.service import access, messages, turns, unanswered, votes
from desk.service.unanswered import Grouping
from desk.store import quoted
from desk.store.quoted import Helpfulness, Quoted
from desk.store.unanswered import GroupPage, GroupStatus
from tests.desk.house import House

RETURNS = ReplySource(
    "Returns", "/help/returns", "Sending back", "2026-10-01", "returns#0", "returns", "hash-of-30-days"
)
SHIPPING = ReplySource("Shipping", "/help/shipping", None, None, "shipping#2", "shipping", "hash-of-shipping")


def answering(*sources: ReplySource, data: dict[str, Any] | None = None) -> TurnResult:
    return TurnResult("m", [Reply("You have 30 days.", sources=list(sources), data=data)])


def unable(question: str, **told: Any) -> TurnResult:
    nearest = [
        {
            "title": "Returns",
            "url": "/help/returns",
            "text": "30 days",
            "document_id": "returns",
            "score": 0.4,
        }
    ]
    told = {"question": question, "confidence": 0.21, "nearest": nearest} | told
    return TurnResult("m", [Reply("I do not know that.", data={"unanswered": told})])


async def turn_of(house: House, conversation: str, client_id: str, result: TurnResult) -> int:
    """Let a customer ask and the bot say this; gives the seq of what it said."""
    await messages.post_text(house.desk, conversation, client_id, "a question")
    turn = await turns.next_turn(house.desk, conversation)
    assert turn is not None
    await turns.keep_replies(house.desk, turn, result)
    return (await access.access_customer_entries(house.desk, conversation, 0))[-1].seq


async def vote_of(house: House, conversation: str, seq: int) -> bool | None:
    entry = await access.access_customer_entry(house.desk, conversation, seq)
    assert entry is not None
    return entry.is_helpful


async def test_a_vote_is_kept_once_and_can_be_changed_and_taken_back(house: House) -> None:
    conversation = await house.conversation()
    seq = await turn_of(house, conversation, "c1", answering(RETURNS))
    assert await vote_of(house, conversation, seq) is None
    for vote in (True, True, False, None):
        await votes.rate_answer(house.desk, conversation, seq, is_helpful=vote)
        assert await vote_of(house, conversation, seq) is vote


async def test_a_vote_is_told_to_those_who_read_along_and_the_same_again_is_not(house: House) -> None:
    conversation = await house.conversation()
    seq = await turn_of(house, conversation, "c1", answering(RETURNS))
    house.heard.clear()
    await votes.rate_answer(house.desk, conversation, seq, is_helpful=True)
    await votes.rate_answer(house.desk, conversation, seq, is_helpful=True)
    assert [(heard.topic, heard.data["seq"]) for heard in house.heard] == [(Topic.ENTRY_CHANGED, seq)]


async def test_only_an_answer_with_a_source_in_ones_own_conversation_can_be_rated(house: House) -> None:
    conversation, other = await house.conversation(), await house.conversation()
    answer = await turn_of(house, conversation, "c1", answering(RETURNS))
    plain = await turn_of(house, conversation, "c2", answering())
    for place, seq in ((conversation, 1), (conversation, plain), (conversation, 99), (other, answer)):
        with pytest.raises(VoteRefused):
            await votes.rate_answer(house.desk, place, seq, is_helpful=True)
    with pytest.raises(NotFound):
        await votes.rate_answer(house.desk, "nobody's", answer, is_helpful=True)


async def test_votes_count_for_every_document_that_the_answer_quotes(house: House) -> None:
    conversation = await house.conversation()
    both = await turn_of(house, conversation, "c1", answering(RETURNS, SHIPPING))
    twice = await turn_of(house, conversation, "c2", answering(RETURNS, replace_id(RETURNS, "returns#1")))
    await turn_of(house, conversation, "c3", answering(RETURNS))
    await votes.rate_answer(house.desk, conversation, both, is_helpful=True)
    await votes.rate_answer(house.desk, conversation, twice, is_helpful=False)
    async with house.desk.database.read() as session:
        counted = await quoted.helpfulness(session)
        passages = await quoted.passage_votes(session, 10)
    assert counted == {"returns": Helpfulness(1, 1, 3), "shipping": Helpfulness(1, 0, 1)}
    assert passages[0] == ("returns#0", "returns", 1, 1)


def replace_id(source: ReplySource, passage_id: str) -> ReplySource:
    return ReplySource(
        source.title, source.url, source.section, source.updated, passage_id, source.document_id, "other-hash"
    )


async def test_a_source_that_names_no_passage_is_shown_and_can_be_rated(house: House) -> None:
    conversation = await house.conversation()
    seq = await turn_of(house, conversation, "c1", answering(ReplySource("Returns", "/help/returns")))
    await votes.rate_answer(house.desk, conversation, seq, is_helpful=True)
    async with house.desk.database.read() as session:
        assert await quoted.helpfulness(session) == {}


async def test_an_old_text_is_found_corrected_and_forgotten_when_it_is_true_again(house: House) -> None:
    conversation = await house.conversation()
    seq = await turn_of(house, conversation, "c1", answering(RETURNS, SHIPPING))
    old = Quoted("returns", "returns#0", "hash-of-30-days")
    async with house.desk.database.write() as session:
        assert set(await quoted.open_quotes(session)) == {
            old,
            Quoted("shipping", "shipping#2", "hash-of-shipping"),
        }
        await quoted.mark_outdated(session, old, "hash-of-14-days", house.clock())
    async with house.desk.database.read() as session:
        (row,) = await quoted.list_outdated(session, is_done=False, limit=10, after=None)
    assert (row.conversation_id, row.seq, row.new_hash) == (conversation, seq, "hash-of-14-days")
    async with house.desk.database.write() as session:
        await quoted.mark_current(session, old)
        assert await quoted.count_outdated(session) == 0


async def ask(house: House, *questions: str, locale: str = "en") -> str:
    conversation = await house.conversation(Customer("maya", "Maya Jansen", "maya@example.com"))
    for number, question in enumerate(questions):
        await turn_of(house, conversation, f"c{number}", unable(question))
    return conversation


async def groups(
    house: House, status: GroupStatus = GroupStatus.OPEN, query: str = ""
) -> list[tuple[str, int]]:
    rows, _ = await unanswered.access_groups(house.desk, GroupPage(status, 50, query))
    return [(row.question, row.asked_count) for row in rows]


async def test_what_had_no_answer_is_kept_without_personal_details(house: House) -> None:
    await ask(house, "Maya here, can I rent the sofa of order NL-10245? mail maya@example.com")
    ((question, count),) = await groups(house)
    assert question == "<name> here, can I rent the sofa of order <number>? mail <email>"
    assert count == 1


async def test_the_same_words_are_one_question_and_the_most_asked_comes_first(house: House) -> None:
    await ask(house, "Do you rent?", "Is there a showroom", "is there a SHOWROOM?")
    await ask(house, "Is there a showroom?!")
    assert await groups(house) == [("Is there a showroom", 3), ("Do you rent?", 1)]
    assert await groups(house, query="RENT") == [("Do you rent?", 1)]


async def test_strange_evidence_is_passed_over_and_the_reply_still_goes_out(house: House) -> None:
    conversation = await house.conversation()
    for number, told in enumerate(
        [
            None,
            "text",
            {"question": 7},
            {"question": " ?! "},
            {"question": "ok then?", "confidence": float("nan"), "nearest": "x"},
        ]
    ):
        result = TurnResult("m", [Reply("I do not know.", data={"unanswered": told})])
        await turn_of(house, conversation, f"c{number}", result)
    assert await groups(house) == [("ok then?", 1)]


async def test_grouping_puts_together_what_asks_for_the_same_and_keeps_the_groups_id(house: House) -> None:
    await ask(house, "Do you rent?", "Is there a showroom", "Where is your showroom?", "Is there a showroom")
    showroom = (await unanswered.access_groups(house.desk, GroupPage(GroupStatus.OPEN, 1)))[0][0].id
    found = await unanswered.questions_to_group(house.desk)
    labels = [1 if "showroom" in row.question else 0 for row in found]
    speakers = {0: labels.index(0), 1: labels.index(1)}
    assert await unanswered.keep_grouping(house.desk, found, Grouping(labels, speakers)) == 2
    (first, second), _ = await unanswered.access_groups(house.desk, GroupPage(GroupStatus.OPEN, 10))
    assert (first.id, first.asked_count, second.asked_count) == (showroom, 3, 1)
    assert await unanswered.questions_to_group(house.desk) == []


async def test_a_group_that_fell_apart_becomes_two(house: House) -> None:
    await ask(house, "Is there a showroom", "Do you rent?")
    found = await unanswered.questions_to_group(house.desk)
    await unanswered.keep_grouping(house.desk, found, Grouping([0, 0], {0: 0}))
    assert [count for _, count in await groups(house)] == [2]
    await unanswered.keep_grouping(house.desk, found, Grouping([0, 1], {0: 0, 1: 1}))
    assert sorted(await groups(house)) == [("Do you rent?", 1), ("Is there a showroom", 1)]


async def test_what_is_settled_leaves_the_list_and_can_come_back(house: House) -> None:
    sam = await house.agent("Sam")
    await ask(house, "Is there a showroom")
    ((row,), _) = await unanswered.access_groups(house.desk, GroupPage(GroupStatus.OPEN, 10))
    written = await unanswered.settle_group(house.desk, sam, row.id, GroupStatus.WRITTEN, "team/showroom")
    assert (written.document_id, written.done_by_name) == ("team/showroom", "Sam")
    await ask(house, "Is there a showroom?")
    assert await groups(house) == [("Is there a showroom?", 1)]
    assert await groups(house, GroupStatus.WRITTEN) == [("Is there a showroom", 1)]
    again = await unanswered.settle_group(house.desk, sam, row.id, GroupStatus.OPEN)
    assert (again.document_id, again.done_by_name) == (None, None)
    with pytest.raises(NotFound):
        await unanswered.settle_group(house.desk, sam, "nothing", GroupStatus.DISMISSED)


async def test_pages_of_groups_neither_repeat_nor_leave_out(house: House) -> None:
    await ask(house, *(f"question number {name}?" for name in "abcdefg"))
    seen: list[str] = []
    cursor: str | None = None
    while True:
        after = unanswered.parse_cursor(cursor) if cursor else None
        rows, cursor = await unanswered.access_groups(
            house.desk, replace(GroupPage(GroupStatus.OPEN, 3), after=after)
        )
        seen += [row.question for row in rows]
        if cursor is None:
            break
    assert seen == [f"question number {name}?" for name in reversed("abcdefg")]
