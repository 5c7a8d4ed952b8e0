"""Nearest passages by meaning: one small interface over every kind of index, and the exact kind."""

from pathlib import Path
from typing import Any, Protocol, Self

import faiss
import numpy as np

from knowledge.allowed import Allowed, RowArray
from knowledge.encoder import FloatArray
from knowledge.errors import DimensionMismatch, IndexForeign, IndexTampered

DENSE_FILE = "dense.faiss"


class DenseIndex(Protocol):
    """Finds the rows whose vectors have the highest inner product with a query; safe to share between threads.

    Attributes:
        kind: names the kind in a manifest.
        size: rows.
        dimension: of a vector.
    """

    kind: str
    size: int
    dimension: int

    def search(
        self, query: FloatArray, top_k: int, allowed: Allowed | None = None
    ) -> tuple[FloatArray, RowArray]:
        """Find the best rows among the allowed ones.

        Args:
            query: (d,) float32 of unit length.
            top_k: rows wanted, at least 1.
            allowed: rows that take part; None allows all. The others are never ranked.

        Returns:
            Cosines and rows, best first; shorter than top_k when fewer rows are allowed.

        Raises:
            DimensionMismatch: the query has another width.
        """
        ...

    def scores(self, query: FloatArray, rows: RowArray) -> FloatArray:
        """Score named rows, in the order given."""
        ...

    def vectors(self, start: int, stop: int) -> FloatArray:
        """Read the vectors of neighbouring rows as far as they were kept: (stop - start, d) float32."""
        ...

    def save(self, folder: Path) -> None:
        """Write the index's files into a folder."""
        ...


class FlatIndex:
    """The exact index: FAISS compares the query with every vector."""

    kind = "flat"

    def __init__(self, index: Any) -> None:
        self._index = index
        self.size = int(index.ntotal)
        self.dimension = int(index.d)

    @classmethod
    def build(cls, vectors: FloatArray) -> Self:
        """Index vectors: (n, d) float32, rows of unit length."""
        index = faiss.IndexFlatIP(vectors.shape[1])
        index.add(np.ascontiguousarray(vectors, dtype=np.float32))
        return cls(index)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Open what ``save`` wrote (see ``read_faiss``)."""
        return cls(read_faiss(folder, faiss.IndexFlat))

    def save(self, folder: Path) -> None:
        """Write the index into a folder."""
        faiss.write_index(self._index, str(folder / DENSE_FILE))

    def search(
        self, query: FloatArray, top_k: int, allowed: Allowed | None = None
    ) -> tuple[FloatArray, RowArray]:
        """Find the best rows among the allowed ones (see ``DenseIndex.search``).

        Source: the inner product of unit vectors is the cosine (FAISS ``IndexFlatIP``).
        """
        wanted = wanted_rows(self, query, top_k, allowed)
        if wanted < 1:
            return nothing()
        return found_rows(self._index.search(query[None, :], wanted, params=parameters(allowed)))

    def scores(self, query: FloatArray, rows: RowArray) -> FloatArray:
        """Score named rows, in the order given."""
        if len(rows) == 0:
            return np.zeros(0, dtype=np.float32)
        return np.asarray(self._index.reconstruct_batch(rows) @ query, dtype=np.float32)

    def vectors(self, start: int, stop: int) -> FloatArray:
        """Read the vectors of neighbouring rows, as they were given."""
        return np.asarray(self._index.reconstruct_n(start, stop - start), dtype=np.float32)


def read_faiss(folder: Path, expected: type, *, flags: int | None = None) -> Any:
    """Open the FAISS file of a folder, memory-mapped.

    Raises:
        IndexTampered: it is missing, cut or damaged.
        IndexForeign: it is of another kind.
    """
    path = folder / DENSE_FILE
    try:
        index = faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC if flags is None else flags)
    except RuntimeError as error:
        raise IndexTampered(folder, f"{DENSE_FILE} is missing, cut or damaged") from error
    if not isinstance(index, expected):
        raise IndexForeign(folder, f"{DENSE_FILE} is of another kind")
    return index


def wanted_rows(index: DenseIndex, query: FloatArray, top_k: int, allowed: Allowed | None) -> int:
    """Check a search and say how many rows it can bring.

    Raises:
        DimensionMismatch: the query has another width.
    """
    if query.shape != (index.dimension,):
        raise DimensionMismatch(index.dimension, query.size)
    return min(top_k, index.size if allowed is None else allowed.count)


def selector(allowed: Allowed) -> Any:
    """Make FAISS leave out what is not allowed; it points into ``allowed``, which must live as long."""
    return faiss.IDSelectorBitmap(len(allowed.mask), faiss.swig_ptr(allowed.bits))


def parameters(allowed: Allowed | None) -> Any:
    """Make the parameters of a search that compares with every allowed row."""
    return None if allowed is None else faiss.SearchParameters(sel=selector(allowed))  # type: ignore[call-arg]  # its stub lacks sel


def found_rows(result: tuple[FloatArray, RowArray]) -> tuple[FloatArray, RowArray]:
    """Take the one query's scores and rows, without FAISS's padding of -1."""
    scores, rows = result[0][0], result[1][0]
    found = rows >= 0
    return scores[found], rows[found].astype(np.int64)


def nothing() -> tuple[FloatArray, RowArray]:
    """No rows."""
    return np.zeros(0, dtype=np.float32), np.zeros(0, dtype=np.int64)
