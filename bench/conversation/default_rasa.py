"""A plain Rasa project with Rasa's default pipeline, trained on the same utterances, behind its REST channel.

Each intent has one rule that answers with one text; no action server is called, which is less work than
Careline does for the same message.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import resource
import shutil
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
import psutil
import yaml

from bench.conversation.figures import CONCURRENCY, Figures, conversations, round_figures
from bench.rasa_pipeline import default_pipeline
from careline.programs import rasa_command
from tests.support.system import ROOT, find_free_port

START_TIMEOUT_SECONDS = 300.0

DEFAULT_EPOCHS = 100


def config(epochs: int) -> dict[str, Any]:
    """Return the pipeline and policies that Rasa 3.6 writes into a new project, its defaults spelled out."""
    learned = {"epochs": epochs, "constrain_similarities": True}
    return {
        "recipe": "default.v1",
        "language": "en",
        "assistant_id": "default-rasa",
        "pipeline": default_pipeline(learned),
        "policies": [
            {"name": "MemoizationPolicy"},
            {"name": "RulePolicy"},
            {"name": "UnexpecTEDIntentPolicy", "max_history": 5, "epochs": epochs},
            {"name": "TEDPolicy", "max_history": 5, **learned},
        ],
    }


def utterances() -> dict[str, list[dict[str, Any]]]:
    """Return the project's training utterances by file, out_of_scope left out as it is no class."""
    found = {}
    for file in sorted((ROOT / "data" / "nlu").glob("*.yml")):
        rows = [row for row in yaml.safe_load(file.read_text())["nlu"] if row.get("intent") != "out_of_scope"]
        if rows:
            found[file.name] = rows
    return found


def project_files(epochs: int) -> dict[str, str]:
    """Return config, domain, rules, stories and utterances by file name."""
    data = utterances()
    intents = sorted({row["intent"] for rows in data.values() for row in rows if "intent" in row})
    entities = sorted(
        {
            word.split(")")[0]
            for rows in data.values()
            for row in rows
            for word in row["examples"].split("](")[1:]
        }
    )
    domain = {
        "version": "3.1",
        "intents": [*intents, "nlu_fallback"],
        "entities": entities,
        "responses": {
            f"utter_{name}": [{"text": f"This is about {name}."}] for name in [*intents, "nlu_fallback"]
        },
    }
    steps = {name: [{"intent": name}, {"action": f"utter_{name}"}] for name in [*intents, "nlu_fallback"]}
    rules = [{"rule": name, "steps": step} for name, step in steps.items()]
    stories = [
        {"story": f"{first} then {second}", "steps": [*steps[first], *steps[second]]}
        for first, second in itertools.pairwise(intents)
    ]
    files = {
        "config.yml": config(epochs),
        "domain.yml": domain,
        "credentials.yml": {"rest": None},
        "endpoints.yml": {"tracker_store": {"type": "sql", "dialect": "sqlite", "db": "tracker.db"}},
        "data/default_rules.yml": {"version": "3.1", "rules": rules, "stories": stories},
        **{f"data/{name}": {"version": "3.1", "nlu": rows} for name, rows in data.items()},
    }
    return {name: yaml.safe_dump(one, allow_unicode=True, sort_keys=False) for name, one in files.items()}


def call_rasa(folder: Path, *arguments: str) -> subprocess.Popen[bytes]:
    """Start one of Rasa's commands in the project's folder."""
    env = {**os.environ, "RASA_TELEMETRY_ENABLED": "false", "TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONPATH": ""}
    with (folder / "rasa.log").open("ab") as log:
        return subprocess.Popen(rasa_command(*arguments), cwd=folder, env=env, stdout=log, stderr=log)  # noqa: S603


def wait_until_ready(process: subprocess.Popen[bytes], url: str) -> None:
    """Wait until the server has its model."""
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(f"{url}/", timeout=5, trust_env=False).status_code == httpx.codes.OK:
                return
        except httpx.HTTPError:
            time.sleep(0.2)
    raise RuntimeError("Rasa's default project did not start; see its rasa.log")


async def one_round(url: str, texts: Sequence[str], concurrent: int) -> Figures:
    """Send the messages from several senders at once, five a conversation as in the other half."""
    waiting = conversations(texts)
    latencies: list[float] = []
    silent = 0

    async def work(client: httpx.AsyncClient) -> None:
        nonlocal silent
        while waiting:
            chunk = waiting.pop()
            sender = f"{concurrent}-{len(waiting)}"
            for text in chunk:
                began = time.perf_counter()
                answer = await client.post("/webhooks/rest/webhook", json={"sender": sender, "message": text})
                latencies.append(time.perf_counter() - began)
                silent += not answer.json()

    began = time.perf_counter()
    async with httpx.AsyncClient(base_url=url, timeout=120, trust_env=False) as client:
        await asyncio.gather(*(work(client) for _ in range(concurrent)))
    seconds = time.perf_counter() - began
    outcomes = {"text": len(latencies) - silent, "silence": silent}
    return round_figures(concurrent, seconds, latencies, outcomes)


async def measure(url: str, texts: Sequence[str]) -> list[Figures]:
    """Warm up, then measure each number of senders with the same messages."""
    await one_round(url, texts[:20], 2)
    return [await one_round(url, texts, concurrent) for concurrent in CONCURRENCY]


def ensure_trained(folder: Path, epochs: int) -> float | None:
    """Train the project, unless the folder holds it trained from the same files.

    Returns:
        CPU seconds of the training, which other work on the machine does not change; None where they were not kept.
    """
    stamp, files = folder / "trained.json", project_files(epochs)
    if stamp.is_file() and (kept := json.loads(stamp.read_text()))["files"] == files:
        return float(kept["cpu_seconds"]) if "cpu_seconds" in kept else None
    shutil.rmtree(folder, ignore_errors=True)
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    before = cpu_seconds_of_children()
    if call_rasa(folder, "train").wait() != 0:
        raise RuntimeError((folder / "rasa.log").read_text()[-2000:])
    seconds = cpu_seconds_of_children() - before
    stamp.write_text(json.dumps({"files": files, "cpu_seconds": seconds}))
    return seconds


def cpu_seconds_of_children() -> float:
    """Return the CPU time of all processes that were started here and have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def run(texts: Sequence[str], epochs: int) -> Figures:
    """Train and start the project in var/ (git ignores it), and measure it."""
    folder, port = ROOT / "var" / "bench" / "default-rasa", find_free_port()
    trained = ensure_trained(folder, epochs)
    (folder / "tracker.db").unlink(missing_ok=True)
    began = time.perf_counter()
    server = call_rasa(folder, "run", "--interface", "127.0.0.1", "--port", str(port))
    try:
        wait_until_ready(server, f"http://127.0.0.1:{port}")
        ready = time.perf_counter() - began
        rounds = asyncio.run(measure(f"http://127.0.0.1:{port}", texts))
        mib = round(psutil.Process(server.pid).memory_info().rss / 2**20)
    finally:
        server.terminate()
        server.wait()
    return {
        "epochs": epochs,
        "training_cpu_seconds": trained and round(trained),
        "ready_seconds": round(ready, 1),
        "memory_mib": {"rasa": mib, "all": mib},
        "rounds": rounds,
    }
