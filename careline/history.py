"""Questions and what answered them, out of the desk's closed conversations; nothing of it is written anywhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from actions.recognise import count_words
from desk.context import Desk
from desk.log import Conversation, Entry, EntryKind, Source
from desk.privacy import without_personal_details
from desk.store import entries, history
from desk.text import ASKED_FOR_PERSON, say
from knowledge.teaching.pairs import MAX_PAIRS, Pair

# Less is no question ("thanks"), and no answer ("one moment, please").
MIN_QUESTION_WORDS = 4
MIN_ANSWER_WORDS = 8
_PAGE = 200
_MOST_ENTRIES = 500


async def read_history(desk: Desk) -> list[Pair]:
    """Read the pairs of all closed conversations, at most ``MAX_PAIRS``, without personal details."""
    pairs: list[Pair] = []
    last = ""
    async with desk.database.read() as session:
        while heads := await history.closed_after(session, last, _PAGE):
            for head in heads:
                said = await entries.read_after(session, head.id, 0, _MOST_ENTRIES, for_customer=True)
                pairs += pairs_of(head, said)
            last = heads[-1].id
            if len(pairs) >= MAX_PAIRS:
                break
    return pairs[:MAX_PAIRS]


def pairs_of(head: Conversation, said: Sequence[Entry]) -> list[Pair]:
    """Pair what a customer wrote with what a person replied to it, or with the article that helped.

    Both must say enough, and a reply that asks something back is no answer.
    """
    names = (head.customer.name, *(entry.author.name for entry in said if entry.author))
    pairs = []
    for question, reply in _turns(said, say(head.locale, ASKED_FOR_PERSON)):
        asked = without_personal_details(question, *names)
        if count_words(asked) < MIN_QUESTION_WORDS:
            continue
        if isinstance(reply, Source):
            pairs.append(Pair(asked, document_id=reply.document_id or ""))
        elif count_words(reply) >= MIN_ANSWER_WORDS and not reply.endswith("?"):
            pairs.append(Pair(asked, answer=without_personal_details(reply, *names)))
    return pairs


def _turns(said: Sequence[Entry], asked_for_person: str) -> Iterator[tuple[str, str | Source]]:
    """Join what a customer wrote in a row, buttons aside; beside it what agents wrote after it, or the helpful source."""
    question: list[str] = []
    reply: list[str] = []
    for entry in said:
        if entry.kind is EntryKind.AGENT and question:
            reply.append(entry.text)
        elif entry.kind is EntryKind.CUSTOMER:
            if reply:
                yield " ".join(question), " ".join(reply)
                question, reply = [], []
            if entry.payload is None and entry.text != asked_for_person:
                question.append(entry.text)
        elif entry.kind is EntryKind.BOT and entry.sources and not reply:
            if question and entry.is_helpful and entry.sources[0].document_id:
                yield " ".join(question), entry.sources[0]
            question = []  # the bot answered that; what it says without a source is no answer
    if reply:
        yield " ".join(question), " ".join(reply)
