"""What the desk asks of the articles: a port. Whoever starts the desk brings what answers; without one there are no articles.

Every method blocks (it reads files, or waits for a process), so the desk calls it on a thread.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from desk.errors import NotFound
from desk.service.unanswered import Grouping
from desk.store.quoted import PassageText, Quoted


class ArticleRefused(Exception):
    """An article that is none; ``reason`` is for its author, ``code`` is stable."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


@dataclass(frozen=True)
class Change:
    """A quoted passage whose text is no longer what its article says; ``now`` is None where it is gone."""

    quoted: Quoted
    now_hash: str | None
    now: PassageText | None


@dataclass(frozen=True)
class Comparison:
    """What was quoted, beside the articles of today."""

    changed: Sequence[Change]
    current: Sequence[Quoted]


@dataclass(frozen=True)
class ArticleDraft:
    """An article as the team writes it in the console; ``body`` is Markdown."""

    title: str
    body: str
    section: str = ""
    audience: str = "public"
    language: str = "en"
    questions: Sequence[str] = ()
    url: str = ""


@dataclass(frozen=True)
class ArticleRow:
    """One of the team's articles, in a list; ``name`` is its id among them, ``questions`` how many ways to ask it has."""

    name: str
    document_id: str
    title: str
    section: str
    audience: str
    language: str
    url: str
    updated: str
    questions: int


@dataclass(frozen=True)
class OpenedArticle:
    """One of the team's articles with its text; ``version`` names that text, and is asked for when it is changed."""

    name: str
    document_id: str
    version: str
    updated: str
    draft: ArticleDraft


@dataclass(frozen=True)
class Work:
    """The state of the index: what is served, whether a new one is being made, how the last one went."""

    index_id: str | None = None
    built_at: str | None = None
    documents: int = 0
    passages: int = 0
    is_busy: bool = False
    failure: str | None = None


@dataclass(frozen=True)
class SourceRow:
    """Where articles come from, as the source list has it; times are ISO 8601."""

    name: str
    kind: str
    state: str
    last_good_at: str | None
    documents: int
    passages: int
    failures: Sequence[str] = ()
    document_ids: Sequence[str] = ()
    prefix: str = ""

    def holds(self, document_id: str) -> bool:
        """Say whether a document comes from here: by its id, or by what its id begins with."""
        return document_id in self.document_ids or bool(self.prefix and document_id.startswith(self.prefix))


class Library(Protocol):
    """The articles, their index and their sources."""

    def index_id(self) -> str | None:
        """Name the index that is served; None when there is none."""

    def read_texts(self, quoted: Sequence[Quoted]) -> Mapping[str, PassageText]:
        """Read what quoted passages say, by hash; those that say something else by now are left out."""

    def compare(self, quoted: Sequence[Quoted], texts: Mapping[str, PassageText]) -> Comparison:
        """Compare what was quoted (and, by hash, what it said) with the articles of today."""

    def group(self, questions: Sequence[str]) -> Grouping:
        """Say which questions ask for the same."""

    def save_article(self, draft: ArticleDraft) -> str:
        """Write an article and return its document's id; raises ArticleRefused."""

    def articles(self) -> Sequence[ArticleRow]:
        """List the team's articles, in any order."""

    def read_article(self, name: str) -> OpenedArticle:
        """Read one of the team's articles; raises NotFound, ArticleRefused where its file is none."""

    def change_article(self, name: str, draft: ArticleDraft, version: str) -> OpenedArticle:
        """Put another text in its place; raises NotFound, ArticleRefused, ArticleChanged where ``version`` is not today's."""

    def delete_article(self, name: str, version: str) -> str:
        """Take an article back and return its document's id; raises NotFound, ArticleRefused, ArticleChanged."""

    def refresh(self, *, reads_sources: bool = False) -> bool:
        """Begin to build the index anew, after reading the sources again where that is asked; False when one is built already."""

    def work(self) -> Work:
        """Tell the state of the index."""

    def sources(self) -> Sequence[SourceRow]:
        """List the sources."""

    def conflicts(self) -> Sequence[Mapping[str, Any]]:
        """List passages that contradict each other, the newer one marked."""


class NoLibrary:
    """No articles at all."""

    def index_id(self) -> str | None:
        """There is no index."""
        return None

    def read_texts(self, quoted: Sequence[Quoted]) -> Mapping[str, PassageText]:  # noqa: ARG002
        """There is nothing to read."""
        return {}

    def compare(self, quoted: Sequence[Quoted], texts: Mapping[str, PassageText]) -> Comparison:  # noqa: ARG002
        """There is nothing to compare with, so nothing is known to have changed."""
        return Comparison((), ())

    def group(self, questions: Sequence[str]) -> Grouping:
        """Leave every question by itself."""
        places = range(len(questions))
        return Grouping(list(places), {place: place for place in places})

    def save_article(self, draft: ArticleDraft) -> str:  # noqa: ARG002
        """There is no place for one."""
        raise ArticleRefused("no_library", "This desk has no place for articles.")

    def articles(self) -> Sequence[ArticleRow]:
        """There are none."""
        return ()

    def read_article(self, name: str) -> OpenedArticle:  # noqa: ARG002
        """There is none."""
        raise NotFound("article")

    def change_article(self, name: str, draft: ArticleDraft, version: str) -> OpenedArticle:  # noqa: ARG002
        """There is none."""
        raise NotFound("article")

    def delete_article(self, name: str, version: str) -> str:  # noqa: ARG002
        """There is none."""
        raise NotFound("article")

    def refresh(self, *, reads_sources: bool = False) -> bool:  # noqa: ARG002
        """There is nothing to refresh."""
        return False

    def work(self) -> Work:
        """Nothing is served."""
        return Work()

    def sources(self) -> Sequence[SourceRow]:
        """There are none."""
        return ()

    def conflicts(self) -> Sequence[Mapping[str, Any]]:
        """There are none."""
        return ()
