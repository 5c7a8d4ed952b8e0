"""Vectors of sentences that may be quoted: made at build and read from the index folder, embedded when they are not there."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from knowledge.documents import Passage, split_sentences
from knowledge.embeddings import key_of
from knowledge.encoder import Encoder, FloatArray
from knowledge.index import EMBEDDING_KEYS_FILE, EMBEDDINGS_FILE

# A larger index embeds sentences when they are asked for: a vector takes 768 bytes on disk, and its share of the build.
MOST_PASSAGES = 100_000
# A passage this short is quoted whole: cutting it would only lose its thread.
WHOLE_PASSAGE_CHARS = 420
# Passages whose sentences stay in memory while an index is served, 1.5 kB a sentence.
_KEPT_PASSAGES = 1024

SentenceVectors = Callable[[Passage], FloatArray]


def quotable_sentences(passages: Sequence[Passage]) -> Iterator[str]:
    """Name the sentences among which an answer may have to choose; none where the index is too large to keep them."""
    companions = Counter(passage.document_id for passage in passages)
    for passage in passages if len(passages) <= MOST_PASSAGES else ():
        if companions[passage.document_id] > 1 or len(passage.text) > WHOLE_PASSAGE_CHARS:
            yield from split_sentences(passage.text)


class StoredVectors:
    """The vectors that a build left behind, by text; safe to share between threads. They stay on disk."""

    def __init__(self, keys: npt.NDArray[np.uint8], vectors: npt.NDArray[np.float16]) -> None:
        starts = _starts(keys)
        self._rows = np.argsort(starts, kind="stable")
        self._starts = starts[self._rows]
        self._keys = keys
        self._vectors = vectors

    @classmethod
    def open(cls, folder: Path) -> "StoredVectors | None":
        """Open those of an index folder; None where it went away: what is missing is embedded."""
        try:
            keys = np.load(folder / EMBEDDING_KEYS_FILE)
            return cls(keys, np.load(folder / EMBEDDINGS_FILE, mmap_mode="r"))
        except (OSError, ValueError):
            return None

    def of(self, texts: Sequence[str]) -> FloatArray | None:
        """Read the vectors of texts, (n, d) float32; None when one of them is not there."""
        if len(self._keys) == 0 or not texts:
            return None
        wanted = np.frombuffer(b"".join(map(key_of, texts)), dtype=np.uint8).reshape(len(texts), -1)
        places = np.minimum(np.searchsorted(self._starts, _starts(wanted)), len(self._starts) - 1)
        rows = self._rows[places]
        if not np.array_equal(self._keys[rows], wanted):
            return None
        return np.asarray(self._vectors[rows], dtype=np.float32)


def _starts(keys: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint64]:
    """Read the first eight bytes of each key as a number."""
    return np.ascontiguousarray(keys[:, :8]).view(np.uint64).reshape(-1)


def sentence_vectors(encoder: Encoder, stored: StoredVectors | None = None) -> SentenceVectors:
    """Give the vectors of a passage's sentences, (sentences, d) float32, and remember those asked for most lately.

    What is not stored is embedded, a passage by itself: the int8 encoder scales a batch as a whole, so what stands
    beside it would tell.
    """

    @lru_cache(maxsize=_KEPT_PASSAGES)
    def vectors_of(passage: Passage) -> FloatArray:
        sentences = split_sentences(passage.text)
        found = stored.of(sentences) if stored is not None else None
        return encoder.encode(sentences) if found is None else found

    return vectors_of
