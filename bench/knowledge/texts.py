"""Real texts to index and real questions to ask, from the sets in the data folder; no question is among the texts."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from knowledge.documents import split_sentences

# The sets that texts and questions are read from; the first one that is missing is named.
FILES = (
    "scifact/corpus.jsonl",
    "scifact/queries.jsonl",
    "scifact/train_queries.jsonl",
    "stackfaq/corpus.jsonl",
    "stackfaq/queries.jsonl",
    "bitext_customer_service/responses.jsonl",
    "bitext_customer_service/test.jsonl",
    "multidogo/airline/train.jsonl",
    "multidogo/insurance/train.jsonl",
    "multidogo/media/train.jsonl",
    "banking77/train.jsonl",
    "banking77/test.jsonl",
    "clinc150/train.jsonl",
    "clinc150/test.jsonl",
)
_TURNS = tuple(name for name in FILES if name.endswith("train.jsonl"))
_QUESTIONS = (
    "scifact/queries.jsonl",
    "scifact/train_queries.jsonl",
    "stackfaq/queries.jsonl",
    "bitext_customer_service/test.jsonl",
    "banking77/test.jsonl",
    "clinc150/test.jsonl",
)
_SENTENCES = 3
_FEWEST_CHARS = 25
_SEED = 20261125


@dataclass(frozen=True)
class RealText:
    """A passage of a set: its document's title (empty where it has none) and its text."""

    title: str
    text: str

    @property
    def joined(self) -> str:
        """What is embedded."""
        return f"{self.title}. {self.text}" if self.title else self.text


def missing_file(data: Path) -> Path | None:
    """Name the first file that is not there."""
    return next((data / name for name in FILES if not (data / name).is_file()), None)


def read_texts(data: Path, limit: int) -> list[RealText]:
    """Read distinct texts in a fixed random order: passages of abstracts and answers, and customers' messages."""
    found = dict.fromkeys([*_articles(data), *_messages(data)])
    asked = set(read_questions(data))
    texts = [text for text in found if len(text.text) >= _FEWEST_CHARS and text.text not in asked]
    random.Random(_SEED).shuffle(texts)  # noqa: S311 - a sample, not a secret
    return texts[:limit]


def read_questions(data: Path, limit: int | None = None) -> list[str]:
    """Read distinct questions of the sets' test parts, in a fixed random order."""
    lines = (line["text"].strip() for name in _QUESTIONS for line in read_rows(data / name))
    questions = [text for text in dict.fromkeys(lines) if len(text) >= _FEWEST_CHARS]
    random.Random(_SEED).shuffle(questions)  # noqa: S311 - a sample, not a secret
    return questions[:limit]


def _articles(data: Path) -> Iterator[RealText]:
    for line in read_rows(data / "scifact" / "corpus.jsonl"):
        sentences = split_sentences(line["text"])
        for start in range(0, len(sentences), _SENTENCES):
            yield RealText(line["title"], " ".join(sentences[start : start + _SENTENCES]))
    for line in read_rows(data / "stackfaq" / "corpus.jsonl"):
        yield RealText(line["title"], " ".join(line["text"].split()))
    for line in read_rows(data / "bitext_customer_service" / "responses.jsonl"):
        yield RealText(line["intent"].replace("_", " "), " ".join(line["response"].split()))


def _messages(data: Path) -> Iterator[RealText]:
    for name in _TURNS:
        for line in read_rows(data / name):
            yield RealText("", " ".join(line["text"].split()))


def read_rows(path: Path) -> list[dict[str, str]]:
    """Read a file of JSON Lines."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
