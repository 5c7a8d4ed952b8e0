"""One training of a model at a time: two would write the same checkpoint and the same folder under each other's hands."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nlu.processes import is_alone
from nlu.progress import OnProgress, Progress


@contextmanager
def only_one(folder: Path, progress: OnProgress) -> Iterator[bool]:
    """Let one call at a time train a model; give whether another one had to be waited for.

    The store is made if it is not there. Processes that share one training do not wait: they begin together.

    Args:
        folder: where the model will stand.
        progress: told when there is something to wait for.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    if not is_alone():
        yield False
        return
    path = folder.with_name(f".{folder.name}.lock")
    with _locked(path, progress) as has_waited:
        try:
            yield has_waited
        finally:
            path.unlink(missing_ok=True)


@contextmanager
def _locked(path: Path, progress: OnProgress) -> Iterator[bool]:
    has_waited = False
    while True:
        with path.open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                progress(Progress("this model is being trained already; waiting for it"))
                fcntl.flock(lock, fcntl.LOCK_EX)
                has_waited = True
            if _stands(lock.fileno(), path):
                yield has_waited
                return


def _stands(number: int, path: Path) -> bool:
    """Tell whether an open lock still stands at its path: who held it before has taken it away."""
    try:
        return os.path.samestat(os.fstat(number), path.stat())
    except FileNotFoundError:
        return False
