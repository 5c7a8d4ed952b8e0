"""Lists of questions with their answers: CSV and JSON Lines."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping

from knowledge.documents import Audience, Given, clean_text
from knowledge.errors import DocumentRejected
from knowledge.reading.article import Article
from knowledge.reading.html import iso_date

REQUIRED = ("question", "answer")
OPTIONAL = ("title", "url", "section", "updated", "language", "product", "audience")
_URL = re.compile(r"(/(?!/)|https?://)[^\s<>\"'\\]+")


def read_questions_csv(raw: bytes, *, name: str, given: Given) -> Iterator[Article | DocumentRejected]:
    """Read a table with the columns `REQUIRED`, and any of `OPTIONAL`; a faulty row does not stop the rest.

    Raises:
        DocumentRejected: it is no such table.
    """
    text = decode(raw, name)
    sample = text[:8_192]
    try:
        dialect: type[csv.Dialect] | str = csv.Sniffer().sniff(
            sample.splitlines()[0] if sample else "", ",;\t|"
        )
    except csv.Error:
        dialect = "excel"
    rows = csv.DictReader(io.StringIO(text, newline=""), dialect=dialect)
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
    for number, line in enumerate(decode(raw, name).splitlines(), start=1):
        if not line.strip():
            continue
        place = f"{name}, line {number}"
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            row = None
        if isinstance(row, dict):
            yield _article(row, given, place)
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
    cells = {key: str(value).strip() for key, value in row.items() if key is not None and value is not None}
    question, answer = clean_text(cells.get("question", "")), cells.get("answer", "")
    if not question or not answer:
        lacking = "question" if not question else "answer"
        return DocumentRejected(place, f"its {lacking} is empty")
    try:
        audience = Audience(cells.get("audience") or given.audience)
    except ValueError:
        known = ", ".join(one.value for one in Audience)
        return DocumentRejected(place, f"its audience is none of {known}")
    own = Given(
        audience=audience,
        language=cells.get("language", "") or given.language,
        product=cells.get("product", "") or given.product,
        section=cells.get("section", "") or given.section,
    )
    url = cells.get("url", "")
    return Article(
        title=cells.get("title", "") or question,
        markdown=answer,
        url=url if _URL.fullmatch(url) else "",
        updated=iso_date(cells.get("updated", "")),
        questions=(question,) if cells.get("title") else (),
        given=own,
    )
