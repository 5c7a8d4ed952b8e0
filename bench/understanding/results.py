"""What is kept of a run: one JSON file a (set, system, seed)."""

from __future__ import annotations

import json
import math
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Times:
    """Of one message, in milliseconds."""

    p50: float
    p95: float


def summarize(milliseconds: Sequence[float]) -> Times:
    """Return median and 95th percentile of at least one time."""
    ordered = sorted(milliseconds)
    return Times(round(statistics.median(ordered), 3), round(ordered[int(0.95 * len(ordered))], 3))


def warm_rate(work: Callable[[], object], count: int) -> float:
    """Do a work on `count` things twice; return things a second of the second time."""
    work()
    began = time.perf_counter()
    work()
    return round(count / (time.perf_counter() - began), 1)


@dataclass(frozen=True)
class Scores:
    """Shares in [0, 1] on the test texts, from `nlu.metrics`; NaN where the set holds nothing to measure.

    Attributes:
        intent_accuracy: texts in scope whose best intent is right, whatever was refused.
        in_scope_accuracy: texts in scope whose intent is right and which were not refused.
        oos_recall: texts out of scope that were refused, at the same threshold.
        unseen_accuracy: `intent_accuracy` of the texts that do not stand in train.
    """

    texts: int
    oos_texts: int
    unseen_texts: int
    intent_accuracy: float
    intent_macro_f1: float
    unseen_accuracy: float
    entity_f1: float
    sentence_accuracy: float
    in_scope_accuracy: float
    oos_recall: float
    oos_auroc: float


@dataclass(frozen=True)
class Eager:
    """The same network in torch, fp32 and eager, beside the served one: same process, same texts, by threads."""

    served: dict[str, Times]
    torch: dict[str, Times]


@dataclass(frozen=True)
class Machine:
    """Where it was measured, without names: cores, memory, and the processor's flags that matter."""

    cores: int
    memory_gib: int
    processor: str
    flags: tuple[str, ...]
    accelerator: str
    python: str


@dataclass(frozen=True)
class Result:
    """One training and one pass over the test texts.

    Attributes:
        version: the model id, or the version of the system's recipe here.
        data_sha256: of the set's files.
        cpu_seconds: processor time of the training, over all threads.
        peak_mib: the most memory that the process held, training and asking together.
        threads: that the libraries were allowed.
        parse_ms: of one message on the wall.
        parse_cpu_ms: of one message, of the processor over all threads, which other work on the machine changes little.
        note: what a reader should know of this run.
    """

    set: str
    system: str
    seed: int
    version: str
    data_sha256: str
    date: str
    machine: Machine
    versions: dict[str, str]
    threads: int
    training_examples: int
    wall_seconds: float
    cpu_seconds: float
    peak_mib: int
    parse_ms: Times
    scores: Scores
    note: str = ""
    parse_cpu_ms: Times | None = None
    eager: Eager | None = None


def result_path(folder: Path, one: str, system: str, seed: int) -> Path:
    """Say where a result is kept."""
    return folder / one / f"{system}-{seed}.json"


def write_result(folder: Path, result: Result) -> Path:
    """Keep a result, whole or not at all."""
    path = result_path(folder, result.set, result.system, result.seed)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(_finite(asdict(result)), indent=1, ensure_ascii=False) + "\n")
    partial.replace(path)
    return path


def read_result(path: Path) -> Result:
    """Read a result as it was written.

    Raises:
        KeyError, TypeError: the file is of another form.
    """
    record = json.loads(path.read_text())
    scores: dict[str, Any] = {
        name: math.nan if value is None else value for name, value in record["scores"].items()
    }
    eager = record["eager"]
    return Result(
        **{
            **record,
            "machine": Machine(**{**record["machine"], "flags": tuple(record["machine"]["flags"])}),
            "parse_ms": Times(**record["parse_ms"]),
            "scores": Scores(**scores),
            "parse_cpu_ms": Times(**record["parse_cpu_ms"]) if record.get("parse_cpu_ms") else None,
            "eager": Eager(_times(eager["served"]), _times(eager["torch"])) if eager else None,
        }
    )


def read_results(folder: Path) -> list[Result]:
    """Read every result of a folder, by set, system and seed."""
    return [read_result(path) for path in sorted(folder.glob("*/*-*.json"))]


def _times(record: dict[str, Any]) -> dict[str, Times]:
    return {threads: Times(**one) for threads, one in record.items()}


def _finite(value: Any) -> Any:
    """Write what could not be measured as null: NaN is no JSON."""
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, float):
        return round(value, 6) if math.isfinite(value) else None
    return value
