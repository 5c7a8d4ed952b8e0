from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from careline.commands.nlu import app
from careline.errors import CarelineError
from nlu.errors import ReportsDiffer
from nlu.examples import write_jsonl
from nlu.models import Model
from nlu.predictions import Prediction, Span, write_predictions
from nlu.report.compare import Side, compare, mcnemar, paired_interval, to_json
from nlu.report.compare_page import render_comparison
from nlu.report.views import View
from tests.nlu.conftest import small_dataset


def understood(text: str, expected: str, understood: str, *, refused: bool = False) -> Prediction:
    return Prediction(text, expected, understood, 0.9, refused, 1.0)


BEFORE = [
    understood("mended", "a", "b"),
    understood("broken", "a", "a"),
    understood("same", "b", "b"),
    understood("refused now", "b", "b"),
    understood("foreign", "oos", "b"),
]
AFTER = [
    understood("mended", "a", "a"),
    understood("broken", "a", "b"),
    understood("same", "b", "b"),
    understood("refused now", "b", "b", refused=True),
    understood("foreign", "oos", "b", refused=True),
]


def test_each_view_has_its_own_fixed_and_broken_texts() -> None:
    comparison = compare(Side("x", tuple(BEFORE)), Side("y", tuple(AFTER)))
    intent, decision = comparison.of(View.INTENT), comparison.of(View.DECISION)
    assert intent is not None
    assert decision is not None
    assert [change.before.text for change in intent.fixed] == ["mended"]
    assert [change.before.text for change in intent.broken] == ["broken"]
    assert (intent.texts, intent.before, intent.after, intent.difference) == (4, 0.75, 0.75, 0.0)
    assert {change.before.text for change in decision.fixed} == {"mended", "foreign"}
    assert {change.before.text for change in decision.broken} == {"broken", "refused now"}
    assert decision.texts == 5
    assert comparison.of(View.SENTENCE) is None


def test_sentences_are_compared_where_the_data_holds_entities() -> None:
    one = replace(BEFORE[1], expected_entities=(Span(0, 3, "x"),))
    comparison = compare(Side("x", (one,)), Side("y", (replace(one, entities=(Span(0, 3, "x"),)),)))
    sentence = comparison.of(View.SENTENCE)
    assert sentence is not None
    assert (sentence.before, sentence.after) == (0.0, 1.0)


def test_changed_intents_are_listed_with_both_scores() -> None:
    after = [AFTER[0], *BEFORE[1:]]
    comparison = compare(Side("x", tuple(BEFORE)), Side("y", tuple(after)))
    assert {one.name: (round(one.before, 3), one.after, one.support) for one in comparison.intents} == {
        "a": (0.667, 1.0, 2),
        "b": (0.8, 1.0, 2),
    }


@pytest.mark.parametrize(
    ("fixed", "broken", "p_value"),
    [(0, 0, 1.0), (1, 1, 1.0), (5, 0, 0.0625), (0, 6, 0.03125), (8, 2, 0.109375)],
)
def test_mcnemar_is_the_exact_two_sided_binomial_test(fixed: int, broken: int, p_value: float) -> None:
    assert mcnemar(fixed, broken) == pytest.approx(p_value)


@given(st.integers(0, 50), st.integers(0, 50), st.integers(100, 200))
def test_the_interval_holds_the_difference(fixed: int, broken: int, texts: int) -> None:
    low, high = paired_interval(fixed, broken, texts)
    assert low <= (fixed - broken) / texts <= high


def test_other_texts_are_not_compared() -> None:
    with pytest.raises(ReportsDiffer, match="same texts"):
        compare(Side("x", tuple(BEFORE)), Side("y", tuple(AFTER[:-1])))
    with pytest.raises(ReportsDiffer):
        compare(Side("x", tuple(BEFORE)), Side("y", (replace(AFTER[0], expected="c"), *AFTER[1:])))


def test_out_of_scope_texts_alone_are_compared_by_their_refusals() -> None:
    comparison = compare(Side("x", (BEFORE[4],)), Side("y", (AFTER[4],)))
    assert [one.view for one in comparison.differences] == [View.DECISION]
    assert comparison.differences[0].difference == 1.0


def test_record_and_page_hold_both_predictions_and_escape_them() -> None:
    hostile = "<script>alert(1)</script>"
    before = Side(hostile, (understood(hostile, hostile, "b"),))
    comparison = compare(before, Side("y", (understood(hostile, hostile, hostile),)))
    record = to_json(comparison)["views"]["intent"]
    assert record["fixed"][0]["before"]["understood"] == "b"
    assert record["fixed"][0]["after"]["understood"] == hostile
    page = render_comparison(comparison)
    assert page.count("<script>") == 1
    assert "&lt;script&gt;alert(1)" in page


def call(*arguments: object) -> str:
    result = CliRunner().invoke(app, ["compare", *map(str, arguments)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.fixture
def reports(tmp_path: Path) -> tuple[Path, Path]:
    folders = tmp_path / "old", tmp_path / "new"
    for folder, predictions in zip(folders, (BEFORE, AFTER), strict=True):
        folder.mkdir()
        write_predictions(predictions, folder / "predictions.jsonl")
    return folders


def test_command_writes_plain_lines_into_a_pipe(reports: tuple[Path, Path]) -> None:
    lines = [line.split("\t") for line in call(*reports).splitlines()]
    assert lines[0][:4] == ["intent right", "75.00", "75.00", "+0.00"]
    assert ["fixed", "mended", "a", "b 0.90", "a 0.90"] in lines
    assert ["broken", "broken", "a", "a 0.90", "b 0.90"] in lines
    refused = [line.split("\t") for line in call(*reports, "--by", "decision").splitlines()]
    assert ["fixed", "foreign", "(out of scope)", "b 0.90", "b (refused) 0.90"] in refused


def test_command_answers_with_json_and_a_page(reports: tuple[Path, Path], tmp_path: Path) -> None:
    record = json.loads(call(*reports, "--json", "--report", tmp_path / "out"))
    assert record["views"]["decision"]["texts"] == 5
    assert "mended" in (tmp_path / "out" / "compare.html").read_text()


def test_command_measures_models(tiny_model: Model, reports: tuple[Path, Path], tmp_path: Path) -> None:
    write_jsonl(small_dataset(), tmp_path / "data.jsonl")
    folder = tiny_model.folder
    record = json.loads(call(folder, folder, "--data", tmp_path / "data.jsonl", "--json"))
    assert record["before"] == tiny_model.model_id
    assert (record["views"]["intent"]["difference"], record["views"]["intent"]["p_value"]) == (0.0, 1.0)
    with pytest.raises(CarelineError, match="--data"):
        call(folder, reports[0])
    with pytest.raises(CarelineError, match="same texts"):
        call(folder, reports[0], "--data", tmp_path / "data.jsonl")
