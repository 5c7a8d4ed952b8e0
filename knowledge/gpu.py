"""The dense index on a GPU, where faiss-gpu is installed and sees one: the same interface, and exact.

Every vector is compared, in half precision: 10 million of 384 numbers take 7.7 GB, which a graph or short codes would
save, but a GPU reads them in a few milliseconds. The index on disk stays of the kind that fits a machine without a GPU.
"""

import math
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Lock
from typing import Any

import faiss
import numpy as np
import structlog

from knowledge.allowed import Allowed, RowArray
from knowledge.dense import DenseIndex, found_rows, nothing, wanted_rows
from knowledge.encoder import FloatArray

_BYTES_PER_NUMBER = 2
# FAISS's bound on a GPU.
_MOST_FOUND = 2048
# A filter is applied to what the GPU brings, so it brings this many times as many rows as should suffice.
_MORE = 1.5
_AT_ONCE = 100_000

Mover = Callable[[int, Iterator[FloatArray]], Any]

log = structlog.get_logger()


class GpuIndex:
    """An index whose vectors lie on a GPU as well.

    A filtered search takes so many of the nearest rows that enough allowed ones are among them; those are what a search
    among the allowed rows alone would find. Where that is more than a GPU brings, the index below is asked. Searches of
    several threads take turns: FAISS's indexes on a GPU share working memory that one search uses at a time.

    Args:
        below: the index on the processor.
        moved: FAISS's index on the GPU, with the same rows.
    """

    def __init__(self, below: DenseIndex, moved: Any) -> None:
        self._below = below
        self._moved = moved
        self._turn = Lock()
        self.kind = below.kind
        self.size = below.size
        self.dimension = below.dimension

    def save(self, folder: Path) -> None:
        """Write the index below into a folder."""
        self._below.save(folder)

    def search(
        self, query: FloatArray, top_k: int, allowed: Allowed | None = None
    ) -> tuple[FloatArray, RowArray]:
        """Find the best rows among the allowed ones (see ``DenseIndex.search``)."""
        wanted = wanted_rows(self, query, top_k, allowed)
        if wanted < 1:
            return nothing()
        taken = wanted if allowed is None else math.ceil(_MORE * wanted * self.size / allowed.count)
        taken = min(taken, self.size)
        if taken > _MOST_FOUND:
            return self._below.search(query, top_k, allowed)
        with self._turn:
            scores, rows = found_rows(self._moved.search(query[None, :], taken))
        if allowed is not None:
            mine = allowed.mask[rows]
            scores, rows = scores[mine], rows[mine]
        if len(rows) < wanted:
            return self._below.search(query, top_k, allowed)
        return scores[:wanted], rows[:wanted]

    def scores(self, query: FloatArray, rows: RowArray) -> FloatArray:
        """Score named rows, in the order given."""
        return self._below.scores(query, rows)

    def vectors(self, start: int, stop: int) -> FloatArray:
        """Read the vectors of neighbouring rows."""
        return self._below.vectors(start, stop)


def count_gpus() -> int:
    """Count the GPUs that FAISS can use; 0 where faiss-cpu is installed."""
    return int(getattr(faiss, "get_num_gpus", lambda: 0)())


def to_gpu(index: DenseIndex, *, gpus: int | None = None, move: Mover | None = None) -> DenseIndex:
    """Put an index on the GPU where there is one and its memory suffices; else return the index itself.

    Args:
        index: on the processor.
        gpus: how many there are; None asks FAISS.
        move: makes the index on the GPU; for tests.
    """
    if (count_gpus() if gpus is None else gpus) == 0 or index.size == 0:
        return index
    try:
        moved = (move or copy_to_gpu)(index.dimension, _chunks(index))
    except (
        RuntimeError
    ) as error:  # FAISS has no way to ask what is free, and raises this where it is too little
        needed = index.size * index.dimension * _BYTES_PER_NUMBER
        log.warning("knowledge_gpu_failed", needed_bytes=needed, reason=str(error).strip().split("\n")[-1])
        return index
    return GpuIndex(index, moved)


def _chunks(index: DenseIndex) -> Iterator[FloatArray]:
    for start in range(0, index.size, _AT_ONCE):
        yield np.ascontiguousarray(index.vectors(start, min(index.size, start + _AT_ONCE)))


def copy_to_gpu(dimension: int, chunks: Iterator[FloatArray]) -> Any:
    """Make FAISS's exact index on the first GPU, in half precision.

    Args:
        dimension: of a vector.
        chunks: the vectors in order, each (n, dimension) float32.
    """
    settings = faiss.GpuIndexFlatConfig()
    settings.useFloat16 = True
    index = faiss.GpuIndexFlatIP(faiss.StandardGpuResources(), dimension, settings)
    for chunk in chunks:
        index.add(chunk)
    return index
