"""Word documents, by way of HTML."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import defusedxml.ElementTree
import mammoth
from bs4 import BeautifulSoup
from defusedxml import DefusedXmlException

from knowledge.errors import DocumentRejected
from knowledge.reading.article import Article
from knowledge.reading.html import iso_date, read_html

MAX_UNPACKED_BYTES = 200_000_000
_CORE = "docProps/core.xml"
_TITLE = "{http://purl.org/dc/elements/1.1/}title"
_LANGUAGE = "{http://purl.org/dc/elements/1.1/}language"
_MODIFIED = "{http://purl.org/dc/terms/}modified"


def read_docx(raw: bytes, *, name: str, stem: str) -> Article:
    """Read a document with its headings, lists and tables.

    Args:
        raw: the file.
        name: what people call it, for errors.
        stem: its title where it has none.

    Raises:
        DocumentRejected: it is no DOCX file, unpacks to too much, or holds no text.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as package:
            _check(package, name)
            properties = _properties(package)
        html = mammoth.convert_to_html(
            io.BytesIO(raw), convert_image=mammoth.images.img_element(_no_image)
        ).value
    except DocumentRejected:
        raise
    except (zipfile.BadZipFile, KeyError, ValueError, OSError, RecursionError, NotImplementedError) as error:
        raise DocumentRejected(
            name, "it is no DOCX file that can be read (one with a password can't be)"
        ) from error
    article = read_html(f"<main>{_with_heads(html)}</main>".encode(), name=name, charset="utf-8")
    heading = article.title if article.title != name else ""
    return Article(
        properties.get(_TITLE) or heading or stem,
        article.markdown,
        updated=iso_date(properties.get(_MODIFIED, "")),
        language=properties.get(_LANGUAGE, ""),
    )


def _with_heads(html: str) -> str:
    """Take the first row of a table of three columns or more for its head, which word processors seldom mark."""
    page = BeautifulSoup(html, "html.parser")
    for table in page.find_all("table"):
        rows = [row.find_all(["td", "th"], recursive=False) for row in table.find_all("tr")]
        if len(rows) > 1 and len(rows[0]) == len(rows[1]) > 2 and table.find("th") is None:
            for cell in rows[0]:
                cell.name = "th"
    return str(page)


def _check(package: zipfile.ZipFile, name: str) -> None:
    if sum(entry.file_size for entry in package.infolist()) > MAX_UNPACKED_BYTES:
        raise DocumentRejected(name, f"it unpacks to more than {MAX_UNPACKED_BYTES // 10**6} MB")
    for entry in package.infolist():
        if entry.filename.endswith((".xml", ".rels")):
            with package.open(entry) as part:
                head = part.read(4096)
            if b"<!DOCTYPE" in head or b"<!ENTITY" in head:
                raise DocumentRejected(name, "its XML declares entities, which no word processor writes")


def _properties(package: zipfile.ZipFile) -> dict[str, str]:
    if _CORE not in package.namelist():
        return {}
    try:
        root = defusedxml.ElementTree.fromstring(package.read(_CORE))
    except (defusedxml.ElementTree.ParseError, DefusedXmlException):
        return {}
    return {element.tag: (element.text or "").strip() for element in root}


def _no_image(_image: Any) -> dict[str, str]:
    return {"src": ""}
