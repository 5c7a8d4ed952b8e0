from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlu.predictions import Prediction
from nlu.report.curves import Point, floor_of, reject_curve, reliability, shots_curve
from nlu.runtime import Understander
from tests.nlu.conftest import small_dataset


def test_reject_curve_of_a_small_case_counted_by_hand() -> None:
    scores = np.asarray([0.9] * 20 + [0.5] * 20, dtype=np.float64)
    right = np.asarray([True] * 20 + [False] * 10 + [True] * 10)
    assert reject_curve(scores, right) == (Point(0.5, 1.0), Point(1.0, 0.75))


@given(st.lists(st.tuples(st.sampled_from([0.1, 0.5, 0.5001, 0.9]), st.booleans()), min_size=1, max_size=60))
def test_reject_curve_ends_at_the_accuracy_of_all(pairs: list[tuple[float, bool]]) -> None:
    scores, right = np.asarray([p[0] for p in pairs]), np.asarray([p[1] for p in pairs])
    curve = reject_curve(scores, right)
    assert curve[-1].x == 1.0
    assert curve[-1].y == pytest.approx(right.mean())
    assert [p.x for p in curve] == sorted({p.x for p in curve})


def test_no_text_has_no_curve() -> None:
    assert reject_curve(np.zeros(0), np.zeros(0, dtype=np.bool_)) == ()


def test_reliability_leaves_out_empty_bins_and_out_of_scope_texts() -> None:
    predictions = [
        Prediction("t", "a", "a", 0.95, False, 1.0),
        Prediction("t", "a", "b", 1.0, False, 1.0),
        Prediction("t", "oos", "b", 0.3, False, 1.0),
    ]
    (only,) = reliability(predictions)
    assert (only.accuracy, only.texts) == (0.5, 2)
    assert only.confidence == pytest.approx(0.975)
    assert only.low < 0.5 < only.high


def test_all_training_examples_tell_their_own_intents(understander: Understander) -> None:
    predictions = [Prediction(e.text, e.intent, e.intent, 0.9, False, 1.0) for e in small_dataset().in_scope]
    curve, texts = shots_curve(understander, predictions)
    assert [one.examples for one in curve] == [1, 2, 5, None]
    assert texts == 30
    assert curve[-1].accuracy > 0.9
    assert all(0 <= one.accuracy <= 1 for one in curve)


def test_no_text_in_scope_has_no_curve_over_examples(understander: Understander) -> None:
    assert shots_curve(understander, [Prediction("t", "oos", "a", 0.9, False, 1.0)]) == ((), 0)


@pytest.mark.parametrize(
    ("values", "low"), [([], 0.0), ([0.87, 0.93], 0.8), ([0.8], 0.7), ([0.0], 0.0), ([math.nan], 0.0)]
)
def test_an_axis_begins_below_its_values(values: list[float], low: float) -> None:
    assert floor_of(values) == pytest.approx(low)
