from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import binom

from nlu.bootstrap import bootstrap
from nlu.metrics import measure_predictions
from nlu.outcomes import tabulate
from nlu.predictions import Prediction, Span

TEXTS, RIGHT = 200, 160


def predictions() -> list[Prediction]:
    """160 of 200 texts right, half the texts of each of two intents; each has one entity, always found."""
    span = (Span(0, 1, "x"),)
    return [
        Prediction("t", "ab"[n % 2], "ab"[n % 2] if n < RIGHT else "ba"[n % 2], 0.9, False, 1.0, span, span)
        for n in range(TEXTS)
    ]


def test_interval_of_a_share_is_that_of_the_binomial_distribution() -> None:
    found = bootstrap(tabulate(predictions()))
    low, high = binom.ppf([0.025, 0.975], TEXTS, RIGHT / TEXTS) / TEXTS
    assert found.low.intent_accuracy == pytest.approx(low, abs=0.01)
    assert found.high.intent_accuracy == pytest.approx(high, abs=0.01)


def test_intervals_hold_their_figures_and_one_seed_gives_them_again() -> None:
    outcomes = tabulate(predictions())
    found, metrics = bootstrap(outcomes), measure_predictions(predictions())
    assert found.low.intent_macro_f1 < metrics.intent_macro_f1 < found.high.intent_macro_f1
    for interval, score in zip(found.intents, metrics.intents, strict=True):
        assert interval.low < score.f1 < interval.high
    assert [(i.low, i.high) for i in found.entities] == [(1.0, 1.0)]
    again = bootstrap(outcomes)
    assert (again.intents, again.low.intent_accuracy) == (found.intents, found.low.intent_accuracy)


def test_what_has_no_figure_has_no_interval() -> None:
    found = bootstrap(tabulate(predictions()))
    assert math.isnan(found.low.oos_recall)
    assert math.isnan(found.high.mcc)
    assert math.isnan(found.low.ece)


def test_no_text_has_no_interval() -> None:
    found = bootstrap(tabulate([]))
    assert math.isnan(found.low.intent_accuracy)
    assert found.intents == ()


def test_a_rare_intent_is_judged_by_the_resamples_that_hold_it() -> None:
    rare = [*predictions(), Prediction("t", "rare", "rare", 0.9, False, 1.0)]
    found = bootstrap(tabulate(rare))
    assert (found.intents[-1].low, found.intents[-1].high) == (1.0, 1.0)


def test_weights_of_one_and_of_a_resample_use_the_same_lines() -> None:
    once = tabulate(predictions())
    twice = tabulate(predictions() * 2)
    assert np.array_equal(once.groups, np.zeros(TEXTS))
    assert bootstrap(once, resamples=1).low.entity_f1 == bootstrap(twice, resamples=1).low.entity_f1 == 1.0
