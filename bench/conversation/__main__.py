"""Real customers' messages through the running system, by the widget's websocket.

    python -m bench.conversation [--data ../shared/data] [--count 200] [--default-rasa] [--out bench/results]

Starts Careline on free ports with its own folder (the trained models are taken from var/), sends the messages,
prints outcomes, latency, throughput and memory, and writes one JSON file. With --default-rasa the same messages
go, in the same run, through a plain Rasa project with Rasa's default pipeline trained on the same data.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import platform
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psutil

from bench.conversation import default_rasa
from bench.conversation.figures import CONCURRENCY, Figures, conversations, round_figures
from bench.widget import Customer, Turn
from tests.support.system import ROOT, System, copy_trained, find_free_port

SETS = ("bitext_customer_service/test.jsonl", "multidogo/airline/test.jsonl")
OUTCOMES = ("task", "answer", "clarify", "handoff", "apology", "silence")


@dataclass(frozen=True)
class Measured:
    """The turns of one round, in the order they ended."""

    concurrent: int
    seconds: float
    turns: tuple[Turn, ...]
    outcomes: tuple[str, ...]

    def summary(self) -> Figures:
        """Return latency in milliseconds, turns a second and outcome counts."""
        counts = {name: self.outcomes.count(name) for name in OUTCOMES}
        latencies = [turn.first_entry_seconds for turn in self.turns]
        return round_figures(self.concurrent, self.seconds, latencies, counts)


def messages(data: Path, count: int) -> list[str]:
    """Return the first `count` distinct customer messages of each set.

    Raises:
        SystemExit: a set is missing; the text says which, and how to name another folder.
    """
    found: list[str] = []
    for name in SETS:
        file = data / name
        if not file.is_file():
            raise SystemExit(f"{file} is missing. Name the folder with the data sets: --data FOLDER.")
        texts = dict.fromkeys(json.loads(line)["text"] for line in file.read_text().splitlines())
        found += list(texts)[:count]
    return found


def outcome(turn: Turn, owner: str) -> str:
    """Name what a turn came to, by what the customer got."""
    codes = {entry["code"] for entry in turn.entries}
    if not turn.entries:
        return "silence"
    if "apology" in codes:
        return "apology"
    if owner == "queue" or "queue_joined" in codes:
        return "handoff"
    if any(entry["sources"] for entry in turn.replies):
        return "answer"
    if any(len(entry["buttons"]) > 1 for entry in turn.replies) or "rephrase" in turn.said.casefold():
        return "clarify"
    return "task"


async def converse(customer: Customer, texts: Sequence[str]) -> tuple[list[Turn], list[str]]:
    """Say some messages in one conversation; leave the queue again when one led there."""
    turns, outcomes = [], []
    for text in texts:
        turn = await customer.say(text, seconds=60)
        turns.append(turn)
        outcomes.append(outcome(turn, customer.owner.get("kind", "")))
        if customer.owner.get("kind") == "queue":
            await customer.send("leave_person", client_id=f"leave-{turn.client_id}")
            await customer.wait(lambda: customer.owner.get("kind") == "bot")
    return turns, outcomes


async def one_round(url: str, texts: Sequence[str], concurrent: int) -> Measured:
    """Send the messages from several customers at once, a few a conversation."""
    chunks = conversations(texts)
    turns: list[Turn] = []
    outcomes: list[str] = []

    async def work() -> None:
        while chunks:
            chunk = chunks.pop()
            async with Customer(url) as customer:
                said, came_to = await converse(customer, chunk)
                turns.extend(said)
                outcomes.extend(came_to)

    began = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(concurrent)))
    return Measured(concurrent, time.perf_counter() - began, tuple(turns), tuple(outcomes))


def memory(system: System) -> dict[str, float]:
    """Return the resident MiB of each process and of all of them."""
    each = {name: system.process(name).memory_info().rss / 2**20 for name in ("desk", "actions", "engine")}
    return {name: round(value) for name, value in {**each, "all": sum(each.values())}.items()}


async def measure(system: System, texts: Sequence[str]) -> list[Figures]:
    """Warm up, then measure each number of customers with the same messages."""
    await one_round(system.url, texts[:20], 2)
    return [(await one_round(system.url, texts, concurrent)).summary() for concurrent in CONCURRENCY]


def show(name: str, figures: Figures) -> None:
    """Print one table."""
    print(f"\n{name}: ready after {figures['ready_seconds']} s, resident MiB {figures['memory_mib']}")
    print("customers  turns/s   p50 ms   p95 ms   p99 ms   outcomes")
    for one in figures["rounds"]:
        counts = " ".join(f"{kind}={count}" for kind, count in one["outcomes"].items())
        columns = "  ".join(f"{one[key]:>7}" for key in ("turns_per_second", "p50_ms", "p95_ms", "p99_ms"))
        print(f"{one['customers']:>9}  {columns}   {counts}")


def run_careline(texts: Sequence[str]) -> Figures:
    """Start Careline and measure it."""
    with tempfile.TemporaryDirectory(prefix="careline-bench-") as folder:
        var = Path(folder)
        copy_trained(ROOT / "var", var)
        system = System(var, find_free_port, {"CARELINE_LOG__LEVEL": "warning"})
        began = time.perf_counter()
        system.start()
        ready = time.perf_counter() - began
        try:
            rounds = asyncio.run(measure(system, texts))
            return {"ready_seconds": round(ready, 1), "memory_mib": memory(system), "rounds": rounds}
        finally:
            system.stop()


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(
        prog="bench.conversation", description=__doc__.splitlines()[0] if __doc__ else ""
    )
    parser.add_argument(
        "--data", type=Path, default=ROOT.parent / "shared" / "data", help="folder with the data sets"
    )
    parser.add_argument("--count", type=int, default=200, help="messages of each set")
    parser.add_argument(
        "--default-rasa", action="store_true", help="measure a plain Rasa project in the same run"
    )
    parser.add_argument(
        "--epochs",
        type=int,
        default=default_rasa.DEFAULT_EPOCHS,
        help="epochs of the default project; fewer cost it accuracy, not time a turn (100 take half an hour)",
    )
    parser.add_argument("--out", type=Path, default=ROOT / "bench" / "results", help="folder for the figures")
    arguments = parser.parse_args()
    texts = messages(arguments.data, arguments.count)
    result: Figures = {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": f"{psutil.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}",
        "messages": len(texts),
        "careline": run_careline(texts),
    }
    if arguments.default_rasa:
        result["default_rasa"] = default_rasa.run(texts, arguments.epochs)
    arguments.out.mkdir(parents=True, exist_ok=True)
    (arguments.out / "conversation.json").write_text(json.dumps(result, indent=1) + "\n")
    for name in ("careline", "default_rasa"):
        if name in result:
            show(name, result[name])


if __name__ == "__main__":
    main()
