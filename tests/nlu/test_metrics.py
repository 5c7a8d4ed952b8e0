from __future__ import annotations

import math

import pytest

from nlu.examples import Entity, Example
from nlu.metrics import calibration_error, measure
from nlu.runtime import FoundEntity, Parse


def understood(
    intent: str, *spans: tuple[int, int, str], foreign: bool = False, familiarity: float = 1.0
) -> Parse:
    entities = tuple(FoundEntity(start, end, name, "", 1.0) for start, end, name in spans)
    return Parse(
        "", intent, 0.9, ((intent, 0.9),), entities, is_out_of_scope=foreign, familiarity=familiarity
    )


def expected(intent: str, *spans: tuple[int, int, str]) -> Example:
    return Example("0123456789", intent, tuple(Entity(start, end, name, "") for start, end, name in spans))


def test_figures_of_a_small_case_counted_by_hand() -> None:
    examples = [
        expected("a", (0, 2, "x")),
        expected("a", (0, 2, "x"), (3, 5, "y")),
        expected("b"),
        expected("b"),
        expected("oos"),
        expected("out_of_scope"),
    ]
    parses = [
        understood("a", (0, 2, "x")),
        understood("a", (0, 2, "x"), (3, 6, "y"), familiarity=2.0),
        understood("a", (1, 2, "x"), familiarity=3.0),
        understood("b", foreign=True, familiarity=0.5),
        understood("a", foreign=True, familiarity=0.1),
        understood("b", (0, 1, "x"), familiarity=0.7),
    ]
    m = measure(examples, parses)
    assert (m.texts, m.out_of_scope_texts) == (4, 2)
    assert m.intent_accuracy == pytest.approx(3 / 4)
    assert m.intent_macro_f1 == pytest.approx((0.8 + 2 / 3) / 2)
    assert m.entity_precision == pytest.approx(2 / 4)
    assert m.entity_recall == pytest.approx(2 / 3)
    assert m.sentence_accuracy == pytest.approx(2 / 4)
    assert m.in_scope_accuracy == pytest.approx(2 / 4)
    assert m.oos_recall == pytest.approx(1 / 2)
    assert m.oos_false_alarm_rate == pytest.approx(1 / 4)
    assert m.oos_auroc == pytest.approx(7 / 8)
    assert [(c.expected, c.understood, c.count) for c in m.confusions] == [("b", "a", 1)]
    assert {score.name: score.count for score in m.entities} == {"x": 2, "y": 1}


def test_what_cannot_be_measured_is_no_number() -> None:
    m = measure([expected("a")], [understood("a")])
    assert math.isnan(m.oos_recall)
    assert math.isnan(m.oos_auroc)
    assert m.entity_f1 == 0.0


@pytest.mark.parametrize(
    ("confidences", "right", "gap"),
    [([1.0, 1.0], [True, True], 0.0), ([1.0, 1.0], [True, False], 0.5), ([0.25, 0.85], [False, True], 0.2)],
)
def test_calibration_error_is_the_gap_of_confidence_and_accuracy(
    confidences: list[float], right: list[bool], gap: float
) -> None:
    assert calibration_error(confidences, right) == pytest.approx(gap)
