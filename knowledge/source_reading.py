"""Reads a source file by file or page by page, and puts what it says now in the place of what it said before."""

import hashlib
import json
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from knowledge.documents import Given, fields_of
from knowledge.encoder import Progress
from knowledge.errors import DocumentRejected, FetchRefused, PageGone
from knowledge.reading.apart import Apart
from knowledge.reading.fetch import Fetcher
from knowledge.reading.files import KINDS, MAX_FILE_BYTES, MAX_FILES, Reading, list_files, read_file
from knowledge.reading.web import is_sitemap, list_pages, read_fetched
from knowledge.source_store import Documents, Item, Kind, Source

# Raised whenever the same file would be read otherwise.
_READER_REVISION = 3
# Readers of these run in a process of their own, because what others made can keep them busy or fill the memory.
_RISKY = (".pdf", ".docx", ".html", ".htm")


@dataclass(frozen=True, slots=True)
class Tools:
    """What sources are read with; ``progress`` is called with (stage, done, total)."""

    fetcher: Fetcher
    apart: Apart
    progress: Progress | None = None


def kind_of(location: str, tools: Tools) -> Kind:
    """Look what a place is.

    Raises:
        DocumentRejected: there is nothing of that name, or it is of no kind that can be read.
        FetchRefused: it cannot be fetched.
    """
    if is_address(location):
        return Kind.SITEMAP if is_sitemap(tools.fetcher.get(location)) else Kind.PAGE
    path = Path(location)
    if path.is_dir():
        return Kind.FOLDER
    if path.is_file():
        return Kind.FILE
    raise DocumentRejected(location, "there is no such file or folder")


def is_address(location: str) -> bool:
    """Tell whether a place is on the web."""
    return urlsplit(location).scheme in {"http", "https"}


def read_again(
    source: Source, before: Documents, tools: Tools, now: str
) -> tuple[dict[str, Item], Documents]:
    """Read a source and put what it says in the place of what it said.

    A file or page that cannot be read keeps what was read of it before; one that is gone, or no longer listed, leaves.

    Args:
        source: with the items of the last reading.
        before: its documents of then.
        tools: to read with.
        now: ISO 8601.

    Raises:
        DocumentRejected, FetchRefused: what there is cannot be told.
    """
    items: dict[str, Item] = {}
    documents: Documents = {}
    for reading, fingerprint in _readings(source, tools):
        name, old = reading.item, source.items.get(reading.item, Item())
        failures = tuple(str(error) for error in reading.rejected)
        if reading.is_gone or name in items:
            continue
        if reading.documents:
            items[name], documents[name] = Item(fingerprint, now, failures), reading.documents
        elif not failures:
            items[name], documents[name] = replace(old, read_at=now), before.get(name, ())
        elif before.get(name):
            kept = tuple(f"{failure}; what was read on {old.read_at[:10]} stays" for failure in failures)
            items[name], documents[name] = Item("", old.read_at, kept), before[name]
        else:
            items[name] = Item("", "", failures)
    return items, _with_names_of_their_own(documents)


def _readings(source: Source, tools: Tools) -> Iterator[tuple[Reading, str]]:
    """Read every file or page, each with its fingerprint; one that has not changed gives neither documents nor errors."""
    if source.kind in {Kind.PAGE, Kind.SITEMAP}:
        urls = _urls(source, tools)
        for number, url in enumerate(urls):
            _tell(tools, number, len(urls))
            yield _page(source, url, tools)
    else:
        paths = _paths(source)
        for number, (item, path) in enumerate(paths):
            _tell(tools, number, len(paths))
            yield _file(source, item, path, tools)


def _urls(source: Source, tools: Tools) -> list[str]:
    if source.kind is Kind.PAGE:
        return [source.location]
    fetched = tools.fetcher.get(source.location)
    if not is_sitemap(fetched):
        raise DocumentRejected(source.location, "it is no sitemap any more")
    urls = list_pages(fetched, tools.fetcher)
    if not urls:
        raise DocumentRejected(source.location, "it lists no page of its own host")
    return urls


def _page(source: Source, url: str, tools: Tools) -> tuple[Reading, str]:
    """Read a page, unless its server says that it is as it was when it was read in this way."""
    way = hashlib.sha256(_way_of_reading(source.given)).hexdigest()
    read_as, _, version = source.items.get(url, Item()).fingerprint.partition(" ")
    try:
        fetched = tools.fetcher.get_changed(url, version if read_as == way else "")
        if fetched is None:
            return Reading(url), f"{way} {version}"
        host = urlsplit(source.location).netloc
        if source.kind is Kind.SITEMAP and urlsplit(fetched.url).netloc != host:
            raise FetchRefused(url, f"it leads to another host than {host}")
    except PageGone:
        return Reading(url, is_gone=True), ""
    except FetchRefused as error:
        return Reading(url, rejected=(DocumentRejected(url, error.reason),)), ""
    reading = tools.apart.read(url, read_fetched, fetched, url, source.given, source.source_id)
    return reading, f"{way} {fetched.version}" if fetched.version else ""


def _paths(source: Source) -> list[tuple[str, Path]]:
    """List the files of a source with the names that people and documents know them by."""
    path = Path(source.location)
    if source.kind is Kind.FILE:
        if not path.parent.is_dir():
            raise DocumentRejected(source.location, "its folder is not there")
        return [(_printable(path.name), path)]
    paths = list_files(path)
    if len(paths) > MAX_FILES:
        raise DocumentRejected(
            source.location, f"it holds more than {MAX_FILES} files; add its parts one by one"
        )
    if not paths:
        kinds = f"it holds no file of a kind that can be read ({', '.join(KINDS)})"
        emptied = "it is empty, as where a disk is not mounted; if it is over, remove the source"
        raise DocumentRejected(source.location, emptied if source.items else kinds)
    return [(_printable(one.relative_to(path).as_posix()), one) for one in paths]


def _file(source: Source, item: str, path: Path, tools: Tools) -> tuple[Reading, str]:
    fingerprint = _fingerprint(path, source.given)
    if fingerprint and fingerprint == source.items.get(item, Item()).fingerprint:
        return Reading(item), fingerprint
    if path.suffix.lower() in _RISKY:
        reading = tools.apart.read(item, partial(read_file, item=item), path, source.given, source.source_id)
    else:
        reading = read_file(path, source.given, source.source_id, item=item)
    if not reading.documents and not reading.rejected and not reading.is_gone:
        reading = Reading(item, rejected=(DocumentRejected(item, "it holds no text"),))
    return reading, fingerprint


def _fingerprint(path: Path, given: Given) -> str:
    """Name what a file says and what is given of it; empty where it cannot be read, or is too big to be."""
    digest = hashlib.sha256(_way_of_reading(given))
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            return ""
        digest.update(path.read_bytes())
    except OSError:
        return ""
    return digest.hexdigest()


def _way_of_reading(given: Given) -> bytes:
    """Say what the same file or page would be read otherwise by, if it changed."""
    return json.dumps([_READER_REVISION, fields_of(given)], sort_keys=True).encode()


def _with_names_of_their_own(documents: Documents) -> Documents:
    """Rename a document whose name another one has: "/a" and "/a/" are two pages."""
    taken: set[str] = set()
    for item, group in documents.items():
        named = []
        for document in group:
            if document.document_id in taken:
                suffix = hashlib.sha256(item.encode()).hexdigest()[:8]
                document = replace(document, document_id=f"{document.document_id}-{suffix}")
            taken.add(document.document_id)
            named.append(document)
        documents[item] = tuple(named)
    return documents


def _printable(name: str) -> str:
    """Write a name so that it fits a line and cannot steer a terminal."""
    text = name.encode("utf-8", "replace").decode("utf-8")
    return "".join("\ufffd" if unicodedata.category(one) in {"Cc", "Zl", "Zp"} else one for one in text)


def _tell(tools: Tools, done: int, total: int) -> None:
    if tools.progress is not None:
        tools.progress("read", done, total)
