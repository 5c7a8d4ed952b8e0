"""A model that is exchanged while it serves: it follows the `current` of a store of models.

The new model is loaded beside the old one on a thread of its own, and takes its place at once. A text that is being
parsed keeps the model it began with. A model that cannot be served, or that knows other intents or entities than the
dialogue was trained with, is refused by name, and the old one goes on.
"""

from __future__ import annotations

import ctypes
import gc
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from nlu.errors import ModelForeign, ModelMissing, ModelUnusable
from nlu.model_folder import MANIFEST, resolve_model
from nlu.runtime import Understander

LOOK_SECONDS = 0.5
"""The store is looked at no more often than this."""


@dataclass(frozen=True)
class Swap:
    """What became of a model that the store names: served, or refused for a reason."""

    model_id: str
    refusal: str = ""


class LiveUnderstander:
    """Gives the model to serve now. It may be shared between threads.

    Args:
        first: the model to begin with; its intents and entities are those that every other must have.
        store: the folder of models that is followed; None: `first` is served for ever.
        load: loads a model folder; raises ModelUnusable.
        tell: told of every swap and of every refusal, once each; called on the loading thread.
        clock: seconds that only grow.
    """

    def __init__(
        self,
        first: Understander,
        store: Path | None,
        *,
        load: Callable[[Path], Understander],
        tell: Callable[[Swap], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._served = first
        self._names = _names_of(first)
        self._store = store
        self._load = load
        self._tell = tell
        self._clock = clock
        self._lock = threading.Lock()
        self._next_look = clock()
        self._settled: tuple[Path, int] | None = None
        self._loader: threading.Thread | None = None

    @property
    def current(self) -> Understander:
        """The model to serve; use it for the whole of a parse. Looks at the store now and then, and never waits for it."""
        if (
            self._store is not None
            and self._clock() >= self._next_look
            and self._lock.acquire(blocking=False)
        ):
            try:
                self._look(self._store)
            finally:
                self._lock.release()
        return self._served

    def join(self, timeout_seconds: float) -> None:
        """Wait for a loading that is under way."""
        loader = self._loader
        if loader is not None:
            loader.join(timeout_seconds)

    def _look(self, store: Path) -> None:
        self._next_look = self._clock() + LOOK_SECONDS
        if self._loader is not None and self._loader.is_alive():
            return
        wanted = _stamp(store)
        if wanted is None or wanted == self._settled:
            return
        self._settled = wanted
        if wanted[0].name == self._served.model_id:
            return
        self._loader = threading.Thread(
            target=self._swap, args=(wanted[0],), name="understanding-swap", daemon=True
        )
        self._loader.start()

    def _swap(self, folder: Path) -> None:
        try:
            found = self._load(folder)
            _check_names(folder, _names_of(found), self._names)
        except (ModelUnusable, OSError) as error:
            self._tell(Swap(folder.name, str(error)))
            return
        if found.model_id != self._served.model_id:
            self._served = found
            self._tell(Swap(found.model_id))
        del found
        give_memory_back()


def _stamp(store: Path) -> tuple[Path, int] | None:
    """Name the current model's folder and when its manifest was written (0: not there); None without a current one."""
    try:
        folder = resolve_model(store)
    except (ModelMissing, OSError):
        return None
    try:
        return folder, (folder / MANIFEST).stat().st_mtime_ns
    except OSError:
        return folder, 0


def _names_of(understander: Understander) -> tuple[frozenset[str], frozenset[str]]:
    labels = understander.labels
    exact = {entity for entity, _ in labels.patterns}
    return frozenset(labels.intents), frozenset(labels.entities) | exact


def _check_names(
    folder: Path,
    found: tuple[frozenset[str], frozenset[str]],
    expected: tuple[frozenset[str], frozenset[str]],
) -> None:
    """Refuse a model whose intents or entities are not the dialogue's; raises ModelForeign."""
    for kind, is_there, must_be in zip(("intents", "entities"), found, expected, strict=True):
        if is_there != must_be:
            lacking, new = sorted(must_be - is_there), sorted(is_there - must_be)
            reason = f"its {kind} are not the dialogue's: lacking {lacking or 'none'}, new {new or 'none'}"
            raise ModelForeign(str(folder), reason)


def give_memory_back() -> None:
    """Return freed memory to the system: glibc keeps the pages of a closed model for itself unless it is asked."""
    gc.collect()
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)
