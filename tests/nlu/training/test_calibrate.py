from __future__ import annotations

import numpy as np
import pytest

from nlu.scores import SCORES, Bank
from nlu.training.calibrate import DEFAULT_SCORE, Given, calibrate, find_temperature, find_threshold


def scores(*values: float) -> np.ndarray:
    return np.asarray(values, dtype=np.float32)


NONE = Given(np.zeros((0, 2), dtype=np.float32), np.zeros((0, 2), dtype=np.float32))


def test_temperature_undoes_overconfidence() -> None:
    generator = np.random.default_rng(0)
    honest = generator.normal(0, 2, (4000, 4)).astype(np.float32)
    shares = np.exp(honest) / np.exp(honest).sum(axis=1, keepdims=True)
    intents = np.array([generator.choice(4, p=row / row.sum()) for row in shares.astype(np.float64)])
    assert find_temperature(honest * 3, intents) == pytest.approx(3, rel=0.1)


def test_temperature_without_texts_is_one() -> None:
    assert find_temperature(NONE.logits, np.zeros(0, dtype=np.int64)) == 1.0


def test_threshold_refuses_as_many_of_the_known_as_allowed_and_no_more() -> None:
    known = scores(*range(100))
    threshold = find_threshold(known, max_false_alarm=0.05)
    assert (known < threshold).mean() == pytest.approx(0.04)
    assert (known <= threshold).mean() == pytest.approx(0.05)


def test_threshold_of_few_texts_refuses_none_of_them() -> None:
    known = scores(5, 6, 7)
    assert not (known < find_threshold(known, max_false_alarm=0.3)).any()


def test_threshold_without_any_texts_refuses_nothing() -> None:
    assert find_threshold(scores(), max_false_alarm=0.05) == float("-inf")


EYE = np.eye(2, dtype=np.float32)
BANK = Bank.build(EYE, [0, 1], count=2)


def test_score_that_separates_clearly_better_is_kept() -> None:
    bank = Bank.build(np.array([[1, 0]] * 3, dtype=np.float32), [0, 0, 0], count=2)
    known = Given(np.array([[1, 1.1]] * 4, dtype=np.float32), np.array([[1, 0]] * 4, dtype=np.float32))
    strange = Given(np.array([[50, -50]] * 20, dtype=np.float32), np.array([[0, 1]] * 20, dtype=np.float32))
    found = calibrate(known, [1, 1, 1, 1], strange, bank, max_false_alarm=0.05)
    assert found.score == "neighbours"
    assert (found.aurocs["neighbours"], found.out_of_scope_recall, found.false_alarm_rate) == (1.0, 1.0, 0.0)
    few = calibrate(
        known, [1, 1, 1, 1], Given(strange.logits[:9], strange.embeddings[:9]), bank, max_false_alarm=0.05
    )
    assert few.score == DEFAULT_SCORE
    assert few.aurocs["neighbours"] == 1.0


def test_without_foreign_texts_the_default_score_is_kept() -> None:
    found = calibrate(Given(EYE * 9, EYE), [0, 1], NONE, BANK, max_false_alarm=0.05)
    assert (found.score, found.aurocs) == (DEFAULT_SCORE, {})


def test_without_held_out_texts_nothing_is_claimed() -> None:
    found = calibrate(NONE, [], Given(EYE, EYE), BANK, max_false_alarm=0.05)
    assert (found.temperature, found.threshold, found.dial) == (1.0, float("-inf"), ())


def test_refusing_a_text_that_is_wrong_anyway_is_no_false_alarm() -> None:
    known = Given(np.tile(EYE * 9, (50, 1)), np.tile(EYE, (50, 1)))
    known.embeddings[:10] *= 0.1
    wrong = [1, 0] * 5 + [0, 1] * 45
    found = calibrate(known, wrong, NONE, BANK, max_false_alarm=0.0)
    assert found.false_alarm_rate == 0.0
    assert found.threshold > SCORES[found.score](known.logits, known.embeddings, BANK)[:10].max()


def test_few_texts_all_right_do_not_make_the_network_cocksure() -> None:
    logits = np.array([[2.0, 0.0]] * 5, dtype=np.float32)
    assert find_temperature(logits, np.zeros(5, dtype=np.int64)) > 0.7


def test_dial_is_fitted_on_what_the_threshold_leaves() -> None:
    known = Given(np.tile(EYE * 9, (100, 1)), np.tile(EYE, (100, 1)))
    strange = Given(np.tile(EYE * 9, (50, 1)), np.tile(-EYE, (50, 1)))
    found = calibrate(known, [0, 1] * 100, strange, BANK, max_false_alarm=0.05)
    assert found.out_of_scope_recall == 1.0
    assert found.dial[0].answer_above == 0.0  # the foreign texts are refused, and all others are right
    alike = Given(known.logits[:50], known.embeddings[:50])
    blind = calibrate(known, [0, 1] * 100, alike, BANK, max_false_alarm=0.0)
    assert blind.dial[0].answer_above is not None
    assert blind.dial[0].answer_above > 0.99  # a fifth of all texts is foreign and looks like the others
