"""Where the sources of articles are kept: each with its documents as last read, so that a build never needs the network.

A source is a folder below ``sources/``: ``source.json`` says where it lies, how it is and which file of documents counts.
Both are written beside the old ones and ``source.json`` is replaced last, so that a process that is killed leaves what was
there before.
"""

import hashlib
import json
import os
import re
import secrets
import shutil
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

from knowledge.documents import Audience, Document, Given, fields_of
from knowledge.errors import SourceDamaged, SourceUnknown
from knowledge.folders import only_one
from knowledge.markdown import Block
from nlu.files import replace_text

SOURCES = "sources"
STATE_FILE = "source.json"
FORMAT = 1
_MAX_SLUG_CHARS = 40
_ATTEMPTS = 5


class Kind(Enum):
    """What a source is."""

    FILE = "file"
    FOLDER = "folder"
    PAGE = "page"
    SITEMAP = "sitemap"


class Status(Enum):
    """How the last reading went: all of it, some of it, none of it (what was read before stays), or it is no longer there."""

    READ = "read"
    PARTLY = "partly_read"
    FAILED = "failed"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Item:
    """A file or page of a source: a hash of what was read, when (ISO 8601), and what of it could not be."""

    fingerprint: str = ""
    read_at: str = ""
    failures: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """A source as it is kept; times are ISO 8601 in UTC, empty for never.

    Attributes:
        location: an absolute path, or an address.
        given: what is true of its articles unless they say otherwise.
        checked_at: when somebody last tried to read it; ``read_at``, when it could be read.
        failure: why it could not be read as a whole; empty when it could.
        items: its files or pages by name.
        documents_file: the file of documents that counts.
    """

    source_id: str
    kind: Kind
    location: str
    given: Given
    added_at: str
    checked_at: str = ""
    read_at: str = ""
    status: Status = Status.READ
    failure: str = ""
    items: dict[str, Item] = field(default_factory=dict)
    documents_file: str = ""


Documents = dict[str, tuple[Document, ...]]
"""The documents of a source by the file or page that they come from."""


def sources_folder(root: Path) -> Path:
    """Name the folder of the sources below the folder of the indexes."""
    return root / SOURCES


def source_id_of(location: str) -> str:
    """Name a source after its location: readable, and unlike any other's."""
    last = location.rstrip("/").rpartition("/")[2] or location
    plain = unicodedata.normalize("NFKD", last).encode("ascii", "ignore").decode("ascii").lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain)[:_MAX_SLUG_CHARS].strip("-") or "source"
    digest = hashlib.sha256(location.encode("utf-8", "surrogateescape")).hexdigest()
    return f"{slug}-{digest[:6]}"


def load_source(root: Path, source_id: str) -> Source:
    """Read a source's state.

    Raises:
        SourceUnknown: there is none of that name.
        SourceDamaged: its state cannot be read.
    """
    try:
        text = (sources_folder(root) / source_id / STATE_FILE).read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise SourceUnknown(source_id) from error
    except OSError as error:
        raise SourceDamaged(source_id) from error
    try:
        return _source(json.loads(text))
    except (ValueError, KeyError, TypeError) as error:
        raise SourceDamaged(source_id) from error


def source_ids(root: Path) -> list[str]:
    """Name every source, in order."""
    folder = sources_folder(root)
    if not folder.is_dir():
        return []
    found = [path.parent for path in folder.glob(f"[!.]*/{STATE_FILE}")]
    return sorted(path.name for path in found)


def load_with_documents(root: Path, source_id: str) -> tuple[Source, Documents]:
    """Read a source and its documents, both of the same reading.

    Raises:
        SourceUnknown: there is none of that name.
        SourceDamaged: its files cannot be read.
    """
    for _ in range(_ATTEMPTS):
        source = load_source(root, source_id)
        try:
            return source, _documents(sources_folder(root) / source_id / source.documents_file)
        except FileNotFoundError:
            continue  # replaced between the two: the next look finds the newer pair
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise SourceDamaged(source_id) from error
    raise SourceDamaged(source_id)


def save_source(root: Path, source: Source, documents: Documents) -> None:
    """Write a source and its documents; readers see the old pair or the new one."""
    folder = sources_folder(root) / source.source_id
    folder.mkdir(parents=True, exist_ok=True)
    name = f"documents-{secrets.token_hex(8)}.jsonl"
    lines = (
        json.dumps({"item": item, **fields_of(document)})
        for item, group in documents.items()
        for document in group
    )
    _write(folder / name, lines)
    state = json.dumps({**_source_fields(source), "documents_file": name}, indent=1)
    replace_text(folder / STATE_FILE, state + "\n")
    for path in folder.iterdir():
        if path.name not in {STATE_FILE, name}:
            path.unlink(missing_ok=True)


def delete_source(root: Path, source_id: str) -> None:
    """Forget a source and its documents.

    Raises:
        SourceUnknown: there is none of that name.
    """
    folder = sources_folder(root) / source_id
    if source_id not in source_ids(root):
        raise SourceUnknown(source_id)
    (folder / STATE_FILE).unlink()
    shutil.rmtree(folder, ignore_errors=True)


def only_writer(root: Path) -> AbstractContextManager[None]:
    """Let one command at a time change the sources; a second one waits."""
    return only_one(sources_folder(root))


def _write(path: Path, lines: Iterator[str] | Sequence[str]) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.writelines(f"{line}\n" for line in lines)
        file.flush()
        os.fsync(file.fileno())


def _documents(path: Path) -> Documents:
    found: dict[str, list[Document]] = {}
    with path.open(encoding="utf-8") as file:
        for line in file:
            fields = json.loads(line)
            found.setdefault(fields.pop("item"), []).append(_document(fields))
    return {item: tuple(group) for item, group in found.items()}


def _document(fields: dict[str, Any]) -> Document:
    blocks = tuple(Block(tuple(block["headings"]), block["text"]) for block in fields["blocks"])
    return Document(
        **{
            **fields,
            "audience": Audience(fields["audience"]),
            "blocks": blocks,
            "questions": tuple(fields["questions"]),
        }
    )


def _source_fields(source: Source) -> dict[str, Any]:
    enums = {"kind": source.kind.value, "status": source.status.value}
    return {"format_version": FORMAT, **asdict(source), **enums, "given": fields_of(source.given)}


def _source(fields: dict[str, Any]) -> Source:
    if fields.pop("format_version") != FORMAT:
        raise ValueError("another format version")
    given = {**fields["given"], "audience": Audience(fields["given"]["audience"])}
    items = {
        name: Item(**{**one, "failures": tuple(one["failures"])}) for name, one in fields["items"].items()
    }
    enums = {"kind": Kind(fields["kind"]), "status": Status(fields["status"])}
    return Source(**{**fields, **enums, "given": Given(**given), "items": items})
