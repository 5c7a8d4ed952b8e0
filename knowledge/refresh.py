"""Sources are added, read again and removed. What is read is kept (``knowledge.source_store``); the index is built from there."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import structlog

from knowledge.documents import Given
from knowledge.errors import KnowledgeError, SourceDamaged, SourceUnknown
from knowledge.source_reading import Tools, is_address, kind_of, read_again
from knowledge.source_store import (
    Documents,
    Item,
    Kind,
    Source,
    Status,
    delete_source,
    load_with_documents,
    only_writer,
    save_source,
    source_id_of,
    source_ids,
)
from knowledge.sources import is_due

Clock = Callable[[], datetime]

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class ReadReport:
    """What became of a source that was read.

    Attributes:
        source_id: empty where nothing of it was kept.
        location: an absolute path, or an address.
        status: how it is now.
        documents: that are kept of it.
        failures: what could not be read, in sentences for people.
    """

    source_id: str
    location: str
    status: Status
    documents: int
    failures: tuple[str, ...]


def utc_now() -> datetime:
    """The time."""
    return datetime.now(UTC)


def add_source(root: Path, place: str, given: Given, tools: Tools, *, clock: Clock = utc_now) -> ReadReport:
    """Read a file, folder, page or sitemap and keep it; one that is there already is read again, with what is given now.

    Nothing is kept of a place of which nothing could be read.
    """
    location = location_of(place)
    with only_writer(root):
        now = clock().isoformat(timespec="seconds")
        try:
            source, before = _known_or_new(root, location, given, tools, now)
        except KnowledgeError as error:
            return ReadReport("", location, Status.FAILED, 0, (_sentence(location, error),))
        source, documents = _read(source, before, tools, now)
        if not before and not any(documents.values()):
            return replace(_report(source, documents), source_id="")
        save_source(root, source, documents)
        return _report(source, documents)


def refresh_sources(
    root: Path,
    tools: Tools,
    *,
    names: Sequence[str] = (),
    due_minutes: int | None = None,
    clock: Clock = utc_now,
) -> list[ReadReport]:
    """Read sources again.

    Args:
        root: of the indexes.
        tools: to read with.
        names: ids or places of those wanted; none means all.
        due_minutes: only those that were not tried for so many minutes; None means whenever.
        clock: the time, UTC.

    Raises:
        SourceUnknown: there is none of that name.
    """
    with only_writer(root):
        wanted = [find_source(root, name) for name in names] or source_ids(root)
        reports = (_refresh(root, source_id, tools, due_minutes, clock) for source_id in wanted)
        return [report for report in reports if report is not None]


def remove_source(root: Path, name: str) -> str:
    """Forget a source, named by id or place; its documents leave the index with the next build. Returns its id.

    Raises:
        SourceUnknown: there is none of that name.
    """
    with only_writer(root):
        source_id = find_source(root, name)
        delete_source(root, source_id)
        return source_id


def find_source(root: Path, name: str) -> str:
    """Find a source by its id or its place.

    Raises:
        SourceUnknown: there is none.
    """
    known = source_ids(root)
    source_id = name if name in known else source_id_of(location_of(name))
    if source_id not in known:
        raise SourceUnknown(name)
    return source_id


def location_of(place: str) -> str:
    """Write a place so that it always names the same: an address as it is, a path in full."""
    place = place.strip()
    return place if is_address(place) else str(Path(place).expanduser().resolve())


def _known_or_new(
    root: Path, location: str, given: Given, tools: Tools, now: str
) -> tuple[Source, Documents]:
    source_id = source_id_of(location)
    try:
        source, documents = load_with_documents(root, source_id)
        return replace(source, given=given), documents
    except (SourceUnknown, SourceDamaged):
        return Source(source_id, kind_of(location, tools), location, given, now), {}


def _refresh(
    root: Path, source_id: str, tools: Tools, due_minutes: int | None, clock: Clock
) -> ReadReport | None:
    now = clock()
    try:
        source, before = load_with_documents(root, source_id)
    except SourceDamaged as error:
        return ReadReport(source_id, "", Status.FAILED, 0, (str(error),))
    if due_minutes is not None and not is_due(source, due_minutes, now):
        return None
    source, documents = _read(source, before, tools, now.isoformat(timespec="seconds"))
    save_source(root, source, documents)
    return _report(source, documents)


def _read(source: Source, before: Documents, tools: Tools, now: str) -> tuple[Source, Documents]:
    """Read a source; where it cannot be read as a whole, what was read before stays."""
    try:
        items, documents = read_again(source, before, tools, now)
    except KnowledgeError as error:
        log.warning("knowledge_source_failed", source=source.source_id, code=error.code)
        failure = _sentence(source.location, error)
        return replace(source, checked_at=now, status=Status.FAILED, failure=failure), before
    status = _status(source.kind, items, now)
    return replace(
        source,
        checked_at=now,
        read_at=source.read_at if status is Status.FAILED else now,
        status=status,
        failure=f"{source.location}: it is gone" if status is Status.GONE else "",
        items=items,
    ), documents


def _status(kind: Kind, items: dict[str, Item], now: str) -> Status:
    if not items and kind in {Kind.FILE, Kind.PAGE}:
        return Status.GONE
    if not any(item.failures for item in items.values()):
        return Status.READ
    return Status.PARTLY if any(item.read_at == now for item in items.values()) else Status.FAILED


def _report(source: Source, documents: Documents) -> ReadReport:
    failures = (failure for item in source.items.values() for failure in item.failures)
    told = tuple(filter(None, (source.failure, *failures)))
    return ReadReport(
        source.source_id, source.location, source.status, sum(map(len, documents.values())), told
    )


def _sentence(location: str, error: KnowledgeError) -> str:
    return f"{location}: {getattr(error, 'reason', error)}"
