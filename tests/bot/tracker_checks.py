"""Run by the engine's own Python: the tracker store against a database given as the only argument."""

from __future__ import annotations

import asyncio
import sys
import uuid

from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, SessionStarted, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from bot.errors import TrackerStoreUnavailable
from bot.tracker import CarelineTrackerStore, event_class

DOMAIN = Domain.from_dict({"slots": {"name": {"type": "text", "mappings": [{"type": "from_text"}]}}})


def said(text: str, at: float) -> UserUttered:
    return UserUttered(text, {"name": "greet"}, timestamp=at, message_id=text)


async def retrieved(store: CarelineTrackerStore, sender: str) -> DialogueStateTracker:
    tracker = await store.retrieve(sender)
    assert tracker is not None
    return tracker


async def check_events_survive_a_clock_that_jumps_back(store: CarelineTrackerStore, sender: str) -> None:
    tracker = DialogueStateTracker(sender, DOMAIN.slots)
    for event in (
        ActionExecuted("action_session_start", timestamp=100),
        SessionStarted(timestamp=100),
        said("a", 100),
    ):
        tracker.update(event)
    await store.save(tracker)
    loaded = await retrieved(store, sender)
    loaded.update(said("b", 50))  # an hour back
    loaded.update(SlotSet("name", "Maya", timestamp=50))
    await store.save(loaded)
    again = await retrieved(store, sender)
    assert [e.text for e in again.events if isinstance(e, UserUttered)] == ["a", "b"], list(again.events)
    assert again.get_slot("name") == "Maya"


async def check_saving_again_adds_nothing(store: CarelineTrackerStore, sender: str) -> None:
    for _ in range(3):
        await store.save(await store.retrieve(sender))
    again = await store.retrieve_full_tracker(sender)
    assert again is not None
    assert len(again.events) == 5, len(again.events)


async def check_new_session_hides_the_old_one_and_keeps_it(store: CarelineTrackerStore, sender: str) -> None:
    tracker = await retrieved(store, sender)
    for event in (ActionExecuted("action_session_start"), SessionStarted(timestamp=1), said("c", 1)):
        tracker.update(event)
    await store.save(tracker)
    assert [e.text for e in (await retrieved(store, sender)).events if isinstance(e, UserUttered)] == ["c"]
    whole = await store.retrieve_full_tracker(sender)
    assert whole is not None
    assert len(whole.events) == 8
    assert sender in await store.keys()


async def check_new_conversation_is_none(store: CarelineTrackerStore) -> None:
    assert await store.retrieve("nobody") is None


async def check_errors_are_errors() -> None:
    broken = CarelineTrackerStore(DOMAIN, "/no/such/folder/tracker.db")
    for work in (
        broken.retrieve("c"),
        broken.save(DialogueStateTracker("c", DOMAIN.slots)),
        broken.ping(),
        broken.keys(),
    ):
        try:
            await work
        except TrackerStoreUnavailable:
            continue
        raise AssertionError("no error")
    assert not broken.is_available


def check_every_event_of_rasa_is_known() -> None:
    for name in (
        "user",
        "bot",
        "slot",
        "action",
        "agent",
        "session_started",
        "active_loop",
        "followup",
        "restart",
    ):
        assert event_class(name).type_name == name
    try:
        event_class("nonsense")
    except ValueError:
        return
    raise AssertionError("no error")


async def main(address: str) -> None:
    store = CarelineTrackerStore(DOMAIN, address)
    sender = f"c-{uuid.uuid4().hex}"
    await store.ping()
    await check_new_conversation_is_none(store)
    await check_events_survive_a_clock_that_jumps_back(store, sender)
    await check_saving_again_adds_nothing(store, sender)
    await check_new_session_hides_the_old_one_and_keeps_it(store, sender)
    await check_errors_are_errors()
    check_every_event_of_rasa_is_known()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
