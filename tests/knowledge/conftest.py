"""A tiny random encoder, made on the spot, and small help centres."""

import hashlib
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from knowledge.build import BuildConfig, BuildReport, build
from knowledge.encoder import FloatArray, Progress


class TinyEncoder:
    """Each word has a random direction, a text the sum of its words'; so texts that share words are near."""

    encoder_id = "tiny"
    dimension = 32
    max_tokens = 64

    def __init__(self) -> None:
        self.encoded: list[str] = []

    def encode(self, texts: Sequence[str], *, progress: Progress | None = None) -> FloatArray:
        self.encoded.extend(texts)
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for row, text in enumerate(texts):
            for word in re.findall(r"\w+", text.lower()) or [""]:
                seed = int.from_bytes(hashlib.sha256(word.encode("utf-8", "replace")).digest()[:4], "big")
                vectors[row] += np.random.default_rng(seed).normal(size=self.dimension).astype(np.float32)
        if progress is not None:
            progress("embed", len(texts), len(texts))
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)

    def count_tokens(self, text: str) -> int:
        return len(text.split())

    def known_share(self, text: str) -> float:
        return 1.0


ARTICLES = {
    "returns": (
        "How to return an item",
        "You can return lamps within 30 days.\n\n## Costs\n\nReturning is free.",
    ),
    "delivery": (
        "What delivery costs",
        "Delivery costs 4.95 euro.\n\n## Express\n\nExpress costs 9.95 euro.",
    ),
    "warranty": (
        "How long the warranty lasts",
        "The warranty lasts two years.\n\n## Wood\n\nFive years for oak.",
    ),
}


def article(title: str, body: str, **fields: str) -> str:
    front = {"title": title, "section": "Help", "updated": "2026-05-04", "audience": "public", **fields}
    lines = "\n".join(f'{name}: "{value}"' for name, value in front.items())
    return f"---\n{lines}\n---\n\n{body}\n"


@pytest.fixture
def tiny() -> TinyEncoder:
    return TinyEncoder()


@pytest.fixture
def write_article() -> Callable[..., Path]:
    def write(folder: Path, name: str, title: str, body: str, **fields: str) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{name}.md"
        path.write_text(article(title, body, **fields), encoding="utf-8")
        return path

    return write


@pytest.fixture
def articles(tmp_path: Path, write_article: Callable[..., Path]) -> Path:
    for name, (title, body) in ARTICLES.items():
        write_article(tmp_path / "data", name, title, body)
    return tmp_path / "data"


@pytest.fixture
def build_tiny(tmp_path: Path, tiny: TinyEncoder) -> Callable[..., BuildReport]:
    def run(data: Path, root: Path | None = None, **options: object) -> BuildReport:
        config = BuildConfig(passage_tokens=60)
        return build(data, root or tmp_path / "root", config, load_encoder=lambda _: tiny, **options)  # type: ignore[arg-type]

    return run
