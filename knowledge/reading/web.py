"""Pages and sitemaps."""

from __future__ import annotations

import hashlib
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
from knowledge.reading.files import Reading
from knowledge.reading.html import read_html
from knowledge.reading.marked import has_front_matter, read_marked, read_plain
from knowledge.reading.pdf import read_pdf
from knowledge.reading.questions import decode

MAX_PAGES = 5_000
MAX_SITEMAPS = 50
_DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_TEXT = {"text/plain", "text/markdown"}
_XML = {"application/xml", "text/xml", "application/rss+xml"}


def is_sitemap(fetched: Fetched) -> bool:
    """Tell whether an address gave a list of pages."""
    return fetched.kind in _XML and (
        b"<urlset" in fetched.body[:2_000] or b"<sitemapindex" in fetched.body[:2_000]
    )


def read_fetched(fetched: Fetched, url: str, given: Given, source_id: str) -> Reading:
    """Read what an address gave."""
    try:
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
            if url not in seen and len(seen) < MAX_SITEMAPS:
                seen.add(url)
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


def _stem(fetched: Fetched, url: str) -> str:
    path = PurePosixPath(unquote(urlsplit(fetched.url).path))
    return path.stem.replace("-", " ").replace("_", " ").capitalize() or urlsplit(url).netloc


def _article(fetched: Fetched, url: str) -> Article:
    stem = _stem(fetched, url)
    if fetched.kind in {"text/html", "application/xhtml+xml", ""}:
        article = read_html(fetched.body, name=url, charset=fetched.charset)
    elif fetched.kind == "application/pdf":
        article = read_pdf(fetched.body, name=url, stem=stem)
    elif fetched.kind == _DOCX:
        article = read_docx(fetched.body, name=url, stem=stem)
    elif fetched.kind in _TEXT:
        article = read_plain(decode(fetched.body, url), stem=stem)
    else:
        raise DocumentRejected(url, f"it is of a kind that can't be read ({fetched.kind})")
    return replace(article, url=fetched.url, updated=article.updated or _date(fetched.modified))


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
