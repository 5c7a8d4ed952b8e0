"""The demo's help centre: the articles that the bot quotes, as pages. Markdown without HTML, links from an allow-list."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import frontmatter
from litestar import MediaType, Response, get
from litestar.params import FromPath
from litestar.response import File
from markdown_it import MarkdownIt

from desk.errors import NotFound
from desk.pages.static import SHORT, serve
from desk.requests import AnyRequest, house_of

STYLE = Path(__file__).parent / "help.css"
_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,127}")
_MARKDOWN = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable("table")


@dataclass(frozen=True)
class Article:
    """One article; ``body`` is Markdown."""

    slug: str
    title: str
    section: str
    updated: str
    language: str
    body: str


def load_article(path: Path) -> Article | None:
    """Read an article; None for a file that is none, or is not public."""
    document = frontmatter.loads(path.read_text(encoding="utf-8"))
    url, title = document.get("url"), document.get("title")
    if not isinstance(url, str) or not isinstance(title, str) or document.get("audience") != "public":
        return None
    return Article(
        slug=url.rsplit("/", 1)[-1],
        title=title,
        section=str(document.get("section", "")),
        updated=str(document.get("updated", "")),
        language=str(document.get("language", "en")),
        body=document.content,
    )


@lru_cache(maxsize=4)
def load_articles(root: Path, _stamp: int) -> dict[str, Article]:
    """Read every public article under a folder, by slug; read again when the folder's stamp changes."""
    found = [load_article(path) for path in sorted(root.glob("*.md"))]
    return {article.slug: article for article in found if article is not None}


def _articles(request: AnyRequest) -> dict[str, Article]:
    """Find the team's articles, and in the demo those that came with it; of two with one name the demo's is shown.

    Raises:
        NotFound: there is none.
    """
    config = house_of(request).desk.config
    found: dict[str, Article] = {}
    for root in (config.team_root, config.help_root if config.demo else None):
        if root is not None and root.is_dir():
            found |= load_articles(root, root.stat().st_mtime_ns)
    if not found:
        raise NotFound("page")
    return found


@get("/help", include_in_schema=False, sync_to_thread=True)
def help_index(request: AnyRequest) -> Response[str]:
    """List the articles by section."""
    sections: dict[str, list[Article]] = {}
    for article in _articles(request).values():
        sections.setdefault(article.section, []).append(article)
    body = "".join(_section(name, sections[name]) for name in sorted(sections))
    brand = house_of(request).desk.config.brand.name
    return _page("Help", brand, f"<h1>Help</h1>{body}", "en")


def _section(name: str, articles: list[Article]) -> str:
    items = "".join(
        f'<li><a href="/help/{article.slug}">{html.escape(article.title)}</a></li>'
        for article in sorted(articles, key=lambda article: article.title)
    )
    return f"<h2>{html.escape(name)}</h2><ul>{items}</ul>"


@get("/help/{slug:str}", include_in_schema=False, sync_to_thread=True)
def help_page(request: AnyRequest, slug: FromPath[str]) -> Response[str] | File:
    """Show an article."""
    if slug == STYLE.name:
        return serve(STYLE, is_loader=True)
    article = _articles(request).get(slug) if _SLUG.fullmatch(slug) else None
    if article is None:
        raise NotFound("page")
    body = article.body if article.body.lstrip().startswith("# ") else f"# {article.title}\n\n{article.body}"
    updated = f'<p class="updated">Updated {html.escape(article.updated)}</p>' if article.updated else ""
    brand = house_of(request).desk.config.brand.name
    return _page(article.title, brand, render(body) + updated, article.language)


def render(markdown: str) -> str:
    """Write Markdown as HTML; HTML inside is shown as text, `javascript:` links are no links."""
    rendered: Any = _MARKDOWN.render(markdown)
    return str(rendered)


def _page(title: str, brand: str, body: str, language: str) -> Response[str]:
    name, heading = html.escape(brand), html.escape(title)
    content = (
        f'<!doctype html><html lang="{html.escape(language, quote=True)}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{heading} - {name}</title><link rel="stylesheet" href="/help/{STYLE.name}">'
        '<script async src="/widget/careline.js"></script></head><body>'
        f'<header><a href="/">{name}</a> <a href="/help">Help</a></header><main>{body}</main></body></html>'
    )
    return Response(content, media_type=MediaType.HTML, headers={"cache-control": SHORT})


HANDLERS = (help_index, help_page)
