"""The choice to use a GPU, and the filtering around it; what would lie on the GPU lies on the processor here."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import faiss
import numpy as np
import pytest
import structlog
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge import gpu
from knowledge.allowed import Allowed
from knowledge.dense import FlatIndex
from knowledge.encoder import FloatArray
from knowledge.errors import DimensionMismatch
from knowledge.gpu import GpuIndex, count_gpus, to_gpu
from knowledge.vectors import unit_rows

SIZE = 500


def vectors(size: int, seed: int) -> FloatArray:
    return unit_rows(np.random.default_rng(seed).normal(size=(size, 16)).astype(np.float32))


def beside(dimension: int, chunks: Iterator[FloatArray]) -> Any:
    index = faiss.IndexFlatIP(dimension)
    for chunk in chunks:
        index.add(chunk)
    return index


@pytest.fixture(scope="module")
def below() -> FlatIndex:
    return FlatIndex.build(vectors(SIZE, 1))


@settings(max_examples=80)
@given(
    seed=st.integers(0, 99),
    top_k=st.integers(1, 600),
    share=st.sampled_from([None, 0.0, 0.004, 0.1, 0.5, 1.0]),
)
def test_it_finds_what_the_index_below_finds(
    below: FlatIndex, seed: int, top_k: int, share: float | None
) -> None:
    moved = to_gpu(below, gpus=1, move=beside)
    assert isinstance(moved, GpuIndex)
    mask = None if share is None else Allowed(np.random.default_rng(seed).random(SIZE) < share)
    query = vectors(1, 1_000 + seed)[0]
    scores, rows = moved.search(query, top_k, mask)
    expected_scores, expected_rows = below.search(query, top_k, mask)
    np.testing.assert_array_equal(rows, expected_rows)
    np.testing.assert_allclose(scores, expected_scores, atol=1e-6)


def test_a_filter_that_leaves_too_little_is_left_to_the_index_below(
    below: FlatIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gpu, "_MOST_FOUND", 20)
    moved = to_gpu(below, gpus=1, move=beside)
    query = vectors(1, 5)[0]
    far = np.zeros(SIZE, dtype=np.bool_)
    far[np.argsort(vectors(SIZE, 1) @ query)[: SIZE // 2]] = True  # none of them among the nearest
    for top_k in (5, 50):
        rows = moved.search(query, top_k, Allowed(far))[1]
        np.testing.assert_array_equal(rows, below.search(query, top_k, Allowed(far))[1])


class OneAtATime:
    """Like FAISS's index on a GPU it cannot be searched by two threads at once."""

    def __init__(self, index: Any) -> None:
        self._index = index
        self._is_searched = False

    def search(self, query: FloatArray, top_k: int) -> Any:
        assert not self._is_searched
        self._is_searched = True
        time.sleep(0.002)
        try:
            return self._index.search(query, top_k)
        finally:
            self._is_searched = False


def test_searches_of_several_threads_take_turns(below: FlatIndex) -> None:
    moved = to_gpu(below, gpus=1, move=lambda *given: OneAtATime(beside(*given)))
    queries = vectors(40, 7)
    with ThreadPoolExecutor(4) as callers:
        found = list(callers.map(lambda query: moved.search(query, 5)[1], queries))
    for query, rows in zip(queries, found, strict=True):
        np.testing.assert_array_equal(rows, below.search(query, 5)[1])


def test_without_a_gpu_nothing_moves(below: FlatIndex) -> None:
    assert count_gpus() == 0  # faiss-cpu is what is locked
    assert to_gpu(below) is below
    assert to_gpu(below, gpus=0, move=beside) is below
    empty = FlatIndex.build(np.zeros((0, 16), dtype=np.float32))
    assert to_gpu(empty, gpus=1, move=beside) is empty


def test_what_does_not_fit_stays(below: FlatIndex) -> None:
    def full(_dimension: int, _chunks: Iterator[FloatArray]) -> Any:
        # As FAISS writes it, with a line end.
        raise RuntimeError("Error in virtual void* StandardGpuResourcesImpl::allocMemory():\nout of memory\n")

    with structlog.testing.capture_logs() as told:
        assert to_gpu(below, gpus=1, move=full) is below
    assert [(line["event"], line["reason"]) for line in told] == [("knowledge_gpu_failed", "out of memory")]


def test_a_query_of_another_width_is_refused(below: FlatIndex) -> None:
    with pytest.raises(DimensionMismatch):
        to_gpu(below, gpus=1, move=beside).search(np.ones(3, dtype=np.float32), 1)
