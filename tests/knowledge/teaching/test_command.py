"""The command around a teaching: what it refuses, what it says, what it lists."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from careline.cli import app
from careline.commands.knowledge.teaching import print_report
from careline.errors import CarelineError
from knowledge.build import ENCODERS
from knowledge.encoder_choice import Teaching, choose_encoder, record_teaching
from knowledge.teaching.teach import TeachReport

runner = CliRunner()

MEASURED = {
    "questions": 40,
    "before": {"first": 0.3, "first_three": 0.5, "mrr": 0.4},
    "after": {"first": 0.4, "first_three": 0.6, "mrr": 0.5},
    "p_first": 0.1,
    "p_first_three": 0.1,
    "p_mrr": 0.004,
}
TEACHING = Teaching(
    encoder_id="taught-1-int8-a",
    base_id="tiny-int8-b",
    data_hash="1",
    taught_at="2026-11-25T20:00:00+00:00",
    is_better=True,
    reason="it finds held-out questions better (p = 0.004)",
    questions=160,
    documents=16,
    seconds=12.0,
    compared_with="tiny-int8-b",
    held_out=MEASURED,
    guard={},
)


def test_the_numbers_and_the_verdict_are_said(capsys: pytest.CaptureFixture[str]) -> None:
    print_report(TeachReport(TEACHING, False, ("gone",)))
    said = capsys.readouterr().out
    assert "40 held-out questions: first 0.300 → 0.400, in three 0.500 → 0.600, MRR 0.400 → 0.500" in said
    assert "Promoted taught-1-int8-a: it finds held-out questions better (p = 0.004)." in said
    assert "1 documents named by pairs are not in the knowledge base: gone" in said
    print_report(TeachReport(replace(TEACHING, is_better=False, reason="chance"), True, ()))
    said = capsys.readouterr().out
    assert "Nothing changed since 2026-11-25T20:00" in said
    assert "Not promoted, tiny-int8-b stays: chance." in said


def test_teachings_are_listed_with_what_became_of_them(tmp_path: Path) -> None:
    encoders = tmp_path / ENCODERS
    for number, is_better in enumerate((True, False, True, True), start=1):
        changed = replace(TEACHING, encoder_id=f"taught-{number}", taught_at=f"2026-11-2{number}")
        record_teaching(encoders, replace(changed, is_better=is_better))
    for number in (3, 4):
        (encoders / f"taught-{number}").mkdir(parents=True)
    choose_encoder(encoders, "taught-4")
    result = runner.invoke(app, ["knowledge", "encoders", "--root", str(tmp_path)])
    assert result.exit_code == 0, result.output
    assert "taught-4 is promoted: the next build takes it." in result.stdout
    states = [line.split("\t")[2] for line in result.stdout.splitlines() if "\t" in line]
    assert states == ["removed", "refused", "kept", "promoted"]
    listed = json.loads(
        runner.invoke(app, ["knowledge", "encoders", "--root", str(tmp_path), "--json"]).stdout
    )
    assert listed["promoted"] == "taught-4"
    assert listed["serving"] is None
    assert [teaching["encoder_id"] for teaching in listed["teachings"]][-1] == "taught-4"


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["teach"], "too little to learn from: 0 questions"),
        (["teach", "--pairs", "bad.csv"], "names no question"),
        (["teach", "--pairs", "nowhere.csv"], "cannot be read"),
        (["teach", "--data", "nowhere"], "no such folder"),
        (["promote", "taught-0-int8-x"], "no encoder of this name was taught here and kept"),
        (["promote", "../../etc"], "no encoder of this name was taught here and kept"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    arguments: list[str],
    reason: str,
    tmp_path: Path,
    articles: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.csv").write_text("a,b\n1,2\n")
    folders = ["--root", str(tmp_path / "root")]
    if "--data" not in arguments:
        folders += ["--data", str(articles)]
    result = runner.invoke(app, ["knowledge", *arguments, *folders])
    assert isinstance(result.exception, CarelineError)
    assert reason in str(result.exception)


def test_the_desk_without_history_is_said_so(
    tmp_path: Path, articles: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CARELINE_PATHS__VAR", str(tmp_path / "var"))
    result = runner.invoke(
        app, ["knowledge", "teach", "--from-desk", "--data", str(articles), "--root", str(tmp_path / "root")]
    )
    assert isinstance(result.exception, CarelineError)
    assert "no closed conversation" in str(result.exception)
