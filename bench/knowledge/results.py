"""What is kept of a measurement: one JSON file each, so that the benchmark goes on where it was interrupted."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.understanding.machine import describe_machine, find_accelerator
from bench.understanding.results import Machine

Figures = dict[str, float | int | str]


@dataclass(frozen=True)
class Result:
    """One measurement.

    Attributes:
        part: such as "search"; ``system`` and ``size`` say of what.
        figures: by name, with the unit in it; times "on the processor" are those of the thread, which other work on the
            machine changes less than the wall's.
        note: what a reader should know of this run.
    """

    part: str
    system: str
    size: int
    threads: int
    figures: Figures
    date: str
    machine: Machine
    note: str = ""

    @property
    def name(self) -> str:
        """The result's file, without its suffix."""
        return f"{self.part}-{self.size}-{self.system}-{self.threads}"


def make_result(part: str, system: str, size: int, threads: int, figures: Figures, note: str) -> Result:
    """Put date and machine to figures."""
    machine = describe_machine(find_accelerator())
    return Result(part, system, size, threads, figures, datetime.now(UTC).date().isoformat(), machine, note)


def write_result(folder: Path, result: Result) -> None:
    """Keep a result, whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / f".{result.name}.partial"
    partial.write_text(json.dumps(asdict(result), indent=1) + "\n", encoding="utf-8")
    partial.replace(folder / f"{result.name}.json")


def read_results(folder: Path) -> list[Result]:
    """Read every result of a folder."""
    records: Iterable[dict[str, Any]] = (
        json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))
    )
    return [
        Result(
            **{
                **record,
                "machine": Machine(**{**record["machine"], "flags": tuple(record["machine"]["flags"])}),
            }
        )
        for record in records
    ]


def time_each(work: Callable[[int], object], count: int) -> Figures:
    """Do something ``count`` times, one after the other; milliseconds of each, on the wall and on the processor."""
    wall, processor = [], []
    for number in range(count):
        began, spent = time.perf_counter(), time.process_time()
        work(number)
        wall.append(1000 * (time.perf_counter() - began))
        processor.append(1000 * (time.process_time() - spent))
    return {**_percentiles("wall", wall), **_percentiles("cpu", processor)}


def _percentiles(name: str, milliseconds: Sequence[float]) -> Figures:
    ordered = sorted(milliseconds)
    return {
        f"{name}_ms_p50": round(statistics.median(ordered), 3),
        f"{name}_ms_p95": round(ordered[int(0.95 * len(ordered))], 3),
        f"{name}_ms_p99": round(ordered[int(0.99 * len(ordered))], 3),
    }


class Stopwatch:
    """Seconds since it was made, on the wall and on the processor over all threads."""

    def __init__(self) -> None:
        self._wall, self._processor = time.perf_counter(), time.process_time()

    def read(self, name: str) -> Figures:
        """Return both under a name."""
        return {
            f"{name}_wall_s": round(time.perf_counter() - self._wall, 4),
            f"{name}_cpu_s": round(time.process_time() - self._processor, 4),
        }
