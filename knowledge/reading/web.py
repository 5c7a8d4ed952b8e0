"""Pages and sitemaps."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import replace
from email.utils import parsedate_to_datetime
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

import defusedxml.ElementTree
from defusedxml import DefusedXmlException

from knowledge.documents import Document, Given
from knowledge.errors import DocumentRejected
from knowledge.reading.article import Article, build_document
from knowledge.reading.docx import read_docx
from knowledge.reading.fetch import Fetched, Fetcher
from knowledge.reading.files import Reading, read_listed
from knowledge.reading.html import read_html
from knowledge.reading.marked import has_front_matter, read_marked, read_plain
from knowledge.reading.pdf import read_pdf
from knowledge.reading.questions import decode, read_questions_csv, read_questions_jsonl

MAX_PAGES = 5_000
MAX_SITEMAPS = 50
_PDF = "application/pdf"
_DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_TEXT = {"text/plain", "text/markdown"}
_XML = {"application/xml", "text/xml", "application/rss+xml"}
_TABLES = {"text/csv", "text/tab-separated-values"}
_LINES = {"application/x-ndjson", "application/jsonl", "application/x-jsonlines"}
_HTML = {"text/html", "application/xhtml+xml", ""}
_UTF_16 = {b"\xff\xfe", b"\xfe\xff"}
_LISTING = re.compile(rb"<(?:[\w.-]+:)?(?:urlset|sitemapindex)[\s>]")


def is_sitemap(fetched: Fetched) -> bool:
    """Tell whether an address gave a list of pages."""
    is_xml = fetched.kind in _XML or fetched.body[:200].lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<?xml")
    return is_xml and _LISTING.search(fetched.body[:2_000]) is not None


def read_fetched(fetched: Fetched, url: str, given: Given, source_id: str) -> Reading:
    """Read what an address gave."""
    try:
        if (rows := _rows(fetched, url, given)) is not None:
            listed = read_listed(rows, given, f"{source_id}/{_slug(url)}", url)
            named = (replace(one, url=one.url or fetched.url) for one in listed.documents)
            return replace(listed, documents=tuple(named))
        return Reading(url, (_document(fetched, url, given, f"{source_id}/{_slug(url)}"),))
    except DocumentRejected as error:
        return Reading(url, rejected=(error,))


def list_pages(fetched: Fetched, fetcher: Fetcher) -> list[str]:
    """List the pages of a sitemap and of the sitemaps below it, those of its own host only.

    Raises:
        DocumentRejected: it is no sitemap, or lists too many pages.
        FetchRefused: one of its sitemaps cannot be had: then what is missing is not gone.
    """
    host, waiting, pages = urlsplit(fetched.url).netloc, [fetched], dict[str, None]()
    seen = {fetched.url}
    while waiting:
        root, kind = _parsed(waiting.pop())
        listed = [url for url in _locations(root) if urlsplit(url).netloc == host]
        if kind == "urlset":
            pages.update(dict.fromkeys(listed))
            listed = []
        for url in listed:
            if url not in seen:
                seen.add(url)
                if len(seen) > MAX_SITEMAPS:
                    raise DocumentRejected(fetched.url, f"it lists more than {MAX_SITEMAPS} sitemaps")
                waiting.append(fetcher.get(url))
        if len(pages) > MAX_PAGES:
            raise DocumentRejected(fetched.url, f"it lists more than {MAX_PAGES} pages")
    return list(pages)


def _parsed(fetched: Fetched) -> tuple[list[tuple[str, str]], str]:
    try:
        root = defusedxml.ElementTree.fromstring(fetched.body)
    except (defusedxml.ElementTree.ParseError, DefusedXmlException, ValueError, RecursionError) as error:
        raise DocumentRejected(fetched.url, "it is no sitemap that can be read") from error
    found = [
        (str(child.tag).rpartition("}")[2], (child.text or "").strip()) for entry in root for child in entry
    ]
    return found, str(root.tag).rpartition("}")[2]


def _locations(entries: list[tuple[str, str]]) -> list[str]:
    return [text for tag, text in entries if tag == "loc" and text]


def _document(fetched: Fetched, url: str, given: Given, document_id: str) -> Document:
    if fetched.kind in _TEXT and has_front_matter(text := decode(fetched.body, url), name=url):
        marked = read_marked(text, given, document_id, name=url, stem=_stem(fetched, url))
        return replace(
            marked, url=marked.url or fetched.url, updated=marked.updated or _date(fetched.modified)
        )
    return build_document(_article(fetched, url), given, document_id=document_id, name=url)


def _rows(fetched: Fetched, url: str, given: Given) -> Iterator[Article | DocumentRejected] | None:
    """Read a list of questions; None where it is none."""
    if fetched.kind in _TABLES:
        return read_questions_csv(fetched.body, name=url, given=given)
    return read_questions_jsonl(fetched.body, name=url, given=given) if fetched.kind in _LINES else None


def _stem(fetched: Fetched, url: str) -> str:
    path = PurePosixPath(unquote(urlsplit(fetched.url).path))
    return path.stem.replace("-", " ").replace("_", " ").capitalize() or urlsplit(url).netloc


def _article(fetched: Fetched, url: str) -> Article:
    stem, kind = _stem(fetched, url), _kind_of(fetched)
    if kind in _HTML and b"\0" in fetched.body[:1_000] and fetched.body[:2] not in _UTF_16:
        raise DocumentRejected(url, "it is no text, though its server says so")
    if kind in _HTML:
        article = read_html(fetched.body, name=url, charset=fetched.charset)
    elif kind == _PDF:
        article = read_pdf(fetched.body, name=url, stem=stem)
    elif kind == _DOCX:
        article = read_docx(fetched.body, name=url, stem=stem)
    elif kind in _TEXT:
        article = read_plain(decode(fetched.body, url), stem=stem)
    else:
        raise DocumentRejected(url, f"it is of a kind that can't be read ({kind})")
    return replace(article, url=fetched.url, updated=article.updated or _date(fetched.modified))


def _kind_of(fetched: Fetched) -> str:
    """Say what came: many servers send files as something else than they are."""
    if fetched.body.startswith(b"%PDF-"):
        return _PDF
    is_word = fetched.body.startswith(b"PK\x03\x04") and b"word/document.xml" in fetched.body
    return _DOCX if is_word else fetched.kind


def _date(modified: str) -> str:
    try:
        return parsedate_to_datetime(modified).date().isoformat()
    except (ValueError, TypeError):
        return ""


def _slug(url: str) -> str:
    """Name a page by its path, and where it has a query by that too."""
    parts = urlsplit(url)
    path = parts.path.strip("/") or "index"
    return f"{path}-{hashlib.sha256(parts.query.encode()).hexdigest()[:8]}" if parts.query else path
