"""The log's side of a turn: what the engine has to do next, and keeping what it said.

Ownership is asked again when a reply is kept: if a person took over meanwhile it becomes a draft that only
agents see.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from desk.announce import Topic
from desk.context import Desk
from desk.engine import Reply, TurnResult, Understanding
from desk.log import Author, Button, Code, Conversation, Entry, EntryKind, NewEntry, Source, Work
from desk.owner import OwnerKind
from desk.replies import MAX_REPLY_CHARS, build_replies, person_button, speaking
from desk.service.ownership import hand_over_in
from desk.service.unanswered import keep_unanswered
from desk.service.writing import OWN_PREFIX, REPLY_PREFIX, Writing, writing
from desk.store import conversations, entries
from desk.store.quoted import keep_quoted
from desk.store.rows import conversation_of
from desk.text import (
    APOLOGY,
    BROKEN_TURN,
    NO_ANSWER,
    RESUME_FAILED,
    TAKING_LONGER,
    clip,
    say,
    scrub,
)

LEASE = timedelta(seconds=60)
MAX_SAID = 200
HANDED_OVER = frozenset({str(Code.QUEUE_JOINED), str(Code.NOBODY_AVAILABLE)})


@dataclass(frozen=True)
class Turn:
    """One piece of work for the engine, and how things stood when it began."""

    conversation: Conversation
    entry: Entry

    @property
    def conversation_id(self) -> str:
        """Name the conversation."""
        return self.conversation.id

    @property
    def message_id(self) -> str:
        """Name the message, for the engine and for everything that must happen once."""
        return f"{self.entry.conversation_id}:{self.entry.seq}"

    @property
    def is_for_bot(self) -> bool:
        """Say whether the bot is to answer: it had the conversation when this was written, and has it now."""
        is_bots_now = self.conversation.owner.kind is OwnerKind.BOT
        was_bots = self.entry.work is Work.RESUME or self.entry.owner_at.kind is OwnerKind.BOT
        return is_bots_now and was_bots


async def take_lease(desk: Desk, conversation_id: str) -> bool:
    """Become the process that works on this conversation; False while another one is."""
    now = desk.clock()
    async with desk.database.write() as session:
        return await conversations.take_lease(
            session, conversation_id, desk.config.instance, now, now + LEASE
        )


async def drop_leases(desk: Desk) -> None:
    """Let other processes work on our conversations; said at shutdown."""
    async with desk.database.write() as session:
        await conversations.drop_leases(session, desk.config.instance)


async def find_waiting(desk: Desk, limit: int = 1000) -> list[str]:
    """List conversations with work that is not done; the log remembers it over a crash."""
    async with desk.database.read() as session:
        return await conversations.ids_with_work(session, limit)


async def next_turn(desk: Desk, conversation_id: str) -> Turn | None:
    """Read the next piece of work, None when all is done."""
    async with desk.database.read() as session:
        head = await conversations.find_row(session, conversation_id)
        if head is None or head.work_seq <= head.handled_seq:
            return None
        entry = await entries.next_work(session, conversation_id, head.handled_seq)
        return Turn(conversation_of(head), entry) if entry else None


async def read_said(desk: Desk, turn: Turn) -> list[Entry]:
    """Read what was said while a person had the conversation, for the engine's tracker."""
    async with desk.database.read() as session:
        return await entries.said_since(session, turn.conversation_id, turn.entry.seq, MAX_SAID)


@dataclass(frozen=True)
class Kept:
    """What became of a turn: whether the customer sees it, and whether more work waits behind it."""

    is_shown: bool
    has_more: bool


async def keep_replies(desk: Desk, turn: Turn, result: TurnResult) -> Kept:
    """Keep what the engine said.

    A turn that was kept before is kept once. A turn without any text gets an honest sentence.
    """
    async with writing(desk, turn.conversation_id) as unit:
        if unit.head.handled_seq >= turn.entry.seq:
            return Kept(is_shown=True, has_more=True)
        is_shown = _is_still_the_bots(unit, turn)
        author = Author("bot", desk.config.brand.assistant_name)
        said = build_replies(result, _reply_prefix(turn), author, is_draft=not is_shown)
        for new, reply in zip(said, speaking(result), strict=True):
            await _keep_evidence(unit, unit.append(new), reply)
        if not said:
            await _keep_silence(unit, turn, result, author)
        _remember(unit, turn, result.trace or {}, desk.config.engine.shaky_below)
        return Kept(is_shown, unit.head.work_seq > unit.head.handled_seq)


async def _keep_evidence(unit: Writing, entry: Entry, reply: Reply) -> None:
    """Remember what the answer quotes, or what it could not answer; of drafts nothing: nobody was told."""
    if entry.is_draft:
        return
    keep_quoted(unit.session, entry)
    await keep_unanswered(unit, entry, (reply.data or {}).get("unanswered"))


async def _keep_silence(unit: Writing, turn: Turn, result: TurnResult, author: Author) -> None:
    """The engine said nothing. Where the turn handed over, the desk has spoken; else an honest sentence is due."""
    later = await entries.read_after(
        unit.session, turn.conversation_id, turn.entry.seq, MAX_SAID, for_customer=True
    )
    if unit.owner.kind is not OwnerKind.BOT or any(entry.code in HANDED_OVER for entry in later):
        if result.trace:
            await entries.keep_trace(unit.session, turn.conversation_id, turn.entry.seq, result.trace)
            unit.tell(Topic.ENTRY_CHANGED, seq=turn.entry.seq)
        return
    locale, is_resume = unit.head.locale, turn.entry.work is Work.RESUME
    sentence = say(locale, RESUME_FAILED if is_resume else NO_ANSWER)
    buttons = () if is_resume else (person_button(locale),)
    client_id = f"{_reply_prefix(turn)}:0"
    unit.append(NewEntry(client_id, EntryKind.BOT, sentence, author, buttons, trace=result.trace))


def _reply_prefix(turn: Turn) -> str:
    return f"{REPLY_PREFIX}{turn.message_id}"


def _is_still_the_bots(unit: Writing, turn: Turn) -> bool:
    same_stretch = unit.head.human_turns == turn.conversation.human_turns
    return same_stretch and unit.owner.kind in (OwnerKind.BOT, OwnerKind.QUEUE)


def _remember(unit: Writing, turn: Turn, trace: Mapping[str, Any], shaky_below: float) -> None:
    head = unit.head
    head.handled_seq = turn.entry.seq
    head.active_form = trace.get("active_form") if isinstance(trace.get("active_form"), str) else None
    _remember_intent(unit, trace, shaky_below)
    unit.tell(Topic.HEAD)


def _remember_intent(unit: Writing, trace: Mapping[str, Any], shaky_below: float) -> None:
    intent = trace.get("intent")
    if not isinstance(intent, dict) or not isinstance(intent.get("name"), str):
        return
    confidence = intent.get("confidence")
    unit.head.last_intent = intent["name"][:200]
    unit.head.is_shaky = intent["name"] == "nlu_fallback" or (
        isinstance(confidence, int | float) and confidence < shaky_below
    )


async def keep_understanding(desk: Desk, turn: Turn, understanding: Understanding | None) -> None:
    """Mark an entry as understood that the bot was not to answer; None where the engine was not there to ask."""
    async with writing(desk, turn.conversation_id) as unit:
        if unit.head.handled_seq >= turn.entry.seq:
            return
        unit.head.handled_seq = turn.entry.seq
        if understanding is None:
            return
        trace = {
            "intent": understanding.intent,
            "intent_ranking": understanding.intent_ranking,
            "entities": understanding.entities,
            "evidence": understanding.evidence,
        }
        await entries.keep_trace(unit.session, turn.conversation_id, turn.entry.seq, trace)
        _remember_intent(unit, trace, desk.config.engine.shaky_below)
        unit.tell(Topic.ENTRY_CHANGED, seq=turn.entry.seq)
        unit.tell(Topic.HEAD)


async def tell_slow(desk: Desk, turn: Turn) -> None:
    """Tell the customer that it takes longer, once."""
    await _notice(desk, turn, Code.TAKING_LONGER, TAKING_LONGER)


async def tell_apology(desk: Desk, turn: Turn) -> None:
    """Apologise and offer a person, once; the message goes on waiting."""
    await _notice(desk, turn, Code.APOLOGY, APOLOGY, (person_button(turn.conversation.locale),))


async def _notice(desk: Desk, turn: Turn, code: Code, text: str, buttons: tuple[Button, ...] = ()) -> None:
    async with writing(desk, turn.conversation_id) as unit:
        client_id = f"{OWN_PREFIX}{code}:{turn.message_id}"
        if unit.owner.kind is not OwnerKind.BOT or unit.head.handled_seq >= turn.entry.seq:
            return
        if await entries.find_by_client_id(unit.session, turn.conversation_id, client_id) is None:
            unit.system(code, text, client_id=client_id, buttons=buttons)


async def give_up(desk: Desk, turn: Turn, code: str) -> None:
    """After the last attempt: apologise, ask a person, and go on with the next message."""
    async with writing(desk, turn.conversation_id) as unit:
        if unit.head.handled_seq >= turn.entry.seq:
            return
        unit.head.handled_seq = turn.entry.seq
        if unit.owner.kind is not OwnerKind.BOT:
            return
        if turn.entry.work is Work.RESUME:
            name = desk.config.brand.assistant_name
            sentence = say(unit.head.locale, RESUME_FAILED)
            unit.append(NewEntry(f"{_reply_prefix(turn)}:0", EntryKind.BOT, sentence, Author("bot", name)))
            return
        client_id = f"{OWN_PREFIX}broken:{turn.message_id}"
        unit.system(Code.APOLOGY, BROKEN_TURN, client_id=client_id)
        await hand_over_in(unit, "turn_failed", f"The assistant failed on the last message ({code}).")


async def keep_draft(
    desk: Desk, conversation_id: str, client_id: str, text: str, sources: tuple[Source, ...]
) -> bool:
    """Keep a suggestion for the agent; says whether a person is there to see it."""
    async with writing(desk, conversation_id) as unit:
        if unit.owner.kind not in (OwnerKind.AGENT, OwnerKind.QUEUE):
            return False
        author = Author("bot", desk.config.brand.assistant_name)
        text = clip(scrub(text), MAX_REPLY_CHARS)
        await unit.append_once(
            NewEntry(client_id, EntryKind.BOT, text, author, sources=sources, is_draft=True)
        )
        return True
