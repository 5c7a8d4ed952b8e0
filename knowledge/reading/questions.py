"""Lists of questions with their answers: CSV and JSON Lines."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping

from knowledge.documents import LANGUAGE_TAG, Audience, Given, clean_text
from knowledge.errors import DocumentRejected
from knowledge.reading.article import Article
from knowledge.reading.html import iso_date

REQUIRED = ("question", "answer")
OPTIONAL = ("title", "url", "section", "updated", "language", "product", "audience")
_DELIMITERS = ",;\t|"
_URL = re.compile(r"(/(?!/)|https?://)[^\s<>\"'\\]+")


def read_questions_csv(raw: bytes, *, name: str, given: Given) -> Iterator[Article | DocumentRejected]:
    """Read a table with the columns `REQUIRED`, and any of `OPTIONAL`; a faulty row does not stop the rest.

    Raises:
        DocumentRejected: it is no such table.
    """
    text = decode(raw, name)
    header = text.partition("\n")[0]
    # csv.Sniffer would take doubled quotes for two cells, because a header has none.
    rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=max(_DELIMITERS, key=header.count))
    columns = [(column or "").strip().lower() for column in rows.fieldnames or ()]
    if not set(REQUIRED) <= set(columns):
        raise DocumentRejected(
            name,
            f"it needs the columns {' and '.join(REQUIRED)} (and may have {', '.join(OPTIONAL)}); "
            f"its first line names {', '.join(filter(None, columns)) or 'none'}",
        )
    rows.fieldnames = columns
    try:
        for row in rows:
            yield _article(row, given, f"{name}, line {rows.line_num}")
    except csv.Error as error:
        yield DocumentRejected(f"{name}, line {rows.line_num}", f"from here on it is no table ({error})")


def read_questions_jsonl(raw: bytes, *, name: str, given: Given) -> Iterator[Article | DocumentRejected]:
    """Read lines of {"question", "answer"}, and any of `OPTIONAL`; a faulty line does not stop the rest."""
    # Cut at line feeds only: U+2028 may stand within a text.
    for number, line in enumerate(decode(raw, name).split("\n"), start=1):
        if not line.strip():
            continue
        place = f"{name}, line {number}"
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            row = None
        if isinstance(row, dict):
            yield _article({key.strip().lower(): value for key, value in row.items()}, given, place)
        else:
            yield DocumentRejected(place, 'it is no JSON object like {"question": "…", "answer": "…"}')


def decode(raw: bytes, name: str) -> str:
    """Decode UTF-8, or UTF-16 with a byte order mark.

    Raises:
        DocumentRejected: it is neither.
    """
    encoding = "utf-16" if raw[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig"
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError as error:
        raise DocumentRejected(name, "it is neither UTF-8 nor UTF-16; save it as UTF-8") from error


def _article(row: Mapping[str | None, object], given: Given, place: str) -> Article | DocumentRejected:
    try:
        return _listed(_cells(row, place), given, place)
    except DocumentRejected as error:
        return error


def _cells(row: Mapping[str | None, object], place: str) -> dict[str, str]:
    """Take the cells that count, as texts; what is beyond the columns stands under None."""
    beyond = row.get(None)
    if isinstance(beyond, list) and any(beyond):
        raise DocumentRejected(
            place, "it has more cells than there are columns; a text with the mark between cells needs quotes"
        )
    cells = {}
    for name in (*REQUIRED, *OPTIONAL):
        value = row.get(name)
        if not isinstance(value, str | int | float | None):
            raise DocumentRejected(place, f"its {name} is no text")
        cells[name] = "" if value is None else str(value).strip()
    return cells


def _listed(cells: Mapping[str, str], given: Given, place: str) -> Article:
    question = clean_text(cells["question"])
    if not question or not cells["answer"]:
        raise DocumentRejected(place, f"its {'answer' if question else 'question'} is empty")
    title, url = cells["title"], cells["url"]
    return Article(
        title=title or question,
        markdown=cells["answer"],
        url=url if _URL.fullmatch(url) else "",
        updated=iso_date(cells["updated"]),
        questions=(question,) if title else (),
        given=Given(
            audience=_audience(cells["audience"], given, place),
            language=_language(cells["language"], given, place),
            product=cells["product"] or given.product,
            section=cells["section"] or given.section,
        ),
    )


def _audience(told: str, given: Given, place: str) -> Audience:
    try:
        return Audience(told or given.audience)
    except ValueError as error:
        known = ", ".join(one.value for one in Audience)
        raise DocumentRejected(place, f"its audience is none of {known}") from error


def _language(told: str, given: Given, place: str) -> str:
    if told and not LANGUAGE_TAG.fullmatch(told):
        raise DocumentRejected(place, "its language is no tag such as en or pt-BR")
    return told or given.language
