"""Embeds each distinct text once, and takes what an earlier index embedded already."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from knowledge.allowed import RowArray
from knowledge.encoder import Encoder, FloatArray, Progress

_KEY_BYTES = 16


class Embeddings:
    """Vectors by text, stored as float16 (the rounding moves a cosine by less than 0.001).

    ``embed`` adds texts; ``rows`` says where they stand; ``keys`` and ``vectors`` are what is saved.
    """

    def __init__(self, encoder: Encoder) -> None:
        self.encoder = encoder
        self.dimension = encoder.dimension
        self._known: dict[bytes, npt.NDArray[np.float16]] = {}
        self._rows: dict[bytes, int] = {}
        self._vectors: list[npt.NDArray[np.float16]] = []
        self.embedded_count = 0
        self.reused_count = 0

    def remember(self, keys_file: Path, vectors_file: Path) -> None:
        """Take the vectors of an earlier index of the same encoder; they are used when their text comes again."""
        keys = np.load(keys_file)
        vectors = np.load(vectors_file, mmap_mode="r")
        if keys.shape == (len(vectors), _KEY_BYTES) and vectors.shape[1] == self.encoder.dimension:
            self._known.update(zip(map(bytes, keys), vectors, strict=True))

    def embed(self, texts: Iterable[str], progress: Progress | None = None) -> None:
        """Make sure of a vector for each text."""
        wanted = {key: text for text in texts if (key := key_of(text)) not in self._rows}
        missing = {key: text for key, text in wanted.items() if key not in self._known}
        vectors = self.encoder.encode(list(missing.values()), progress=progress).astype(np.float16)
        fresh = dict(zip(missing, vectors, strict=True))
        for key in wanted:
            self._rows[key] = len(self._vectors)
            self._vectors.append(fresh[key] if key in fresh else self._known[key])
        self.embedded_count += len(missing)
        self.reused_count += len(wanted) - len(missing)

    def rows(self, texts: Iterable[str]) -> RowArray:
        """Say where texts that were embedded stand."""
        return np.asarray([self._rows[key_of(text)] for text in texts], dtype=np.int64)

    def of(self, texts: Iterable[str]) -> FloatArray:
        """Return the vectors of texts that were embedded: (n, d) float32."""
        found = [self._vectors[row] for row in self.rows(texts)]
        shape = (len(found), self.encoder.dimension)
        return np.asarray(found, dtype=np.float32).reshape(shape)

    @property
    def keys(self) -> npt.NDArray[np.uint8]:
        """The hashes of the texts: (n, 16) uint8."""
        return np.frombuffer(b"".join(self._rows), dtype=np.uint8).reshape(-1, _KEY_BYTES)

    @property
    def vectors(self) -> npt.NDArray[np.float16]:
        """The vectors in the order of ``keys``: (n, d) float16."""
        return np.asarray(self._vectors, dtype=np.float16).reshape(len(self._vectors), self.encoder.dimension)


def key_of(text: str) -> bytes:
    """Name a text: 16 bytes of its sha256."""
    return hashlib.sha256(text.encode("utf-8", "replace")).digest()[:_KEY_BYTES]
