"""The knowledge base as others use it: open it, search it, ask it. It follows new indexes while it serves."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import structlog

from knowledge.agreement import settle
from knowledge.answer import (
    MAX_ANSWER_CHARS,
    NOTHING,
    Answer,
    Response,
    Source,
    nearest_passages,
)
from knowledge.build import ENCODERS, EncoderLoader
from knowledge.conflicts import MetConflicts
from knowledge.encoder import Encoder, OnnxEncoder
from knowledge.errors import DimensionMismatch, IndexMissing, KnowledgeError
from knowledge.filters import CUSTOMER, Reader
from knowledge.folders import read_pointer
from knowledge.follow_up import find
from knowledge.index import KnowledgeIndex
from knowledge.reranker import named_reranking
from knowledge.sentences import SentenceVectors, StoredVectors, sentence_vectors
from knowledge.support import supported_sentences

# A query beyond this is cut: the rest adds time, not meaning.
MAX_QUERY_CHARS = 2_000
_LOOK_EVERY_SECONDS = 0.5

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that was found; ``score`` is in [0, 1], ``text`` is plain text."""

    passage_id: str
    document_id: str
    title: str
    headings: tuple[str, ...]
    text: str
    url: str
    section: str
    updated: str
    score: float


@dataclass(frozen=True, slots=True)
class _Snapshot:
    """What one question is answered from, whatever happens to ``current`` meanwhile."""

    index: KnowledgeIndex
    encoder: Encoder
    sentences: SentenceVectors
    met: MetConflicts


class KnowledgeBase:
    """The current index of a root folder; safe to share between threads.

    A call looks for a new ``current`` at most twice a second; one caller then loads it while the others go on with the old one.
    An index that is refused is logged and the old one kept.
    """

    def __init__(
        self,
        root: Path,
        *,
        load_encoder: EncoderLoader = OnnxEncoder.load,
        clock: Callable[[], float] = time.monotonic,
        look_every_seconds: float = _LOOK_EVERY_SECONDS,
    ) -> None:
        self._root = root
        self._load_encoder = load_encoder
        self._clock = clock
        self._look_every_seconds = look_every_seconds
        self._loading = threading.Lock()
        self._refused: str | None = None
        self._looked_at = clock()
        self._snapshot = self._load(_pointed(root), None)

    @classmethod
    def open(cls, root: Path) -> "KnowledgeBase":
        """Open the current index below a folder (``var/knowledge``).

        Raises:
            IndexMissing: nothing was built yet.
            KnowledgeIndexError: the index is foreign or was tampered with.
            EncoderError: so is its encoder.
        """
        return cls(root)

    @property
    def index_id(self) -> str:
        """Name the index that is served now."""
        return self.index.index_id

    @property
    def index(self) -> KnowledgeIndex:
        """The index that is served now; it stays as it is when a newer one is taken."""
        return self._snapshot.index

    @property
    def encoder(self) -> Encoder:
        """The encoder that is served now."""
        return self._snapshot.encoder

    def search(
        self,
        query: str,
        top_k: int = 5,
        *,
        reader: Reader = CUSTOMER,
    ) -> list[Hit]:
        """Find the passages nearest to a question among those that are the reader's to see.

        Args:
            query: as the customer wrote it.
            top_k: hits wanted.
            reader: who asks; a customer unless given.

        Returns:
            At most top_k hits, best first; none for a question without a word.
        """
        if not _has_words(query) or top_k < 1:
            return []
        now = self._current()
        index = now.index
        prepared = index.prepare(query[:MAX_QUERY_CHARS], now.encoder)
        ranking = index.rank(prepared, index.allowed(reader), depth=top_k)
        return [_hit(index, ranked.row, ranked.score) for ranked in ranking]

    def answer(
        self,
        query: str,
        *,
        before: Sequence[str] = (),
        reader: Reader = CUSTOMER,
        min_confidence: float | None = None,
    ) -> Answer | None:
        """Answer a question with sentences of the best passage, or not at all.

        Args:
            query: as the customer wrote it; it is only ever compared, never obeyed.
            before: what the customer asked before, the latest last; a question that does not stand alone ("and to
                Switzerland?") leans on it.
            reader: who asks; a customer unless given.
            min_confidence: from which confidence on to answer; None takes the one calibrated at build.
        """
        return self.respond(query, before=before, reader=reader, min_confidence=min_confidence).answer

    def respond(
        self,
        query: str,
        *,
        before: Sequence[str] = (),
        reader: Reader = CUSTOMER,
        min_confidence: float | None = None,
    ) -> Response:
        """Answer a question as ``answer`` does, and where there is none, name what is nearest to it."""
        if not _has_words(query):
            return NOTHING
        now = self._current()
        index = now.index
        prepared = index.prepare(query[:MAX_QUERY_CHARS], now.encoder)
        former = [text[:MAX_QUERY_CHARS] for text in before[-1:]]
        allowed = index.allowed(reader)
        found, prepared = find(index, now.encoder, prepared, former, allowed)
        if found is None:
            return NOTHING
        confidence = index.rule.confidence(found.evidence)
        threshold = index.rule.threshold if min_confidence is None else min_confidence
        if confidence < threshold:
            return Response(None, confidence, nearest_passages(index, found))
        settled = settle(index, found, confidence, prepared, now.sentences)
        now.met.keep(settled.conflicts)
        return Response(settled.answer, confidence, quoted=settled.passages)

    def rephrased(self, response: Response, written: str) -> Response:
        """Say an answer in words that a generator wrote, as far as its passages support them; else as it is.

        Args:
            response: what ``respond`` gave.
            written: about ``response.quoted``, citing each passage by its place from 1 ("[1]"); anything at all.
        """
        if response.answer is None:
            return response
        now = self._current()
        sentences = supported_sentences(written, response.quoted, now.sentences, now.encoder.encode)
        text = " ".join(sentence.text for sentence in sentences)
        if not sentences or len(text) > MAX_ANSWER_CHARS:
            return response
        places = dict.fromkeys(place for sentence in sentences for place in sentence.cited)
        quoted = tuple(response.quoted[place] for place in places)
        answer = replace(response.answer, text=text, sources=tuple(map(Source.of, quoted)))
        return replace(response, answer=answer, quoted=quoted)

    def refresh(self) -> bool:
        """Look for a new current index now; says whether it was taken."""
        name = read_pointer(self._root)
        if name is None or name in {self._snapshot.index.index_id, self._refused}:
            return False
        if not self._loading.acquire(blocking=False):
            return False
        try:
            self._snapshot = self._load(name, self._snapshot)
        except IndexMissing:
            return False  # already replaced by a newer one: the next look finds that
        except KnowledgeError as error:
            self._refused = name
            log.error("knowledge_index_refused", index_id=name, code=error.code)
            return False
        finally:
            self._loading.release()
        log.info("knowledge_index_taken", index_id=name)
        return True

    def _current(self) -> _Snapshot:
        now = self._clock()
        if now - self._looked_at >= self._look_every_seconds:
            self._looked_at = now
            self.refresh()
        return self._snapshot

    def _load(self, name: str, old: _Snapshot | None) -> _Snapshot:
        index = KnowledgeIndex.load(self._root / name)
        if old is not None and old.encoder.encoder_id == index.encoder_id:
            encoder = old.encoder
        else:
            encoder = self._load_encoder(self._root / ENCODERS / index.encoder_id)
        if encoder.dimension != index.dense.dimension:
            raise DimensionMismatch(index.dense.dimension, encoder.dimension)
        reranking = named_reranking(self._root, index.reranker_id) if index.reranker_id else None
        if reranking is not None:
            index.read_again_by(reranking)
        vectors = sentence_vectors(encoder, StoredVectors.open(self._root / name))
        return _Snapshot(index, encoder, vectors, MetConflicts(self._root, name))


def _pointed(root: Path) -> str:
    name = read_pointer(root)
    if name is None:
        raise IndexMissing(root, "no index is current; build one first")
    return name


def _has_words(query: str) -> bool:
    return any(character.isalnum() for character in query[:MAX_QUERY_CHARS])


def _hit(index: KnowledgeIndex, row: int, score: float) -> Hit:
    passage = index.passage(row)
    return Hit(
        passage_id=passage.passage_id,
        document_id=passage.document_id,
        title=passage.title,
        headings=passage.headings,
        text=passage.text,
        url=passage.url,
        section=passage.section,
        updated=passage.updated,
        score=score,
    )
