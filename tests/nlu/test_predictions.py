from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlu.errors import ReportUnusable
from nlu.predictions import Prediction, Span, read_predictions, write_predictions

SPANS = st.lists(st.builds(Span, st.integers(0, 9), st.integers(10, 20), st.text(max_size=5)), max_size=2)
PREDICTIONS = st.lists(
    st.builds(
        Prediction,
        text=st.text(st.characters(codec="utf-8"), max_size=20),
        expected=st.text(st.characters(codec="utf-8"), max_size=5),
        understood=st.none() | st.just("a"),
        confidence=st.floats(0, 1),
        is_out_of_scope=st.booleans(),
        familiarity=st.floats(-2, 2) | st.just(-math.inf),
        expected_entities=SPANS.map(tuple),
        entities=SPANS.map(tuple),
    ),
    max_size=5,
)


@given(PREDICTIONS)
def test_what_is_written_is_read(
    tmp_path_factory: pytest.TempPathFactory, predictions: list[Prediction]
) -> None:
    path = tmp_path_factory.mktemp("predictions") / "predictions.jsonl"
    write_predictions(predictions, path)
    assert list(read_predictions(path)) == predictions


@pytest.mark.parametrize("line", ["{", "[]", "{}", '{"text": "a"}'])
def test_a_line_that_is_no_prediction_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "predictions.jsonl"
    path.write_text("\n" + line + "\n")
    with pytest.raises(ReportUnusable, match=r"predictions\.jsonl:2"):
        read_predictions(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ReportUnusable, match="cannot be read"):
        read_predictions(tmp_path / "predictions.jsonl")


def test_a_refused_text_with_the_right_intent_is_a_wrong_decision() -> None:
    refused = Prediction("t", "a", "a", 0.9, True, 0.0)
    assert refused.has_right_intent
    assert not refused.is_right_decision
    assert Prediction("t", "oos", "a", 0.9, True, 0.0).is_right_decision
    assert not Prediction("t", "oos", "oos", 0.9, False, 0.0).has_right_intent
