"""MiniLM vectors of real texts, kept once they are made, and as many more as a size asks for: jittered copies."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from knowledge.encoder import Encoder, FloatArray
from knowledge.vectors import unit_rows

CHUNK = 5_000
# A copy leans by so much towards another real text: it is about two things, and as far from its original (cosine 0.85 to
# 0.97) as texts on one matter are. Plain noise would make every copy the nearest of its original and nothing else.
_LEANS = (0.3, 0.7)
_SEED = 20261125


def embed_texts(texts: Sequence[str], encoder: Encoder, work: Path, name: str) -> FloatArray:
    """Embed texts: (n, d); chunks that lie in the work folder are taken from there."""
    work.mkdir(parents=True, exist_ok=True)
    chunks = []
    for start in range(0, len(texts), CHUNK):
        chunk = texts[start : start + CHUNK]
        path = work / f"{name}-{start:06d}-{len(chunk)}.npy"
        if not path.is_file():
            partial = path.with_suffix(".partial.npy")
            np.save(partial, encoder.encode(chunk))
            partial.replace(path)
            print(f"{name}: {start + len(chunk)} of {len(texts)} texts embedded", flush=True)
        chunks.append(np.load(path))
    return np.concatenate(chunks) if chunks else np.zeros((0, encoder.dimension), dtype=np.float32)


def grow(real: FloatArray, size: int) -> FloatArray:
    """Make a corpus of a size: the real vectors as far as they last, then jittered copies of them."""
    grown = np.empty((size, real.shape[1]), dtype=np.float32)
    kept = min(size, len(real))
    grown[:kept] = real[:kept]
    random = np.random.default_rng(_SEED)
    for start in range(kept, size, CHUNK):
        count = min(CHUNK, size - start)
        originals, others = random.integers(len(real), size=(2, count))
        leans = random.uniform(*_LEANS, size=(count, 1)).astype(np.float32)
        grown[start : start + count] = unit_rows(real[originals] + leans * real[others])
    return grown
