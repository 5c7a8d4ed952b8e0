"""The systems by name, and what running each needs."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bench.understanding.systems import System
from nlu.config import TrainConfig


@dataclass(frozen=True)
class Entry:
    """A system of the benchmark.

    Attributes:
        version: of its recipe here; raised when a change of it changes its figures.
        is_seeded: whether another seed gives another model; if not, one run does.
        is_in_engine: whether it runs in the engine's environment.
        is_slow: whether it runs only on the few-shot sets, with one seed, unless asked for by name.
    """

    name: str
    title: str
    version: str
    is_seeded: bool = True
    is_in_engine: bool = False
    is_slow: bool = False


SYSTEMS: tuple[Entry, ...] = (
    Entry("diet", "Rasa 3.6 DIET, default pipeline", "1", is_in_engine=True, is_slow=True),
    Entry("svm", "TF-IDF + linear SVM", "1", is_seeded=False),
    Entry("frozen", "frozen encoder + logistic regression", "1", is_seeded=False),
    Entry("ours", "Careline", "1"),
)


def build_system(name: str, seed: int, config: TrainConfig) -> System:
    """Build a system; only its own libraries are imported.

    Raises:
        KeyError: there is no system of this name.
    """
    if name == "diet":
        from bench.understanding.diet import Diet

        return Diet(seed)
    if name == "svm":
        from bench.understanding.svm import Svm

        return Svm()
    if name == "frozen":
        from bench.understanding.frozen import Frozen

        return Frozen(config.encoder)
    if name == "ours":
        from bench.understanding.ours import Ours

        return Ours(replace(config, seed=seed))
    raise KeyError(name)
