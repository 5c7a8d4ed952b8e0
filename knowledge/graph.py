"""The graph index (HNSW) over vectors of one byte a number, for up to a million of them."""

import math
from pathlib import Path
from typing import Any, Self

import faiss
import numpy as np

from knowledge.allowed import Allowed, RowArray
from knowledge.dense import DENSE_FILE, found_rows, nothing, parameters, read_faiss, selector, wanted_rows
from knowledge.encoder import FloatArray

# Links of a node; it costs 8 bytes a link, and 384 bytes hold the vector.
_LINKS = 16
# Nodes looked at while a node is linked. With 40, a sixth of what is missing in recall@10 stays out of reach later.
_BUILD_EFFORT = 100
_TRAINING_ROWS = 100_000
# Where a smaller share is allowed, all that is allowed is compared: a walk would mostly meet rows that are not, and where
# the allowed ones are far from the question it would not reach them.
LEAST_WALKED_SHARE = 0.5
_SEED = 20261125


class GraphIndex:
    """FAISS's HNSW over scalar-quantised vectors: near rows are linked, and a search walks along the links.

    Attributes:
        effort: rows kept in view during a walk (FAISS's ``efSearch``); more find more and cost more.
    """

    kind = "hnsw"
    efforts = (16, 32, 48, 64, 96, 128, 192, 256, 384, 512)

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

        The walk passes rows that are not allowed without ranking them, so it looks at more rows the fewer are allowed.
        When it meets fewer than it has to keep in view, or fewer than half are allowed, the allowed ones are compared.
        """
        wanted = wanted_rows(self, query, top_k, allowed)
        if wanted < 1:
            return nothing()
        share = 1.0 if allowed is None else allowed.count / self.size
        if share < LEAST_WALKED_SHARE:
            return self._compare(query, wanted, allowed)
        kept = wanted if allowed is None else min(max(self.effort, wanted), allowed.count)
        walk = faiss.SearchParametersHNSW(  # type: ignore[attr-defined]  # its stubs lack it
            efSearch=math.ceil(max(self.effort, wanted) / share**2),
            sel=None if allowed is None else selector(allowed),
        )
        scores, rows = found_rows(self._index.search(query[None, :], kept, params=walk))
        return (
            (scores[:wanted], rows[:wanted]) if len(rows) == kept else self._compare(query, wanted, allowed)
        )

    def scores(self, query: FloatArray, rows: RowArray) -> FloatArray:
        """Score named rows, in the order given; a byte a number moves a cosine by about 0.0005."""
        if len(rows) == 0:
            return np.zeros(0, dtype=np.float32)
        return np.asarray(self._vectors.reconstruct_batch(rows) @ query, dtype=np.float32)

    def vectors(self, start: int, stop: int) -> FloatArray:
        """Read the vectors of neighbouring rows, rounded to a byte a number."""
        return np.asarray(self._vectors.reconstruct_n(start, stop - start), dtype=np.float32)

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
