"""The desk's library: the articles and their index on this machine.

What takes an encoder or long runs in a process of its own, with a lower priority than those that answer customers.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import structlog

from careline.team_articles import TeamArticles
from desk.library import Change, Comparison, SourceRow, Work
from desk.service.unanswered import Grouping
from desk.store.quoted import PassageText, Quoted
from knowledge.articles import load_team
from knowledge.conflicts import list_conflicts
from knowledge.current import QuotedPassage, compare, passages_of
from knowledge.documents import Collection, Passage, load_documents
from knowledge.folders import MANIFEST, read_pointer
from knowledge.source_store import Status
from knowledge.sources import SourceState, list_sources

log = structlog.get_logger()

GROUP_TIMEOUT_SECONDS = 300.0
BUILD_TIMEOUT_SECONDS = 3600.0
NICE = 10
MAX_FAILURE_CHARS = 300


class FileLibrary(TeamArticles):
    """Reads and writes below the folder of the indexes (``var/knowledge``); safe to share between threads."""

    def __init__(self, root: Path, data: Path, folder: Path) -> None:
        """Name the folders.

        Args:
            root: of the indexes.
            data: of the articles that came with the installation.
            folder: where commands are run from.
        """
        super().__init__(root)
        self._data, self._folder = data, folder
        self._busy = threading.Lock()
        self._is_wanted = threading.Event()
        self._are_sources_wanted = threading.Event()
        self._failure: str | None = None

    def index_id(self) -> str | None:
        """Name the index that is served."""
        return read_pointer(self._root)

    def read_texts(self, quoted: Sequence[Quoted]) -> Mapping[str, PassageText]:
        """Read what quoted passages say, by hash."""
        wanted = {one.passage_hash for one in quoted}
        documents = passages_of(self._root, frozenset(one.document_id for one in quoted))
        passages = ((one.content_hash, one) for group in documents.values() for one in group)
        return {key: _text_of(passage) for key, passage in passages if key in wanted}

    def compare(self, quoted: Sequence[Quoted], texts: Mapping[str, PassageText]) -> Comparison:
        """Compare what was quoted with the articles of today."""
        asked = [
            QuotedPassage(one.document_id, one.passage_id, one.passage_hash, texts[one.passage_hash].text)
            if one.passage_hash in texts
            else QuotedPassage(one.document_id, one.passage_id, one.passage_hash)
            for one in quoted
        ]
        compared = list(zip(quoted, compare(self._root, asked), strict=True))
        changed = [
            Change(one, found.now.content_hash, _text_of(found.now)) if found.now else Change(one, None, None)
            for one, found in compared
            if not found.is_current
        ]
        return Comparison(changed, [one for one, found in compared if found.is_current])

    def group(self, questions: Sequence[str]) -> Grouping:
        """Group questions by their meaning, in a process of its own."""
        command = [sys.executable, "-m", "knowledge.unanswered", "--root", str(self._root)]
        done = self._run(command, json.dumps(list(questions)), GROUP_TIMEOUT_SECONDS)
        if done.returncode:
            raise RuntimeError(f"grouping ended with {done.returncode}: {_end_of(done.stderr)}")
        found = json.loads(done.stdout)
        return Grouping(found["labels"], dict(enumerate(found["speakers"])))

    def refresh(self, *, reads_sources: bool = False) -> bool:
        """Build the index anew in the background; False when that goes on already: it is then done once more after it."""
        self._is_wanted.set()
        if reads_sources:
            self._are_sources_wanted.set()
        if not self._busy.acquire(blocking=False):
            return False
        threading.Thread(target=self._build_while_wanted, name="knowledge-build", daemon=True).start()
        return True

    def _build_while_wanted(self) -> None:
        try:
            while self._is_wanted.is_set():
                self._is_wanted.clear()
                self._failure = self._build()
                log.info("knowledge_refreshed", failure=self._failure)
        finally:
            self._busy.release()

    def _build(self) -> str | None:
        """Build once; says what went wrong, None when nothing did."""
        verb = "refresh" if self._are_sources_wanted.is_set() else "build"
        self._are_sources_wanted.clear()
        command = [sys.executable, "-m", "careline.cli", "knowledge", verb]
        folders = ["--data", str(self._data), "--root", str(self._root)]
        try:
            done = self._run([*command, *folders], "", BUILD_TIMEOUT_SECONDS)
        except (OSError, subprocess.SubprocessError) as error:
            return type(error).__name__
        return (_end_of(done.stderr) or "it ended without a word") if done.returncode else None

    def _run(self, command: list[str], given: str, timeout: float) -> subprocess.CompletedProcess[str]:
        """Run one of our programs with a lower priority until its end.

        Raises:
            OSError: it cannot be started.
            subprocess.TimeoutExpired: it took too long, and was ended.
        """
        pipe = subprocess.PIPE
        with subprocess.Popen(  # noqa: S603 - our own program, no shell
            command, stdin=pipe, stdout=pipe, stderr=pipe, text=True, cwd=self._folder
        ) as process:
            with contextlib.suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, process.pid, NICE)
            try:
                output, errors = process.communicate(given, timeout=timeout)
            except BaseException:
                process.kill()
                raise
        return subprocess.CompletedProcess(command, process.returncode, output, errors)

    def work(self) -> Work:
        """Tell the state of the index."""
        manifest = self._manifest()
        return Work(
            index_id=self.index_id(),
            built_at=_text_or_none(manifest.get("built_at")),
            documents=int(manifest.get("documents", 0)),
            passages=int(manifest.get("passages", 0)),
            is_busy=self._busy.locked(),
            failure=self._failure,
        )

    def _manifest(self) -> dict[str, Any]:
        name = self.index_id()
        if name is None:
            return {}
        try:
            manifest = json.loads((self._root / name / MANIFEST).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return manifest if isinstance(manifest, dict) else {}

    def sources(self) -> Sequence[SourceRow]:
        """List where articles come from: the installation's folder, the team's own ones, and what was added."""
        return [
            self._source("articles", "folder", load_documents(self._data)),
            self._source("team", "console", load_team(self._root)),
            *map(_row_of, list_sources(self._root)),
        ]

    def _source(self, name: str, kind: str, found: Collection) -> SourceRow:
        ids = tuple(document.document_id for document in found.documents)
        served = passages_of(self._root, frozenset(ids))
        is_whole = len(served) == len(ids) and not found.rejected
        return SourceRow(
            name=name,
            kind=kind,
            state="ok" if is_whole else "partly",
            last_good_at=_text_or_none(self._manifest().get("built_at")),
            documents=len(ids),
            passages=sum(map(len, served.values())),
            failures=tuple(str(error) for error in found.rejected),
            document_ids=ids,
        )

    def conflicts(self) -> Sequence[Mapping[str, Any]]:
        """List passages that contradict each other, the newer one first."""
        return [conflict.to_json() for conflict in list_conflicts(self._root)]


_STATES = {
    Status.READ.value: "ok",
    Status.PARTLY.value: "partly",
    Status.FAILED.value: "failed",
    Status.GONE.value: "gone",
}


def _row_of(state: SourceState) -> SourceRow:
    return SourceRow(
        name=state.location or state.source_id,
        kind=state.kind,
        state=_STATES.get(state.status, "failed"),
        last_good_at=state.read_at or None,
        documents=state.documents,
        passages=state.passages,
        failures=state.failures,
        prefix=f"{state.source_id}/",
    )


def _text_of(passage: Passage) -> PassageText:
    return PassageText(passage.label, passage.url, passage.updated, passage.text)


def _text_or_none(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _end_of(output: str) -> str:
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    return lines[-1][:MAX_FAILURE_CHARS] if lines else ""
