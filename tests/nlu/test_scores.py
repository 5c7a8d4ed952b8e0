from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from nlu.scores import LOOKED_INTO, ROWS_OF_AN_INTENT, SCORES, Bank, auroc, energy, neighbours, softmax

LOGITS = hnp.arrays(
    np.float32, hnp.array_shapes(min_dims=2, max_dims=2, max_side=6), elements=st.floats(-80, 80, width=32)
)
VALUES = hnp.arrays(np.float32, st.integers(1, 12), elements=st.integers(0, 5).map(float))


@given(LOGITS)
def test_probabilities_sum_to_one(logits: np.ndarray) -> None:
    assert np.allclose(softmax(logits).sum(axis=-1), 1, atol=1e-5)


@given(LOGITS)
def test_energy_is_the_log_of_the_sum_of_exponentials(logits: np.ndarray) -> None:
    expected = np.log(np.exp(logits.astype(np.float64)).sum(axis=-1))
    assert np.allclose(energy(logits, logits, Bank(())), expected, atol=1e-3)


@given(VALUES, VALUES)
def test_auroc_agrees_with_counting_every_pair(known: np.ndarray, foreign: np.ndarray) -> None:
    wins = [(k > f) + 0.5 * (k == f) for k in known for f in foreign]
    assert auroc(known, foreign) == pytest.approx(sum(wins) / len(wins))


def test_auroc_of_nothing_is_unknown() -> None:
    assert np.isnan(auroc(np.zeros(0, dtype=np.float32), np.ones(3, dtype=np.float32)))


def test_neighbours_are_the_nearest_of_the_bank() -> None:
    bank = Bank.build(np.eye(4, dtype=np.float32), [0, 1, 0, 1], count=2)
    embedding = np.array([[0.8, 0.6, 0.0, 0.0]], dtype=np.float32)
    logits = np.zeros((1, 2), dtype=np.float32)
    assert neighbours(logits, embedding, bank)[0] == pytest.approx((0.8 + 0.6 + 0.0) / 3)
    single = Bank.build(np.eye(4, dtype=np.float32)[:1], [0], count=2)
    assert neighbours(logits, embedding, single)[0] == pytest.approx(0.8)
    assert neighbours(logits, embedding, Bank.build(np.eye(4, dtype=np.float32)[:0], [], count=2))[0] == 0.0


def test_neighbours_are_looked_for_under_the_likeliest_intents_only() -> None:
    intents = LOOKED_INTO + 1
    rows = np.eye(intents, dtype=np.float32)
    bank = Bank.build(rows, range(intents), count=intents)
    logits = np.arange(intents, dtype=np.float32)[None]
    assert neighbours(logits, rows[-1:], bank)[0] == pytest.approx(1 / 3)
    assert neighbours(logits, rows[:1], bank)[0] == 0.0


def test_of_many_texts_of_an_intent_an_even_choice_is_kept() -> None:
    rows = np.arange(3 * ROWS_OF_AN_INTENT, dtype=np.float32)[:, None]
    kept = Bank.build(rows, [0] * len(rows), count=1).of_intent[0][:, 0]
    assert len(kept) == ROWS_OF_AN_INTENT
    assert (kept[0], kept[-1]) == (0, len(rows) - 1)
    assert set(np.diff(kept)) <= {3, 4, 2}


@pytest.mark.parametrize("name", SCORES)
def test_every_score_is_higher_for_the_more_familiar(name: str) -> None:
    bank = Bank.build(np.array([[1, 0]] * 3, dtype=np.float32), [0, 0, 0], count=2)
    embeddings = np.array([[1, 0], [0.7, 0.7]], dtype=np.float32)
    values = SCORES[name](embeddings * 20, embeddings, bank)
    assert values.dtype == np.float32
    assert values[0] > values[1]
