"""Steering the conversation: stop, start over, repeat, go back, and what a yes, a no or a bare number means.

A yes is only ever the answer to an offer of the turn before (``offer``); anything older has gone stale.
"""

from __future__ import annotations

from typing import Any

from rasa_sdk.events import AllSlotsReset

from actions.errors import ActionsError
from actions.goals.goal import Goal
from actions.goals.intents import TASKS, UNKNOWN
from actions.goals.talk import Button, Event, Say, Talk, button, go_to, leave_form, listen, set_slots
from actions.goals.task import PERSON, Task, resume_events
from actions.goals.tickets import open_ticket
from actions.goals.world import World
from actions.recognise import find_email, find_order_number, find_ticket_number, is_mere_ok

# A task within the first ranks, with at least this share of the confidence, is meant as well.
LIKELY_RANKS = 3
LIKELY_SHARE = 0.1
# ... and this share where the message was not understood.
UNKNOWN_SHARE = 0.25

MENU: tuple[Button, ...] = (
    button("Where is my order?", "/order_status"),
    button("Send something back", "/return_item"),
    button("Something is wrong", "/item_damaged"),
    PERSON,
)
ORDER_CHOICES: tuple[Button, ...] = (
    button("Where is it?", "/order_status"),
    button("Send it back", "/return_item"),
    button("Cancel it", "/cancel_order"),
    button("Something is wrong", "/item_damaged"),
)


class Control(Goal):
    """An action that ends its own turn: it decides itself what comes next."""

    def __init__(self, world: World, tasks: dict[str, Task]) -> None:
        self.world = world
        self.tasks = tasks

    def frames(self, talk: Talk) -> list[dict[str, Any]]:
        """Get the suspended tasks whose forms still exist."""
        return [frame for frame in talk.slots.get("suspended") or [] if frame.get("form") in self.tasks]


class Stop(Control):
    """Leaves the open form; a task that waited behind it is offered, not forced."""

    label = "action_stop"

    async def act(self, talk: Talk, say: Say) -> list[Event]:
        """Leave."""
        form, frames = talk.turn.active_form, self.frames(talk)
        say(f"utter_stopped_{form}" if form in self.tasks else "utter_stopped_nothing")
        events = [*leave_form(), *forget_task(self.tasks.get(str(form)))]
        if not frames:
            return [*events, *set_slots(offer=None), listen()]
        say(
            f"utter_offer_back_to_{frames[-1]['form']}",
            buttons=[button("Yes", "/affirm"), button("No", "/deny")],
        )
        return [*events, *set_slots(offer="back_to_task"), listen()]


class Goodbye(Control):
    """Says goodbye and leaves everything that was open."""

    label = "action_goodbye"

    async def act(self, talk: Talk, say: Say) -> list[Event]:
        """Say goodbye, and what becomes of an unfinished task."""
        say("utter_goodbye_unfinished" if talk.turn.active_form in self.tasks else "utter_goodbye")
        return [
            *leave_form(),
            *forget_task(self.tasks.get(str(talk.turn.active_form))),
            *set_slots(suspended=None),
            listen(),
        ]


class StartOver(Control):
    """Forgets everything and shows what can be done. The count of failed proofs stays: it guards the orders."""

    label = "action_start_over"

    async def act(self, talk: Talk, say: Say) -> list[Event]:
        """Start over."""
        say("utter_start_over", buttons=MENU)
        failed = talk.slots.get("failed_proofs")
        return [*leave_form(), AllSlotsReset(), *set_slots(failed_proofs=failed), listen()]


class Menu(Control):
    """Shows what can be done; also how the desk gives a conversation back to the bot."""

    label = "action_menu"

    async def act(self, talk: Talk, say: Say) -> list[Event]:
        """Show the menu."""
        say("utter_menu", buttons=MENU)
        return [
            *leave_form(),
            *forget_task(self.tasks.get(str(talk.turn.active_form))),
            *set_slots(suspended=None),
            listen(),
        ]


class Repeat(Control):
    """Says the last replies again. In a form the form itself asks again."""

    label = "action_repeat"

    async def act(self, talk: Talk, say: Say) -> list[Event]:
        """Repeat."""
        replies = [reply for reply in talk.former_replies() if reply.get("text")]
        for reply in replies:
            data = reply.get("data") or {}
            sources = (data.get("custom") or {}).get("sources") or ()
            say.text(str(reply["text"]), sources=sources, buttons=data.get("buttons") or ())
        if not replies:
            say("utter_menu", buttons=MENU)
        return [*set_slots(offer=talk.former_slot("offer")), listen()]


class BackToTask(Control):
    """Takes up the task that waits."""

    label = "action_back_to_task"

    async def act(self, talk: Talk, say: Say) -> list[Event]:
        """Go back."""
        frames = self.frames(talk)
        if frames:
            return resume_events(frames)
        redone = redo_lookup(talk, self.tasks)
        if redone:
            return redone
        say("utter_no_task_waiting", buttons=MENU)
        return [listen()]


class Affirm(Control):
    """A yes outside a form: what was offered in the turn before is done."""

    label = "action_affirm"

    async def act(self, talk: Talk, say: Say) -> list[Event]:
        """Do what was offered; a question ("are you sure?") is no yes, and an "ok" to nothing only takes note."""
        if not talk.yes_or_no() and not asks_for_trace(talk):
            return [go_to("action_fallback")]
        offer, frames = talk.former_slot("offer"), self.frames(talk)
        if offer == "talk_to_person":
            return [*set_slots(offer=None, handoff_reason="offered"), go_to("action_handoff")]
        if offer == "back_to_task" and frames:
            return [*set_slots(offer=None), *resume_events(frames)]
        if offer == "trace_parcel":
            return await self._trace(talk, say)
        if is_mere_ok(talk.text):
            say("utter_no_problem")
        else:
            say("utter_yes_to_what", buttons=MENU)
        return [*set_slots(offer=None), listen()]

    async def _trace(self, talk: Talk, say: Say) -> list[Event]:
        number = talk.slots.get("order_number")
        subject, body = (
            f"Trace the parcel of {number}",
            f"{number} is late; the customer asks us to trace it.",
        )
        events: list[Event] = []
        try:
            events = await open_ticket(
                self.world.desk, talk, say, kind="order_late", subject=subject, body=body, priority="high"
            )
            say("utter_trace_next")
        except ActionsError:
            say("utter_trouble", buttons=[PERSON])
        return [*events, *set_slots(offer=None), listen()]


class Deny(Control):
    """A no outside a form: the offer is off, nothing is forced."""

    label = "action_deny"

    async def act(self, talk: Talk, say: Say) -> list[Event]:
        """Leave it."""
        was_clarifying = talk.ran_before("action_fallback") and talk.former_slot("offer") is None
        if was_clarifying:
            say("utter_fallback_rephrase", buttons=[PERSON])
        else:
            say("utter_no_problem")
        dropped = None if talk.former_slot("offer") == "back_to_task" else talk.slots.get("suspended")
        return [*set_slots(offer=None, suspended=dropped), listen()]


class Inform(Control):
    """A bare number, address or thing outside a form: ask what to do with it. A button of a form that is over shows the menu."""

    label = "action_inform"

    async def act(self, talk: Talk, say: Say) -> list[Event]:
        """Take it, and ask on."""
        if talk.is_payload and talk.entity("order_number") is None:
            say("utter_menu", buttons=MENU)
            return [listen()]
        ticket = find_ticket_number(talk.text)
        if ticket:
            return [*set_slots(ticket_number=ticket), go_to("ticket_status_form")]
        number, email = named_order(talk), find_email(talk.text)
        if number is None and email is None:
            return (
                redo_lookup(talk, self.tasks)
                or self._ask_about_address(talk, say)
                or [go_to("action_fallback")]
            )
        meant = likely_task(talk, UNKNOWN_SHARE if talk.intent in UNKNOWN else LIKELY_SHARE)
        if meant and number:
            return [go_to(form_of(meant, self.tasks))]
        if number:
            say("utter_what_with_order", number=number, buttons=ORDER_CHOICES)
            return [*set_slots(order_number=number, email=email or talk.slots.get("email")), listen()]
        say("utter_what_with_email", buttons=MENU)
        return [*set_slots(email=email), listen()]

    def _ask_about_address(self, talk: Talk, say: Say) -> list[Event]:
        """Ask whether an address out of nowhere is to be delivered to; nothing when there is none."""
        if talk.entity("address") is None:
            return []
        choices = [button("Yes, change it", "/change_address"), button("Something else", "/deny")]
        say("utter_what_with_address", buttons=choices)
        return [listen()]


class Correct(Control):
    """A correction outside a form: the last lookup is done again with what was meant."""

    label = "action_correct"

    async def act(self, talk: Talk, say: Say) -> list[Event]:
        """Do the last task again with the corrected number or address; in a form, another task was meant."""
        meant = likely_task(talk) if talk.turn.active_form else None
        if meant:
            return [go_to(form_of(meant, self.tasks))]
        number, email = named_order(talk), find_email(talk.text)
        last = self.tasks.get(str(talk.slots.get("last_task")))
        if last is None or (number is None and email is None):
            redone = redo_lookup(talk, self.tasks)
            if redone:
                return redone
            say("utter_what_did_you_mean", buttons=MENU)
            return [listen()]
        before = talk.slots.get("order_number") or talk.slots.get("order_candidate")
        corrected = {"order_number": number or before, "email": email or talk.slots.get("email")}
        return [*set_slots(**corrected, order_proof=None, resuming=None), go_to(last.form)]


def asks_for_trace(talk: Talk) -> bool:
    """Tell whether the trace that was just offered is asked for in so many words ("trace it please")."""
    return talk.former_slot("offer") == "trace_parcel" and "trac" in talk.text.lower()


def redo_lookup(talk: Talk, tasks: dict[str, Task]) -> list[Event]:
    """Look up again for another number or thing ("and the lamp?"), right after a lookup; nothing otherwise."""
    last = tasks.get(str(talk.slots.get("last_task")))
    is_lookup = last is not None and last.is_lookup and talk.ran_before(last.action)
    names_another = bool(talk.entity("product") or named_order(talk))
    return [go_to(last.form)] if last is not None and is_lookup and names_another else []


def named_order(talk: Talk) -> str | None:
    """Find the order number in the text, or on the button that was pressed."""
    return find_order_number(talk.text) or find_order_number(talk.entity("order_number") or "")


def likely_task(talk: Talk, least: float = LIKELY_SHARE) -> str | None:
    """Find the task that a message with a number in it names besides ("where is NL-10234, kim@example.org")."""
    ranked = (name for name, share in talk.turn.ranking[:LIKELY_RANKS] if share >= least and name in TASKS)
    return next(ranked, None)


def form_of(intent: str, tasks: dict[str, Task]) -> str:
    """Find the form of the task that an intent starts."""
    return next(task.form for task in tasks.values() if intent in task.intents)


def forget_task(task: Task | None) -> list[Event]:
    """Empty the slots of a task that was left."""
    empty = dict.fromkeys(task.own_slots) if task else {}
    return set_slots(**empty, tries=0, resuming=None)


CONTROLS = (Stop, Goodbye, StartOver, Menu, Repeat, BackToTask, Affirm, Deny, Inform, Correct)
