from __future__ import annotations

from pathlib import Path

import pytest

from bench.understanding.frozen import Frozen
from bench.understanding.svm import Svm
from bench.understanding.systems import System
from nlu.examples import Dataset
from nlu.metrics import measure
from tests.bench.conftest import toy_dataset


@pytest.fixture(params=["svm", "frozen"])
def system(request: pytest.FixtureRequest, tiny_encoder: Path) -> System:
    return Svm() if request.param == "svm" else Frozen(str(tiny_encoder))


def test_it_learns_a_toy_set(system: System) -> None:
    test = toy_dataset(range(20, 30))
    fitted = system.fit(toy_dataset(range(10)), None)
    metrics = measure(test.examples, [fitted.parse(example.text) for example in test.examples])
    assert metrics.intent_accuracy == 1.0
    assert metrics.oos_false_alarm_rate == 0.0


def test_the_threshold_is_set_by_foreign_validation_texts(system: System) -> None:
    valid, test = toy_dataset(range(10, 14), foreign=8), toy_dataset(range(20, 30), foreign=20)
    fitted = system.fit(toy_dataset(range(10)), valid)
    metrics = measure(test.examples, [fitted.parse(example.text) for example in test.examples])
    assert metrics.oos_recall > 0.5
    assert metrics.in_scope_accuracy > 0.5


def test_two_intents_have_two_scores(system: System) -> None:
    two = Dataset(tuple(e for e in toy_dataset(range(10)).examples if e.intent != "thank"))
    parse = system.fit(two, None).parse("where is my order 3")
    assert [intent for intent, _ in parse.ranking] == ["order_status", "cancel_order"]
    assert sum(confidence for _, confidence in parse.ranking) == pytest.approx(1.0)
