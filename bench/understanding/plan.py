"""Which runs are asked for, and which of them are done."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bench.understanding.registry import SYSTEMS, Entry
from bench.understanding.results import read_result, result_path
from bench.understanding.sets import SETS, BenchSet, data_sha256, files, load_split
from nlu.config import TrainConfig


@dataclass(frozen=True)
class Choice:
    """What was asked for; empty is everything that is run by itself."""

    sets: Collection[str] = ()
    systems: Collection[str] = ()
    seeds: Sequence[int] = ()


@dataclass(frozen=True)
class Run:
    """One training and test, and the version that its result will bear."""

    set: BenchSet
    system: Entry
    seed: int
    version: str

    @property
    def name(self) -> str:
        """The run in one line."""
        return f"{self.set.name} {self.system.name} seed {self.seed} ({self.version})"


def choose_sets(names: Collection[str]) -> list[BenchSet]:
    """Return the sets of these names; without names all but the optional ones."""
    return [one for one in SETS if (one.name in names if names else not one.is_optional)]


def missing_files(sets: Sequence[BenchSet], data: Path) -> list[Path]:
    """List the sets' files that are not there."""
    return [file for one in sets for file in files(one, data) if not file.is_file()]


def build_runs(choice: Choice, data: Path, config: TrainConfig) -> list[Run]:
    """List the runs, a set at a time, each with its version.

    A system that no seed changes is run once. A slow one is run once on each few-shot set, or where it is named.
    """
    return [
        Run(one, system, seed, _version(one, system, seed, data, config))
        for one in choose_sets(choice.sets)
        for system in _choose_systems(choice, one)
        for seed in _choose_seeds(choice, one, system)
    ]


def is_done(run: Run, data: Path, results: Path) -> bool:
    """Tell whether the result of this run, of the same version and data, is there."""
    path = result_path(results, run.set.name, run.system.name, run.seed)
    if not path.is_file():
        return False
    kept = read_result(path)
    return kept.version == run.version and kept.data_sha256 == data_sha256(run.set, data)


def _choose_systems(choice: Choice, one: BenchSet) -> list[Entry]:
    if choice.systems:
        is_named = bool(choice.sets)
        return [
            s for s in SYSTEMS if s.name in choice.systems and (is_named or one.is_few_shot or not s.is_slow)
        ]
    return [s for s in SYSTEMS if one.is_few_shot or not s.is_slow]


def _choose_seeds(choice: Choice, one: BenchSet, system: Entry) -> tuple[int, ...]:
    seeds = tuple(choice.seeds) or one.seeds
    return seeds if system.is_seeded and not system.is_slow else seeds[:1]


def _version(one: BenchSet, system: Entry, seed: int, data: Path, config: TrainConfig) -> str:
    """Name what will be trained: the model id where the system has one, else the version of its recipe."""
    if system.name != "ours":
        return system.version
    from nlu.settle import settle
    from nlu.training.identity import identify

    split = load_split(one, data)
    return identify(settle(split.train), split.valid, replace(config, seed=seed)).model_id
