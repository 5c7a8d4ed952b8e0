"""Conflicts between articles: found at build, met while answering, listed."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from careline.commands.knowledge import app
from knowledge.build import BuildReport
from knowledge.conflicts import Conflict, MetConflicts, list_conflicts, write_conflicts

Build = Callable[..., BuildReport]
Write = Callable[..., Path]


@pytest.fixture
def root(tmp_path: Path, write_article: Write, build_tiny: Build) -> Path:
    data = tmp_path / "data"
    write_article(data, "old", "Returns", "You can return an item within 14 days.", updated="2025-01-01")
    write_article(data, "new", "Returning", "You can return an item within 30 days.", updated="2026-01-01")
    write_article(data, "lamps", "Lamps", "A lamp shines for two years.")
    build_tiny(data)
    return tmp_path / "root"


def test_a_build_lists_articles_that_contradict_each_other_the_newer_one_first(root: Path) -> None:
    (conflict,) = list_conflicts(root)
    assert (conflict.newer.document_id, conflict.older.document_id) == ("new", "old")
    assert conflict.is_dated
    assert conflict.older.text == "You can return an item within 14 days."


def test_articles_of_the_same_date_are_in_conflict_without_a_newer_one(
    tmp_path: Path, write_article: Write, build_tiny: Build
) -> None:
    data = tmp_path / "data"
    write_article(data, "a", "Returns", "You can return an item within 14 days.")
    write_article(data, "b", "Returning", "You can return an item within 30 days.")
    build_tiny(data)
    (conflict,) = list_conflicts(tmp_path / "root")
    assert (conflict.newer.document_id, conflict.is_dated) == ("a", False)


def test_without_an_index_there_is_no_conflict(tmp_path: Path) -> None:
    assert list_conflicts(tmp_path) == []


def test_conflicts_met_while_answering_are_listed_once_and_go_with_the_index(
    root: Path, tmp_path: Path, build_tiny: Build
) -> None:
    (built,) = list_conflicts(root)
    met = Conflict.from_json(
        json.loads(json.dumps(built.to_json()).replace(built.newer.passage_hash, "f" * 16))
    )
    index_id = (root / "current").read_text().strip()
    for _ in range(2):
        MetConflicts(root, index_id).keep([built, met, met])
    assert [conflict.key for conflict in list_conflicts(root)] == [built.key, met.key]
    build_tiny(tmp_path / "data", is_forced=True)
    assert [conflict.key for conflict in list_conflicts(root)] == [built.key]


def test_a_line_that_was_cut_short_is_passed_over(tmp_path: Path, root: Path) -> None:
    conflicts = list_conflicts(root)
    folder = root / (root / "current").read_text().strip()
    write_conflicts(folder, conflicts)
    with (folder / "conflicts.jsonl").open("a") as file:
        file.write('{"newer": {"passage_id"\n[]\n')
    assert list_conflicts(root) == conflicts


def test_a_folder_that_cannot_be_written_to_does_not_stop_answers(root: Path, tmp_path: Path) -> None:
    conflicts = list_conflicts(root)
    MetConflicts(tmp_path / "nowhere", "index").keep(conflicts)
    assert not (tmp_path / "nowhere").exists()


def test_the_command_prints_conflicts(root: Path) -> None:
    said = CliRunner().invoke(app, ["conflicts", "--root", str(root)])
    assert "within 14 days" in said.output
    told = json.loads(CliRunner().invoke(app, ["conflicts", "--root", str(root), "--json"]).output)
    assert told["conflicts"][0]["newer"]["document_id"] == "new"


def test_listing_conflicts_loads_no_vectors_and_no_models() -> None:
    code = "import sys, knowledge.conflicts; print({'torch', 'faiss', 'onnxruntime', 'bm25s'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
