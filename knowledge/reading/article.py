"""What a reader hands on, and the document it becomes."""

from __future__ import annotations

from dataclasses import dataclass

from knowledge.documents import MAX_DOCUMENT_BYTES, Document, Given, clean_text, without_title
from knowledge.errors import DocumentRejected
from knowledge.markdown import markdown_blocks
from knowledge.reading.language import detect_language


@dataclass(frozen=True, slots=True)
class Article:
    """A text as a reader found it; ``markdown`` keeps its headings, lists and tables, ``updated`` is an ISO date or empty."""

    title: str
    markdown: str
    url: str = ""
    updated: str = ""
    language: str = ""
    questions: tuple[str, ...] = ()
    given: Given | None = None


def build_document(article: Article, given: Given, *, document_id: str, name: str) -> Document:
    """Make a document of an article.

    Args:
        article: what was read.
        given: what is true of the whole source, where the article's own ``given`` says nothing.
        document_id: its name in the index.
        name: what people call it, for errors.

    Raises:
        DocumentRejected: it holds no text, or too much.
    """
    if len(article.markdown.encode("utf-8", "replace")) > MAX_DOCUMENT_BYTES:
        raise DocumentRejected(name, f"its text is longer than {MAX_DOCUMENT_BYTES} bytes")
    title = clean_text(article.title) or name
    try:
        blocks = without_title(markdown_blocks(article.markdown, clean_text), title)
    except RecursionError as error:
        raise DocumentRejected(name, "its parts are nested too deeply") from error
    if not blocks:
        raise DocumentRejected(name, "it holds no text")
    told = article.given or given
    text = " ".join(block.text for block in blocks[:20])
    return Document(
        document_id=document_id,
        title=title,
        section=clean_text(told.section or given.section),
        url=article.url,
        updated=article.updated,
        audience=told.audience,
        language=told.language or given.language or article.language or detect_language(f"{title}. {text}"),
        blocks=blocks,
        questions=article.questions,
        product=clean_text(told.product or given.product),
    )
