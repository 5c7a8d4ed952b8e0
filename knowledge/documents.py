"""Articles become documents, documents become passages of plain text that keep their heading path."""

import hashlib
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import date, datetime
from enum import Enum
from pathlib import Path
from typing import Any

import frontmatter
import yaml

from knowledge.errors import DocumentRejected
from knowledge.markdown import Block, markdown_blocks
from knowledge.reading.language import DEFAULT_LANGUAGE, detect_language

MAX_DOCUMENT_BYTES = 2_000_000
# Files beside the articles that tell about the folder.
NOT_ARTICLES = {"CARD.md", "README.md"}
_URL = re.compile(r"(/(?!/)[^\s<>\"'\\]*|https?://[^\s<>\"'\\]+)")
LANGUAGE_TAG = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_ABBREVIATIONS = (
    "e.g.",
    "i.e.",
    "etc.",
    "approx.",
    "incl.",
    "excl.",
    "no.",
    "nr.",
    "vs.",
    "mr.",
    "mrs.",
    "dr.",
    "st.",
)
_SENTENCE_END = re.compile(r"(?<=[.!?…])[\"'”’)\]]*\s+(?=[\"'“‘(\[]?[^\W_a-z])|(?<=[。！？])")
# Directional overrides can make a text read otherwise than it is stored.
_INVISIBLE = re.compile("[\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_TAG = re.compile(r"<(?=[/!?a-zA-Z])([^<>]*)>?")


class Audience(Enum):
    """Who may read a document."""

    PUBLIC = "public"
    SIGNED_IN = "signed_in"
    AGENTS = "agents"


CUSTOMERS = frozenset({Audience.PUBLIC})


@dataclass(frozen=True, slots=True)
class Given:
    """What is true of every article of a source that says nothing else of itself.

    Attributes:
        audience: who may read it.
        language: a tag such as "en" or "pt-BR"; empty: as the text looks.
        product: what it is about; empty for everything.
        section: where it stands in the help centre.
    """

    audience: Audience = Audience.PUBLIC
    language: str = ""
    product: str = ""
    section: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """An article: what it is called, where it is, who may read it, its text in blocks, how customers ask for it."""

    document_id: str
    title: str
    section: str
    url: str
    updated: str
    audience: Audience
    language: str
    blocks: tuple[Block, ...]
    questions: tuple[str, ...] = ()
    product: str = ""


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of a document under one heading; ``text`` has one block a line.

    ``questions`` are those of the document that this passage is nearest to; ``product`` is empty for an article on none.
    """

    passage_id: str
    document_id: str
    title: str
    section: str
    url: str
    updated: str
    audience: Audience
    language: str
    headings: tuple[str, ...]
    text: str
    questions: tuple[str, ...] = ()
    product: str = ""

    @property
    def label(self) -> str:
        """The title and the headings, as one line."""
        return " – ".join(part for part in (self.title, *self.headings) if part)

    @property
    def content_hash(self) -> str:
        """Name the passage's text: 16 hex digits of its sha256; another title, place or date leaves it as it is."""
        return content_hash(self.text)[:16]

    @property
    def embedded_text(self) -> str:
        """What the encoder and the word index see."""
        return f"{self.label}. {self.text}" if self.label else self.text


@dataclass(frozen=True, slots=True)
class Collection:
    """What a folder held: the documents, and the files that were refused, with the reason."""

    documents: tuple[Document, ...]
    rejected: tuple[DocumentRejected, ...]

    def beside(self, other: "Collection") -> "Collection":
        """Put two collections together."""
        return Collection(self.documents + other.documents, self.rejected + other.rejected)


def load_documents(folder: Path) -> Collection:
    """Read every Markdown article below a folder, in the order of their paths; a bad file does not stop the rest.

    Raises:
        DocumentRejected: the folder itself is not there.
    """
    if not folder.is_dir():
        raise DocumentRejected(str(folder), "there is no such folder")
    documents: dict[str, Document] = {}
    rejected: list[DocumentRejected] = []
    for path in sorted(p for p in folder.rglob("*.md") if p.name not in NOT_ARTICLES):
        try:
            document = load_document(path, document_id=path.relative_to(folder).with_suffix("").as_posix())
            documents[document.document_id] = document
        except DocumentRejected as error:
            rejected.append(error)
    return Collection(tuple(documents.values()), tuple(rejected))


def load_document(path: Path, *, document_id: str, given: Given | None = None) -> Document:
    """Read one article; ``given`` as ``parse_document`` takes it.

    Raises:
        DocumentRejected: it is too big, not UTF-8, or its front matter is not as it should be.
    """
    try:
        text = decode_document(path.read_bytes(), name=path.name)
    except OSError as error:
        raise DocumentRejected(path.name, "it cannot be read") from error
    return parse_document(text, document_id=document_id, name=path.name, given=given)


def decode_document(raw: bytes, *, name: str) -> str:
    """Read the bytes of a file as text.

    Raises:
        DocumentRejected: there are too many, or they are not UTF-8.
    """
    if len(raw) > MAX_DOCUMENT_BYTES:
        raise DocumentRejected(name, f"it is larger than {MAX_DOCUMENT_BYTES} bytes")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DocumentRejected(name, "it is not UTF-8") from error


def parse_document(
    source: str,
    *,
    document_id: str,
    name: str | None = None,
    given: Given | None = None,
    default_title: str = "",
) -> Document:
    """Parse Markdown with front matter (title, section, url, updated, audience, language, product, questions).

    Only the title is required, and not even that with a ``default_title``. What is not said is as ``given``; without it,
    public, English, and shown as a help page.

    Raises:
        DocumentRejected: the front matter is not as it should be.
    """
    name = name or document_id
    try:
        post = frontmatter.loads(source)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise DocumentRejected(name, "its front matter is not valid YAML") from error
    fields = {str(key).strip().lower(): value for key, value in post.metadata.items()}
    told = given or Given()
    title = clean_text(str(fields.get("title") or "")) or clean_text(default_title)
    if not title:
        raise DocumentRejected(name, "its front matter has no title")
    looks = detect_language(f"{title}. {clean_text(post.content)}") if given else DEFAULT_LANGUAGE
    return Document(
        document_id=document_id,
        title=title,
        section=clean_text(str(fields.get("section") or told.section)),
        url=_matching(_URL, fields.get("url"), "" if given else f"/help/{document_id}", name, "url"),
        updated=_iso_date(fields.get("updated"), name),
        audience=_audience(fields.get("audience") or told.audience, name),
        language=_matching(LANGUAGE_TAG, fields.get("language"), told.language or looks, name, "language"),
        blocks=without_title(markdown_blocks(post.content, clean_text), title),
        questions=_questions(fields.get("questions"), name),
        product=clean_text(str(fields.get("product") or told.product)),
    )


def plain_document(document_id: str, title: str, text: str) -> Document:
    """Make a public document of plain text, one block a line."""
    lines = (clean_text(line) for line in text.splitlines())
    blocks = tuple(Block((), line) for line in lines if line)
    return Document(document_id, clean_text(title), "", "", "", Audience.PUBLIC, "en", blocks)


def split_passages(
    document: Document, *, passage_tokens: int, count_tokens: Callable[[str], int]
) -> list[Passage]:
    """Cut a document into passages: one per heading, more where it is longer than passage_tokens.

    Cuts fall between blocks, then between sentences, then between words. A document without text gives one
    passage of its title.
    """
    texts: list[tuple[tuple[str, ...], str]] = []
    for headings, lines in _sections(document):
        pieces = [piece for line in lines for piece in _fitting(line, passage_tokens, count_tokens)]
        texts.extend((headings, text) for text in _packed(pieces, passage_tokens, count_tokens))
    if not texts:
        texts = [((), document.title)]
    return [
        Passage(
            passage_id=f"{document.document_id}#{number}",
            document_id=document.document_id,
            title=document.title,
            section=document.section,
            url=document.url,
            updated=document.updated,
            audience=document.audience,
            language=document.language,
            headings=headings,
            text=text,
            product=document.product,
        )
        for number, (headings, text) in enumerate(texts)
    ]


def split_sentences(text: str) -> list[str]:
    """Split a passage into whole sentences; a line end (list item, table row) always ends one."""
    sentences: list[str] = []
    for line in text.splitlines():
        start = 0
        for match in _SENTENCE_END.finditer(line):
            piece = line[start : match.end()].strip()
            if piece.lower().endswith(_ABBREVIATIONS) or re.fullmatch(r"(• )?\d{1,2}\.", piece):
                continue
            sentences.append(piece)
            start = match.end()
        sentences.append(line[start:].strip())
    return [sentence for sentence in sentences if sentence]


def clean_text(text: str) -> str:
    """Make one line of inert plain text: no control or directional characters, nothing shaped like a tag."""
    text = _INVISIBLE.sub("", unicodedata.normalize("NFC", text.encode("utf-8", "replace").decode("utf-8")))
    text = "".join(" " if unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"} else c for c in text)
    text = _TAG.sub(r"‹\1›", text)
    return " ".join(text.split())


def content_hash(text: str) -> str:
    """Name a text by its content."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def fields_of(told: Document | Passage | Given) -> dict[str, Any]:
    """Write a document, a passage or what is given of a source as an object of JSON."""
    return {**asdict(told), "audience": told.audience.value}


def _sections(document: Document) -> Iterator[tuple[tuple[str, ...], list[str]]]:
    """Group neighbouring blocks that stand under the same headings."""
    headings: tuple[str, ...] = ()
    lines: list[str] = []
    for block in document.blocks:
        if lines and block.headings != headings:
            yield headings, lines
            lines = []
        headings = block.headings
        lines.append(block.text)
    if lines:
        yield headings, lines


def _packed(pieces: list[str], limit: int, count_tokens: Callable[[str], int]) -> Iterator[str]:
    """Put pieces together, line by line, as long as they stay within the limit."""
    held: list[str] = []
    size = 0
    for piece in pieces:
        tokens = count_tokens(piece)
        if held and size + tokens > limit:
            yield "\n".join(held)
            held, size = [], 0
        held.append(piece)
        size += tokens
    if held:
        yield "\n".join(held)


def _fitting(line: str, limit: int, count_tokens: Callable[[str], int]) -> Iterator[str]:
    """Cut one block so that every part is within the limit, at sentence ends if it can be."""
    if count_tokens(line) <= limit:
        yield line
        return
    sentences = split_sentences(line)
    parts = sentences if len(sentences) > 1 else _halves(line)
    if len(parts) == 1:
        yield line
        return
    fitting = [piece for part in parts for piece in _fitting(part, limit, count_tokens)]
    for text in _packed(fitting, limit, count_tokens):
        yield text.replace("\n", " ")


def _halves(line: str) -> list[str]:
    """Cut a text without sentence ends in two, between words where there are words."""
    middle = len(line) // 2
    space = line.find(" ", middle)
    cut = space if 0 < space < len(line) - 1 else middle
    return [part for part in (line[:cut].strip(), line[cut:].strip()) if part]


def without_title(blocks: tuple[Block, ...], title: str) -> tuple[Block, ...]:
    """Drop a first-level heading that only repeats the title."""
    return tuple(
        Block(block.headings[1:], block.text) if block.headings[:1] == (title,) else block for block in blocks
    )


def _matching(pattern: re.Pattern[str], value: object, default: str, name: str, field: str) -> str:
    if value is None:
        return default
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise DocumentRejected(name, f"its {field} is not one")
    return value


def _iso_date(value: object, name: str) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    try:
        return date.fromisoformat(str(value)).isoformat()
    except ValueError as error:
        raise DocumentRejected(name, "its updated date is not an ISO date") from error


def _questions(value: object, name: str) -> tuple[str, ...]:
    """Read how customers ask for the article: a list of sentences."""
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise DocumentRejected(name, "its questions are not a list of sentences")
    return tuple(dict.fromkeys(question for item in value if (question := clean_text(item))))


def _audience(value: object, name: str) -> Audience:
    try:
        return Audience(value or "public")
    except ValueError as error:
        known = ", ".join(audience.value for audience in Audience)
        raise DocumentRejected(name, f"its audience is none of {known}") from error
