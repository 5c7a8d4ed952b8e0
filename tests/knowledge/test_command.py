"""The command, over the real encoder and the articles of the demo."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from careline.commands.knowledge import app
from careline.commands.knowledge.plumbing import now_and_then
from careline.errors import CarelineError
from knowledge.encoder_export import DEFAULT_ENCODER, ensure_encoder

runner = CliRunner()


@pytest.fixture
def index(articles: Path, tmp_path: Path, root: Path) -> Path:
    exported = ensure_encoder(DEFAULT_ENCODER, root / "var" / "knowledge" / "encoders")
    folder = tmp_path / "index"
    (folder / "encoders").mkdir(parents=True)
    (folder / "encoders" / exported.name).symlink_to(exported)
    result = runner.invoke(app, ["build", "--data", str(articles), "--root", str(folder), "--json"])
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout[result.stdout.index("{") :])["passages"] == 6
    return folder


def test_building_again_says_that_nothing_changed(index: Path, articles: Path) -> None:
    result = runner.invoke(app, ["build", "--data", str(articles), "--root", str(index)])
    assert result.stdout.startswith("Nothing changed: 3 articles, 6 passages")


def test_search_prints_an_answer_with_its_source_or_says_that_there_is_none(index: Path) -> None:
    found = runner.invoke(app, ["search", "How much does express cost?", "--root", str(index)])
    assert found.stdout.startswith(
        "Express costs 9.95 euro.\n\nWhat delivery costs · /help/delivery · 2026-05-04"
    )
    none = runner.invoke(app, ["search", "who won the football match", "--root", str(index), "--json"])
    data = json.loads(none.stdout)
    assert data["answer"] is None
    assert 0 <= data["confidence"] < 0.5
    assert len(data["hits"]) == 5


def test_evaluate_writes_metrics(index: Path, tmp_path: Path) -> None:
    questions = tmp_path / "questions.jsonl"
    questions.write_text(json.dumps({"id": "1", "text": "delivery costs", "article": "delivery"}) + "\n")
    result = runner.invoke(
        app,
        [
            "evaluate",
            "--questions",
            str(questions),
            "--root",
            str(index),
            "--report",
            str(tmp_path / "report"),
        ],
    )
    assert result.exit_code == 0, result.output
    assert json.loads((tmp_path / "report" / "metrics.json").read_text())["first"] == 1.0


@pytest.mark.parametrize(
    "arguments",
    [
        ["build", "--data", "/nowhere"],
        ["search", "x", "--root", "/nowhere"],
        ["evaluate", "--corpus", "/nowhere"],
        ["evaluate", "--questions", "/nowhere"],
    ],
)
def test_what_cannot_be_done_is_one_sentence(arguments: list[str], tmp_path: Path) -> None:
    if "--root" not in arguments and arguments[0] != "evaluate":
        arguments = [*arguments, "--root", str(tmp_path)]
    result = runner.invoke(app, arguments)
    assert isinstance(result.exception, CarelineError)


def test_the_demo_articles_are_all_accepted(root: Path, write_article: Callable[..., Path]) -> None:
    from knowledge.documents import load_documents

    collection = load_documents(root / "data" / "knowledge")
    assert not collection.rejected
    assert len(collection.documents) > 60


def test_without_a_terminal_what_takes_long_says_now_and_then_how_far_it_is() -> None:
    now, lines = [0.0], list[str]()
    show = now_and_then(lines.append, clock=lambda: now[0])
    for now[0], done in ((1.0, 100), (16.0, 1200), (17.0, 1300), (32.0, 2500)):
        show("embed", done, 10_400)
    assert lines == ["Embed: 1,200 of 10,400, about 115 s left", "Embed: 2,500 of 10,400, about 98 s left"]
