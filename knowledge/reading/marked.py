"""Markdown and plain text, with front matter or without."""

from __future__ import annotations

import re

from knowledge.documents import MAX_DOCUMENT_BYTES, Document, Given, parse_document
from knowledge.errors import DocumentRejected
from knowledge.reading.article import Article

# A line of dashes at the top begins front matter where a field follows; else it is only a line.
_BEGIN = re.compile(r"---+[ \t]*\r?\n\s*(?:#|[{\"']|[^\W\d][\w .-]*:(?:\s|$))")
_FENCE = re.compile(r"^---+\s*$", re.MULTILINE)
_TOML = re.compile(r"\+\+\+[ \t]*\r?\n")
_BEFORE = "\ufeff \t\r\n"


def has_front_matter(text: str, *, name: str) -> bool:
    """Tell whether a text begins with front matter, which may say who is to read it.

    Raises:
        DocumentRejected: it is written in TOML, or never closed: nobody would know who is to read it.
    """
    text = text.lstrip(_BEFORE)
    if _TOML.match(text):
        raise DocumentRejected(name, "its front matter is TOML; write it as YAML, between lines of ---")
    if _BEGIN.match(text) is None:
        return False
    if len(_FENCE.findall(text)) < 2:
        raise DocumentRejected(name, "its front matter is not closed by a line of ---")
    return True


def read_marked(text: str, given: Given, document_id: str, *, name: str, stem: str) -> Document:
    """Read Markdown with front matter; where that has no title, the first heading of the text or ``stem`` is it.

    Raises:
        DocumentRejected: it is too long, or its front matter is not as it should be.
    """
    if len(text.encode("utf-8", "replace")) > MAX_DOCUMENT_BYTES:
        raise DocumentRejected(name, f"it is larger than {MAX_DOCUMENT_BYTES} bytes")
    text = text.lstrip(_BEFORE)
    title = read_plain(_FENCE.split(text, 2)[-1], stem=stem).title
    return parse_document(text, document_id=document_id, name=name, given=given, default_title=title)


def read_plain(text: str, *, stem: str) -> Article:
    """Take Markdown without front matter, or plain text; its first heading is its title."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    title = first.lstrip("# ").strip() if first.startswith("# ") else ""
    return Article(title or stem, text)
