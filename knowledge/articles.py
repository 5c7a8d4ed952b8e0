"""Articles that the team writes in the console: Markdown with front matter in a folder of their own."""

import os
import re
import secrets
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import yaml

from knowledge.documents import Collection, Document, clean_text, load_documents, parse_document
from knowledge.errors import DocumentRejected

ARTICLES = "articles"
PREFIX = "team/"
MAX_SLUG_CHARS = 60
MAX_QUESTIONS = 50


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
    checked = parse_document(render(draft, slug, today), document_id=PREFIX + slug, name=slug)
    if not checked.blocks:
        raise DocumentRejected(slug, "it has no text")
    folder = team_folder(root)
    folder.mkdir(parents=True, exist_ok=True)
    return replace(checked, document_id=PREFIX + _write_new(folder, slug, draft, today))


def render(draft: Draft, slug: str, today: date) -> str:
    """Write an article as a file: front matter, then the text."""
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
    kept = {name: value for name, value in fields.items() if value}
    front = yaml.safe_dump(kept, allow_unicode=True, sort_keys=False, width=10_000)
    body = draft.body.replace("\r\n", "\n").strip()
    return f"---\n{front}---\n\n{body}\n"


def slug_of(title: str) -> str:
    """Make a file's name of a title; one without Latin letters or digits is named by chance."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode("ascii").lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:MAX_SLUG_CHARS].rstrip("-")
    return slug if slug and slug not in {"readme", "card"} else f"article-{secrets.token_hex(3)}"


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
