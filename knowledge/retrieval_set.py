"""Reads a retrieval set: a corpus, queries, and judgements of which document is relevant to which query.

What cannot be read is refused with the file, the line and what would be right; what can be read but is odd (a query
without judgement, a judgement of a document that is not there) is counted and told in ``RetrievalSet.notes``.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from knowledge.documents import Document, plain_document
from knowledge.errors import RetrievalSetInvalid

CORPUS_FORM = 'one JSON object a line: {"id": …, "title": …, "text": …}; the title may be missing'
QUERIES_FORM = 'one JSON object a line: {"id": …, "text": …}'
QRELS_FORM = "lines of query-id, doc-id and relevance (a whole number), tab-separated, under one header line"
_ID_NAMES = ("id", "_id")
_SHOWN = 60


@dataclass(frozen=True, slots=True)
class RetrievalSet:
    """Documents, and queries with the documents that are relevant to them.

    Attributes:
        queries: (id, text) of those with at least one relevant document.
        relevant: by query id, the documents' grades, each above 0; unknown documents stay, as they can't be found.
        unanswerable: (id, text) of the queries whose judgements all say that a document is not relevant.
        notes: what is odd about the files, in sentences.
    """

    documents: tuple[Document, ...]
    queries: tuple[tuple[str, str], ...]
    relevant: dict[str, dict[str, int]]
    unanswerable: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]


def read_retrieval_set(corpus: Path, queries: Path, qrels: Path) -> RetrievalSet:
    """Read the three files.

    Raises:
        RetrievalSetInvalid: one is missing or not of its form, or they don't belong together.
    """
    notes: list[str] = []
    documents = _read_documents(corpus, notes)
    texts = _read_queries(queries, notes)
    grades = _read_qrels(qrels)
    relevant = {name: {doc: grade for doc, grade in by.items() if grade > 0} for name, by in grades.items()}
    relevant = {name: by for name, by in relevant.items() if by}
    judged = tuple((name, text) for name, text in texts.items() if name in relevant)
    if not judged:
        ids = f"{_example(grades)} in {qrels.name}, {_example(texts)} in {queries.name}"
        raise RetrievalSetInvalid(qrels, f"it names a relevant document for none of the queries (ids: {ids})")
    known = {document.document_id for document in documents}
    _check_known(relevant, known, qrels, corpus)
    notes += _oddities(texts, grades, relevant, known)
    unanswerable = tuple(
        (name, text) for name, text in texts.items() if name in grades and name not in relevant
    )
    return RetrievalSet(
        documents, judged, {name: relevant[name] for name, _ in judged}, unanswerable, tuple(notes)
    )


def read_lines(path: Path, form: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Read JSON objects with the numbers of their lines, from 1; empty lines are passed over.

    Raises:
        RetrievalSetInvalid: the file cannot be read, or a line is no JSON object.
    """
    for number, line in _text_lines(path):
        try:
            value = json.loads(line)
        except ValueError as error:
            raise _bad(path, number, f"it is not JSON: {_shown(line)}", form) from error
        if not isinstance(value, dict):
            raise _bad(path, number, f"it is no JSON object: {_shown(line)}", form)
        yield number, value


def id_of(path: Path, number: int, line: dict[str, Any], form: str) -> str:
    """Get the id of a line (BEIR's files call it ``_id``); a number will do."""
    for name in _ID_NAMES:
        value = line.get(name)
        if isinstance(value, str | int) and not isinstance(value, bool) and str(value):
            return str(value)
    raise _bad(path, number, "it has no id", form)


def text_of(path: Path, number: int, line: dict[str, Any], name: str, form: str) -> str:
    """Get a text field, which must be there and be a string."""
    value = line.get(name)
    if not isinstance(value, str):
        raise _bad(path, number, f'it has no "{name}" that is a string', form)
    return value


def _read_documents(path: Path, notes: list[str]) -> tuple[Document, ...]:
    documents: dict[str, Document] = {}
    repeated = empty = 0
    for number, line in read_lines(path, CORPUS_FORM):
        name = id_of(path, number, line, CORPUS_FORM)
        title = text_of(path, number, {"title": "", **_without_null(line)}, "title", CORPUS_FORM)
        text = text_of(
            path, number, {**({"text": ""} if title else {}), **_without_null(line)}, "text", CORPUS_FORM
        )
        repeated += name in documents
        empty += not (title.strip() or text.strip())
        documents.setdefault(name, plain_document(name, title, text))
    if not documents:
        raise RetrievalSetInvalid(path, f"it is empty. Right is {CORPUS_FORM}")
    notes += _told(repeated, "document id stands twice; the first one counts", "document ids stand twice")
    notes += _told(empty, "document has neither title nor text", "documents have neither title nor text")
    return tuple(documents.values())


def _read_queries(path: Path, notes: list[str]) -> dict[str, str]:
    texts: dict[str, str] = {}
    repeated = empty = 0
    for number, line in read_lines(path, QUERIES_FORM):
        name = id_of(path, number, line, QUERIES_FORM)
        text = text_of(path, number, line, "text", QUERIES_FORM)
        repeated += name in texts
        empty += not text.strip()
        texts.setdefault(name, text)
    if not texts:
        raise RetrievalSetInvalid(path, f"it is empty. Right is {QUERIES_FORM}")
    notes += _told(repeated, "query id stands twice; the first one counts", "query ids stand twice")
    notes += _told(empty, "query is empty and finds nothing", "queries are empty and find nothing")
    return texts


def _read_qrels(path: Path) -> dict[str, dict[str, int]]:
    """Read the judgements; a header is one whose last field is no number. TREC's four columns will do too."""
    grades: dict[str, dict[str, int]] = {}
    is_first = True
    for number, line in _text_lines(path):
        fields = [field.strip() for field in (line.split("\t") if "\t" in line else line.split())]
        if len(fields) not in (3, 4) or not fields[0]:
            raise _bad(path, number, f"it has {len(fields)} columns: {_shown(line)}", QRELS_FORM)
        grade = _grade(fields[-1])
        if grade is None and not is_first:
            raise _bad(path, number, f"its relevance is no whole number: {_shown(fields[-1])}", QRELS_FORM)
        if grade is not None:
            grades.setdefault(fields[0], {})[fields[-2]] = grade
        is_first = False
    if not grades:
        raise RetrievalSetInvalid(path, f"it holds no judgement. Right are {QRELS_FORM}")
    return grades


def _grade(field: str) -> int | None:
    try:
        value = float(field)
    except ValueError:
        return None
    return int(value) if value == value and abs(value) < 1e6 and value == int(value) else None


def _check_known(relevant: dict[str, dict[str, int]], known: set[str], qrels: Path, corpus: Path) -> None:
    """Refuse judgements of which not one document is in the corpus: the files don't belong together."""
    wanted = {name for grades in relevant.values() for name in grades}
    if wanted.isdisjoint(known):
        ids = f"{_example(wanted)} in {qrels.name}, {_example(known)} in {corpus.name}"
        raise RetrievalSetInvalid(qrels, f"none of its relevant documents is in the corpus (ids: {ids})")


def _oddities(
    texts: dict[str, str],
    grades: dict[str, dict[str, int]],
    relevant: dict[str, dict[str, int]],
    known: set[str],
) -> list[str]:
    unknown = sum(name not in known for by in relevant.values() for name in by)
    lost = sum(known.isdisjoint(by) for name, by in relevant.items() if name in texts)
    return [
        *_told(
            sum(name not in grades for name in texts),
            "query has no judgement and is left out",
            "queries have no judgement and are left out",
        ),
        *_told(
            sum(name in grades and name not in relevant for name in texts),
            "query is judged to have no relevant document; it counts as unanswerable",
            "queries are judged to have no relevant document; they count as unanswerable",
        ),
        *_told(
            sum(name not in texts for name in grades),
            "judged query is not among the queries",
            "judged queries are not among the queries",
        ),
        *_told(
            unknown,
            "judgement names a document that is not in the corpus; it counts as not found",
            "judgements name documents that are not in the corpus; they count as not found",
        ),
        *_told(
            lost,
            "query has no relevant document in the corpus and scores 0",
            "queries have no relevant document in the corpus and score 0",
        ),
    ]


def _text_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Read the lines that are not blank, cut at line feeds only: U+2028 may stand within a JSON string."""
    try:
        with path.open(encoding="utf-8-sig", newline="\n") as file:
            for number, line in enumerate(file, start=1):
                if line.strip():
                    yield number, line.strip("\r\n")
    except OSError as error:
        raise RetrievalSetInvalid(path, "there is no such file, or it cannot be read") from error
    except UnicodeDecodeError as error:
        raise RetrievalSetInvalid(path, "it is not UTF-8") from error


def _without_null(line: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in line.items() if value is not None}


def _bad(path: Path, number: int, reason: str, form: str) -> RetrievalSetInvalid:
    return RetrievalSetInvalid(path, f"line {number}: {reason}. Right is {form}")


def _told(count: int, one: str, many: str) -> list[str]:
    return [f"{count} {one if count == 1 else many}"] if count else []


def _example(names: object) -> str:
    first = next(iter(names), "")  # type: ignore[call-overload]
    return f"{str(first)[:_SHOWN]!r}"


def _shown(text: str) -> str:
    return repr(text if len(text) <= _SHOWN else text[:_SHOWN] + "…")
