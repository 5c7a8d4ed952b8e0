"""The team's articles on this machine, in the desk's words: written, listed, changed, taken back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

from desk.errors import ArticleChanged, NotFound
from desk.library import ArticleDraft, ArticleRefused, ArticleRow, OpenedArticle
from knowledge import articles, errors
from knowledge.articles import PREFIX, Article, Draft
from knowledge.documents import Document


class TeamArticles:
    """The part of the library that agents write; safe to share between threads and processes."""

    def __init__(self, root: Path) -> None:
        """Name the folder of the indexes; the team's folder is below it."""
        self._root = root

    def save_article(self, draft: ArticleDraft) -> str:
        """Write an article into the team's folder."""
        with _refusals():
            document = articles.write_article(self._root, _draft_of(draft), today=_today())
        return document.document_id

    def articles(self) -> Sequence[ArticleRow]:
        """List what lies in the team's folder itself; files that are no articles are told among the sources."""
        rows = map(_article_row, articles.load_team(self._root).documents)
        return [row for row in rows if "/" not in row.name]

    def read_article(self, name: str) -> OpenedArticle:
        """Read one of the team's articles."""
        with _refusals():
            return _opened(name, articles.read_article(self._root, name))

    def change_article(self, name: str, draft: ArticleDraft, version: str) -> OpenedArticle:
        """Put another text in an article's place; its file, its id and, if it has no other one, its address stay."""
        with _refusals():
            changed = articles.rewrite_article(
                self._root, name, _draft_of(draft), version=version, today=_today()
            )
        return _opened(name, changed)

    def delete_article(self, name: str, version: str) -> str:
        """Delete an article's file."""
        with _refusals():
            document = articles.delete_article(self._root, name, version=version)
        return document.document_id


@contextmanager
def _refusals() -> Iterator[None]:
    """Say in the desk's words what the knowledge base refuses about an article."""
    try:
        yield
    except errors.DocumentRejected as error:
        raise ArticleRefused(error.code, error.reason) from error
    except errors.ArticleUnknown as error:
        raise NotFound("article") from error
    except errors.ArticleChanged as error:
        raise ArticleChanged(error.version) from error


def _today() -> date:
    return datetime.now(UTC).date()


def _draft_of(draft: ArticleDraft) -> Draft:
    return Draft(
        draft.title, draft.body, draft.section, draft.audience, draft.language, draft.questions, draft.url
    )


def _article_row(document: Document) -> ArticleRow:
    return ArticleRow(
        name=document.document_id.removeprefix(PREFIX),
        document_id=document.document_id,
        title=document.title,
        section=document.section,
        audience=document.audience.value,
        language=document.language,
        url=document.url,
        updated=document.updated,
        questions=len(document.questions),
    )


def _opened(name: str, article: Article) -> OpenedArticle:
    draft = article.draft
    return OpenedArticle(
        name=name,
        document_id=article.document.document_id,
        version=article.version,
        updated=article.document.updated,
        draft=ArticleDraft(
            draft.title, draft.body, draft.section, draft.audience, draft.language, draft.questions, draft.url
        ),
    )
