"""Turns text into unit vectors: ONNX Runtime and tokenizers, no torch.

The folder of an encoder holds ``model.onnx`` (token ids and mask in, pooled unit vectors out, so that any
sentence-transformers pooling serves alike), ``tokenizer.json`` and a manifest. ``encoder_export`` writes it.
"""

from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import onnxruntime
from tokenizers import Tokenizer

from knowledge.errors import EncoderForeign, EncoderMissing, EncoderTampered
from knowledge.folders import FolderInvalid, check_files, read_manifest
from knowledge.small_batches import small_batches

FloatArray = npt.NDArray[np.float32]
Progress = Callable[[str, int, int], None]

ENCODER_KIND = "careline-encoder"
ENCODER_FORMAT = 1
MODEL_FILE = "model.onnx"
TOKENIZER_FILE = "tokenizer.json"
# Text beyond this many characters per token cannot reach the model; cutting first keeps a 50 kB query cheap.
_CHARS_PER_TOKEN = 16


class Encoder(Protocol):
    """Anything that embeds texts as unit vectors."""

    encoder_id: str
    dimension: int
    max_tokens: int

    def encode(self, texts: Sequence[str], *, progress: Progress | None = None) -> FloatArray:
        """Embed texts: (n, dimension) float32, rows of unit length, in the order given."""
        ...

    def count_tokens(self, text: str) -> int:
        """Count the tokens a text takes, without the special ones."""
        ...

    def known_share(self, text: str) -> float:
        """Tell which share of a text's tokens the encoder knows, in [0, 1]; 1 of an empty text."""
        ...


class OnnxEncoder:
    """An exported sentence encoder, served by ONNX Runtime; safe to share between threads."""

    def __init__(
        self,
        session: Any,
        tokenizer: Any,
        *,
        encoder_id: str,
        dimension: int,
        max_tokens: int,
    ) -> None:
        self.encoder_id = encoder_id
        self.dimension = dimension
        self.max_tokens = max_tokens
        self._session = session
        self._tokenizer = tokenizer
        self._tokenizer.enable_truncation(max_tokens)

    @classmethod
    def load(cls, folder: Path, *, threads: int = 1) -> "OnnxEncoder":
        """Load an exported encoder, strictly.

        Args:
            folder: what ``export_encoder`` wrote.
            threads: threads of one call; a server that answers many at once wants 1.

        Raises:
            EncoderMissing: there is no such folder.
            EncoderForeign: it is not an encoder of this format.
            EncoderTampered: a file differs from the manifest.
        """
        manifest = checked_model(folder, kind=ENCODER_KIND, version=ENCODER_FORMAT)
        tokenizer = Tokenizer.from_file(str(folder / TOKENIZER_FILE))
        tokenizer.no_padding()
        return cls(
            open_session(folder / MODEL_FILE, threads),
            tokenizer,
            encoder_id=str(manifest["encoder_id"]),
            dimension=int(manifest["dimension"]),
            max_tokens=int(manifest["max_tokens"]),
        )

    def encode(self, texts: Sequence[str], *, progress: Progress | None = None) -> FloatArray:
        """Embed texts: (n, dimension) float32, rows of unit length, in the order given.

        Texts of like length share a batch, so that little is computed for padding.
        """
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        limit = self.max_tokens * _CHARS_PER_TOKEN
        encoded = self._tokenizer.encode_batch([clean(text[:limit]) for text in texts]) if len(texts) else []
        done = 0
        for rows in small_batches([len(one.ids) for one in encoded]):
            vectors[rows] = self._run([encoded[row].ids for row in rows])
            done += len(rows)
            if progress is not None:
                progress("embed", done, len(texts))
        return vectors

    def count_tokens(self, text: str) -> int:
        """Count the tokens a text takes, without the special ones."""
        return len(self._counter.encode(clean(text), add_special_tokens=False).ids)

    def known_share(self, text: str) -> float:
        """Tell which share of a text's tokens the encoder knows, in [0, 1]; 1 of an empty text."""
        limit = self.max_tokens * _CHARS_PER_TOKEN
        ids = self._tokenizer.encode(clean(text[:limit]), add_special_tokens=False).ids
        return 1 - ids.count(self._unknown) / len(ids) if ids else 1.0

    @cached_property
    def _unknown(self) -> int | None:
        """The token that stands for what the tokenizer does not know; None where it knows everything."""
        name = getattr(self._tokenizer.model, "unk_token", None)
        return self._tokenizer.token_to_id(name) if name else None

    @cached_property
    def _counter(self) -> Any:
        """A tokenizer that cuts nothing; only builds need it."""
        counter = Tokenizer.from_str(self._tokenizer.to_str())
        counter.no_truncation()
        return counter

    def _run(self, ids: list[list[int]]) -> FloatArray:
        width = max(len(row) for row in ids)
        tokens = np.zeros((len(ids), width), dtype=np.int64)
        mask = np.zeros((len(ids), width), dtype=np.int64)
        for i, row in enumerate(ids):
            tokens[i, : len(row)] = row
            mask[i, : len(row)] = 1
        (output,) = self._session.run(["embedding"], {"input_ids": tokens, "attention_mask": mask})
        return np.asarray(output, dtype=np.float32)


def clean(text: str) -> str:
    """Replace lone surrogates, which the tokenizer refuses."""
    return text.encode("utf-8", "replace").decode("utf-8")


def checked_model(folder: Path, *, kind: str, version: int) -> dict[str, Any]:
    """Read the manifest of an exported model and check its files (see ``OnnxEncoder.load`` for the errors)."""
    if not folder.is_dir():
        raise EncoderMissing(folder, "there is no such folder")
    try:
        manifest = read_manifest(folder, kind=kind, version=version)
        check_files(folder, manifest, (MODEL_FILE, TOKENIZER_FILE))
    except FolderInvalid as error:
        refusal = EncoderForeign if error.is_foreign else EncoderTampered
        raise refusal(folder, error.reason) from error
    return manifest


def open_session(path: Path, threads: int) -> Any:
    """Open a model for serving."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False  # the arena keeps the largest batch ever seen
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
