"""Nearest passages by meaning: one small interface, so that approximate indexes can stand where the exact one does."""

from pathlib import Path
from typing import Any, Protocol

import faiss
import numpy as np

from knowledge.allowed import Allowed, RowArray
from knowledge.encoder import FloatArray
from knowledge.errors import DimensionMismatch


class DenseIndex(Protocol):
    """Finds the rows whose vectors have the highest inner product with a query."""

    kind: str
    size: int
    dimension: int

    def search(
        self, query: FloatArray, top_k: int, allowed: Allowed | None = None
    ) -> tuple[FloatArray, RowArray]:
        """Find the best rows among the allowed ones: (scores, rows), best first, at most top_k."""
        ...

    def scores(self, query: FloatArray, rows: RowArray) -> FloatArray:
        """Score named rows, in the order given."""
        ...

    def save(self, path: Path) -> None:
        """Write the index to a file."""
        ...


class FlatIndex:
    """The exact index: FAISS compares the query with every vector."""

    kind = "flat"

    def __init__(self, index: Any) -> None:
        self._index = index
        self.size = int(index.ntotal)
        self.dimension = int(index.d)

    @classmethod
    def build(cls, vectors: FloatArray) -> "FlatIndex":
        """Index vectors: (n, d) float32, rows of unit length."""
        index = faiss.IndexFlatIP(vectors.shape[1])
        index.add(np.ascontiguousarray(vectors, dtype=np.float32))
        return cls(index)

    @classmethod
    def load(cls, path: Path) -> "FlatIndex":
        """Open what ``save`` wrote, memory-mapped."""
        return cls(faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC))

    def save(self, path: Path) -> None:
        """Write the index to a file."""
        faiss.write_index(self._index, str(path))

    def search(
        self, query: FloatArray, top_k: int, allowed: Allowed | None = None
    ) -> tuple[FloatArray, RowArray]:
        """Find the best rows among the allowed ones.

        Args:
            query: (d,) float32 of unit length.
            top_k: rows wanted, at least 1.
            allowed: vectors that take part; None allows all. The others are never ranked.

        Returns:
            Cosines and rows, best first; shorter than top_k when fewer rows are allowed.

        Raises:
            DimensionMismatch: the query has another width.

        Source: the inner product of unit vectors is the cosine (FAISS ``IndexFlatIP``, whose -1 padding is dropped).
        """
        wanted = min(top_k, self.size)
        if query.shape != (self.dimension,):
            raise DimensionMismatch(self.dimension, query.size)
        if wanted < 1:
            return np.zeros(0, dtype=np.float32), np.zeros(0, dtype=np.int64)
        parameters = None
        if allowed is not None:
            selector = faiss.IDSelectorBitmap(self.size, faiss.swig_ptr(allowed.bits))
            parameters = faiss.SearchParameters(sel=selector)  # type: ignore[call-arg]  # its stub lacks sel
        scores, rows = self._index.search(query[None, :], wanted, params=parameters)
        found = rows[0] >= 0
        return scores[0][found], rows[0][found].astype(np.int64)

    def scores(self, query: FloatArray, rows: RowArray) -> FloatArray:
        """Score named rows, in the order given."""
        if len(rows) == 0:
            return np.zeros(0, dtype=np.float32)
        return np.asarray(self._index.reconstruct_batch(rows) @ query, dtype=np.float32)
