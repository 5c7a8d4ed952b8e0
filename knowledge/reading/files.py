"""Files and folders, read by what they are called."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from knowledge.documents import NOT_ARTICLES, Document, Given
from knowledge.errors import DocumentRejected
from knowledge.reading.article import Article, build_document
from knowledge.reading.docx import read_docx
from knowledge.reading.html import read_html
from knowledge.reading.marked import has_front_matter, read_marked, read_plain
from knowledge.reading.pdf import read_pdf
from knowledge.reading.questions import decode, read_questions_csv, read_questions_jsonl

MAX_FILE_BYTES = 50_000_000
MAX_FILES = 20_000
MARKDOWN = (".md", ".markdown", ".txt")
KINDS = (*MARKDOWN, ".html", ".htm", ".pdf", ".docx", ".csv", ".tsv", ".jsonl")


@dataclass(frozen=True, slots=True)
class Reading:
    """What became of one file or page, ``item``: its documents, and what of it could not be read."""

    item: str
    documents: tuple[Document, ...] = ()
    rejected: tuple[DocumentRejected, ...] = ()
    is_gone: bool = False


def list_files(folder: Path) -> list[Path]:
    """List the files of a known kind below a folder, sorted; hidden ones and links are passed over.

    Raises:
        DocumentRejected: there is no such folder, or one below it cannot be read: what is missing then is not gone.
    """
    if not folder.is_dir():
        raise DocumentRejected(str(folder), "there is no such folder")
    found = []
    for place, folders, names in os.walk(folder, onerror=_refuse):
        folders[:] = [name for name in folders if not name.startswith(".")]
        paths = [
            Path(place) / name for name in names if not name.startswith(".") and name not in NOT_ARTICLES
        ]
        found += [path for path in paths if path.suffix.lower() in KINDS and _is_regular(path)]
    return sorted(found)


def _refuse(error: OSError) -> None:
    raise DocumentRejected(str(error.filename), "this folder cannot be read") from error


def _is_regular(path: Path) -> bool:
    """Pass over links, which may lead out, and pipes, which may never end."""
    return path.is_file() and not path.is_symlink()


def read_file(path: Path, given: Given, source_id: str, *, item: str) -> Reading:
    """Read one file; what is wrong with it is told in the result."""
    try:
        if path.suffix.lower() not in KINDS:
            raise DocumentRejected(item, f"it is none of {', '.join(KINDS)}")
        if path.stat().st_size > MAX_FILE_BYTES:
            raise DocumentRejected(item, f"it is larger than {MAX_FILE_BYTES // 10**6} MB")
        return _read(path, given, source_id, item)
    except DocumentRejected as error:
        return Reading(item, rejected=(error,))
    except FileNotFoundError:
        return Reading(item, rejected=(DocumentRejected(item, "it is gone"),), is_gone=True)
    except OSError:
        return Reading(item, rejected=(DocumentRejected(item, "it cannot be read"),))


def _read(path: Path, given: Given, source_id: str, item: str) -> Reading:
    suffix, raw = path.suffix.lower(), path.read_bytes()
    document_id = f"{source_id}/{Path(item).with_suffix('').as_posix() if suffix == '.md' else item}"
    if suffix in MARKDOWN and has_front_matter(text := decode(raw, item), name=item):
        return Reading(item, (read_marked(text, given, document_id, name=item, stem=_title_of(path)),))
    match suffix:
        case ".csv" | ".tsv":
            return read_listed(read_questions_csv(raw, name=item, given=given), given, document_id, item)
        case ".jsonl":
            return read_listed(read_questions_jsonl(raw, name=item, given=given), given, document_id, item)
        case ".pdf":
            article = read_pdf(raw, name=item, stem=_title_of(path))
        case ".docx":
            article = read_docx(raw, name=item, stem=_title_of(path))
        case ".html" | ".htm":
            article = read_html(raw, name=item)
        case _:
            article = read_plain(decode(raw, item), stem=_title_of(path))
    if not article.updated:
        changed = datetime.fromtimestamp(path.stat().st_mtime, UTC).date().isoformat()
        article = replace(article, updated=changed)
    return Reading(item, (build_document(article, given, document_id=document_id, name=item),))


def read_listed(
    rows: Iterator[Article | DocumentRejected], given: Given, document_id: str, item: str
) -> Reading:
    """Make a document of each question; its name follows from the question, wherever it stands in the list.

    A question that is answered several times, as for two products or readers, keeps every answer.
    """
    documents: dict[str, Document] = {}
    rejected: list[DocumentRejected] = []
    for row in rows:
        if isinstance(row, DocumentRejected):
            rejected.append(row)
            continue
        asked = " ".join((row.questions or (row.title,))[0].lower().split())
        name = f"{document_id}/{hashlib.sha256(asked.encode()).hexdigest()[:12]}"
        try:
            document = build_document(row, given, document_id=name, name=row.title)
            if documents.setdefault(name, document) != document:
                own = hashlib.sha256(repr((row.markdown, row.given)).encode()).hexdigest()[:12]
                documents[f"{name}-{own}"] = replace(document, document_id=f"{name}-{own}")
        except DocumentRejected as error:
            rejected.append(error)
    return Reading(item, tuple(documents.values()), tuple(rejected))


def _title_of(path: Path) -> str:
    return " ".join(path.stem.replace("_", " ").replace("-", " ").split()).capitalize()
