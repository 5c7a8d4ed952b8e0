"""Passages of different documents that contradict each other: found at build and while answering, listed for the team.

What a build finds stands in the index folder, sealed with it; what answers run into is added to a small file beside it,
which goes with the index. Reading needs neither vectors nor models.
"""

import json
import threading
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import structlog

from knowledge.documents import Passage
from knowledge.folders import read_pointer
from nlu.files import write_json_lines

CONFLICTS_FILE = "conflicts.jsonl"
_MET_PREFIX = ".conflicts-"
# An index has at most so many listed; the first ones found.
MAX_CONFLICTS = 1_000
_MAX_MET_BYTES = 1_000_000

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Side:
    """One of two passages that contradict each other; ``text`` is the sentence that does."""

    passage_id: str
    document_id: str
    passage_hash: str
    title: str
    url: str
    updated: str
    audience: str
    text: str

    @classmethod
    def of(cls, passage: Passage, sentence: str) -> "Side":
        """Name a passage and its sentence."""
        return cls(
            passage_id=passage.passage_id,
            document_id=passage.document_id,
            passage_hash=passage.content_hash,
            title=passage.title,
            url=passage.url,
            updated=passage.updated,
            audience=passage.audience.value,
            text=sentence,
        )


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two passages that contradict each other; ``newer`` is what customers are answered with.

    Attributes:
        is_dated: whether the dates say which one is newer; without that the order says nothing.
    """

    newer: Side
    older: Side
    is_dated: bool

    @classmethod
    def between(cls, passage: Passage, sentence: str, other: Passage, rival: str) -> "Conflict":
        """Put the newer passage first; of two that are as new, the one with the lower id."""
        first, second = Side.of(passage, sentence), Side.of(other, rival)
        is_dated = is_newer(passage, other) or is_newer(other, passage)
        swaps = is_newer(other, passage) if is_dated else other.passage_id < passage.passage_id
        return cls(second, first, is_dated) if swaps else cls(first, second, is_dated)

    @property
    def key(self) -> frozenset[str]:
        """Name the two texts, whichever is first."""
        return frozenset((self.newer.passage_hash, self.older.passage_hash))

    @property
    def documents(self) -> frozenset[str]:
        """Name the two documents."""
        return frozenset((self.newer.document_id, self.older.document_id))

    def to_json(self) -> dict[str, Any]:
        """Write the conflict for a file, a page or a command."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Any) -> "Conflict":
        """Read what ``to_json`` wrote.

        Raises:
            ValueError: it is of another form.
        """
        try:
            return cls(Side(**data["newer"]), Side(**data["older"]), is_dated=bool(data["is_dated"]))
        except (TypeError, KeyError) as error:
            raise ValueError("not a conflict") from error


def is_newer(passage: Passage, other: Passage) -> bool:
    """Tell whether a passage is dated after another one; without both dates none is newer."""
    return bool(passage.updated and other.updated) and passage.updated > other.updated


def list_conflicts(root: Path) -> list[Conflict]:
    """List the conflicts of the current index below a root folder, each once, those found at build first.

    Empty where there is no index or nothing can be read. Light: no vectors, no models.
    """
    name = read_pointer(root)
    if name is None:
        return []
    found: dict[frozenset[str], Conflict] = {}
    for path in (root / name / CONFLICTS_FILE, _met_file(root, name)):
        for conflict in _read(path):
            found.setdefault(conflict.key, conflict)
    return list(found.values())[:MAX_CONFLICTS]


def write_conflicts(folder: Path, conflicts: Sequence[Conflict]) -> None:
    """Write what a build found into the folder of its index; no file where there is nothing."""
    if conflicts:
        write_json_lines(folder / CONFLICTS_FILE, (conflict.to_json() for conflict in conflicts))


class MetConflicts:
    """Keeps the conflicts that answers run into, each once; safe to share between threads."""

    def __init__(self, root: Path, index_id: str) -> None:
        self._root = root
        self._file = _met_file(root, index_id)
        self._known: set[frozenset[str]] | None = None
        self._lock = threading.Lock()

    def keep(self, conflicts: Sequence[Conflict]) -> None:
        """Add those that are not listed yet. A folder that cannot be written to is logged: answers go on."""
        if not conflicts:
            return
        with self._lock:
            if self._known is None:
                self._known = {conflict.key for conflict in list_conflicts(self._root)}
            fresh = [conflict for conflict in conflicts if conflict.key not in self._known]
            self._known.update(conflict.key for conflict in fresh)
        try:
            self._add(fresh)
        except OSError as error:
            log.warning("knowledge_conflict_not_kept", error=type(error).__name__)

    def _add(self, conflicts: Sequence[Conflict]) -> None:
        if not conflicts or (self._file.is_file() and self._file.stat().st_size > _MAX_MET_BYTES):
            return
        with self._file.open("a", encoding="utf-8") as file:
            file.write("".join(json.dumps(one.to_json(), ensure_ascii=False) + "\n" for one in conflicts))
        for path in self._root.glob(f"{_MET_PREFIX}*"):
            if path != self._file and not (self._root / path.stem.removeprefix(_MET_PREFIX)).is_dir():
                path.unlink(missing_ok=True)


def _met_file(root: Path, index_id: str) -> Path:
    return root / f"{_MET_PREFIX}{index_id}.jsonl"


def _read(path: Path) -> Iterator[Conflict]:
    """Read conflicts; a line that was cut short is passed over."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return
    for line in lines:
        try:
            yield Conflict.from_json(json.loads(line))
        except ValueError:
            continue
