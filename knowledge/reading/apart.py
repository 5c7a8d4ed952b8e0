"""Reads what others made in a process of its own, bounded in memory and time: a file that breaks it just can't be read."""

import contextlib
import multiprocessing
import resource
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from types import TracebackType
from typing import Any, Self

from knowledge.errors import DocumentRejected
from knowledge.reading.files import Reading

MAX_SECONDS = 60.0
MAX_MEMORY_BYTES = 2_000_000_000
_END_SECONDS = 5.0
_CONTEXT = multiprocessing.get_context("spawn")


class Apart:
    """A process that reads, started when it is first needed and anew after it broke; a context manager."""

    def __init__(self, *, max_seconds: float = MAX_SECONDS, max_memory_bytes: int = MAX_MEMORY_BYTES) -> None:
        self._max_seconds = max_seconds
        self._max_memory_bytes = max_memory_bytes
        self._process: BaseProcess | None = None
        self._pipe: Connection | None = None

    def read(self, item: str, reader: Callable[..., Reading], *args: object) -> Reading:
        """Call a reader; where it breaks, needs too much or takes too long, the item is one that can't be read.

        Args:
            item: what people call it.
            reader: a function at the top of a module.
            args: for it; they and its result pass between processes.
        """
        pipe = self._started()
        try:
            pipe.send((item, reader, args))
            if pipe.poll(self._max_seconds):
                found: Reading = pipe.recv()
                return found
            reason = f"it takes longer than {self._max_seconds:.0f} s to read"
        except (EOFError, OSError):
            reason = "reading it broke off: it is damaged, or needs too much memory"
        self.close()
        return Reading(item, rejected=(DocumentRejected(item, reason),))

    def close(self) -> None:
        """End the process."""
        if self._process is not None and self._pipe is not None:
            self._pipe.close()
            self._process.kill()
            self._process.join(_END_SECONDS)
        self._process = self._pipe = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _started(self) -> Connection:
        if self._pipe is None:
            ours, theirs = _CONTEXT.Pipe()
            self._process = _CONTEXT.Process(
                target=_serve, args=(theirs, self._max_memory_bytes), daemon=True
            )
            self._process.start()
            theirs.close()
            self._pipe = ours
        return self._pipe


def _serve(pipe: Connection, max_memory_bytes: int) -> None:
    """Read what is asked for until the other side closes."""
    resource.setrlimit(resource.RLIMIT_AS, (max_memory_bytes, max_memory_bytes))
    with contextlib.suppress(EOFError, KeyboardInterrupt):
        while True:
            item, reader, args = pipe.recv()
            pipe.send(_read(item, reader, args))


def _read(item: str, reader: Callable[..., Reading], args: Any) -> Reading:
    try:
        return reader(*args)
    except MemoryError:
        reason = "it needs too much memory to read"
    except Exception:  # noqa: BLE001 - the edge of a process: whatever a parser raises, the file is at fault
        reason = "it is damaged, or not what its name says"
    return Reading(item, rejected=(DocumentRejected(item, reason),))
