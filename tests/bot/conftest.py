"""A real engine with a tiny bot, and a real action server, each on a port of its own."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from actions.server import build_app, build_server
from tests.bot.tiny.actions import build_tiny_actions
from tests.support.system import find_free_port

ROOT = Path(__file__).resolve().parents[2]
TINY = Path(__file__).parent / "tiny"
ENGINE_PYTHON = ROOT / ".venv-engine" / "bin" / "python"
ENGINE_TOKEN = "engine-token-for-tests"
ACTIONS_TOKEN = "actions-token-for-tests"
START_SECONDS = 120


@dataclass
class Engine:
    """A running engine and how to talk to it."""

    url: str
    tracker_path: Path
    process: subprocess.Popen[bytes]
    log_path: Path
    headers: dict[str, str] = field(default_factory=lambda: {"Authorization": f"Bearer {ENGINE_TOKEN}"})

    def post(self, route: str, body: Any) -> httpx.Response:
        content = json.dumps(body)  # escapes what UTF-8 cannot hold
        return httpx.post(f"{self.url}/{route}", content=content, headers=self.headers, timeout=60)

    def say(
        self, conversation_id: str, message_id: str, text: str, payload: str | None = None, **more: Any
    ) -> dict[str, Any]:
        body = {
            "conversation_id": conversation_id,
            "message_id": message_id,
            "text": text,
            "payload": payload,
        }
        answer = self.post("messages", {**body, **more})
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def health(self) -> dict[str, Any]:
        return dict(httpx.get(f"{self.url}/health", headers=self.headers, timeout=10).json())


class ActionServer:
    """The action server in a thread; it can be stopped and started again on the same port."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.runs: list[tuple[str, str]] = []
        self._server: Any = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        app = build_app(build_tiny_actions(self.runs), ACTIONS_TOKEN, timeout_seconds=1.0)
        self._server = build_server(app, "127.0.0.1", self.port)
        self._thread = threading.Thread(target=lambda: asyncio.run(self._server.serve()), daemon=True)
        self._thread.start()
        wait_for(lambda: self._server.started, 10)

    def stop(self) -> None:
        self._server.should_exit = True
        self._server.force_exit = True
        if self._thread is not None:
            self._thread.join(10)


def wait_for(is_done: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not is_done():
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.05)


def tiny_model() -> Path:
    """Train the tiny bot once and keep it until its files change."""
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in sorted(TINY.glob("*.yml")))).hexdigest()[
        :16
    ]
    folder = ROOT / "var" / "tests" / f"tiny-{digest}"
    if not list(folder.glob("*.tar.gz")):
        command: list[str | Path] = [
            ENGINE_PYTHON,
            "-m",
            "rasa",
            "train",
            "--config",
            TINY / "config.yml",
            "--domain",
        ]
        command += [TINY / "domain.yml", "--data", TINY / "nlu.yml", TINY / "rules.yml", "--out", folder]
        subprocess.run(command, check=True, cwd=ROOT, env=engine_env({}), capture_output=True)
    return folder


def engine_env(more: dict[str, str]) -> dict[str, str]:
    base = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "RASA_TELEMETRY_ENABLED": "false",
        "TICKET_LOCK_LIFETIME": "60",
    }
    return {**base, **more}


def start_engine(
    folder: Path, action_port: int, *, model: Path | None = None, endpoints: Path | None = None, **more: str
) -> Engine:
    """Start the engine as ``careline up`` does and wait until it is ready."""
    port = find_free_port()
    tracker_path = folder / "tracker.db"
    env = {
        "CARELINE_ENGINE_TOKEN": ENGINE_TOKEN,
        "CARELINE_ACTIONS_TOKEN": ACTIONS_TOKEN,
        "CARELINE_ACTIONS_URL": f"http://127.0.0.1:{action_port}/webhook",
        "CARELINE_TRACKER_DB": str(tracker_path),
    }
    command: list[str | Path] = [ENGINE_PYTHON, "-m", "rasa", "run", "--credentials", "bot/credentials.yml"]
    command += ["--endpoints", endpoints or "bot/endpoints.yml", "-i", "127.0.0.1", "-p", str(port)]
    command += ["--model", model or tiny_model()]
    log_path = folder / "engine.log"
    with log_path.open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=engine_env({**env, **more}), stdout=log, stderr=log)
    engine = Engine(f"http://127.0.0.1:{port}/webhooks/careline", tracker_path, process, log_path)

    def is_ready() -> bool:
        assert process.poll() is None, log_path.read_text()
        with contextlib.suppress(httpx.HTTPError):
            return bool(engine.health()["ready"])
        return False

    wait_for(is_ready, START_SECONDS)
    return engine


@pytest.fixture(scope="session")
def action_server() -> Iterator[ActionServer]:
    server = ActionServer(find_free_port())
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def engine(action_server: ActionServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    running = start_engine(tmp_path_factory.mktemp("engine"), action_server.port)
    yield running
    running.process.terminate()
    running.process.wait(20)
