"""Past questions with their answers: read from CSV or JSON lines, strictly."""

import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from knowledge.documents import clean_text
from knowledge.errors import PairsInvalid

MAX_PAIRS_BYTES = 50_000_000
MAX_PAIRS = 100_000
# A longer question teaches no more: the encoder is trained on the beginning of a text.
MAX_QUESTION_CHARS = 2_000
MAX_ANSWER_CHARS = 20_000
_DELIMITERS = ",;\t"


@dataclass(frozen=True, slots=True)
class Pair:
    """A question, and what answered it: a text, or the id of a document; one of both is empty."""

    question: str
    answer: str = ""
    document_id: str = ""


def read_pairs(path: Path) -> list[Pair]:
    """Read the pairs of a file: `.csv` with a header (comma, semicolon or tab), or lines of JSON objects.

    Fields are ``question``, and ``answer`` (a text) or ``document`` (the id of a document of the knowledge base).

    Raises:
        PairsInvalid: it cannot be read, is too large, not UTF-8, empty, or a row lacks a field (which is named).
    """
    text = _read(path)
    rows = _csv_rows(path, text) if path.suffix.lower() == ".csv" else _json_rows(path, text)
    pairs = []
    for number, row in rows:
        pairs.append(_pair(path, number, row))
        if len(pairs) > MAX_PAIRS:
            raise PairsInvalid(path, f"it has more than {MAX_PAIRS} pairs")
    if not pairs:
        raise PairsInvalid(path, "it holds no pair")
    return pairs


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_PAIRS_BYTES + 1)
        if len(raw) > MAX_PAIRS_BYTES:
            raise PairsInvalid(path, f"it is larger than {MAX_PAIRS_BYTES} bytes")
        return raw.decode("utf-8-sig")
    except OSError as error:
        raise PairsInvalid(path, "it cannot be read") from error
    except UnicodeDecodeError as error:
        raise PairsInvalid(path, "it is not UTF-8") from error


def _csv_rows(path: Path, text: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    header = text.split("\n", 1)[0]
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=max(_DELIMITERS, key=header.count))
    try:
        names = {name.strip().lower() for name in reader.fieldnames or () if name}
        if "question" not in names or not names & {"answer", "document"}:
            raise PairsInvalid(path, "its header names no question, or neither answer nor document")
        for row in reader:
            yield reader.line_num, {str(name).strip().lower(): value for name, value in row.items()}
    except csv.Error as error:
        raise PairsInvalid(path, f"line {reader.line_num} is not CSV") from error


def _json_rows(path: Path, text: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise PairsInvalid(path, f"line {number} is not JSON") from error
        if not isinstance(row, dict):
            raise PairsInvalid(path, f"line {number} is no object")
        yield number, row


def _pair(path: Path, number: int, row: Mapping[str, Any]) -> Pair:
    values = {}
    for name in ("question", "answer", "document"):
        value = row.get(name) or ""
        if not isinstance(value, str):
            raise PairsInvalid(path, f"line {number}: its {name} is no text")
        values[name] = value
    question = clean_text(values["question"][:MAX_QUESTION_CHARS])
    answer = values["answer"][:MAX_ANSWER_CHARS].strip()
    document = values["document"].strip()
    if not question:
        raise PairsInvalid(path, f"line {number} has no question")
    if bool(answer) == bool(document):
        raise PairsInvalid(path, f"line {number} needs an answer or a document, not both")
    return Pair(question, answer, document)
