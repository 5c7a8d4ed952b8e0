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
from actions.recognise import count_words

log = structlog.get_logger()

# The engine gives an action ten seconds; the customer must have heard something before that.
ACTION_SECONDS = 8.0
TRIES_BEFORE_OFFER = 2
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
    """How a field is asked for: a response's name, its buttons and its values."""

    response: str
    buttons: tuple[dict[str, str], ...] = ()
    values: dict[str, Any] = field(default_factory=dict)


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
            return await self._check_and_ask(draft, say)
        if draft.is_start:
            return await self._start(draft, say)
        if draft.talk.has_answered():
            say(f"utter_back_to_{self.task.form}")
            return await self._ask(draft, say)
        return await self._continue(draft, say)

    async def _start(self, draft: Draft, say: Say) -> list[Event]:
        suspend_former(draft)
        draft.forget(self.task.own_slots)
        draft.set("tries", 0)
        self._read(draft, asked=None)
        await self.task.start(draft)
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
        if verdict is Verdict.STOP:
            draft.set(REQUESTED_SLOT, draft.get(REQUESTED_SLOT))
            return [*draft.events(), go_to("action_stop")]
        if verdict is Verdict.AGAIN:
            if draft.talk.intent == "back_to_task":
                say(f"utter_back_to_{self.task.form}")
            return await self._ask(draft, say)
        if not found:
            return await self._explain(draft, say, asked)
        return await self._check_and_ask(draft, say)

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
        """Say what a right answer looks like; from the second time on, offer a person as well."""
        if asked and asked.missing and draft.talk.intent == "deny":
            say(asked.missing, buttons=[PERSON])
            return await self._ask(draft, say)
        say(asked.invalid if asked else "utter_not_understood_here")
        count_try(draft, say)
        return await self._ask(draft, say)

    async def _check_and_ask(self, draft: Draft, say: Say) -> list[Event]:
        step = await self.task.check(draft, say)
        if step == "ended":
            return end_events(draft, say, self.task)
        if step == "asked":
            draft.set(REQUESTED_SLOT, self._missing_slot(draft))
            return draft.events()
        if draft.has_changed_fields:
            draft.set("tries", 0)
        return await self._ask(draft, say)

    def _missing_slot(self, draft: Draft) -> str | None:
        missing = (f.slot for f in self.task.fields if f.applies(draft) and draft.get(f.slot) is None)
        return next(missing, None)

    async def _ask(self, draft: Draft, say: Say) -> list[Event]:
        slot = self._missing_slot(draft)
        draft.set(REQUESTED_SLOT, slot)
        if slot is None:
            return [*draft.events(), go_to(self.task.action)]
        prompt = await self.task.prompt(draft, slot)
        say(prompt.response, buttons=prompt.buttons, **prompt.values)
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


def count_try(draft: Draft, say: Say) -> None:
    """Count an answer that did not help, and offer a person from the second on."""
    tries = int(draft.get("tries") or 0) + 1
    draft.set("tries", tries)
    if tries >= TRIES_BEFORE_OFFER:
        say("utter_offer_person_here", buttons=[PERSON])


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
