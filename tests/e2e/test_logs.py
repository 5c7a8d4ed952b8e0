from __future__ import annotations

import pytest

from bench.widget import Customer
from careline.settings import Settings, complete_secrets
from tests.support.system import System

pytestmark = pytest.mark.engine

CANARY = "the heliotrope teapot of my aunt"


def logs_of(system: System) -> dict[str, str]:
    return {name: (system.var / "logs" / f"{name}.log").read_text() for name in ("desk", "engine", "actions")}


async def test_one_conversation_id_runs_through_the_logs_of_all_processes(system: System) -> None:
    async with Customer(system.url) as customer:
        await customer.say("how many days do i have to send something back")
        conversation_id = customer.conversation_id
    assert {name for name, text in logs_of(system).items() if conversation_id in text} == {
        "desk",
        "engine",
        "actions",
    }


async def test_logs_hold_neither_what_customers_say_nor_a_secret(system: System) -> None:
    async with Customer(system.url) as customer:
        await customer.say(f"where is {CANARY}, order NL-10234, canary@example.com?")
        token = customer.token
    secrets = complete_secrets(Settings.model_validate({"paths": {"var": system.var}}))
    for name, text in logs_of(system).items():
        for word in (CANARY, "canary@example.com", token, *secrets.values()):
            assert word not in text, (name, word[:12])


def test_a_new_system_says_how_the_first_agent_is_added(system: System) -> None:
    assert "careline desk agent add" in system.output.read_text()
