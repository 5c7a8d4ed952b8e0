"""What is learned from the desk's own conversations."""

from __future__ import annotations

from dataclasses import replace

import pytest

from careline.history import pairs_of, read_history
from desk.log import Customer, EntryKind, Source
from desk.service import messages, ownership
from desk.store import conversations, entries, history
from tests.desk.house import House

QUESTION = "Hello, this is Ada, my order NL-10234 came with a scratch on the table"
REPLY = "Hi Ada, I am sorry. Send us a photo of the scratch and we pay half of it back to you."


async def talk(house: House, *said: str, is_closed: bool = True) -> None:
    """A customer and an agent in turns, the customer first; then the agent closes the conversation."""
    conversation = await house.conversation(Customer(name="Ada Lovelace", email="ada@example.com"))
    sam = await house.agent(f"Sam{conversation[-6:]}")
    await messages.post_text(house.desk, conversation, "c0", said[0])
    await messages.request_person(house.desk, conversation, "p")
    head = await ownership.claim(house.desk, sam, conversation, await version(house, conversation))
    for number, text in enumerate(said[1:], start=1):
        if number % 2:
            await messages.post_reply(house.desk, sam, conversation, f"a{number}", text)
        else:
            await messages.post_text(house.desk, conversation, f"c{number}", text)
    if is_closed:
        await ownership.resolve(house.desk, sam, head.id, await version(house, conversation))


async def version(house: House, conversation: str) -> int:
    async with house.desk.database.read() as session:
        row = await conversations.find_row(session, conversation)
    assert row is not None
    return row.version


async def test_what_an_agent_replied_is_learned_without_personal_details(house: House) -> None:
    await talk(house, QUESTION, REPLY, "thanks", "You are welcome.")
    (pair,) = await read_history(house.desk)
    assert pair.question == "Hello, this is <name>, my order <number> came with a scratch on the table"
    assert pair.answer.startswith("Hi <name>, I am sorry. Send us a photo")
    assert pair.document_id == ""


@pytest.mark.parametrize(
    "reply", ["One moment, please.", "Could you tell me when you ordered it, and where you live?"]
)
async def test_what_answers_nothing_is_not_learned(house: House, reply: str) -> None:
    await talk(house, QUESTION, reply)
    assert await read_history(house.desk) == []


async def test_an_open_conversation_is_not_learned_from(house: House) -> None:
    await talk(house, QUESTION, REPLY, is_closed=False)
    assert await read_history(house.desk) == []


async def test_an_article_that_helped_is_learned_and_one_that_did_not_is_not(house: House) -> None:
    await talk(house, QUESTION, "Hi, anything else?")
    async with house.desk.database.read() as session:
        (head,) = await history.closed_after(session, "", 10)
        said = await entries.read_after(session, head.id, 0, 10, for_customer=True)
    source = Source("Scratches", "/help/scratches", document_id="scratches")
    answer = replace(said[0], kind=EntryKind.BOT, author=None, sources=(source,), is_helpful=True)
    (pair,) = pairs_of(head, [said[0], answer])
    assert pair.document_id == "scratches"
    assert pair.question.endswith("came with a scratch on the table")
    assert pairs_of(head, [said[0], replace(answer, is_helpful=None)]) == []
    assert pairs_of(head, [said[0], replace(answer, is_helpful=False), *said[1:]]) == []
