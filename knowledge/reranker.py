"""Reads question and passage together and says how well they fit: slower than comparing vectors, so only for the first few.

A reranker is a cross-encoder in a sealed folder that ``knowledge.reranker_export`` wrote; it is run by ONNX Runtime.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from tokenizers import Tokenizer

from knowledge.encoder import MODEL_FILE, TOKENIZER_FILE, FloatArray, clean, open_session
from knowledge.errors import EncoderForeign, EncoderMissing, EncoderTampered
from knowledge.folders import FolderInvalid, check_files, read_manifest

RERANKER_KIND = "careline-reranker"
RERANKER_FORMAT = 1
# Passages from the top of the ranking that are read again; the others keep their places behind them.
RERANKED = 20
_CHARS_PER_TOKEN = 16


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
        manifest = _checked_manifest(folder)
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
        (output,) = self._session.run(["score"], given)
        return np.asarray(output, dtype=np.float32).reshape(-1)


def reranked(question: str, texts: Sequence[str], reranker: Reranker) -> list[int]:
    """Order the places of a ranking anew: the first ``RERANKED`` by the reranker (equal ones as they were), then the rest."""
    scores = reranker.scores(question, texts[:RERANKED])
    return [*np.argsort(-scores, kind="stable").tolist(), *range(len(scores), len(texts))]


def _checked_manifest(folder: Path) -> dict[str, Any]:
    if not folder.is_dir():
        raise EncoderMissing(folder, "there is no such folder")
    try:
        manifest = read_manifest(folder, kind=RERANKER_KIND, version=RERANKER_FORMAT)
        check_files(folder, manifest, (MODEL_FILE, TOKENIZER_FILE))
    except FolderInvalid as error:
        refusal = EncoderForeign if error.is_foreign else EncoderTampered
        raise refusal(folder, error.reason) from error
    return manifest
