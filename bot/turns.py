"""One turn of the dialogue, run on Rasa's own parts, so that it happens whole or not at all.

Rasa's ``handle_message`` answers errors with silence: a failing action loses its events, a failing tracker store
gives a fresh conversation, a customer's ``/intent`` is obeyed. This runner takes the same steps on the same parts
(session, understanding, slots, policies, actions), and differs in four things: text never meets the reader of
``/intent``; a failure ends the turn before anything is stored; a message that is stored already is answered from
the tracker; every step is timed for the trace.
"""

from __future__ import annotations

# mypy: disable-error-code="misc"
import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from time import perf_counter
from typing import Any

import structlog
from rasa.core.actions.action import Action, ActionExecutionRejection, action_for_name_or_text
from rasa.core.actions.loops import LoopAction
from rasa.core.agent import Agent
from rasa.core.channels.channel import OutputChannel, UserMessage
from rasa.core.policies.policy import PolicyPrediction
from rasa.core.processor import MessageProcessor
from rasa.core.tracker_store import FailSafeTrackerStore
from rasa.engine.constants import PLACEHOLDER_MESSAGE, PLACEHOLDER_TRACKER
from rasa.exceptions import ActionLimitReached
from rasa.shared.core.constants import ACTION_EXTRACT_SLOTS, ACTION_LISTEN_NAME, DEFAULT_SLOT_NAMES
from rasa.shared.core.events import (
    ActionExecuted,
    ActionExecutionRejected,
    AgentUttered,
    BotUttered,
    Event,
    FollowupAction,
    LoopInterrupted,
    SlotSet,
    UserUttered,
)
from rasa.shared.core.trackers import DialogueStateTracker

from bot.errors import EngineNotReady, TrackerStoreUnavailable, TurnFailed
from bot.explain import Explainer
from bot.guard import CallRecord, GuardedEndpoint, current_calls, install_plain_check
from bot.tracker import CarelineTrackerStore
from bot.wire import (
    MENU,
    RESUME,
    ActionTrace,
    MessageIn,
    Payload,
    ResumeIn,
    StretchEntry,
    TurnTrace,
    actions_of,
    build_answer,
    turn_of,
    understanding_of,
)
from bot.wishes import ENDINGS, WAITING, Wish, find_wishes, read_waiting, with_order
from nlu.component import Understanding

log = structlog.get_logger()

CHANNEL = "careline"
TURN_TIMEOUT_SECONDS = 25.0
MENU_ACTION = "action_menu"
RESUME_INTENT = "back_to_task"
ANNOUNCE_ACTION = "action_announce_wish"
REGEX_NODE = "run_RegexMessageHandler"


class SilentOutput(OutputChannel):
    """Sends nothing: replies are read from the tracker's events, where blank lines do not split them."""

    @classmethod
    def name(cls) -> str:
        """Name the channel, as responses with a ``channel`` key know it."""
        return CHANNEL

    async def send_response(self, recipient_id: str, message: dict[str, Any]) -> None:
        """Do nothing."""


class TurnRunner:
    """Runs turns on a loaded agent, one at a time per conversation."""

    def __init__(self, agent: Agent) -> None:
        if agent.processor is None:
            raise EngineNotReady
        self._agent = agent
        self._processor: MessageProcessor = agent.processor
        self._store = unwrap_store(agent)
        self._endpoint = guard_endpoint(agent)
        self._text_node = find_text_node(agent.processor)
        self._understanding = find_understanding(agent.processor)
        self._explainer = Explainer(self._understanding.explain if self._understanding else None)
        self._output = SilentOutput()
        self._locks: dict[str, tuple[asyncio.Lock, int]] = {}

    @property
    def model_id(self) -> str | None:
        """Name the loaded model."""
        model_id: str | None = self._agent.model_id
        return model_id

    async def degraded(self) -> list[str]:
        """List the codes of what does not work now."""
        codes = []
        try:
            await self._store.ping()
        except TrackerStoreUnavailable:
            codes.append("tracker_store_unavailable")
        if self._endpoint is None:
            codes.append("action_server_missing")
        elif not self._endpoint.is_available:
            codes.append("action_server_unavailable")
        if self._understanding is not None and self._understanding.lack:
            codes.append("understanding_on_cpu")
        return codes

    def understand(self, texts: Sequence[str]) -> list[dict[str, Any]]:
        """Understand texts without recording anything, in their order. It may run beside turns, on another thread."""
        tracker = DialogueStateTracker.from_events("understand", [])
        return [understanding_of(parse) for parse in self._parse_texts(texts, tracker)]

    async def explain(self, text: str) -> dict[str, Any]:
        """Explain word by word what the model that serves now makes of a text, without recording anything.

        Raises:
            NotExplainable: the pipeline understands with another component than ours.
            ExplainerBusy: too many are waited for.
        """
        return await self._explainer.answer(text)

    async def answer(self, message: MessageIn) -> dict[str, Any]:
        """Run the turn of a customer's message.

        Raises:
            TurnFailed: nothing was recorded.
            TrackerStoreUnavailable: nothing was recorded.
        """

        async def begin(tracker: DialogueStateTracker, trace: TurnTrace) -> bool:
            await self._log_message(message, tracker, trace)
            return False

        return await self._run(message.conversation_id, message.message_id, begin)

    async def resume(self, request: ResumeIn) -> dict[str, Any]:
        """Append what was said to a person and go on; errors as in ``answer``."""

        async def begin(tracker: DialogueStateTracker, trace: TurnTrace) -> bool:
            self._append_stretch(request, tracker)
            return await self._go_on(request, tracker, trace)

        return await self._run(request.conversation_id, request.message_id, begin)

    # --- the frame of a turn ---------------------------------------------------------------------

    async def _run(self, conversation_id: str, message_id: str, begin: Callable[..., Any]) -> dict[str, Any]:
        async with self._alone(conversation_id):
            started = perf_counter()
            tracker = await self._processor.get_tracker(conversation_id)
            repeated = self._repeat(tracker, message_id)
            if repeated is not None:
                return repeated
            trace = TurnTrace(model_id=self.model_id)
            await self._run_whole(tracker, trace, begin)
            await self._store.save(tracker)
            trace.total_ms = (perf_counter() - started) * 1000
            events = turn_of(event_dicts(tracker), message_id) or []
            return build_answer(message_id, events, trace, is_repeated=False)

    async def _run_whole(
        self, tracker: DialogueStateTracker, trace: TurnTrace, begin: Callable[..., Any]
    ) -> None:
        """Run every step on the tracker in memory, or raise TurnFailed."""
        calls = CallRecord()
        token = current_calls.set(calls)
        slots_before = slot_values(tracker)
        try:
            await asyncio.wait_for(self._steps(tracker, trace, begin, calls), TURN_TIMEOUT_SECONDS)
        except asyncio.TimeoutError as error:
            raise TurnFailed("turn_timeout") from error
        finally:
            current_calls.reset(token)
        trace.slots_changed = changes(slots_before, slot_values(tracker))
        trace.active_form = tracker.active_loop_name

    async def _steps(
        self, tracker: DialogueStateTracker, trace: TurnTrace, begin: Callable[..., Any], calls: CallRecord
    ) -> None:
        await self._processor._update_tracker_session(tracker, self._output)
        is_finished = await begin(tracker, trace)
        check_calls(calls)
        if not is_finished:
            await self._predict_and_act(tracker, trace, calls)
            await self._take_up_waiting(tracker, trace, calls)

    def _repeat(self, tracker: DialogueStateTracker, message_id: str) -> dict[str, Any] | None:
        """Answer a recorded message as it was answered then; None when it is new."""
        if not any(
            isinstance(event, UserUttered) and event.message_id == message_id for event in tracker.events
        ):
            return None
        events = turn_of(event_dicts(tracker), message_id) or []
        trace = TurnTrace(
            model_id=self.model_id, actions=actions_of(events), active_form=tracker.active_loop_name
        )
        return build_answer(message_id, events, trace, is_repeated=True)

    @asynccontextmanager
    async def _alone(self, conversation_id: str) -> AsyncIterator[None]:
        """Let one turn at a time into a conversation, in order; Rasa's own lock polls once a second."""
        lock, waiting = self._locks.get(conversation_id, (asyncio.Lock(), 0))
        self._locks[conversation_id] = (lock, waiting + 1)
        try:
            async with lock:
                yield
        finally:
            lock, waiting = self._locks.pop(conversation_id)
            if waiting > 1:
                self._locks[conversation_id] = (lock, waiting - 1)

    # --- understanding ---------------------------------------------------------------------------

    async def _log_message(self, message: MessageIn, tracker: DialogueStateTracker, trace: TurnTrace) -> None:
        started = perf_counter()
        if message.payload is None:
            parse = self._parse_text(message.text, tracker)
        else:
            parse = self._parse_payload(message.payload, message.text)
        trace.understand_ms = (perf_counter() - started) * 1000
        text = message.text or (message.payload.intent if message.payload else "")
        wishes = find_wishes(parse, is_in_form=bool(tracker.active_loop_name))
        if wishes:
            text = wishes[0].text
            parse = {**parse, **wishes[0].to_parse()}
        await self._log_parsed(text, parse, message.message_id, dict(message.metadata), tracker, trace)
        await self._let_wait(wishes[1:], tracker, trace)

    async def _log_parsed(
        self,
        text: str,
        parse: dict[str, Any],
        message_id: str,
        metadata: dict[str, Any],
        tracker: DialogueStateTracker,
        trace: TurnTrace,
    ) -> None:
        tracker.update(user_event(text, parse, message_id, metadata), self._processor.domain)
        started = perf_counter()
        await self._processor.run_action_extract_slots(self._output, tracker)
        spent = (perf_counter() - started) * 1000
        trace.actions.append(ActionTrace(ACTION_EXTRACT_SLOTS, None, None, spent))

    # --- two wishes in one message -----------------------------------------------------------------

    async def _let_wait(self, wishes: list[Wish], tracker: DialogueStateTracker, trace: TurnTrace) -> None:
        """Keep what the message wants besides, and say so; what is now asked for by itself waits no longer."""
        latest = tracker.latest_message.intent.get("name")
        before = read_waiting(tracker.get_slot(WAITING))
        waiting = [*(wish for wish in before if wish.intent != latest), *wishes]
        if waiting != before:
            self._set_waiting(waiting, tracker)
        if wishes:
            await self._announce(tracker, trace)

    async def _take_up_waiting(
        self, tracker: DialogueStateTracker, trace: TurnTrace, calls: CallRecord
    ) -> None:
        """Go on with what waits, one wish after the other, until the bot itself waits for an answer."""
        message = tracker.latest_message
        waiting = read_waiting(tracker.get_slot(WAITING))
        for number, wish in enumerate(waiting, start=1):
            if has_ended(tracker):
                self._set_waiting([], tracker)
            if has_ended(tracker) or not is_free(tracker):
                return
            self._set_waiting(waiting[number:], tracker)
            metadata = {**(message.metadata or {}), "kind": "wish", "part_of": message.message_id}
            wish = with_order(wish, order_of_turn(tracker))
            message_id = f"{message.message_id}+{number}"
            await self._log_parsed(wish.text, wish.to_parse(), message_id, metadata, tracker, trace)
            await self._announce(tracker, trace)
            await self._predict_and_act(tracker, trace, calls)

    def _set_waiting(self, wishes: list[Wish], tracker: DialogueStateTracker) -> None:
        value = [wish.to_slot() for wish in wishes] or None
        tracker.update(SlotSet(WAITING, value), self._processor.domain)

    async def _announce(self, tracker: DialogueStateTracker, trace: TurnTrace) -> None:
        """Say what comes now or later.

        Only the words are recorded: an action here would stand between the message and the rule that follows it.
        """
        domain = self._processor.domain
        action = action_for_name_or_text(ANNOUNCE_ACTION, domain, self._endpoint)
        started = perf_counter()
        prediction = PolicyPrediction.for_action_name(domain, ANNOUNCE_ACTION)
        events, error = await self._run_action(action, prediction, tracker)
        tracker.update_with_events([event for event in events if isinstance(event, BotUttered)], domain)
        spent = (perf_counter() - started) * 1000
        trace.actions.append(ActionTrace(ANNOUNCE_ACTION, None, None, spent, error))

    def _parse_text(self, text: str, tracker: DialogueStateTracker) -> dict[str, Any]:
        """Understand a customer's text; a leading slash is a character like any other."""
        return self._parse_texts([text], tracker)[0]

    def _parse_texts(self, texts: Sequence[str], tracker: DialogueStateTracker) -> list[dict[str, Any]]:
        """Understand texts in one run of the graph, so that they are computed side by side."""
        messages = [UserMessage(text) for text in texts]
        inputs = {PLACEHOLDER_MESSAGE: messages, PLACEHOLDER_TRACKER: tracker}
        parsed = self._processor.graph_runner.run(inputs=inputs, targets=[self._text_node])[self._text_node]
        return [
            {
                "intent": {"name": None, "confidence": 0.0},
                "entities": [],
                **message.as_dict(only_output_properties=True),
                "text": text,
            }
            for text, message in zip(texts, parsed, strict=True)
        ]

    def _parse_payload(self, payload: Payload, text: str) -> dict[str, Any]:
        """Obey a button; one that names an unknown intent is a failed turn, not a guess."""
        if payload.intent not in self._processor.domain.intents:
            raise TurnFailed("unknown_intent_in_payload")
        intent = {"name": payload.intent, "confidence": 1.0}
        entities = [
            {"entity": name, "value": value, "start": 0, "end": 0, "extractor": "payload"}
            for name, value in payload.entities
        ]
        return {"text": text, "intent": intent, "intent_ranking": [intent], "entities": entities}

    # --- deciding and acting ---------------------------------------------------------------------

    async def _predict_and_act(
        self, tracker: DialogueStateTracker, trace: TurnTrace, calls: CallRecord
    ) -> None:
        is_listening = False
        while not is_listening and self._processor._should_handle_message(tracker):
            action, prediction = self._predict(tracker)
            await self._act(action, prediction, tracker, trace)
            check_calls(calls)
            is_listening = action.name() == ACTION_LISTEN_NAME

    def _predict(self, tracker: DialogueStateTracker) -> tuple[Action, PolicyPrediction]:
        try:
            predicted: tuple[Action, PolicyPrediction] = self._processor.predict_next_with_tracker_if_should(
                tracker
            )
        except ActionLimitReached as error:
            raise TurnFailed("action_limit_reached", tracker.latest_action_name) from error
        except Exception as error:
            log.exception("policy_failed", conversation_id=tracker.sender_id)
            raise TurnFailed("policy_failed") from error
        return predicted

    async def _act(
        self, action: Action, prediction: PolicyPrediction, tracker: DialogueStateTracker, trace: TurnTrace
    ) -> None:
        started = perf_counter()
        events, error = await self._run_action(action, prediction, tracker)
        if error is None:
            self._processor._log_action_on_tracker(tracker, action, events, prediction)
        else:
            tracker.update(
                ActionExecutionRejected(action.name(), prediction.policy_name, prediction.max_confidence)
            )
        if any(isinstance(event, UserUttered) for event in events):
            await self._processor.run_action_extract_slots(self._output, tracker)
        spent = (perf_counter() - started) * 1000
        if action.name() != ACTION_LISTEN_NAME:
            confidence = round(float(prediction.max_confidence), 4)
            trace.actions.append(ActionTrace(action.name(), prediction.policy_name, confidence, spent, error))

    async def _run_action(
        self, action: Action, prediction: PolicyPrediction, tracker: DialogueStateTracker
    ) -> tuple[list[Event], str | None]:
        """Run an action on a copy of the tracker where it may change it; returns its events, or "rejected"."""
        temporary = tracker
        if prediction.events or isinstance(action, LoopAction):
            temporary = tracker.copy()
            temporary.update_with_events(prediction.events, self._processor.domain)
        try:
            events = await action.run(self._output, self._processor.nlg, temporary, self._processor.domain)
        except ActionExecutionRejection:
            return [], "rejected"
        except (asyncio.CancelledError, TrackerStoreUnavailable):
            raise
        except Exception as error:
            log.exception("action_failed", conversation_id=tracker.sender_id, action=action.name())
            raise TurnFailed("action_failed", action.name()) from error
        check_said(action, events)
        return list(events or []), None

    # --- a person gives the conversation back ------------------------------------------------------

    def _append_stretch(self, request: ResumeIn, tracker: DialogueStateTracker) -> None:
        for entry in request.entries:
            tracker.update(self._stretch_event(entry, tracker), self._processor.domain)

    def _stretch_event(self, entry: StretchEntry, tracker: DialogueStateTracker) -> Event:
        timestamp = seconds_of(entry.at)
        if entry.kind == "agent":
            return AgentUttered(entry.text, timestamp=timestamp, metadata={"kind": "agent"})
        parse = self._parse_text(entry.text, tracker)
        event = user_event(entry.text, parse, None, {"kind": "human_stretch"})
        event.timestamp = timestamp or event.timestamp
        return event

    async def _go_on(self, request: ResumeIn, tracker: DialogueStateTracker, trace: TurnTrace) -> bool:
        """Record why the bot speaks again and begin with it; returns whether the turn is finished then."""
        if request.mode not in (RESUME, MENU):
            parse = self._parse_payload(Payload(request.mode), "")
            metadata = {**last_metadata(tracker), "kind": "resume", "mode": request.mode}
            await self._log_parsed(f"/{request.mode}", parse, request.message_id, metadata, tracker, trace)
            return False
        self._log_resume(request, tracker)
        form = tracker.active_loop_name
        if request.mode == RESUME and form:
            # Rasa's own way to come back to a form: it asks again and does not judge the latest message.
            tracker.update(LoopInterrupted(True), self._processor.domain)
            tracker.update(FollowupAction(form), self._processor.domain)
            return False
        await self._run_named(MENU_ACTION, tracker, trace)
        await self._run_named(ACTION_LISTEN_NAME, tracker, trace)
        return True

    def _log_resume(self, request: ResumeIn, tracker: DialogueStateTracker) -> None:
        intent = {"name": RESUME_INTENT, "confidence": 1.0}
        parse = {"text": "", "intent": intent, "intent_ranking": [intent], "entities": []}
        metadata = {**last_metadata(tracker), "kind": "resume", "mode": request.mode}
        tracker.update(user_event("", parse, request.message_id, metadata), self._processor.domain)

    async def _run_named(self, name: str, tracker: DialogueStateTracker, trace: TurnTrace) -> None:
        """Run one action without asking the policies."""
        domain = self._processor.domain
        action = action_for_name_or_text(name, domain, self._endpoint)
        await self._act(action, PolicyPrediction.for_action_name(domain, name), tracker, trace)


# --- small parts ------------------------------------------------------------------------------------


def unwrap_store(agent: Agent) -> CarelineTrackerStore:
    """Take Rasa's fail-safe wrapper off the tracker store; a store that is not ours stops the start.

    Rasa also puts an in-memory store in the place of a class it cannot import; that must not pass either.
    """
    store = agent.tracker_store
    inner = store._tracker_store if isinstance(store, FailSafeTrackerStore) else store
    if not isinstance(inner, CarelineTrackerStore):
        log.error("tracker_store_foreign", store=type(inner).__name__, alarm=True)
        raise TrackerStoreUnavailable
    inner.domain = agent.domain
    agent.tracker_store = inner
    agent.processor.tracker_store = inner
    return inner


def guard_endpoint(agent: Agent) -> GuardedEndpoint | None:
    """Put the guarded endpoint in the place of Rasa's; None when no action server is configured."""
    endpoint = agent.action_endpoint
    if endpoint is None:
        return None
    guarded = endpoint if isinstance(endpoint, GuardedEndpoint) else GuardedEndpoint.guarding(endpoint)
    install_plain_check()
    agent.action_endpoint = guarded
    agent.processor.action_endpoint = guarded
    return guarded


def find_text_node(processor: MessageProcessor) -> str:
    """Find the graph's node before the reader of ``/intent{...}``: what it gives is plain understanding.

    Raises:
        EngineNotReady: the graph is not shaped as expected; then a customer's slash might be obeyed.
    """
    nodes = processor.model_metadata.predict_schema.nodes
    node = nodes[REGEX_NODE].needs.get("messages") if REGEX_NODE in nodes else None
    if node is None:
        log.error("text_node_missing", alarm=True)
        raise EngineNotReady
    return str(node)


def find_understanding(processor: MessageProcessor) -> Understanding | None:
    """Find our component in the graph; None where the pipeline understands with another."""
    components = (node._component for node in processor.graph_runner._instantiated_nodes.values())
    return next((component for component in components if isinstance(component, Understanding)), None)


def user_event(
    text: str, parse: Mapping[str, Any], message_id: str | None, metadata: dict[str, Any]
) -> UserUttered:
    """Build the event of something a customer wrote or pressed."""
    return UserUttered(
        text,
        parse["intent"],
        parse["entities"],
        dict(parse),
        input_channel=CHANNEL,
        message_id=message_id,
        metadata=metadata,
    )


def last_metadata(tracker: DialogueStateTracker) -> dict[str, Any]:
    """Get who wrote last and how, so that a verified customer stays one when the bot goes on."""
    for event in reversed(tracker.events):
        if isinstance(event, UserUttered) and "customer" in (event.metadata or {}):
            return {name: event.metadata.get(name) for name in ("locale", "channel", "customer")}
    return {}


def events_of_turn(tracker: DialogueStateTracker) -> list[Event]:
    """Take the events since the customer's latest message, oldest first."""
    events: list[Event] = []
    for event in reversed(tracker.events):
        if isinstance(event, UserUttered):
            break
        events.append(event)
    return events[::-1]


def is_free(tracker: DialogueStateTracker) -> bool:
    """Tell whether the bot waits for nothing: no form is open, and no task ended with an offer.

    The offer of a person where a question has no answer holds nothing up.
    """
    events = events_of_turn(tracker)
    offers = [e.value for e in events if isinstance(e, SlotSet) and e.key == "offer"]
    return tracker.active_loop_name is None and not (has_task(events) and offers and offers[-1])


def has_task(events: list[Event]) -> bool:
    """Tell whether a form ran among these events."""
    return any(isinstance(e, ActionExecuted) and str(e.action_name).endswith("_form") for e in events)


def has_ended(tracker: DialogueStateTracker) -> bool:
    """Tell whether this turn left everything behind."""
    return any(isinstance(e, ActionExecuted) and e.action_name in ENDINGS for e in events_of_turn(tracker))


def order_of_turn(tracker: DialogueStateTracker) -> str | None:
    """Get the order that a task of this turn was about; None when the turn had no task."""
    number = tracker.get_slot("order_number") if has_task(events_of_turn(tracker)) else None
    return str(number) if number else None


def check_calls(calls: CallRecord) -> None:
    """Break the turn off when a call to the action server failed, also where Rasa went on without it."""
    if calls.failures:
        action, code = calls.failures[0]
        raise TurnFailed(code, action)


def check_said(action: Action, events: list[Event] | None) -> None:
    """A response that is missing from the domain is a failed turn, not a silent one."""
    if action.name().startswith("utter_") and not events:
        raise TurnFailed("response_missing", action.name())


def event_dicts(tracker: DialogueStateTracker) -> list[dict[str, Any]]:
    """Write the tracker's events as plain dicts, newest turn last."""
    return [event.as_dict() for event in tracker.events]


def slot_values(tracker: DialogueStateTracker) -> dict[str, Any]:
    """Read the slots that the domain names."""
    return {name: slot.value for name, slot in tracker.slots.items() if name not in DEFAULT_SLOT_NAMES}


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, list[Any]]:
    """List the slots whose value changed, with the value before and after."""
    return {name: [before.get(name), value] for name, value in after.items() if before.get(name) != value}


def seconds_of(at: str) -> float | None:
    """Read an ISO time as seconds since the epoch; None when it is empty or unreadable."""
    try:
        return datetime.fromisoformat(at.replace("Z", "+00:00")).timestamp()
    except ValueError:
        return None
