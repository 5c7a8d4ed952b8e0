"""One index: passages, their vectors, their words, and how to rank them for a question."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from functools import cached_property, lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from knowledge.abstain import AnswerRule
from knowledge.allowed import Allowed, MaskArray, RowArray
from knowledge.dense import DENSE_FILE, DenseIndex
from knowledge.documents import Passage
from knowledge.encoder import Encoder, FloatArray
from knowledge.errors import IndexForeign, IndexMissing, IndexTampered
from knowledge.filters import Facets, Reader
from knowledge.folders import FolderInvalid, check_files, read_manifest, seal
from knowledge.fusion import CANDIDATES, SUPPORT_DEPTH, Side, best_first, fuse, supported, trust_in_meaning
from knowledge.gpu import to_gpu
from knowledge.kinds import open_dense
from knowledge.passages import OFFSETS_FILE, PASSAGES_FILE, PassageStore, write_passages
from knowledge.reranker import RERANKED, Reranking
from knowledge.sparse import WordIndex, WordSplitter
from knowledge.spread import Spread
from knowledge.vectors import lean
from knowledge.wish import WISH_LEAN, wish_of

INDEX_KIND = "careline-knowledge"
INDEX_FORMAT = 2
EMBEDDINGS_FILE = "embeddings.npy"
EMBEDDING_KEYS_FILE = "embeddings.keys.npy"
STARTS_FILE = "dense.starts.npy"
FACETS_FILE = "facets.npz"
SPREAD_FILE = "spread.npz"
REQUIRED_FILES = (
    DENSE_FILE,
    STARTS_FILE,
    EMBEDDINGS_FILE,
    EMBEDDING_KEYS_FILE,
    FACETS_FILE,
    SPREAD_FILE,
    PASSAGES_FILE,
    OFFSETS_FILE,
)
_FLAT = 1e-6
_MOST_ENTRIES = 8
# Kinds of readers whose masks are kept; each is one byte a passage and one bit a vector.
_KEPT_READERS = 32


class Method(Enum):
    """A way to rank."""

    BM25 = "bm25"
    DENSE = "dense"
    HYBRID = "hybrid"


SERVED = Method.HYBRID


@dataclass(frozen=True, slots=True)
class Query:
    """A question, prepared: its unit vector, the stems of its content words, and what of it a reranker reads.

    ``asked`` is empty where that is the text itself; ``trust`` is what the vector counts for, in (0, 1].
    """

    text: str
    vector: FloatArray
    words: tuple[str, ...]
    asked: str = ""
    trust: float = 1.0


@dataclass(frozen=True, slots=True)
class Ranked:
    """A passage in a ranking.

    Attributes:
        row: the passage's row in the index.
        score: what the ranking is sorted by; in [0, 1] for the hybrid one.
        cosine: of the query and the passage, in [-1, 1].
        coverage: the share of the query's words, by idf, that the passage has, in [0, 1].
    """

    row: int
    score: float
    cosine: float
    coverage: float


class KnowledgeIndex:
    """An opened index; it never changes, so any number of threads may ask it.

    The dense index holds for each passage its own vector and one for each of its questions; ``starts`` (passages + 1)
    says where a passage's begin. A passage is as near as the nearest of them.
    """

    def __init__(
        self,
        *,
        manifest: dict[str, Any],
        passages: Sequence[Passage] | PassageStore,
        dense: DenseIndex,
        starts: RowArray,
        words: WordIndex,
        facets: Facets,
        spread: Spread,
    ) -> None:
        self.manifest = manifest
        self.index_id = str(manifest["index_id"])
        self.encoder_id = str(manifest["encoder_id"])
        self.dense_weight = float(manifest["dense_weight"])
        self.has_support = bool(manifest.get("has_support", False))
        self.rule = AnswerRule.from_json(manifest["rule"])
        self.reranking: Reranking | None = None
        self.passages = passages
        self.dense = dense
        self._starts = starts
        self._owners = _owners(starts)
        self.words = words
        self.spread = spread
        self.facets = facets
        self._allow = lru_cache(_KEPT_READERS)(partial(_allow, facets, self._owners))

    @classmethod
    def load(cls, folder: Path) -> "KnowledgeIndex":
        """Open an index folder, strictly.

        Raises:
            IndexMissing: there is no such folder.
            IndexForeign: it is not an index of this format.
            IndexTampered: a file is missing, cut short or differs from the manifest.
        """
        manifest = checked_manifest(folder)
        try:
            return cls._open(folder, manifest)
        except FileNotFoundError as error:
            raise IndexMissing(folder, "it went away while it was opened") from error
        except (ValueError, KeyError, OSError, RuntimeError) as error:
            raise IndexTampered(folder, "its files do not belong together") from error

    @classmethod
    def _open(cls, folder: Path, manifest: dict[str, Any]) -> "KnowledgeIndex":
        passages = PassageStore(folder)
        dense = to_gpu(open_dense(folder, manifest.get("dense")))
        facets = Facets.load(folder / FACETS_FILE)
        starts = np.load(folder / STARTS_FILE, mmap_mode="r")
        if not len(passages) == len(facets) == len(starts) - 1 or dense.size != starts[-1]:
            raise ValueError("sizes differ")
        return cls(
            manifest=manifest,
            passages=passages,
            dense=dense,
            starts=starts,
            words=WordIndex.load(folder, len(passages), WordSplitter()),
            facets=facets,
            spread=Spread.load(folder / SPREAD_FILE),
        )

    def __len__(self) -> int:
        return len(self.passages)

    @cached_property
    def document_ids(self) -> list[str]:
        """The document of every row (read for builds and evaluations; serving asks row by row)."""
        return [passage.document_id for passage in self.passages]

    def prepare(self, text: str, encoder: Encoder) -> Query:
        """Make a query of a text; a letter is looked up by what it asks more than by what it tells (``knowledge.wish``)."""
        vector = encoder.encode([text])[0]
        known = encoder.known_share(text)
        wish = wish_of(text)
        if wish is None:
            return self.prepared(text, vector, known)
        # By itself: the int8 encoder scales a batch as a whole.
        leaning = lean(vector, encoder.encode([wish])[0], WISH_LEAN)
        return replace(self.prepared(wish, leaning, known), text=text, asked=wish)

    def prepared(self, text: str, vector: FloatArray, known_share: float = 1.0) -> Query:
        """Make a query of a text that is embedded already, of which the encoder knows so many of the tokens."""
        words = tuple(self.words.splitter.split(text))
        return Query(text, vector, words, trust=trust_in_meaning(known_share))

    @property
    def reranker_id(self) -> str | None:
        """Name the reranker that the index was built with; None when there was none."""
        reranker = self.manifest.get("reranker")
        return str(reranker["reranker_id"]) if reranker else None

    def read_again_by(self, reranking: Reranking) -> None:
        """Let a reranker take part from now on, with the answer rule that was fitted to it; before anybody asks."""
        self.reranking = reranking
        if self.manifest.get("reranker"):
            self.rule = AnswerRule.from_json(self.manifest["reranker"]["rule"])

    def cosine(self, query: Query, row: int) -> float:
        """Compare a query with one passage, by the nearest of its vectors."""
        return float(self._cosines(query, np.asarray([row], dtype=np.int64))[0])

    def allowed(self, reader: Reader) -> Allowed | None:
        """Allow what is the reader's to see; None when that is everything."""
        return self._allow(reader)

    def only(self, mask: MaskArray) -> Allowed:
        """Allow the passages of a mask, (passages,) bool."""
        return Allowed(mask, self._owners)

    def without(self, document_ids: frozenset[str]) -> Allowed:
        """Allow the passages of all documents but these."""
        mask = np.ones(len(self), dtype=np.bool_)
        mask[self.rows_of(document_ids)] = False
        return self.only(mask)

    def rank(
        self, query: Query, allowed: Allowed | None, *, depth: int = CANDIDATES, method: Method = SERVED
    ) -> list[Ranked]:
        """Rank the allowed passages (see ``allowed`` and ``only``; None is all); others take no part at any step.

        Returns:
            At most ``depth`` passages, best first; empty for an empty index.
        """
        wanted = max(depth, CANDIDATES) + 1
        cosines, dense_rows = self._nearest(query, wanted, allowed)
        matching = self.words.search(query.words, wanted, allowed)
        rows = np.union1d(dense_rows[: wanted - 1], matching.rows[: wanted - 1])
        if len(rows) == 0:
            return []
        ceiling = self.words.ceiling(query.words)
        shape = self.spread.of(query.vector)
        dense = _side(self._cosines(query, rows), cosines, 1.0, shape, query.trust)
        has_others = len(matching.rows) < min(wanted, len(self) if allowed is None else allowed.count)
        ranked = np.append(matching.scores, np.float32(0)) if has_others else matching.scores
        word_scores = self.words.scores_of(query.words, rows)
        sparse = _side(word_scores, ranked, ceiling, (matching.mean, matching.deviation))
        scores = self._scores(method, dense, sparse)
        if method is Method.HYBRID:
            scores = self._supported(scores, rows) if self.has_support else scores
        order = best_first(scores, rows)
        if method is Method.HYBRID and self.reranking is not None:
            scores = self._read_again(self.reranking, query, scores, rows, order)
            order = best_first(scores, rows)
        order = order[:depth]
        coverages = sparse.scores / ceiling if ceiling else np.zeros_like(sparse.scores)
        return [
            Ranked(int(rows[i]), float(scores[i]), float(dense.scores[i]), float(coverages[i]))
            for i in order
            if method is not Method.BM25 or scores[i] > 0
        ]

    def save(self, folder: Path, keys: npt.NDArray[np.uint8], vectors: npt.NDArray[np.float16]) -> None:
        """Write the index's files and its sealed manifest.

        Args:
            folder: empty.
            keys: hashes of the embedded texts, and ``vectors``, their vectors: for the next build, not for serving.
            vectors: see there.
        """
        self.dense.save(folder)
        self.words.save(folder)
        write_passages(folder, self.passages)
        np.save(folder / STARTS_FILE, self._starts)
        self.facets.save(folder / FACETS_FILE)
        self.spread.save(folder / SPREAD_FILE)
        np.save(folder / EMBEDDINGS_FILE, vectors)
        np.save(folder / EMBEDDING_KEYS_FILE, keys)
        seal(folder, self.manifest)

    def documents_of(self, ranking: Sequence[Ranked]) -> list[str]:
        """Name the documents of a ranking, each once, in its order."""
        return list(dict.fromkeys(self.document_ids[ranked.row] for ranked in ranking))

    def best_of_documents(self, ranking: Sequence[Ranked]) -> list[Ranked]:
        """Keep the best passage of each document, in order."""
        best: dict[int, Ranked] = {}
        for ranked in ranking:
            best.setdefault(self.document(ranked.row), ranked)
        return list(best.values())

    def rows_of(self, document_ids: frozenset[str]) -> RowArray:
        """List the rows of some documents."""
        return np.asarray(
            [row for row, name in enumerate(self.document_ids) if name in document_ids], dtype=np.int64
        )

    def passage(self, row: int) -> Passage:
        """Return the passage of a row."""
        return self.passages[row]

    def document(self, row: int) -> int:
        """Name the document of a row by a number; its rows are neighbours."""
        return int(self.facets.documents[row])

    def neighbours(self, vector: FloatArray, wanted: int) -> list[tuple[int, float]]:
        """Find the rows nearest to a vector by meaning alone, with their cosines, best first; everybody's take part."""
        cosines, entries = self.dense.search(vector, wanted)
        rows = entries if self._owners is None else self._owners[entries]
        nearest: dict[int, float] = {}
        for row, cosine in zip(rows.tolist(), cosines.tolist(), strict=True):
            nearest.setdefault(row, cosine)
        return list(nearest.items())

    def _scores(self, method: Method, dense: Side, sparse: Side) -> FloatArray:
        if method is Method.DENSE:
            return dense.scores
        if method is Method.BM25:
            return sparse.scores
        return fuse(dense, sparse, self.dense_weight)

    def _supported(self, scores: FloatArray, rows: RowArray) -> FloatArray:
        order = best_first(scores, rows)
        documents = self.facets.documents[rows[order[:SUPPORT_DEPTH]]].tolist()
        raised = np.empty_like(scores)
        raised[order] = supported(scores[order], documents)
        return raised

    def _read_again(
        self, reranking: Reranking, query: Query, scores: FloatArray, rows: RowArray, order: RowArray
    ) -> FloatArray:
        texts = [self.passage(int(rows[place])).embedded_text for place in order[:RERANKED]]
        again = np.empty_like(scores)
        again[order] = reranking.scores(query.asked or query.text, texts, scores[order])
        return again

    def _nearest(self, query: Query, wanted: int, allowed: Allowed | None) -> tuple[FloatArray, RowArray]:
        """Find the nearest passages, each by the nearest of its vectors."""
        vectors = None if allowed is None else allowed.vectors
        if self._owners is None:
            return self.dense.search(query.vector, wanted, vectors)
        entries = wanted + self.dense.size - len(self)  # so many that no question can crowd a passage out
        entries = min(entries, _MOST_ENTRIES * wanted)
        cosines, found = self.dense.search(query.vector, entries, vectors)
        rows, first = np.unique(self._owners[found], return_index=True)
        order = np.argsort(first)[:wanted]
        return cosines[first[order]], rows[order].astype(np.int64)

    def _cosines(self, query: Query, rows: RowArray) -> FloatArray:
        """Score passages by the nearest of their vectors."""
        if self._owners is None:
            return self.dense.scores(query.vector, rows)
        sizes = self._starts[rows + 1] - self._starts[rows]
        begins = np.cumsum(sizes) - sizes
        entries = np.repeat(self._starts[rows] - begins, sizes) + np.arange(int(sizes.sum()))
        return np.asarray(
            np.maximum.reduceat(self.dense.scores(query.vector, entries), begins), dtype=np.float32
        )


def checked_manifest(folder: Path) -> dict[str, Any]:
    """Read and check an index folder's manifest and files (see ``KnowledgeIndex.load`` for the errors)."""
    if not folder.is_dir():
        raise IndexMissing(folder, "there is no such folder")
    try:
        manifest = read_manifest(folder, kind=INDEX_KIND, version=INDEX_FORMAT)
        check_files(folder, manifest, REQUIRED_FILES)
    except FolderInvalid as error:
        if not folder.is_dir():
            raise IndexMissing(folder, "it went away while it was opened") from error
        refusal = IndexForeign if error.is_foreign else IndexTampered
        raise refusal(folder, error.reason) from error
    return manifest


def _allow(facets: Facets, owners: npt.NDArray[np.int32] | None, reader: Reader) -> Allowed | None:
    mask = facets.mask(reader)
    return None if mask is None else Allowed(mask, owners)


def _owners(starts: RowArray) -> npt.NDArray[np.int32] | None:
    """Name the passage of each vector; None when each passage has one."""
    if starts[-1] == len(starts) - 1:
        return None
    return np.repeat(np.arange(len(starts) - 1, dtype=np.int32), np.diff(starts))


def _side(
    scores: FloatArray, ranked: FloatArray, ceiling: float, shape: tuple[float, float], trust: float = 1.0
) -> Side:
    """Describe one side by its own ranking: best score on top, the one below the candidates as floor.

    Args:
        scores: of the candidates.
        ranked: the side's own ranking, best first, one longer than its candidates where there are more.
        ceiling: the highest score possible.
        shape: mean and standard deviation of the scores of the whole corpus.
        trust: see ``Side``.
    """
    mean, deviation = shape
    top = float(ranked[0]) if len(ranked) else 0.0
    floor = float(ranked[-1]) if len(ranked) else 0.0
    certainty = float(np.clip(top / ceiling, 0, 1)) if ceiling > 0 else 0.0
    prominence = max(1.0, (top - mean) / deviation) if deviation > _FLAT else 1.0
    return Side(scores, floor, top, certainty, prominence, trust)
