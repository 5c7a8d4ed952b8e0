"""PDF files: headings by their size, paragraphs by the gaps between lines, tables as tables."""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pdfplumber
from pdfplumber.utils.exceptions import MalformedPDFException, PdfminerException

from knowledge.errors import DocumentRejected
from knowledge.reading.article import Article

MAX_PAGES = 1_000
NO_TEXT = "it holds no text; a scanned PDF needs text recognition (OCR) first"
_HEADING_SIZE = 1.15  # times the size that most of the text has
_PARAGRAPH_GAP = 0.6  # of a line's height
_MOST_HEADING_WORDS = 14
_REPEATED = 0.5  # share of the pages on which a line at the edge is a header or a footer
_EDGE = 0.1  # of the page's height
_BULLET = re.compile(r"^[•▪◦‣·●○■□◆➢➤✓✔\-–*]\s+")
# Glyphs that the file gives no character for; at the start of a line they are the bullets of a symbol font.
_UNREADABLE = re.compile(r"\(cid:\d+\)|[\ue000-\uf8ff]")
_UNREADABLE_BULLET = re.compile(rf"^(?:{_UNREADABLE.pattern})\s+")
_NUMBER = re.compile(r"\d+")
_MARKS = re.compile(r"([\\`*_\[\]<>#|])")
_DATE = re.compile(r"D:(\d{4})(\d{2})(\d{2})")


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of text; `top` and `bottom` are in points from the page's top, `is_edge` where headers stand."""

    text: str
    top: float
    bottom: float
    size: float
    is_bold: bool
    is_edge: bool


@dataclass(frozen=True, slots=True)
class _Table:
    rows: tuple[tuple[str, ...], ...]
    top: float


_Page = list[_Line | _Table]


def read_pdf(raw: bytes, *, name: str, stem: str) -> Article:
    """Read a file.

    Args:
        raw: the file.
        name: what people call it, for errors.
        stem: its title where it has none.

    Raises:
        DocumentRejected: it is damaged, has a password, too many pages, or no text.
    """
    try:
        with pdfplumber.open(io.BytesIO(raw)) as file:
            if len(file.pages) > MAX_PAGES:
                raise DocumentRejected(name, f"it has more than {MAX_PAGES} pages")
            pages = [_read_page(page) for page in file.pages]
            told = {key: str(value) for key, value in (file.metadata or {}).items()}
    except (
        PdfminerException,
        MalformedPDFException,
        ValueError,
        TypeError,
        KeyError,
        RecursionError,
    ) as error:
        reason = "it has a password" if "Password" in repr(error) else "it is damaged, or no PDF"
        raise DocumentRejected(name, reason) from error
    lines = [one for page in pages for one in page if isinstance(one, _Line)]
    if not lines:
        raise DocumentRejected(name, NO_TEXT)
    sizes = Counter(
        {
            size: sum(len(one.text) for one in lines if one.size == size)
            for size in {one.size for one in lines}
        }
    )
    body = sizes.most_common(1)[0][0]
    repeated = _repeated(pages)
    parts = [part for page in pages for part in _parts(page, body, repeated)]
    date = _DATE.match(told.get("ModDate") or told.get("CreationDate") or "")
    heading = next((part.lstrip("# ") for part in parts if part.startswith("#")), "")
    return Article(
        title=_told_title(told) or heading or stem,
        markdown="\n\n".join(parts),
        updated="-".join(date.groups()) if date else "",
    )


def _told_title(told: dict[str, str]) -> str:
    """Give the title that the file tells; what a program put there by itself is none."""
    title = told.get("Title", "").strip()
    is_made = title.lower().startswith(
        ("microsoft word", "untitled", "unknown", "(anonymous)")
    ) or title.lower().endswith((".doc", ".docx", ".pdf", ".indd", ".odt"))
    return "" if is_made else title


def _read_page(page: Any) -> _Page:
    tables = page.find_tables()
    rest = page
    for table in tables:
        rest = rest.outside_bbox(table.bbox, strict=False)
    lines = [
        _Line(
            text,
            found["top"],
            found["bottom"],
            _usual(round(char["size"] * 2) / 2 for char in found["chars"]),
            all("bold" in char["fontname"].lower() for char in found["chars"] if char["text"].strip()),
            found["bottom"] < page.height * _EDGE or found["top"] > page.height * (1 - _EDGE),
        )
        for found in rest.extract_text_lines()
        if (text := _readable(found["text"]))
    ]
    kept = [
        _Table(
            tuple(tuple(_readable(cell or "") for cell in row) for row in table.extract()),
            table.bbox[1],
        )
        for table in tables
    ]
    page.close()
    return sorted([*lines, *kept], key=lambda one: one.top)


def _readable(text: str) -> str:
    """Make one line of a text, without glyphs that stand for no character."""
    bulleted = _UNREADABLE_BULLET.sub("• ", " ".join(text.split()))
    line = " ".join(_UNREADABLE.sub("", bulleted).split())
    return "" if line == "•" else line


def _usual(sizes: Iterator[float]) -> float:
    return Counter(sizes).most_common(1)[0][0]


def _repeated(pages: Sequence[_Page]) -> frozenset[str]:
    """Find headers and footers: lines at the edge that stand, but for numbers, on most pages."""
    if len(pages) < 3:
        return frozenset()
    seen = Counter(
        text
        for page in pages
        for text in {_NUMBER.sub("#", one.text) for one in page if isinstance(one, _Line) and one.is_edge}
    )
    return frozenset(text for text, count in seen.items() if count >= len(pages) * _REPEATED)


def _parts(page: _Page, body: float, repeated: frozenset[str]) -> Iterator[str]:
    """Write a page as parts of Markdown."""
    held: list[_Line] = []
    for one in page:
        if isinstance(one, _Line) and one.is_edge and _NUMBER.sub("#", one.text) in repeated:
            continue
        if isinstance(one, _Line) and held and _goes_on(held[-1], one, body):
            held.append(one)
            continue
        if held:
            yield _written(held, body)
        held = [one] if isinstance(one, _Line) else []
        if isinstance(one, _Table):
            yield _table(one)
    if held:
        yield _written(held, body)


def _is_heading(line: _Line, body: float) -> bool:
    is_large = line.size >= body * _HEADING_SIZE
    is_short = len(line.text.split()) <= _MOST_HEADING_WORDS
    return (
        is_short
        and not _BULLET.match(line.text)
        and (is_large or (line.is_bold and line.text[-1:] not in ".,;:"))
    )


def _goes_on(before: _Line, line: _Line, body: float) -> bool:
    """Tell whether a line belongs to the paragraph, list item or heading of the one before."""
    gap = line.top - before.bottom
    is_near = -1 <= gap < (before.bottom - before.top) * _PARAGRAPH_GAP
    is_alike = before.size == line.size and _is_heading(before, body) == _is_heading(line, body)
    return is_near and is_alike and not _BULLET.match(line.text)


def _written(lines: Sequence[_Line], body: float) -> str:
    text = lines[0].text
    for line in lines[1:]:
        is_split = text.endswith("-") and text[-2:-1].isalpha() and line.text[:1].islower()
        text = text[:-1] + line.text if is_split else f"{text} {line.text}"
    if _is_heading(lines[0], body):
        level = 1 if lines[0].size >= body * 1.6 else 2 if lines[0].size >= body * 1.3 else 3
        return f"{'#' * level} {_escaped(text)}"
    bullet = _BULLET.match(text)
    return f"- {_escaped(text[bullet.end() :])}" if bullet else _escaped(text)


def _escaped(text: str) -> str:
    return _MARKS.sub(r"\\\1", text)


def _table(table: _Table) -> str:
    """Write a table of Markdown; the first row is its head, but for two columns, which are names and values."""
    rows = [[_escaped(cell) for cell in row] for row in table.rows if any(row)]
    if not rows:
        return ""
    if len(rows[0]) == 2 and not rows[0][1].endswith("?"):
        rows.insert(0, ["", ""])
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([lines[0], "|" + " --- |" * len(rows[0]), *lines[1:]])
