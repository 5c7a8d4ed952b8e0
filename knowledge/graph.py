"""The graph index (HNSW) over vectors of one byte a number, for up to a million of them."""

import math
from pathlib import Path
from typing import Any, Self

import faiss
import numpy as np

from knowledge.allowed import Allowed, RowArray
from knowledge.dense import DENSE_FILE, found_rows, nothing, parameters, read_faiss, selector, wanted_rows
from knowledge.encoder import FloatArray

# Links of a node (8 bytes each; 384 hold the vector), and nodes looked at while one is linked. Measured 2026-11-25 on 20,000
# vectors, 200 copies of each text: 16 and 100 find 0.896 of the ten nearest at an effort of 64 and 0.964 at 512, 24 and 160
# find 0.961 and 0.975 in the same time, 32 and 200 no more than that.
_LINKS = 24
_BUILD_EFFORT = 160
# Never less, because the titles that a build asks are found more easily than questions: of a million vectors, 128 / 256 / 384 /
# 512 find 0.985 each of titles' nearest, 0.928 / 0.955 / 0.963 / 0.963 of questions', in 0.3 / 0.7 / 0.9 / 1.2 ms (2026-11-26).
_EFFORTS = (384, 512)
_TRAINING_ROWS = 100_000
# So few allowed rows are compared one by one: a walk would mostly meet rows that are not allowed.
MOST_COMPARED = 20_000
# With fewer allowed ones among the nearest rows their share there is not known well enough to walk by it.
_FEWEST_NEAR = 5
# Beyond this a walk (3 microseconds a row in view, at a million) costs more than comparing.
_MOST_EFFORT = 5_000
_SEED = 20261125


class GraphIndex:
    """FAISS's HNSW over scalar-quantised vectors: near rows are linked, and a search walks along the links.

    Attributes:
        effort: rows kept in view during a walk (FAISS's ``efSearch``); more find more and cost more.
    """

    kind = "hnsw"
    efforts = _EFFORTS

    def __init__(self, index: Any) -> None:
        self._index = index
        self._vectors = faiss.downcast_index(index.storage)
        self.size = int(index.ntotal)
        self.dimension = int(index.d)
        self.effort = int(index.hnsw.efSearch)

    @classmethod
    def build(cls, vectors: FloatArray) -> Self:
        """Index vectors: (n, d) float32, rows of unit length."""
        quantizer: Any = faiss.ScalarQuantizer.QT_8bit
        index = faiss.IndexHNSWSQ(vectors.shape[1], quantizer, _LINKS, faiss.METRIC_INNER_PRODUCT)
        index.hnsw.efConstruction = _BUILD_EFFORT
        index.train(_sample(vectors))
        if len(vectors):
            index.add(np.ascontiguousarray(vectors, dtype=np.float32))
        return cls(index)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Open what ``save`` wrote (see ``read_faiss``)."""
        return cls(read_faiss(folder, faiss.IndexHNSWSQ))

    def save(self, folder: Path) -> None:
        """Write the index into a folder, with the effort it is set to."""
        self._index.hnsw.efSearch = self.effort
        faiss.write_index(self._index, str(folder / DENSE_FILE))

    def search(
        self, query: FloatArray, top_k: int, allowed: Allowed | None = None
    ) -> tuple[FloatArray, RowArray]:
        """Find the best rows among the allowed ones (see ``DenseIndex.search``).

        With a filter the nearest rows tell how many of those around the question are allowed. When they are enough, that
        is it; else a walk passes the others without ranking them, with as many more rows in view as fewer are allowed
        there. Where hardly any are, or few in all, the allowed ones are compared one by one.
        """
        wanted = wanted_rows(self, query, top_k, allowed)
        if wanted < 1:
            return nothing()
        near = max(self.effort, wanted)
        if allowed is None:
            return self._or_compared(self._walk(query, wanted, near), query, wanted, None)
        if allowed.count <= MOST_COMPARED:
            return self._compare(query, wanted, allowed)
        scores, rows = self._walk(query, near, near)
        mine = allowed.mask[rows]
        held = int(np.count_nonzero(mine))
        if held >= wanted:
            return scores[mine][:wanted], rows[mine][:wanted]
        effort = math.ceil(near * near / max(1, held))
        if held < _FEWEST_NEAR or effort > _MOST_EFFORT:
            return self._compare(query, wanted, allowed)
        return self._or_compared(self._walk(query, wanted, effort, allowed), query, wanted, allowed)

    def scores(self, query: FloatArray, rows: RowArray) -> FloatArray:
        """Score named rows, in the order given; a byte a number moves a cosine by about 0.0005."""
        if len(rows) == 0:
            return np.zeros(0, dtype=np.float32)
        return np.asarray(self._vectors.reconstruct_batch(rows) @ query, dtype=np.float32)

    def vectors(self, start: int, stop: int) -> FloatArray:
        """Read the vectors of neighbouring rows, rounded to a byte a number."""
        return np.asarray(self._vectors.reconstruct_n(start, stop - start), dtype=np.float32)

    def _walk(
        self, query: FloatArray, wanted: int, effort: int, allowed: Allowed | None = None
    ) -> tuple[FloatArray, RowArray]:
        walk = faiss.SearchParametersHNSW(  # type: ignore[attr-defined]  # its stubs lack it
            efSearch=effort, sel=None if allowed is None else selector(allowed)
        )
        return found_rows(self._index.search(query[None, :], wanted, params=walk))

    def _or_compared(
        self, found: tuple[FloatArray, RowArray], query: FloatArray, wanted: int, allowed: Allowed | None
    ) -> tuple[FloatArray, RowArray]:
        """Take what a walk found, unless it is too little."""
        return found if len(found[1]) == wanted else self._compare(query, wanted, allowed)

    def _compare(
        self, query: FloatArray, wanted: int, allowed: Allowed | None
    ) -> tuple[FloatArray, RowArray]:
        return found_rows(self._vectors.search(query[None, :], wanted, params=parameters(allowed)))


def _sample(vectors: FloatArray) -> FloatArray:
    """Take rows to learn the range of each number from; any will do for an empty index."""
    if len(vectors) == 0:
        return np.eye(2, vectors.shape[1], dtype=np.float32)
    rows = np.random.default_rng(_SEED).permutation(len(vectors))[:_TRAINING_ROWS]
    return np.ascontiguousarray(vectors[np.sort(rows)], dtype=np.float32)
