"""HTML pages: the part that is the article, as Markdown."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any

from bs4 import BeautifulSoup, Tag
from markdownify import MarkdownConverter

from knowledge.errors import DocumentRejected
from knowledge.reading.article import Article

# What frames an article on a page, and what no reader sees.
_FRAME = (
    "script, style, noscript, template, nav, footer, aside, form, iframe, svg, button, dialog, [hidden], "
    "[aria-hidden=true], [role=navigation], [role=banner], [role=contentinfo], [role=search], body > header"
)
_HEADINGS = ["h1", "h2", "h3", "h4", "h5", "h6"]
# What no heading holds: one that does was never closed.
_BLOCKS = ["p", "ul", "ol", "dl", "table", "pre", "blockquote", "section", *_HEADINGS]
_MAIN = ("main", "[role=main]", "article", "body")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_SITE_NAME = re.compile(r"\s+[|–—·]\s+[^|–—·]+$")
_DATES = (
    'meta[property="article:modified_time"]',
    'meta[property="og:updated_time"]',
    'meta[name="last-modified"]',
    'meta[property="article:published_time"]',
)


def read_html(raw: bytes, *, name: str, charset: str | None = None, url: str = "") -> Article:
    """Read a page.

    Args:
        raw: the page.
        name: what people call it, for errors.
        charset: what the server said it is written in; else the page's own word, or what it looks like.
        url: where customers find it.

    Raises:
        DocumentRejected: it holds no text, or is nested too deeply.
    """
    try:
        page = BeautifulSoup(raw, "html.parser", from_encoding=charset)
        _close_headings(page)
        title, language, updated = _title(page), _language(page), _updated(page)
        main = _main(page)
        markdown = _Converter(heading_style="ATX", escape_misc=True, strip=["a", "img"]).convert_soup(main)
    except RecursionError as error:
        raise DocumentRejected(name, "its elements are nested too deeply") from error
    if not markdown.strip():
        raise DocumentRejected(
            name, "it holds no text; pages that a script fills in the browser can't be read"
        )
    return Article(title or name, markdown, url=url, updated=updated, language=language)


class _Converter(MarkdownConverter):
    """Writes a definition list as paragraphs; everything else as the library does."""

    def convert_dt(self, _el: Any, text: str, _parent_tags: Any) -> str:
        return f"\n\n**{text.strip()}**\n\n"

    def convert_dd(self, _el: Any, text: str, _parent_tags: Any) -> str:
        return f"{text.strip()}\n\n"


def _main(page: BeautifulSoup) -> Tag:
    """Take the frame away and find the article; the body where several elements could be it."""
    for element in page.select(_FRAME):
        element.decompose()
    for selector in _MAIN:
        found = page.select(selector)
        if len(found) == 1 and found[0].get_text(strip=True):
            return found[0]
    return page


def _close_headings(page: BeautifulSoup) -> None:
    """End a heading where a block begins in it, so that a forgotten end tag makes no heading of the page."""
    for heading in page.find_all(_HEADINGS):
        blocks = [
            child
            for child in heading.find_all(recursive=False)
            if child.name in _BLOCKS or child.find(_BLOCKS) is not None
        ]
        if blocks and any(one.get_text(strip=True) for one in blocks[0].previous_siblings):
            heading.insert_after(blocks[0], *list(blocks[0].next_siblings))


def _title(page: BeautifulSoup) -> str:
    heading = page.select_one("main h1, [role=main] h1, article h1") or page.select_one("h1")
    if heading is not None and heading.get_text(strip=True):
        return " ".join(heading.get_text(" ").split())
    meta = page.find("meta", attrs={"property": "og:title"})
    if isinstance(meta, Tag) and meta.get("content"):
        return str(meta["content"])
    title = page.title.get_text(" ") if page.title else ""
    return _SITE_NAME.sub("", " ".join(title.split()))


def _language(page: BeautifulSoup) -> str:
    root = page.find("html")
    told = str(root.get("lang") or "") if isinstance(root, Tag) else ""
    return told if _LANGUAGE.fullmatch(told) else ""


def _updated(page: BeautifulSoup) -> str:
    told = [str(tag.get("content") or "") for selector in _DATES for tag in page.select(selector)]
    told += [_json_date(tag.get_text()) for tag in page.find_all("script", type="application/ld+json")]
    told += [
        str(tag.get("datetime") or "") for tag in page.select("main time[datetime], article time[datetime]")
    ]
    return next((date for value in told if (date := iso_date(value))), "")


def _json_date(text: str) -> str:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return ""
    found = data if isinstance(data, list) else [data]
    return next(
        (str(one["dateModified"]) for one in found if isinstance(one, dict) and "dateModified" in one), ""
    )


def iso_date(value: str) -> str:
    """Cut a time in ISO form down to its date; empty for anything else."""
    try:
        return datetime.fromisoformat(value.strip()).date().isoformat()
    except ValueError:
        return ""
