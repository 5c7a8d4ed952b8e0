"""Whole conversations through the real engine and the real action server.

A conversation is a YAML table: what the customer says (and what it means, so that the trained model's opinion does
not matter here) or presses, and what must be heard. ``says`` are fragments that must come in this order over all
replies of the turn, whatever their case. A turn is ``silent`` where the desk's own line tells what happened.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.actions.goals.fakes import CUSTOMERS
from tests.dialogue.conftest import read_scenarios
from tests.dialogue.stand import Stand

pytestmark = pytest.mark.engine

SCENARIOS = read_scenarios()


@pytest.mark.parametrize("scenario", SCENARIOS, ids=[f"{s['file']}: {s['name']}" for s in SCENARIOS])
def test_conversation(stand: Stand, scenario: dict[str, Any]) -> None:
    play_all(stand, scenario)


def play_all(stand: Stand, scenario: dict[str, Any]) -> None:
    conversation = f"{scenario['file']}-{scenario['name']}"
    customer = customer_of(scenario.get("customer"))
    for position, turn in enumerate(scenario["turns"], start=1):
        break_things(stand, turn.get("down", {}))
        answer = play(stand, conversation, turn, customer)
        check(
            turn.get("hear", {}),
            answer,
            f"turn {position}: {turn.get('say', turn.get('press', turn.get('resume')))!r}",
        )
    check_effects(stand, scenario.get("then", {}))


def customer_of(name: str | None) -> dict[str, str] | None:
    return {"id": name, "name": name.removeprefix("c-").title(), "email": CUSTOMERS[name]} if name else None


def break_things(stand: Stand, down: dict[str, bool]) -> None:
    for name, is_down in down.items():
        port, _, what = name.partition(".")
        setattr(getattr(stand.outside, port), what or "is_down", is_down)


def play(stand: Stand, conversation: str, turn: dict[str, Any], customer: Any) -> dict[str, Any]:
    if "resume" in turn:
        return stand.resume(conversation, turn["resume"], turn.get("entries", []))
    if "press" in turn:
        return stand.say(conversation, turn.get("title", "button"), payload=turn["press"], customer=customer)
    return stand.say(conversation, turn["say"], customer=customer)


def check(hear: dict[str, Any], answer: dict[str, Any], where: str) -> None:
    replies, trace = answer["replies"], answer["trace"]
    heard = " | ".join(reply["text"] for reply in replies)
    context = f"{where}\nheard: {heard}\nactions: {[a['name'] for a in trace['actions']]}\nform: {trace['active_form']}"
    assert bool(replies) is not hear.get("silent", False), f"silence, or words too many, at {context}"
    assert "{" in where or "{" not in heard, f"an unfilled placeholder at {context}"
    position = 0
    for fragment in hear.get("says", []):
        found = heard.lower().find(fragment.lower(), position)
        assert found >= 0, f"{fragment!r} was not said at {context}"
        position = found
    for fragment in hear.get("never", []):
        assert fragment.lower() not in heard.lower(), f"{fragment!r} was said at {context}"
    titles = [button["title"] for reply in replies for button in reply["buttons"]]
    for title in hear.get("buttons", []):
        assert any(title.lower() in known.lower() for known in titles), (
            f"no button {title!r} in {titles} at {context}"
        )
    sources = [source["url"] for reply in replies for source in reply["sources"]]
    assert set(hear.get("sources", [])) <= set(sources), f"sources {sources} at {context}"
    assert set(hear.get("actions", [])) <= {a["name"] for a in trace["actions"]}, context
    assert not set(hear.get("skips", [])) & {a["name"] for a in trace["actions"]}, context
    if "form" in hear:
        assert trace["active_form"] == hear["form"], context
    if "replies" in hear:
        assert len(replies) == hear["replies"], context


def check_effects(stand: Stand, then: dict[str, Any]) -> None:
    outside = stand.outside
    if "shop" in then:
        assert [
            list(effect[: len(wanted)])
            for effect, wanted in zip(outside.shop.effects, then["shop"], strict=True)
        ] == then["shop"]
    if "tickets" in then:
        told = [f"{t.kind}: {t.subject} / {t.body} <{t.email}>" for t, _ in outside.desk.tickets]
        assert len(told) == len(then["tickets"]), told
        for text, fragments in zip(told, then["tickets"], strict=True):
            assert all(fragment in text for fragment in fragments), f"{fragments} not in {text}"
    if "handoffs" in then:
        told = [f"{h.reason}: {h.brief} [{h.interrupted_form}]" for h, _ in outside.desk.handoffs]
        assert len(told) == len(then["handoffs"]), told
        for text, fragments in zip(told, then["handoffs"], strict=True):
            assert all(fragment in text for fragment in fragments), f"{fragments} not in {text}"
