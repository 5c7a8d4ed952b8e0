"""The quantised index (IVF, OPQ, PQ) for more than a million vectors: a byte for four numbers in memory, the vectors on disk.

Lists of near rows are searched by their short codes; the best of those are scored again by the vectors themselves,
which lie in a memory-mapped file of half-precision numbers.
"""

import math
from pathlib import Path
from typing import Any, Self
from weakref import WeakKeyDictionary

import faiss
import numpy as np
import numpy.typing as npt

from knowledge.allowed import Allowed, RowArray
from knowledge.dense import DENSE_FILE, found_rows, nothing, read_faiss, selector, wanted_rows
from knowledge.encoder import FloatArray
from knowledge.errors import IndexTampered

VECTORS_FILE = "dense.vectors.npy"
# Numbers that share one byte, and the most bytes of a vector.
_NUMBERS_PER_CODE = 4
_MOST_CODES = 96
_CODE_BITS = 8
# Lists are four times the square root of the rows, as FAISS's guidelines have it, but not emptier than this.
_LISTS_PER_ROOT = 4
_FEWEST_IN_LIST = 40
_MOST_TRAINING_ROWS = 200_000
_FEWEST_TRAINING_ROWS = 1 << _CODE_BITS  # FAISS takes no fewer
_OPQ_ROUNDS = 10
# Rows whose vectors are read from disk, for each row wanted and at least.
_RESCORED_PER_ROW = 3
_FEWEST_RESCORED = 200
# So few allowed rows are compared one by one with their vectors from disk.
MOST_COMPARED = 1_000
_ADD_AT_ONCE = 100_000
_SEED = 20261125

HalfArray = npt.NDArray[np.float16]


class QuantisedIndex:
    """FAISS's IVF-PQ behind a rotation (OPQ), and the vectors on disk for the last word.

    Attributes:
        effort: lists searched (FAISS's ``nprobe``); more find more and cost more.
    """

    kind = "ivf_pq"
    efforts = (4, 8, 16, 32, 48, 64, 96, 128, 192, 256)

    def __init__(self, index: Any, vectors: HalfArray) -> None:
        self._index = index
        self._lists: Any = faiss.extract_index_ivf(index)
        self._halves = vectors
        self.size = int(index.ntotal)
        self.dimension = int(index.d)
        self.effort = int(self._lists.nprobe)
        self._held: WeakKeyDictionary[Allowed, RowArray] = WeakKeyDictionary()

    @classmethod
    def build(cls, vectors: FloatArray) -> Self:
        """Index vectors: (n, d) float32, rows of unit length."""
        index = _untrained(len(vectors), vectors.shape[1])
        index.train(_training_rows(vectors))
        for start in range(0, len(vectors), _ADD_AT_ONCE):
            index.add(np.ascontiguousarray(vectors[start : start + _ADD_AT_ONCE], dtype=np.float32))
        return cls(index, vectors.astype(np.float16))

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Open what ``save`` wrote (see ``read_faiss``)."""
        index = read_faiss(folder, faiss.IndexPreTransform, flags=faiss.IO_FLAG_MMAP)
        try:
            vectors = np.load(folder / VECTORS_FILE, mmap_mode="r")
        except (OSError, ValueError, EOFError) as error:
            raise IndexTampered(folder, f"{VECTORS_FILE} is missing, cut or damaged") from error
        if vectors.shape != (index.ntotal, index.d) or vectors.dtype != np.float16:
            raise IndexTampered(folder, f"{VECTORS_FILE} does not belong to {DENSE_FILE}")
        return cls(index, vectors)

    def save(self, folder: Path) -> None:
        """Write the index and the vectors into a folder, with the effort it is set to."""
        self._lists.nprobe = self.effort
        faiss.write_index(self._index, str(folder / DENSE_FILE))
        np.save(folder / VECTORS_FILE, self._halves)

    def search(
        self, query: FloatArray, top_k: int, allowed: Allowed | None = None
    ) -> tuple[FloatArray, RowArray]:
        """Find the best rows among the allowed ones (see ``DenseIndex.search``).

        With a filter, lists are searched until they hold as many allowed rows as the lists of a search without one do.
        Few allowed rows are compared one by one.
        """
        wanted = wanted_rows(self, query, top_k, allowed)
        if wanted < 1:
            return nothing()
        if allowed is not None and allowed.count <= MOST_COMPARED:
            return self._best(query, allowed.rows, wanted)
        lists = self.effort if allowed is None else self._lists_for(query, allowed)
        rows = self._candidates(query, wanted, lists, allowed)
        if len(rows) < wanted:
            rows = self._candidates(query, wanted, self._lists.nlist, allowed)
        return self._best(query, rows, wanted)

    def scores(self, query: FloatArray, rows: RowArray) -> FloatArray:
        """Score named rows, in the order given; half precision moves a cosine by less than 0.001."""
        return np.asarray(self._halves[rows].astype(np.float32) @ query, dtype=np.float32)

    def vectors(self, start: int, stop: int) -> FloatArray:
        """Read the vectors of neighbouring rows, in half precision."""
        return np.asarray(self._halves[start:stop], dtype=np.float32)

    def _lists_for(self, query: FloatArray, allowed: Allowed) -> int:
        """Say how many of the nearest lists hold enough allowed rows."""
        if allowed not in self._held:
            self._held[allowed] = self._count_held(allowed)
        rotated = self._index.chain.at(0).apply(query[None, :])
        _, nearest = self._lists.quantizer.search(rotated, self._lists.nlist)
        enough = min(allowed.count, self.effort * self.size / self._lists.nlist)
        return int(np.searchsorted(np.cumsum(self._held[allowed][nearest[0]]), enough)) + 1

    def _count_held(self, allowed: Allowed) -> RowArray:
        """Count the allowed rows of each list: (lists,)."""
        lists = self._lists.invlists
        counts = np.zeros(self._lists.nlist, dtype=np.int64)
        for number in range(len(counts)):
            rows = faiss.rev_swig_ptr(lists.get_ids(number), lists.list_size(number))
            counts[number] = np.count_nonzero(allowed.mask[rows])
        return counts

    def _candidates(self, query: FloatArray, wanted: int, lists: int, allowed: Allowed | None) -> RowArray:
        """Find rows by their codes."""
        inner = faiss.SearchParametersIVF(  # type: ignore[call-arg]  # its stub lacks them
            nprobe=lists, sel=None if allowed is None else selector(allowed)
        )
        depth = min(self.size, max(_FEWEST_RESCORED, _RESCORED_PER_ROW * wanted))
        walk = faiss.SearchParametersPreTransform(index_params=inner)  # type: ignore[call-arg]  # as above
        return np.sort(found_rows(self._index.search(query[None, :], depth, params=walk))[1])

    def _best(self, query: FloatArray, rows: RowArray, wanted: int) -> tuple[FloatArray, RowArray]:
        """Order rows by their vectors."""
        scores = self.scores(query, rows)
        order = np.argsort(-scores, kind="stable")[:wanted]
        return scores[order], rows[order]


def _untrained(size: int, dimension: int) -> Any:
    codes = max(
        m for m in range(1, _MOST_CODES + 1) if dimension % m == 0 and m * _NUMBERS_PER_CODE <= dimension
    )
    lists = max(1, min(round(_LISTS_PER_ROOT * math.sqrt(size)), size // _FEWEST_IN_LIST))
    coarse = faiss.IndexFlatIP(dimension)
    inner = faiss.IndexIVFPQ(coarse, dimension, lists, codes, _CODE_BITS, faiss.METRIC_INNER_PRODUCT)
    inner.cp.spherical = True
    inner.cp.seed = _SEED
    rotation = faiss.OPQMatrix(dimension, codes)
    rotation.niter = _OPQ_ROUNDS
    inner.cp.min_points_per_centroid = inner.pq.cp.min_points_per_centroid = 1  # or it warns of small corpora
    return faiss.IndexPreTransform(rotation, inner)


def _training_rows(vectors: FloatArray) -> FloatArray:
    """Sample rows to learn from; where there are too few, they come again, slightly moved."""
    random = np.random.default_rng(_SEED)
    wanted = max(_FEWEST_TRAINING_ROWS, min(len(vectors), _MOST_TRAINING_ROWS))
    if len(vectors) >= wanted:
        rows = np.sort(random.permutation(len(vectors))[:wanted])
        return np.ascontiguousarray(vectors[rows], dtype=np.float32)
    known = vectors if len(vectors) else np.ones((1, vectors.shape[1]), dtype=np.float32)
    repeated = np.resize(known, (wanted, vectors.shape[1]))
    return np.asarray(repeated + 0.01 * random.normal(size=repeated.shape), dtype=np.float32)
