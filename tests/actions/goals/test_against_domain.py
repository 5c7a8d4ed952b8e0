"""The actions, the domain, the rules and the responses name the same things.

rasa_sdk skips a mistyped ``validate_<slot>`` in silence, and the engine drops a response it does not know; so the
names are compared here.
"""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from actions.goals import TASKS, build_actions, build_tasks
from actions.goals.draft import ORDER_SLOTS, SNAPSHOT_SLOTS
from actions.goals.intents import (
    CONTROL,
    DIALOGUE,
    MEANINGS,
    QUESTION_TOPICS,
    QUESTIONS,
    SOCIAL,
    TASK_BRIEFS,
    UNKNOWN,
)
from actions.goals.intents import TASKS as TASK_INTENTS
from actions.goals.world import World
from actions.ports import OrderStatus, RefundStatus
from tests.actions.goals.fakes import FakeDesk, FakeKnowledge, FakeShop, now

ROOT = Path(__file__).resolve().parents[3]
GOALS = ROOT / "actions" / "goals"
WORLD = World(FakeShop(), FakeDesk(), FakeKnowledge(), now)
ACTIONS = build_actions(WORLD.shop, WORLD.desk, WORLD.knowledge, WORLD.clock)
FORMS = [task.form for task in build_tasks(WORLD)]
PROBLEMS = ("damaged", "wrong", "missing")

# The placeholders of names that code completes, and what may stand there.
COMPLETIONS: dict[str, tuple[str, ...]] = {
    "self.task.form": tuple(FORMS),
    "frames[-1]['form']": tuple(FORMS),
    "form": tuple(FORMS),
    "status": tuple(status.value for status in OrderStatus),
    "order.status.value": ("processing", "cancelled"),
    "refund.status.value": tuple(s.value for s in RefundStatus if s is not RefundStatus.NONE),
    "slots['resolution']": ("replacement", "refund"),
    "known": ("new", "open", "pending", "solved", "closed", "other"),
    "draft.get('problem')": PROBLEMS,
    "problem": PROBLEMS,
    "draft.talk.intent": tuple(sorted(SOCIAL)),
    "asked.slot": tuple({f.slot for task in TASKS for f in task.fields}),
}


def read_yaml(folder: str, key: str) -> Any:
    parts = [yaml.safe_load(path.read_text()) for path in sorted((ROOT / folder).glob("*.yml"))]
    values = [part[key] for part in parts if key in part]
    return (
        {k: v for value in values for k, v in value.items()}
        if isinstance(values[0], dict)
        else [item for value in values for item in value]
    )


DOMAIN_FORMS = read_yaml("bot/domain", "forms")
DOMAIN_SLOTS = read_yaml("bot/domain", "slots")
DOMAIN_ACTIONS = read_yaml("bot/domain", "actions")
DOMAIN_INTENTS = [next(iter(intent)) for intent in read_yaml("bot/domain", "intents")]
RESPONSES = read_yaml("data/responses", "responses")
RULES = read_yaml("data/rules", "rules")
SOURCES = {path.name: path.read_text() for path in sorted(GOALS.glob("*.py"))}


def test_every_action_of_the_domain_exists_and_no_other() -> None:
    assert sorted(action.name() for action in ACTIONS) == sorted(DOMAIN_ACTIONS)


def test_every_form_asks_for_the_fields_of_its_task_in_the_same_order() -> None:
    assert {task.form: [f.slot for f in task.fields] for task in build_tasks(WORLD)} == {
        form: spec["required_slots"] for form, spec in DOMAIN_FORMS.items()
    }


def test_every_slot_that_the_code_names_is_in_the_domain() -> None:
    named = {f.slot for task in TASKS for f in task.fields} | set(SNAPSHOT_SLOTS) | set(ORDER_SLOTS)
    named |= {slot for task in TASKS for slot in task.extra_slots}
    for source in SOURCES.values():
        named |= set(re.findall(r'draft\.(?:get|set|fill)\("(\w+)"', source))
        named |= set(re.findall(r'slots(?:\.get\(|\[)"(\w+)"', source))
        named |= {
            name
            for call in re.findall(r"set_slots\(([^()]*)\)", source)
            for name in re.findall(r"(\w+)=", call)
        }
    assert named - set(DOMAIN_SLOTS) == set()


def test_every_slot_of_the_domain_is_used() -> None:
    text = "".join(SOURCES.values())
    assert [slot for slot in DOMAIN_SLOTS if not re.search(rf'["\b]?\b{slot}\b', text)] == []


def test_no_slot_influences_the_rules() -> None:
    assert all(spec["influence_conversation"] is False for spec in DOMAIN_SLOTS.values())


def test_no_validation_hides_in_a_method_that_rasa_sdk_finds_by_name() -> None:
    known = {f"{verb}_{slot}" for verb in ("validate", "extract") for slot in DOMAIN_SLOTS}
    found = {
        name
        for action in ACTIONS
        for name, _ in inspect.getmembers(action, callable)
        if name.startswith(("validate_", "extract_"))
    }
    assert found <= known


def test_intents_are_sorted_into_groups_without_rest_or_overlap() -> None:
    groups = (TASK_INTENTS, QUESTIONS, CONTROL, SOCIAL, DIALOGUE, UNKNOWN)
    together = [intent for group in groups for intent in group]
    assert sorted(together) == sorted(DOMAIN_INTENTS)


def test_every_intent_has_a_rule() -> None:
    started = [rule["steps"][0]["intent"] for rule in RULES]
    assert sorted(started) == sorted(DOMAIN_INTENTS)


def test_every_task_and_question_has_a_name_for_customers() -> None:
    assert set(MEANINGS) == TASK_INTENTS | QUESTIONS | {"talk_to_person"}
    assert len(set(MEANINGS.values())) == len(MEANINGS)


def test_every_task_has_a_line_for_the_person_who_takes_over() -> None:
    assert set(TASK_BRIEFS) == TASK_INTENTS
    assert all(doing[0].isupper() and not done[0].isupper() for doing, done in TASK_BRIEFS.values())


def test_topics_are_looked_up_for_questions_only() -> None:
    assert set(QUESTION_TOPICS) <= QUESTIONS


def responses_named_in_code() -> Iterator[str]:
    for name, source in SOURCES.items():
        for literal in re.findall(r'f?"(utter_[^"\s]+)"', source):
            yield from complete(literal, name)


def complete(literal: str, file: str) -> Iterator[str]:
    places = re.findall(r"{([^{}]+)}", literal)
    if not places:
        yield literal
        return
    if "self.name" in places:  # task hooks: filled below, from the fields themselves
        return
    for value in slot_values(file) if places == ["slot"] else COMPLETIONS[places[0]]:
        yield literal.replace(f"{{{places[0]}}}", value)


def slot_values(file: str) -> tuple[str, ...]:
    task = next(task for task in TASKS if inspect.getfile(task).endswith(file))
    return tuple(f.slot for f in task.fields)


SHARED_PROMPTS = {"order_number", "email", "problem"}


def test_every_response_that_the_code_names_exists() -> None:
    missing = {name for name in responses_named_in_code() if name not in RESPONSES}
    assert missing == set()


@pytest.mark.parametrize("task", build_tasks(WORLD), ids=lambda task: task.name)
def test_every_field_has_words_for_asking_and_for_explaining(task: Any) -> None:
    for field in task.fields:
        assert field.invalid in RESPONSES
        assert field.missing is None or field.missing in RESPONSES
        starts = (
            f"utter_want_{task.name}_{field.slot}",
            "utter_want_order_number",
            f"utter_want_{field.slot}",
        )
        assert any(name.startswith(starts) for name in RESPONSES)


def test_every_response_is_said_somewhere() -> None:
    said = set(responses_named_in_code()) | {step.get("action") for rule in RULES for step in rule["steps"]}
    said |= {f"utter_want_{task.name}_{f.slot}" for task in TASKS for f in task.fields}
    said |= {f.invalid for task in TASKS for f in task.fields} | {
        f.missing for task in TASKS for f in task.fields
    }
    assert set(RESPONSES) - said == set()


def test_no_text_is_empty_and_none_speaks_of_a_hole() -> None:
    for name, variants in RESPONSES.items():
        for variant in variants:
            assert variant["text"].strip(), name
            assert set(re.findall(r"{(.*?)}", variant["text"])) <= set(
                re.findall(r"{(\w+)}", variant["text"])
            ), name


def test_variants_of_a_response_need_the_same_values() -> None:
    for name, variants in RESPONSES.items():
        needs = [sorted(re.findall(r"{(\w+)}", variant["text"])) for variant in variants]
        assert all(need == needs[0] for need in needs), name


def test_every_payload_names_an_intent_of_the_domain() -> None:
    payloads = {p for source in SOURCES.values() for p in re.findall(r'"/(\w+)', source)}
    payloads |= {p for source in SOURCES.values() for p in re.findall(r"'/(\w+)", source)}
    assert payloads - set(DOMAIN_INTENTS) == set()
    assert json.loads('{"order_number": "NL-10234"}')  # the shape the buttons use
