from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import f1_score, matthews_corrcoef, precision_score, roc_auc_score

from nlu.examples import Entity, Example
from nlu.metrics import measure, measure_predictions
from nlu.predictions import Prediction
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
    assert m.oos_precision == pytest.approx(1 / 2)
    assert m.oos_false_alarm_rate == pytest.approx(1 / 4)
    assert m.mcc == pytest.approx((1 * 3 - 1 * 1) / 8)
    assert m.oos_auroc == pytest.approx(7 / 8)
    assert [(c.expected, c.understood, c.count) for c in m.confusions] == [("b", "a", 1)]
    assert {score.name: score.support for score in m.entities} == {"x": 2, "y": 1}


def test_what_cannot_be_measured_is_no_number() -> None:
    m = measure([expected("a")], [understood("a")])
    for name in ("oos_recall", "oos_precision", "oos_auroc", "mcc", "entity_f1", "entity_recall"):
        assert math.isnan(getattr(m, name)), name
    assert (m.intent_accuracy, m.sentence_accuracy, m.oos_false_alarm_rate) == (1.0, 1.0, 0.0)


def test_data_without_any_text_in_scope_is_measured_by_its_refusals() -> None:
    m = measure([expected("oos"), expected("oos")], [understood("a", foreign=True), understood("a")])
    assert (m.oos_recall, m.oos_precision, m.texts, m.out_of_scope_texts) == (0.5, 1.0, 0, 2)
    for name in (
        "intent_accuracy",
        "intent_macro_f1",
        "sentence_accuracy",
        "ece",
        "in_scope_accuracy",
        "mcc",
    ):
        assert math.isnan(getattr(m, name)), name


def test_a_model_that_finds_no_entity_has_an_entity_f1_of_zero() -> None:
    m = measure([expected("a", (0, 2, "x"))], [understood("a")])
    assert (m.entity_f1, m.entity_precision, m.entity_recall, m.sentence_accuracy) == (0.0, 0.0, 0.0, 0.0)


def test_an_entity_where_none_is_expected_makes_the_sentence_wrong() -> None:
    m = measure([expected("a")], [understood("a", (0, 2, "x"))])
    assert (m.sentence_accuracy, m.intent_accuracy) == (0.0, 1.0)
    assert math.isnan(m.entity_f1)


def test_an_intent_that_the_model_cannot_name_counts_as_wrong() -> None:
    m = measure([expected("new"), expected("a")], [understood("a"), understood("a")])
    assert m.intent_accuracy == 0.5
    assert {score.name: (score.f1, score.support) for score in m.intents} == {
        "a": (pytest.approx(2 / 3), 1),
        "new": (0.0, 1),
    }


def test_a_text_without_words_is_wrong_and_understood_as_nothing() -> None:
    nothing = Parse("", None, 0.0, (("a", 1.0),), (), is_out_of_scope=True, familiarity=-math.inf)
    m = measure([expected("a"), expected("oos")], [nothing, nothing])
    assert (m.intent_accuracy, m.oos_recall, m.oos_auroc) == (0.0, 1.0, 0.5)
    assert [(c.expected, c.understood) for c in m.confusions] == [("a", "(nothing)")]


def test_no_text_at_all_gives_no_number() -> None:
    m = measure([], [])
    assert m.texts == 0
    assert math.isnan(m.intent_accuracy)


def test_refusing_everything_or_nothing_correlates_with_nothing() -> None:
    examples = [expected("a"), expected("oos")]
    assert measure(examples, [understood("a", foreign=True)] * 2).mcc == 0.0
    nothing_refused = measure(examples, [understood("a")] * 2)
    assert (nothing_refused.mcc, nothing_refused.oos_precision) == (0.0, 0.0)


@pytest.mark.parametrize(
    ("confidences", "right", "gap"),
    [([1.0, 1.0], [True, True], 0.0), ([1.0, 1.0], [True, False], 0.5), ([0.25, 0.85], [False, True], 0.2)],
)
def test_calibration_error_is_the_gap_of_confidence_and_accuracy(
    confidences: list[float], right: list[bool], gap: float
) -> None:
    predictions = [
        Prediction("", "a", "a" if ok else "b", confidence, False, 1.0)
        for confidence, ok in zip(confidences, right, strict=True)
    ]
    assert measure_predictions(predictions).ece == pytest.approx(gap)


NAMES = st.sampled_from(["a", "b", "c", "oos"])
PREDICTIONS = st.lists(
    st.builds(
        Prediction,
        text=st.just("0123456789"),
        expected=NAMES,
        understood=st.sampled_from(["a", "b", "c"]),
        confidence=st.floats(0, 1),
        is_out_of_scope=st.booleans(),
        familiarity=st.sampled_from([0.0, 0.5, 1.0]),
    ),
    min_size=1,
    max_size=30,
)


@given(PREDICTIONS)
def test_figures_agree_with_scikit_learn(predictions: list[Prediction]) -> None:
    m = measure_predictions(predictions)
    known = [one for one in predictions if one.is_in_scope]
    if known:
        wanted, given_ = [one.expected for one in known], [str(one.understood) for one in known]
        oracle = f1_score(wanted, given_, labels=sorted(set(wanted)), average="macro", zero_division=0)
        assert m.intent_macro_f1 == pytest.approx(oracle)
    if known and len(known) < len(predictions):
        foreign = [not one.is_in_scope for one in predictions]
        refused = [one.is_out_of_scope for one in predictions]
        assert m.mcc == pytest.approx(matthews_corrcoef(foreign, refused))
        assert m.oos_precision == pytest.approx(precision_score(foreign, refused, zero_division=0))
        unfamiliar = [-one.familiarity for one in predictions]
        assert m.oos_auroc == pytest.approx(roc_auc_score(foreign, unfamiliar))
