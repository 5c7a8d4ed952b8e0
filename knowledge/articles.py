"""Articles that the team writes in the console: Markdown with front matter in a folder of their own.

An article's name is its file's, without the ending; it stays when the title changes, and so does the address.
"""

import hashlib
import os
import re
import secrets
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import frontmatter
import yaml

from knowledge.documents import (
    NOT_ARTICLES,
    Collection,
    Document,
    clean_text,
    decode_document,
    load_documents,
    parse_document,
)
from knowledge.errors import ArticleChanged, ArticleUnknown, DocumentRejected
from knowledge.folders import only_one
from nlu.files import replace_text

ARTICLES = "articles"
PREFIX = "team/"
MAX_SLUG_CHARS = 60
MAX_QUESTIONS = 50
_FIELDS = frozenset({"title", "section", "url", "updated", "audience", "language", "questions"})


@dataclass(frozen=True, slots=True)
class Draft:
    """An article before it is a file; ``body`` is Markdown."""

    title: str
    body: str
    section: str = ""
    audience: str = "public"
    language: str = "en"
    questions: Sequence[str] = ()
    url: str = ""


@dataclass(frozen=True, slots=True)
class Article:
    """An article as its file says it.

    Attributes:
        version: sha256 of the file, in hexadecimal; another text has another one.
        draft: what its author may change.
        others: what else stands in its front matter, such as ``product``; it is kept.
    """

    document: Document
    version: str
    draft: Draft
    others: Mapping[str, Any] = field(default_factory=dict)


def team_folder(root: Path) -> Path:
    """Name the folder of the team's articles below the folder of the indexes."""
    return root / ARTICLES


def load_team(root: Path) -> Collection:
    """Read the team's articles; none where nobody has written one. Their ids begin with ``team/``."""
    folder = team_folder(root)
    if not folder.is_dir():
        return Collection((), ())
    found = load_documents(folder)
    named = (replace(one, document_id=f"{PREFIX}{one.document_id}") for one in found.documents)
    return Collection(tuple(named), found.rejected)


def write_article(root: Path, draft: Draft, *, today: date) -> Document:
    """Check an article and write it into the team's folder, named after its title; another one is never written over.

    Raises:
        DocumentRejected: it has no title or no text, or a field is not as it should be.
    """
    slug = slug_of(draft.title)
    checked = _checked(render(draft, slug, today), slug)
    folder = team_folder(root)
    folder.mkdir(parents=True, exist_ok=True)
    return replace(checked, document_id=PREFIX + _write_new(folder, slug, draft, today))


def read_article(root: Path, name: str) -> Article:
    """Read one of the team's articles, to be changed.

    Raises:
        ArticleUnknown: there is none of that name in the team's folder itself.
        DocumentRejected: its file is no article.
    """
    try:
        raw = _path_of(root, name).read_bytes()
    except FileNotFoundError as error:
        raise ArticleUnknown(name) from error
    source = decode_document(raw, name=name)
    document = parse_document(source, document_id=name)
    post = frontmatter.loads(source)
    draft = Draft(
        title=document.title,
        body=post.content,
        section=document.section,
        audience=document.audience.value,
        language=document.language,
        questions=document.questions,
        url=document.url,
    )
    others = {key: value for key, value in post.metadata.items() if key not in _FIELDS}
    named = replace(document, document_id=PREFIX + name)
    return Article(named, hashlib.sha256(raw).hexdigest(), draft, others)


def rewrite_article(root: Path, name: str, draft: Draft, *, version: str, today: date) -> Article:
    """Put another text in an article's place, all of it or nothing; without an address of its own it keeps the old one.

    Raises:
        ArticleUnknown: it is not there, or no longer.
        ArticleChanged: it is not the ``version`` that was read; nothing is written.
        DocumentRejected: it would be no article; nothing is written.
    """
    with only_one(team_folder(root)):
        before = _read_version(root, name, version)
        kept = replace(draft, url=draft.url.strip() or before.draft.url)
        text = render(kept, name, today, before.others)
        _checked(text, name)
        replace_text(_path_of(root, name), text)
        return read_article(root, name)


def delete_article(root: Path, name: str, *, version: str) -> Document:
    """Take an article back; the next build is without it.

    Raises:
        ArticleUnknown: it is not there, or no longer.
        ArticleChanged: it is not the ``version`` that was read; it stays.
    """
    with only_one(team_folder(root)):
        before = _read_version(root, name, version)
        _path_of(root, name).unlink()
        return before.document


def render(draft: Draft, slug: str, today: date, others: Mapping[str, Any] | None = None) -> str:
    """Write an article as a file: front matter (with what ``others`` adds), then the text."""
    questions = list(dict.fromkeys(filter(None, (clean_text(question) for question in draft.questions))))
    fields = {
        "title": clean_text(draft.title),
        "section": clean_text(draft.section),
        "url": draft.url.strip() or f"/help/{slug}",
        "updated": today,
        "audience": draft.audience,
        "language": draft.language,
        "questions": questions[:MAX_QUESTIONS],
    }
    kept = {name: value for name, value in fields.items() if value} | dict(others or {})
    front = yaml.safe_dump(kept, allow_unicode=True, sort_keys=False, width=10_000)
    body = draft.body.replace("\r\n", "\n").strip()
    return f"---\n{front}---\n\n{body}\n"


def slug_of(title: str) -> str:
    """Make a file's name of a title; one without Latin letters or digits is named by chance."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode("ascii").lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:MAX_SLUG_CHARS].rstrip("-")
    return slug if slug and slug not in {"readme", "card"} else f"article-{secrets.token_hex(3)}"


def _checked(text: str, name: str) -> Document:
    """Read an article before it is written."""
    document = parse_document(text, document_id=PREFIX + name, name=name)
    if not document.blocks:
        raise DocumentRejected(name, "it has no text")
    return document


def _path_of(root: Path, name: str) -> Path:
    """Find an article's file among those that are there, so that no name leads elsewhere."""
    for path in team_folder(root).glob("*.md"):
        if path.stem == name and path.name not in NOT_ARTICLES:
            return path
    raise ArticleUnknown(name)


def _read_version(root: Path, name: str, version: str) -> Article:
    article = read_article(root, name)
    if article.version != version:
        raise ArticleChanged(name, article.version)
    return article


def _write_new(folder: Path, slug: str, draft: Draft, today: date) -> str:
    """Write a file that was not there; the name that was free is returned."""
    names = [slug, *(f"{slug}-{number}" for number in range(2, 100)), f"{slug}-{secrets.token_hex(4)}"]
    for name in names:
        try:
            handle = os.open(folder / f"{name}.md", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        except FileExistsError:
            continue
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(render(draft, name, today))
        return name
    raise DocumentRejected(slug, "there are too many articles of that name")
