"""Word search: BM25 over stemmed words."""

import logging
import math
import re
import threading
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bm25s
import numpy as np
import numpy.typing as npt
import Stemmer  # type: ignore[import-not-found]  # it comes without types

from knowledge.allowed import Allowed, RowArray
from knowledge.encoder import FloatArray

# Lucene's values; measured 2026-11-22 on SciFact (train) and StackFAQ (even threads) against k1 = 0.9, b = 0.4.
_K1 = 1.2
_B = 0.75
# A longer query is cut: its rest adds time, not meaning.
MAX_QUERY_WORDS = 256
logging.getLogger("bm25s").setLevel(logging.WARNING)  # it reports every step
_WORD = re.compile(r"\w+")
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]")
_QUESTION_WORDS = (
    "i me my we our you your he she do does did can could would should will shall may might have has had am "
    "what when where which who whom whose why how please hi hello hey thanks thank just so get got any some "
    "s t m ll ve re d"
)
_STOP_WORDS = frozenset(bm25s.stopwords.STOPWORDS_EN) | frozenset(_QUESTION_WORDS.split())


class WordSplitter:
    """Turns text into stems of its content words; safe to share between threads."""

    def __init__(self) -> None:
        self._stemmer = Stemmer.Stemmer("english")
        self._lock = threading.Lock()  # a Stemmer keeps state between calls

    def split(self, text: str) -> list[str]:
        """List the stems of a text in order; text of only stop words keeps them."""
        words = _words(text)
        return self._stems([word for word in words if word not in _STOP_WORDS] or words)

    def content(self, text: str) -> list[str]:
        """List the stems of a text's content words in order; none for a text of only stop words."""
        return self._stems([word for word in _words(text) if word not in _STOP_WORDS])

    def _stems(self, words: list[str]) -> list[str]:
        with self._lock:
            return list(self._stemmer.stemWords(words))


@dataclass(frozen=True, slots=True)
class WordHits:
    """The passages that share words with a query.

    Attributes:
        scores: (k,) float32 above 0, best first; equal ones in the order of the rows.
        rows: (k,) int64.
        mean: of the scores of all allowed passages, those without a shared word counting 0.
        deviation: their standard deviation.
    """

    scores: FloatArray
    rows: RowArray
    mean: float
    deviation: float


class WordIndex:
    """BM25 over the passages of an index."""

    def __init__(self, model: bm25s.BM25, size: int, splitter: WordSplitter) -> None:
        self.size = size
        self.splitter = splitter
        self._model = model
        self._is_empty = not model.vocab_dict if size else True
        # Plain views of what is memory-mapped: slicing a numpy memmap costs ten times as much.
        columns = (
            {}
            if self._is_empty
            else {name: np.asarray(model.scores[name]) for name in ("data", "indices", "indptr")}
        )
        self._columns: dict[str, npt.NDArray[Any]] = columns

    @classmethod
    def build(cls, texts: Sequence[str], splitter: WordSplitter) -> "WordIndex":
        """Index texts; row i of every score array is texts[i]."""
        model = bm25s.BM25(k1=_K1, b=_B, method="lucene")
        known: dict[str, str] = {}  # one object a stem: a million passages have 30 million words
        words = [[known.setdefault(word, word) for word in splitter.split(text)] for text in texts]
        if any(words):
            model.index(words, show_progress=False)
        else:
            model.vocab_dict = {}
        return cls(model, len(texts), splitter)

    def save(self, folder: Path) -> None:
        """Write the index's files into a folder; nothing when there are no words."""
        if not self._is_empty:
            self._model.save(folder, show_progress=False)

    @classmethod
    def load(cls, folder: Path, size: int, splitter: WordSplitter) -> "WordIndex":
        """Open what ``save`` wrote, memory-mapped."""
        if not (folder / "params.index.json").is_file():
            return cls.build([""] * size, splitter)
        return cls(bm25s.BM25.load(folder, mmap=True, show_progress=False), size, splitter)

    def scores(self, words: Sequence[str]) -> FloatArray:
        """Score every passage for the stems of a query: (size,) float32, 0 where no word is shared."""
        scores = np.zeros(self.size, dtype=np.float32)
        for rows, values in self._postings(words):
            scores[rows] += values
        return scores

    def scores_of(self, words: Sequence[str], rows: RowArray) -> FloatArray:
        """Score named passages, in the order given."""
        scores = np.zeros(len(rows), dtype=np.float32)
        for having, values in self._postings(words):
            places = np.minimum(np.searchsorted(having, rows), len(having) - 1)
            scores += np.where(having[places] == rows, values[places], np.float32(0))
        return scores

    def search(self, words: Sequence[str], top_k: int, allowed: Allowed | None = None) -> WordHits:
        """Find the best of the allowed passages that share a word with the query; only those are looked at."""
        scores = self.scores(words)
        rows = np.flatnonzero(scores)
        if allowed is not None:
            rows = rows[allowed.mask[rows]]
        found = scores[rows]
        best = top_rows(found, top_k)
        count = max(1, self.size if allowed is None else allowed.count)
        mean = float(found.sum(dtype=np.float64)) / count
        variance = float(np.square(found, dtype=np.float64).sum()) / count - mean**2
        return WordHits(found[best], rows[best].astype(np.int64), mean, math.sqrt(max(0.0, variance)))

    def ceiling(self, words: Sequence[str]) -> float:
        """Bound the score that any passage can reach for these stems: the sum of their idf, unknown ones included.

        Source: Lucene's BM25 multiplies each idf by a term-frequency part below 1.
        """
        return sum(self.idf(word) for word in words[:MAX_QUERY_WORDS])

    def idf(self, word: str) -> float:
        """Weigh a stem by how few passages have it."""
        frequency = 0 if self._is_empty else self._frequency(word)
        return math.log(1 + (self.size - frequency + 0.5) / (frequency + 0.5))

    def _postings(self, words: Sequence[str]) -> Iterator[tuple[npt.NDArray[np.int32], FloatArray]]:
        """List for each stem of a query the passages that have it, in order, and what it adds to their scores."""
        known = Counter(words[:MAX_QUERY_WORDS]) if not self._is_empty else {}
        for word, times in known.items():
            column = self._model.vocab_dict.get(word)
            if column is not None:
                start, end = self._columns["indptr"][column : column + 2]
                values = self._columns["data"][start:end]
                yield (
                    self._columns["indices"][start:end],
                    values if times == 1 else values * np.float32(times),
                )

    def _frequency(self, word: str) -> int:
        column = self._model.vocab_dict.get(word)
        if column is None:
            return 0
        starts = self._columns["indptr"]
        return int(starts[column + 1] - starts[column])


def top_rows(scores: FloatArray, top_k: int) -> npt.NDArray[np.int64]:
    """List the rows of the highest scores, best first; equal scores keep the order of the rows."""
    if top_k < len(scores):
        edge = np.partition(scores, len(scores) - top_k)[len(scores) - top_k]
        rows = np.flatnonzero(scores >= edge)
    else:
        rows = np.arange(len(scores))
    order = np.argsort(-scores[rows], kind="stable")
    return rows[order][:top_k].astype(np.int64)


def _words(text: str) -> list[str]:
    return [piece for word in _WORD.findall(_fold(text)) for piece in _pieces(word)]


def _fold(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _pieces(word: str) -> list[str]:
    """Cut scripts written without spaces into pairs of characters."""
    if not _CJK.search(word) or len(word) < 3:
        return [word]
    return [word[i : i + 2] for i in range(len(word) - 1)]
