"""``python -m bench.understanding.worker``: one system on one set with one seed, in a process of its own.

So memory and processor time are its own. Runs in the environment that the system needs (DIET: the engine's).
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from bench.understanding.machine import describe_machine, find_accelerator
from bench.understanding.registry import build_system
from bench.understanding.results import Result, Scores, Times, summarize, write_result
from bench.understanding.sets import Split, data_sha256, find_set, load_split
from bench.understanding.systems import Fitted, System
from nlu.config import TrainConfig, parse_config
from nlu.metrics import measure
from nlu.runtime import Parse

_WARM_UP = 5


@dataclass(frozen=True)
class Job:
    """What is to be run, and where the result goes."""

    data: Path
    results: Path
    set: str
    system: str
    seed: int
    version: str
    threads: int
    config: TrainConfig
    note: str = ""


@dataclass(frozen=True)
class Cost:
    """Seconds of a training: on the wall, and of the processor over all threads."""

    wall: float
    cpu: float


def run(job: Job) -> Result:
    """Train, ask every test text once, one at a time, and keep the result."""
    one = find_set(job.set)
    split = load_split(one, job.data)
    system = build_system(job.system, job.seed, job.config)
    fitted, cost = train(system, split)
    parses, times, cpu_times = ask(fitted, [example.text for example in split.test.examples])
    eager = getattr(fitted, "compare_with_eager", lambda _: None)(split.test.examples)
    result = Result(
        set=job.set,
        system=job.system,
        seed=job.seed,
        version=getattr(fitted, "model_id", job.version),
        data_sha256=data_sha256(one, job.data),
        date=datetime.now(timezone.utc).date().isoformat(),
        machine=describe_machine(find_accelerator()),
        versions=dict(system.versions()),
        threads=job.threads,
        training_examples=len(split.train.examples),
        wall_seconds=round(cost.wall, 2),
        cpu_seconds=round(cost.cpu, 2),
        peak_mib=peak_mib(),
        parse_ms=times,
        scores=score(split, parses),
        note=job.note,
        parse_cpu_ms=cpu_times,
        eager=eager,
    )
    write_result(job.results, result)
    return result


def train(system: System, split: Split) -> tuple[Fitted, Cost]:
    """Train, and say what it took."""
    wall, cpu = time.perf_counter(), processor_seconds()
    fitted = system.fit(split.train, split.valid)
    return fitted, Cost(time.perf_counter() - wall, processor_seconds() - cpu)


def processor_seconds() -> float:
    """Count the processor time of this process and of those that it started and that have ended."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def ask(fitted: Fitted, texts: Sequence[str]) -> tuple[list[Parse], Times, Times]:
    """Understand each text by itself, after a few that do not count; times are on the wall and of the processor."""
    for text in texts[:_WARM_UP]:
        fitted.parse(text)
    parses, wall, cpu = [], [], []
    for text in texts:
        began, cpu_began = time.perf_counter(), time.process_time()
        parses.append(fitted.parse(text))
        cpu.append(1000 * (time.process_time() - cpu_began))
        wall.append(1000 * (time.perf_counter() - began))
    return parses, summarize(wall), summarize(cpu)


def score(split: Split, parses: Sequence[Parse]) -> Scores:
    """Measure with the scorer that measures every model here, and the unseen texts apart."""
    examples = split.test.examples
    metrics = measure(examples, parses)
    unseen = [
        parse.intent == example.intent
        for example, parse, is_unseen in zip(examples, parses, split.unseen(), strict=True)
        if is_unseen and not example.is_out_of_scope
    ]
    return Scores(
        texts=metrics.texts,
        oos_texts=metrics.out_of_scope_texts,
        unseen_texts=len(unseen),
        intent_accuracy=metrics.intent_accuracy,
        intent_macro_f1=metrics.intent_macro_f1,
        unseen_accuracy=sum(unseen) / len(unseen) if unseen else float("nan"),
        entity_f1=metrics.entity_f1,
        sentence_accuracy=metrics.sentence_accuracy,
        in_scope_accuracy=metrics.in_scope_accuracy,
        oos_recall=metrics.oos_recall,
        oos_auroc=metrics.oos_auroc,
    )


def peak_mib() -> int:
    """Return the most resident memory that this process has held."""
    divisor = 2**20 if sys.platform == "darwin" else 2**10  # macOS counts bytes, Linux KiB
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / divisor)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one job; return the exit code."""
    parser = argparse.ArgumentParser(prog="bench.understanding.worker")
    for name in ("data", "results"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    for name in ("set", "system", "version"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--config", type=json.loads, default={})
    parser.add_argument("--note", default="")
    options = parser.parse_args(arguments)
    run(Job(**{**vars(options), "config": parse_config(options.config)}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
