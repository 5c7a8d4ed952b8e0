"""Reads question and passage together and says how well they fit: slower than comparing vectors, so only for the first few.

A reranker is a cross-encoder in a sealed folder that ``knowledge.reranker_export`` wrote; it is run by ONNX Runtime.
``rerankers/current`` names the one that builds take; without it nothing is read again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import structlog
from tokenizers import Tokenizer

from knowledge.encoder import MODEL_FILE, TOKENIZER_FILE, FloatArray, checked_model, clean, open_session
from knowledge.errors import EncoderError
from knowledge.folders import read_pointer
from knowledge.small_batches import small_batches

RERANKER_KIND = "careline-reranker"
RERANKER_FORMAT = 1
RERANKERS = "rerankers"
# Passages from the top of the ranking that are read again; the others keep their places behind them.
RERANKED = 20
_CHARS_PER_TOKEN = 16

log = structlog.get_logger()


class Reranker(Protocol):
    """Anything that scores texts for a question."""

    reranker_id: str

    def scores(self, question: str, texts: Sequence[str]) -> FloatArray:
        """Score texts: (n,) float32, higher is better, in the order given."""
        ...


class OnnxReranker:
    """An exported cross-encoder; safe to share between threads."""

    def __init__(
        self, session: Any, tokenizer: Any, *, reranker_id: str, max_tokens: int, inputs: Sequence[str]
    ) -> None:
        self.reranker_id = reranker_id
        self._session = session
        self._max_chars = max_tokens * _CHARS_PER_TOKEN
        self._inputs = tuple(inputs)
        self._tokenizer = tokenizer
        self._tokenizer.enable_truncation(max_tokens, strategy="longest_first")
        self._tokenizer.enable_padding()

    @classmethod
    def load(cls, folder: Path, *, threads: int = 1) -> "OnnxReranker":
        """Load an exported reranker, strictly.

        Raises:
            EncoderMissing: there is no such folder.
            EncoderForeign: it is not a reranker of this format.
            EncoderTampered: a file differs from the manifest.
        """
        manifest = checked_model(folder, kind=RERANKER_KIND, version=RERANKER_FORMAT)
        return cls(
            open_session(folder / MODEL_FILE, threads),
            Tokenizer.from_file(str(folder / TOKENIZER_FILE)),
            reranker_id=str(manifest["reranker_id"]),
            max_tokens=int(manifest["max_tokens"]),
            inputs=[str(name) for name in manifest["inputs"]],
        )

    def scores(self, question: str, texts: Sequence[str]) -> FloatArray:
        """Score texts for a question: (n,) float32, higher is better, in the order given."""
        if not texts:
            return np.zeros(0, dtype=np.float32)
        asked = clean(question[: self._max_chars])
        encoded = self._tokenizer.encode_batch([(asked, clean(text[: self._max_chars])) for text in texts])
        fields = {"input_ids": "ids", "attention_mask": "attention_mask", "token_type_ids": "type_ids"}
        given = {
            name: np.asarray([getattr(one, fields[name]) for one in encoded], dtype=np.int64)
            for name in self._inputs
        }
        scores = np.zeros(len(texts), dtype=np.float32)
        lengths = [len(one.ids) - one.attention_mask[::-1].index(1) for one in encoded]
        for rows in small_batches(lengths):
            part = {name: values[rows, : lengths[rows[-1]]] for name, values in given.items()}
            scores[rows] = self._session.run(["score"], part)[0].reshape(-1)
        return scores


def reranked(question: str, texts: Sequence[str], reranker: Reranker) -> list[int]:
    """Order the places of a ranking anew: the first ``RERANKED`` by the reranker (equal ones as they were), then the rest."""
    scores = reranker.scores(question, texts[:RERANKED])
    return [*np.argsort(-scores, kind="stable").tolist(), *range(len(scores), len(texts))]


@dataclass(frozen=True, slots=True)
class Reranking:
    """A reranker as it takes part in the served order.

    Attributes:
        weight: its share of a passage's score, in (0, 1]; the rest is the ranking's own.
        held_out: ids of documents that it was not trained on; empty when it was trained on none.
    """

    reranker: Reranker
    weight: float
    held_out: frozenset[str] = frozenset()

    def scores(self, question: str, texts: Sequence[str], scores: FloatArray) -> FloatArray:
        """Score a ranking anew: (n,) float32 in [0, 1]; see ``blended``.

        Args:
            question: as it was asked.
            texts: of the first passages of the ranking, at most ``RERANKED``.
            scores: of the whole ranking, in [0, 1], best first.
        """
        return blended(scores, self.reranker.scores(question, texts[:RERANKED]), self.weight)


def blended(scores: FloatArray, reread: FloatArray, weight: float) -> FloatArray:
    """Add a reranker's opinion of the first passages to the scores of a ranking: (n,) float32 in [0, 1].

    Args:
        scores: of the ranking, in [0, 1], best first.
        reread: the reranker's scores of the first ones; their softmax is added.
        weight: the reranker's share. Passages that were not read again stay behind those that were.
    """
    mixed = (1 - weight) * np.asarray(scores, dtype=np.float32)
    if len(reread):
        shares = np.exp(reread - reread.max())
        mixed[: len(reread)] += weight * shares / shares.sum()
    return np.asarray(np.clip(mixed, 0, 1), dtype=np.float32)


def open_reranking(folder: Path, *, threads: int = 1) -> Reranking:
    """Load a reranker and how much it counts (see ``OnnxReranker.load`` for the errors)."""
    manifest = checked_model(folder, kind=RERANKER_KIND, version=RERANKER_FORMAT)
    held_out = frozenset(map(str, manifest.get("held_out_documents", ())))
    return Reranking(OnnxReranker.load(folder, threads=threads), float(manifest.get("weight", 1.0)), held_out)


def promoted_reranking(root: Path, *, threads: int = 1) -> Reranking | None:
    """Load the reranker that builds take; None when none is named, or the named one cannot be read (which is logged)."""
    name = read_pointer(root / RERANKERS)
    return None if name is None else named_reranking(root, name, threads=threads)


def named_reranking(root: Path, name: str, *, threads: int = 1) -> Reranking | None:
    """Load a reranker below a root; None when it cannot be read, which is logged."""
    try:
        return open_reranking(root / RERANKERS / Path(name).name, threads=threads)
    except EncoderError as error:
        log.error("knowledge_reranker_refused", reranker_id=name, code=error.code)
        return None
