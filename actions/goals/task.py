# ruff: noqa: ARG002, ARG005 - the hooks of a task name all they may use
"""A task: what a customer wants done, as a form with fields.

The engine activates the form and calls its validator, ``validate_<form>``, on every turn; :class:`TaskForm` is that
validator. It decides whether the message belongs to the form, reads every field that the message fills, checks
them, asks for the next one in the same call, and hands over to ``action_<task>`` when nothing is missing.

rasa_sdk finds methods named ``validate_<slot>`` by reflection and skips a mistyped one in silence; here the fields
are a table instead, which a test compares with the domain.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

import structlog
from rasa_sdk.events import ActionExecutionRejected

from actions.errors import ActionsError
from actions.goals.belongs import Place, Verdict, judge
from actions.goals.draft import Draft
from actions.goals.goal import Goal
from actions.goals.talk import REQUESTED_SLOT, Event, Say, Talk, button, go_to, listen, set_slots
from actions.goals.world import World
from actions.recognise import count_words, is_plain_no

log = structlog.get_logger()

# The engine gives an action ten seconds; the customer must have heard something before that.
ACTION_SECONDS = 8.0
TRIES_BEFORE_OFFER = 2
TRIES_BEFORE_HANDOFF = 3
MAX_SUSPENDED = 3
# A text of at most this many words that names a number or an address corrects it, and is no free text.
ASIDE_WORDS = 8

PERSON = button("Talk to a person", "/talk_to_person")


@dataclass(frozen=True)
class Field:
    """One thing a task needs to know.

    ``read`` finds the value in a message, whatever was asked; ``read_asked`` only when this field was asked for
    (a bare number, the whole text). ``invalid`` is said when a message does not fill it, ``missing`` when the
    customer says that they do not have it. ``is_free_text`` fields take what people say in their own words, so that only
    clear requests break in. ``applies`` leaves the field out where it is not needed. ``keeps`` marks what outlives
    the task (the order number, the address one writes from).
    """

    slot: str
    read: Callable[[Draft], Any] = lambda draft: None
    read_asked: Callable[[Draft], Any] = lambda draft: None
    applies: Callable[[Draft], bool] = lambda draft: True
    is_free_text: bool = False
    keeps: bool = False
    invalid: str = "utter_not_understood_here"
    missing: str | None = None


Step = Literal["go_on", "asked", "ended"]


@dataclass(frozen=True)
class Prompt:
    """How a field is asked for: a response's name, its buttons and its values; ``again`` words it the next time."""

    response: str
    buttons: tuple[dict[str, str], ...] = ()
    values: dict[str, Any] = field(default_factory=dict)
    again: str | None = None


class Task(ABC):
    """One customer goal. Subclasses are tables with two verbs, ``check`` and ``finish``."""

    name: ClassVar[str]
    intents: ClassVar[frozenset[str]]
    fields: ClassVar[tuple[Field, ...]]
    is_lookup: ClassVar[bool] = False
    related: ClassVar[frozenset[str]] = frozenset()
    extra_slots: ClassVar[tuple[str, ...]] = ()

    def __init__(self, world: World) -> None:
        self.world = world

    @property
    def form(self) -> str:
        """The form's name in the domain."""
        return f"{self.name}_form"

    @property
    def action(self) -> str:
        """The name of the action that finishes the task."""
        return f"action_{self.name}"

    @property
    def own_slots(self) -> tuple[str, ...]:
        """The slots that belong to this task alone and start empty."""
        return (*(f.slot for f in self.fields if not f.keeps), *self.extra_slots)

    async def start(self, draft: Draft) -> None:
        """Fill what the first message already says; called once, after the fields were read."""
        return

    async def check(self, draft: Draft, say: Say) -> Step:
        """Check what was filled in this turn; say what is wrong, or end the task where it cannot be done."""
        return "go_on"

    async def prompt(self, draft: Draft, slot: str) -> Prompt:
        """Word the question for a field."""
        return Prompt(f"utter_want_{self.name}_{slot}")

    def opening(self, draft: Draft) -> str | None:
        """Name what is said first of all, once ("I'm sorry ..."); None when nothing is."""
        return None

    def turns_back(self, draft: Draft) -> bool:
        """Tell whether the message takes an earlier answer back ("another order"), and empty its fields."""
        return False

    async def explain(self, draft: Draft, asked: Field) -> Prompt:
        """Word what a right answer looks like, the first time that a message did not help."""
        return Prompt(asked.invalid, (await self.prompt(draft, asked.slot)).buttons)

    @abstractmethod
    async def finish(self, talk: Talk, say: Say) -> list[Event]:
        """Do what was asked, and say so. Only called with every field filled."""


class TaskForm(Goal):
    """The validator of a task's form."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self.label = f"validate_{task.form}"

    async def act(self, talk: Talk, say: Say) -> list[Event]:
        """Read the message, ask on, or hand over."""
        draft = Draft(talk, self.task.form)
        try:
            async with asyncio.timeout(ACTION_SECONDS):
                return await self._advance(draft, say)
        except (ActionsError, TimeoutError) as error:
            return give_up(draft, say, self.task, error)

    async def _advance(self, draft: Draft, say: Say) -> list[Event]:
        if draft.is_resumed:
            draft.set("resuming", None)
            say(f"utter_back_to_{self.task.form}")
            return await self._check_and_ask(draft, say, is_again=True)
        if draft.is_start:
            return await self._start(draft, say)
        if draft.talk.has_answered():
            say(f"utter_back_to_{self.task.form}")
            return await self._ask(draft, say, is_again=True)
        return await self._continue(draft, say)

    async def _start(self, draft: Draft, say: Say) -> list[Event]:
        suspend_former(draft)
        draft.forget(self.task.own_slots)
        draft.set("tries", 0)
        self._read(draft, asked=None)
        await self.task.start(draft)
        opening = self.task.opening(draft)
        if opening:
            say(opening)
        return await self._check_and_ask(draft, say)

    async def _continue(self, draft: Draft, say: Say) -> list[Event]:
        asked = next((f for f in self.task.fields if f.slot == draft.get(REQUESTED_SLOT)), None)
        found = self._read(draft, asked=asked)
        verdict = judge(
            draft.talk,
            Place(
                own=self.task.intents,
                related=self.task.related,
                is_free_text=bool(asked and asked.is_free_text),
                has_value=bool(found),
            ),
        )
        if verdict is Verdict.INTERRUPTION:
            return [ActionExecutionRejected(self.task.form)]
        if verdict is not Verdict.ANSWER:
            return await self._go_beside(Draft(draft.talk, draft.form), say, verdict)
        if found:
            return await self._check_and_ask(draft, say)
        return await self._not_found(draft, say, asked)

    async def _go_beside(self, draft: Draft, say: Say, verdict: Verdict) -> list[Event]:
        """React to a message that is no answer; the draft is a fresh one, since such words fill no field."""
        if verdict is Verdict.STOP:
            return self._leave(draft, "action_stop")
        if verdict is Verdict.COURTESY:
            say(f"utter_{draft.talk.intent}_here")
        elif draft.talk.intent == "back_to_task":
            say(f"utter_back_to_{self.task.form}")
        return await self._ask(draft, say, is_again=True)

    async def _not_found(self, draft: Draft, say: Say, asked: Field | None) -> list[Event]:
        """Go on where the message fills nothing: an answer to an offer, a step back, or no help at all."""
        if self.task.turns_back(draft):
            draft.set("tries", 0)
            return await self._check_and_ask(draft, say)
        if asked and draft.talk.former_slot("offer") == "talk_to_person":
            if draft.talk.yes_or_no():
                return self._leave(draft, "action_handoff", handoff_reason="offered")
            if draft.talk.is_payload or is_plain_no(draft.talk.text):
                return self._leave(draft, "action_stop")
        return await self._explain(draft, say, asked)

    def _leave(self, draft: Draft, action: str, **slots: Any) -> list[Event]:
        """Let another action go on; the form stays as it is."""
        draft.set(REQUESTED_SLOT, draft.get(REQUESTED_SLOT))
        return [*draft.events(), *set_slots(**slots), go_to(action)]

    def _read(self, draft: Draft, *, asked: Field | None) -> list[str]:
        """Fill fields from the message; answers the slots that were filled."""
        found: dict[str, Any] = {f.slot: f.read(draft) for f in self.task.fields}
        if asked is not None and self._may_be_answer(draft, asked, found):
            # In free text the whole message counts, not the part that understanding marked in it.
            whole = asked.read_asked(draft)
            if found[asked.slot] is None or (asked.is_free_text and whole is not None):
                found[asked.slot] = whole
        filled = {slot: value for slot, value in found.items() if value is not None}
        for slot, value in filled.items():
            draft.fill(slot, value)
        return list(filled)

    def _may_be_answer(self, draft: Draft, asked: Field, found: dict[str, Any]) -> bool:
        """Tell whether the whole text may be the answer although it fills other fields ("actually, it's NL-...")."""
        if not any(found[f.slot] is not None and f.keeps for f in self.task.fields):
            return asked.is_free_text or all(value is None for value in found.values())
        return (
            asked.is_free_text
            and draft.talk.intent != "correct"
            and count_words(draft.talk.text) > ASIDE_WORDS
        )

    async def _explain(self, draft: Draft, say: Say, asked: Field | None) -> list[Event]:
        """Say what a right answer looks like; the second time offer a person, the third time call one."""
        if asked is None:
            return await self._ask(draft, say)
        tries = int(draft.get("tries") or 0) + 1
        if tries >= TRIES_BEFORE_HANDOFF:
            draft.set("tries", 0)
            return self._leave(draft, "action_handoff", handoff_reason="not_understood")
        draft.set("tries", tries)
        draft.set(REQUESTED_SLOT, asked.slot)
        if tries < TRIES_BEFORE_OFFER:
            is_missing = asked.missing is not None and draft.talk.intent == "deny"
            prompt = (
                Prompt(str(asked.missing), (PERSON,)) if is_missing else await self.task.explain(draft, asked)
            )
            say(prompt.response, buttons=prompt.buttons, **prompt.values)
            return draft.events()
        buttons = (await self.task.prompt(draft, asked.slot)).buttons
        say(f"utter_still_{asked.slot}", buttons=[*buttons, PERSON])
        draft.set("offer", "talk_to_person")
        return draft.events()

    async def _check_and_ask(self, draft: Draft, say: Say, *, is_again: bool = False) -> list[Event]:
        step = await self.task.check(draft, say)
        if step == "ended":
            return end_events(draft, say, self.task)
        if step == "asked":
            draft.set(REQUESTED_SLOT, self._missing_slot(draft))
            return draft.events()
        if draft.has_changed_fields:
            draft.set("tries", 0)
        return await self._ask(draft, say, is_again=is_again)

    def _missing_slot(self, draft: Draft) -> str | None:
        missing = (f.slot for f in self.task.fields if f.applies(draft) and draft.get(f.slot) is None)
        return next(missing, None)

    async def _ask(self, draft: Draft, say: Say, *, is_again: bool = False) -> list[Event]:
        slot = self._missing_slot(draft)
        is_again = is_again or (not draft.is_start and draft.talk.slots.get(REQUESTED_SLOT) == slot)
        draft.set(REQUESTED_SLOT, slot)
        if slot is None:
            return [*draft.events(), go_to(self.task.action)]
        prompt = await self.task.prompt(draft, slot)
        words = prompt.again if is_again and prompt.again else prompt.response
        say(words, buttons=prompt.buttons, **prompt.values)
        return draft.events()


class TaskEnd(Goal):
    """The action that finishes a task, then takes up what it interrupted."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self.label = task.action

    async def act(self, talk: Talk, say: Say) -> list[Event]:
        """Finish the task."""
        draft = Draft(talk, self.task.form)
        try:
            async with asyncio.timeout(ACTION_SECONDS):
                events = await self.task.finish(talk, say)
        except (ActionsError, TimeoutError) as error:
            return give_up(draft, say, self.task, error)
        return [*events, *end_events(draft, say, self.task)]


def suspend_former(draft: Draft) -> None:
    """Keep the unfinished task that this one interrupts, with what it already knew."""
    former = draft.former_form
    if former is None or former == draft.form:
        return
    frames = [frame for frame in draft.get("suspended") or [] if frame["form"] not in (former, draft.form)]
    frames.append({"form": former, "slots": draft.snapshot()})
    draft.set("suspended", frames[-MAX_SUSPENDED:])


def end_events(draft: Draft, say: Say, task: Task) -> list[Event]:
    """Close the task; take up the one it interrupted, or offer to."""
    draft.forget(task.own_slots)
    draft.set("tries", 0)
    draft.set("last_task", task.form)
    draft.set(REQUESTED_SLOT, None)
    frames = list(draft.get("suspended") or [])
    if not frames:
        return [*draft.events(), listen()]
    if not task.is_lookup:
        draft.set("offer", "back_to_task")
        say(
            f"utter_offer_back_to_{frames[-1]['form']}",
            buttons=[button("Yes", "/affirm"), button("No", "/deny")],
        )
        return [*draft.events(), listen()]
    return [*draft.events(), *resume_events(frames)]


def resume_events(frames: list[dict[str, Any]]) -> list[Event]:
    """Restore the task on top of the stack and run its form."""
    frame = frames[-1]
    restored = {**frame["slots"], "suspended": frames[:-1], "resuming": frame["form"]}
    return [*set_slots(**restored), go_to(frame["form"])]


def give_up(draft: Draft, say: Say, task: Task, error: Exception) -> list[Event]:
    """Say honestly that it did not work; "try again" in the next turn goes on with everything already told."""
    code = error.code if isinstance(error, ActionsError) else "action_timeout"
    log.warning("task_failed", conversation_id=draft.talk.turn.conversation_id, task=task.name, code=code)
    again = button("Try again", f"/{min(task.intents)}")
    say("utter_trouble", buttons=[again, PERSON])
    draft.set(REQUESTED_SLOT, None)
    draft.set("last_task", task.form)
    draft.set("resuming", task.form)
    draft.set("offer", "talk_to_person")
    return [*draft.events(), listen()]
