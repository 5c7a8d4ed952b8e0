"""`careline desk agent add` and `list`."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from careline.commands.desk import app
from careline.commands.knowledge.unanswered import unanswered
from careline.errors import CarelineError
from tests.contracts.test_answers import ask
from tests.desk.house import make_config, open_house

RUNNER = CliRunner()
questions = typer.Typer()
questions.command()(unanswered)
ADD = ["agent", "add", "Sam@example.com", "--name", "Sam", "--password-stdin"]
PASSWORD = "correct horse battery\n"


@pytest.fixture(autouse=True)
def var(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CARELINE_PATHS__VAR", str(tmp_path / "var"))


def test_an_agent_who_was_added_is_listed() -> None:
    added = RUNNER.invoke(app, ADD, input=PASSWORD)
    assert added.exit_code == 0, added.output
    listed = RUNNER.invoke(app, ["agent", "list", "--json"])
    assert [(one["email"], one["role"]) for one in json.loads(listed.output)] == [
        ("sam@example.com", "agent")
    ]
    assert "Sam" in RUNNER.invoke(app, ["agent", "list"]).output


def test_no_agents_names_the_next_command() -> None:
    assert "agent add" in RUNNER.invoke(app, ["agent", "list"]).output


@pytest.mark.parametrize("password", ["short\n", ""])
def test_a_short_password_is_refused_in_one_sentence(password: str) -> None:
    refused = RUNNER.invoke(app, ADD, input=password)
    assert isinstance(refused.exception, CarelineError)
    assert "12 characters" in str(refused.exception)


def test_the_same_address_twice_is_refused() -> None:
    RUNNER.invoke(app, ADD, input=PASSWORD)
    refused = RUNNER.invoke(app, ADD, input=PASSWORD)
    assert "exists" in str(refused.exception)


def test_without_a_terminal_nobody_is_asked_for_a_password() -> None:
    refused = RUNNER.invoke(app, ADD[:-1], input=PASSWORD)
    assert "--password-stdin" in str(refused.exception)


async def a_question(url: str) -> None:
    async with open_house(make_config(url)) as house:
        await ask(house, "Is there a showroom?", "Do you rent?")


def test_questions_without_an_answer_are_listed_and_written_to_a_file(tmp_path: Path) -> None:
    assert json.loads(RUNNER.invoke(questions, ["--json"]).output) == {"items": []}
    asyncio.run(a_question(f"sqlite:///{tmp_path / 'var' / 'desk.db'}"))
    listed = RUNNER.invoke(questions, ["--json"])
    assert {row["question"] for row in json.loads(listed.output)["items"]} == {
        "Is there a showroom?",
        "Do you rent?",
    }
    file = tmp_path / "unanswered.jsonl"
    written = RUNNER.invoke(questions, ["--export", str(file)])
    assert "2 questions written" in written.output
    assert len(file.read_text(encoding="utf-8").splitlines()) == 2
    refused = RUNNER.invoke(questions, ["--export", str(tmp_path / "x.xls")])
    assert isinstance(refused.exception, CarelineError)
