"""The promises of every kind of dense index, against a brute-force oracle."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge import graph, quantised
from knowledge.allowed import Allowed, MaskArray
from knowledge.dense import DENSE_FILE, DenseIndex
from knowledge.encoder import FloatArray
from knowledge.errors import DimensionMismatch, IndexForeign, IndexTampered
from knowledge.kinds import KINDS, build_dense, choose_kind, measure_recall, open_dense
from knowledge.spread import Spread
from knowledge.vectors import unit_rows

# What rounding to a byte or to half precision may move a cosine by, in 16 dimensions.
ROUNDING = {"flat": 1e-5, "hnsw": 0.012, "ivf_pq": 0.002}
LARGE = 4_000
SHARES = (0.002, 0.01, 0.1, 0.5, 0.7)


def vectors(size: int, seed: int, dimension: int = 16) -> FloatArray:
    return unit_rows(np.random.default_rng(seed).normal(size=(size, dimension)).astype(np.float32))


def built(kind: str, corpus: FloatArray) -> DenseIndex:
    return build_dense(corpus, lambda: vectors(40, 7, corpus.shape[1]), kind)[0]


def oracle(corpus: FloatArray, query: FloatArray, top_k: int, mask: MaskArray | None) -> FloatArray:
    scores = corpus @ query if mask is None else (corpus @ query)[mask]
    return np.sort(scores)[::-1][:top_k]


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def large() -> FloatArray:
    return vectors(LARGE, 11)


@pytest.fixture(scope="module")
def all_large(large: FloatArray) -> dict[str, DenseIndex]:
    return {kind: built(kind, large) for kind in KINDS}


@settings(max_examples=10)
@given(
    size=st.integers(1, 60),
    seed=st.integers(0, 999),
    top_k=st.integers(1, 80),
    share=st.sampled_from([None, 0.0, 0.1, 0.5]),
)
def test_a_small_index_finds_exactly_what_brute_force_finds(
    size: int, seed: int, top_k: int, share: float | None
) -> None:
    corpus, query = vectors(size, seed), vectors(1, seed + 1)[0]
    mask = None if share is None else np.random.default_rng(seed).random(size) < share
    for name in KINDS:
        index = built(name, corpus)
        scores, rows = index.search(query, top_k, None if mask is None else Allowed(mask))
        expected = oracle(corpus, query, top_k, mask)
        assert len(rows) == len(expected) == len(set(rows.tolist()))
        np.testing.assert_allclose(scores, expected, atol=ROUNDING[name])
        np.testing.assert_allclose(corpus[rows] @ query, scores, atol=ROUNDING[name])
        assert scores.tolist() == sorted(scores.tolist(), reverse=True)
        assert mask is None or mask[rows].all()


def test_a_large_index_finds_nearly_all_of_the_nearest(
    kind: str, large: FloatArray, all_large: dict[str, DenseIndex]
) -> None:
    assert measure_recall(all_large[kind], large, vectors(100, 5)) >= 0.95


@pytest.mark.parametrize("is_near", [True, False], ids=["anywhere", "far from the question"])
@pytest.mark.parametrize("share", SHARES)
@pytest.mark.parametrize("most_compared", [None, 0], ids=["as it is", "none compared"])
def test_a_filter_costs_no_recall_however_few_it_allows(
    kind: str,
    share: float,
    is_near: bool,
    most_compared: int | None,
    large: FloatArray,
    all_large: dict[str, DenseIndex],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if most_compared is not None:
        monkeypatch.setattr(quantised, "MOST_COMPARED", most_compared)
        monkeypatch.setattr(graph, "MOST_COMPARED", most_compared)
    found = wanted = 0
    for seed in range(8):
        query = vectors(1, 100 + seed)[0]
        order = np.argsort(large @ query) if not is_near else np.random.default_rng(seed).permutation(LARGE)
        mask = np.zeros(LARGE, dtype=np.bool_)
        mask[order[: int(LARGE * share)]] = True
        rows = all_large[kind].search(query, 10, Allowed(mask))[1]
        expected = oracle(large, query, 10, mask)
        assert mask[rows].all()
        assert len(rows) == len(expected)
        found += int(np.count_nonzero(large[rows] @ query >= expected[-1] - ROUNDING[kind]))
        wanted += len(expected)
    assert found / wanted >= 0.95


def test_duplicates_are_found_each_once(kind: str) -> None:
    corpus = np.repeat(vectors(4, 3), 50, axis=0)
    scores, rows = built(kind, corpus).search(corpus[60], 50)
    assert sorted(rows.tolist()) == list(range(50, 100))
    np.testing.assert_allclose(scores, 1, atol=ROUNDING[kind])


def test_scores_follow_the_rows_asked_for(kind: str) -> None:
    corpus, query = vectors(20, 1), vectors(1, 2)[0]
    rows = np.array([7, 3, 7, 0])
    index = built(kind, corpus)
    np.testing.assert_allclose(index.scores(query, rows), corpus[rows] @ query, atol=ROUNDING[kind])
    assert index.scores(query, rows[:0]).shape == (0,)


def test_vectors_are_read_back(kind: str) -> None:
    corpus = vectors(20, 1)
    np.testing.assert_allclose(built(kind, corpus).vectors(5, 9), corpus[5:9], atol=ROUNDING[kind])


def test_an_empty_index_finds_nothing(kind: str, tmp_path: Path) -> None:
    index = built(kind, np.zeros((0, 16), dtype=np.float32))
    index.save(tmp_path)
    for one in (index, KINDS[kind].load(tmp_path)):
        scores, rows = one.search(vectors(1, 0)[0], 5)
        assert len(scores) == len(rows) == one.size == 0


def test_nothing_allowed_finds_nothing(kind: str) -> None:
    scores, rows = built(kind, vectors(30, 0)).search(vectors(1, 1)[0], 5, Allowed(np.zeros(30, np.bool_)))
    assert len(scores) == len(rows) == 0


def test_a_query_of_another_width_is_refused(kind: str) -> None:
    with pytest.raises(DimensionMismatch):
        built(kind, vectors(3, 0)).search(np.ones(4, dtype=np.float32), 1)


def test_a_saved_index_searches_the_same(kind: str, all_large: dict[str, DenseIndex], tmp_path: Path) -> None:
    index = all_large[kind]
    index.save(tmp_path)
    again = open_dense(tmp_path, {"kind": kind})
    allowed = Allowed(np.arange(LARGE) % 3 == 0)
    for query in vectors(10, 4):
        for only in (None, allowed):
            for one, other in zip(index.search(query, 9, only), again.search(query, 9, only), strict=True):
                np.testing.assert_array_equal(one, other)


def test_cut_and_missing_files_are_refused(kind: str, tmp_path: Path) -> None:
    built(kind, vectors(200, 3)).save(tmp_path)
    for path in sorted(tmp_path.iterdir()):
        whole = path.read_bytes()
        for cut in (whole[:-1], whole[: len(whole) // 2], whole[:10], b""):
            path.write_bytes(cut)
            with pytest.raises(IndexTampered):
                KINDS[kind].load(tmp_path)
        path.unlink()
        with pytest.raises(IndexTampered):
            KINDS[kind].load(tmp_path)
        path.write_bytes(whole)
    KINDS[kind].load(tmp_path)


def test_an_index_of_another_kind_is_refused(kind: str, tmp_path: Path) -> None:
    built(kind, vectors(50, 3)).save(tmp_path)
    for other in set(KINDS) - {kind}:
        with pytest.raises(IndexForeign):
            KINDS[other].load(tmp_path)
    for report in (None, {}, {"kind": "other"}, [kind]):
        with pytest.raises(IndexForeign):
            open_dense(tmp_path, report)


def test_vectors_of_another_index_are_refused(tmp_path: Path) -> None:
    built("ivf_pq", vectors(50, 3)).save(tmp_path)
    np.save(tmp_path / quantised.VECTORS_FILE, vectors(49, 3).astype(np.float16))
    with pytest.raises(IndexTampered, match="does not belong"):
        KINDS["ivf_pq"].load(tmp_path)


def test_a_loaded_index_is_mapped_not_read(kind: str, tmp_path: Path) -> None:
    built(kind, vectors(500, 3)).save(tmp_path)
    index = KINDS[kind].load(tmp_path)
    maps = Path("/proc/self/maps").read_text()
    assert str(tmp_path / DENSE_FILE) in maps
    assert index.size == 500


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (0, "flat"),
        (50_000, "flat"),
        (50_001, "hnsw"),
        (1_000_000, "hnsw"),
        (1_000_001, "ivf_pq"),
    ],
)
def test_the_kind_is_chosen_by_size_and_explained(count: int, expected: str) -> None:
    chosen, reason = choose_kind(count)
    assert chosen == expected
    assert "vectors" in reason


def test_the_effort_is_set_at_build_and_reported(large: FloatArray) -> None:
    for name in ("hnsw", "ivf_pq"):
        index, report = build_dense(large, lambda: vectors(60, 9), name)
        assert report.effort in KINDS[name].efforts  # type: ignore[union-attr]
        assert report.probes == 60
        assert report.recall_at_10 == pytest.approx(measure_recall(index, large, vectors(60, 9)))
    exact = build_dense(large[:100], lambda: vectors(0, 0))[1]
    assert (exact.kind, exact.effort, exact.recall_at_10) == ("flat", 0, 1.0)


@given(size=st.integers(1, 50), seed=st.integers(0, 999))
def test_the_spread_is_what_all_scores_would_show(size: int, seed: int) -> None:
    corpus, query = vectors(size, seed), vectors(1, seed + 1)[0]
    scores = corpus @ query
    mean, deviation = Spread.build(corpus).of(query)
    assert mean == pytest.approx(float(scores.mean()), abs=1e-4)
    assert deviation == pytest.approx(float(scores.std()), abs=1e-3)
