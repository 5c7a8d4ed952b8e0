"""The contract of every dense index kind, against a brute-force oracle."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.allowed import Allowed
from knowledge.dense import DenseIndex, FlatIndex
from knowledge.encoder import FloatArray
from knowledge.errors import DimensionMismatch
from knowledge.spread import Spread
from knowledge.vectors import unit_rows

KINDS = [FlatIndex]


def vectors(size: int, seed: int, dimension: int = 16) -> FloatArray:
    return unit_rows(np.random.default_rng(seed).normal(size=(size, dimension)).astype(np.float32))


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=60, deadline=None)
@given(size=st.integers(1, 60), seed=st.integers(0, 999), top_k=st.integers(1, 80), is_masked=st.booleans())
def test_search_agrees_with_brute_force(
    kind: type[FlatIndex], size: int, seed: int, top_k: int, is_masked: bool
) -> None:
    corpus, query = vectors(size, seed), vectors(1, seed + 1)[0]
    mask = np.random.default_rng(seed).random(size) < 0.5 if is_masked else None
    index: DenseIndex = kind.build(corpus)
    scores, rows = index.search(query, top_k, None if mask is None else Allowed(mask))
    allowed = np.flatnonzero(mask) if mask is not None else np.arange(size)
    expected = np.sort(corpus[allowed] @ query)[::-1][:top_k]
    np.testing.assert_allclose(scores, expected, atol=1e-5)
    np.testing.assert_allclose(corpus[rows] @ query, scores, atol=1e-5)
    assert set(rows) <= set(allowed)
    assert len(set(rows)) == len(rows)


@pytest.mark.parametrize("kind", KINDS)
def test_scores_follow_the_rows_asked_for(kind: type[FlatIndex]) -> None:
    corpus, query = vectors(20, 1), vectors(1, 2)[0]
    rows = np.array([7, 3, 7, 0])
    np.testing.assert_allclose(kind.build(corpus).scores(query, rows), corpus[rows] @ query, atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_an_empty_index_finds_nothing(kind: type[FlatIndex]) -> None:
    scores, rows = kind.build(np.zeros((0, 16), dtype=np.float32)).search(vectors(1, 0)[0], 5)
    assert len(scores) == len(rows) == 0


@pytest.mark.parametrize("kind", KINDS)
def test_a_query_of_another_width_is_refused(kind: type[FlatIndex]) -> None:
    with pytest.raises(DimensionMismatch):
        kind.build(vectors(3, 0)).search(np.ones(4, dtype=np.float32), 1)


@pytest.mark.parametrize("kind", KINDS)
def test_a_saved_index_searches_the_same(kind: type[FlatIndex], tmp_path: Path) -> None:
    index, query = kind.build(vectors(30, 3)), vectors(1, 4)[0]
    index.save(tmp_path / "index")
    again = kind.load(tmp_path / "index")
    np.testing.assert_array_equal(index.search(query, 9)[1], again.search(query, 9)[1])


@given(size=st.integers(1, 50), seed=st.integers(0, 999))
def test_the_spread_is_what_all_scores_would_show(size: int, seed: int) -> None:
    corpus, query = vectors(size, seed), vectors(1, seed + 1)[0]
    scores = corpus @ query
    mean, deviation = Spread.build(corpus).of(query)
    assert mean == pytest.approx(float(scores.mean()), abs=1e-4)
    assert deviation == pytest.approx(float(scores.std()), abs=1e-3)
