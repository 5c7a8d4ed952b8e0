"""The sources as others see them: how each one is, and the documents of all of them. Light: no vectors, no network."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from knowledge.documents import Collection, Document
from knowledge.errors import DocumentRejected, SourceDamaged, SourceUnknown
from knowledge.folders import MANIFEST, read_pointer
from knowledge.source_store import Source, Status, load_source, load_with_documents, source_ids

MAX_FAILURES = 100

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class SourceState:
    """How a source is; times are ISO 8601 in UTC, empty for never.

    Attributes:
        source_id: what its documents' ids begin with, followed by "/".
        kind: file, folder, page or sitemap.
        status: read, partly_read, failed (what was read before stays) or gone.
        checked_at: when it was last tried; ``read_at``, when it could last be read.
        documents: of it in the index that is served, and their ``passages``; what another source holds too counts there.
        failures: sentences for people, at most ``MAX_FAILURES``.
    """

    source_id: str
    kind: str
    location: str
    status: str
    added_at: str
    checked_at: str
    read_at: str
    documents: int
    passages: int
    audience: str
    language: str
    product: str
    failures: tuple[str, ...]


def list_sources(root: Path) -> list[SourceState]:
    """List the sources that were added, in the order of their names; one whose files are damaged says so."""
    counts = _served_counts(root)
    return [_state_of(root, source_id, counts) for source_id in source_ids(root)]


def load_sources(root: Path) -> Collection:
    """Read the documents of every source as they were last read; a damaged source is told and left out."""
    documents: list[Document] = []
    rejected: list[DocumentRejected] = []
    for source_id in source_ids(root):
        try:
            _, found = load_with_documents(root, source_id)
        except SourceUnknown:
            continue  # removed a moment ago
        except SourceDamaged as error:
            rejected.append(DocumentRejected(source_id, "what was kept of it is damaged; add it again"))
            log.error("knowledge_source_damaged", source=source_id, code=error.code)
            continue
        documents.extend(document for group in found.values() for document in group)
    return Collection(tuple(documents), tuple(rejected))


def without_repeats(documents: Iterable[Document]) -> tuple[Document, ...]:
    """Leave out a document that says word for word what an earlier one says to the same readers.

    Two equal articles would halve each other's lead, and the question would count as undecided.
    """
    kept: dict[object, Document] = {}
    for document in documents:
        readers = (document.audience, document.language, document.product)
        kept.setdefault((document.title, document.blocks or document.document_id, readers), document)
    return tuple(kept.values())


def is_any_due(root: Path, minutes: int, now: datetime) -> bool:
    """Tell whether any source was not tried for so many minutes."""
    for source_id in source_ids(root):
        try:
            if is_due(load_source(root, source_id), minutes, now):
                return True
        except (SourceDamaged, SourceUnknown):
            continue
    return False


def is_due(source: Source, minutes: int, now: datetime) -> bool:
    """Tell whether a source was not tried for so many minutes."""
    if not source.checked_at:
        return True
    checked = datetime.fromisoformat(source.checked_at)
    return now - checked >= timedelta(minutes=minutes) or checked > now  # the clock was set back


def _state_of(root: Path, source_id: str, counts: dict[str, dict[str, int]]) -> SourceState:
    try:
        return _state(load_source(root, source_id), counts.get(source_id, {}))
    except (SourceDamaged, SourceUnknown) as error:
        none = SourceState(source_id, "", "", Status.FAILED.value, "", "", "", 0, 0, "", "", "", ())
        return replace(none, failures=(str(error),))


def _state(source: Source, counts: dict[str, int]) -> SourceState:
    failures = [failure for item in source.items.values() for failure in item.failures]
    return SourceState(
        source_id=source.source_id,
        kind=source.kind.value,
        location=source.location,
        status=source.status.value,
        added_at=source.added_at,
        checked_at=source.checked_at,
        read_at=source.read_at,
        documents=counts.get("documents", 0),
        passages=counts.get("passages", 0),
        audience=source.given.audience.value,
        language=source.given.language,
        product=source.given.product,
        failures=tuple(filter(None, (source.failure, *failures)))[:MAX_FAILURES],
    )


def _served_counts(root: Path) -> dict[str, dict[str, int]]:
    """Read how much of each source is in the index that is served."""
    name = read_pointer(root)
    if name is None:
        return {}
    try:
        manifest = json.loads((root / name / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    counts = manifest.get("sources") if isinstance(manifest, dict) else None
    return counts if isinstance(counts, dict) else {}
