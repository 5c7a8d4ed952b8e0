"""The real engine with our domain, rules and actions, over a shop, a desk and articles in memory."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import yaml

from actions.goals import build_actions
from actions.server import build_app, build_server
from tests.actions.goals.fakes import FakeDesk, FakeKnowledge, FakeShop, now
from tests.support.system import find_free_port

ROOT = Path(__file__).resolve().parents[2]
ENGINE_PYTHON = ROOT / ".venv-engine" / "bin" / "python"
ENGINE_TOKEN = "engine-token-for-dialogues"
ACTIONS_TOKEN = "actions-token-for-dialogues"
START_SECONDS = 120
TAUGHT = ("config.yml", "bot/domain", "data/rules", "data/stories", "data/responses")


@dataclass
class Outside:
    """What the actions reach; the tests break it and read it."""

    shop: FakeShop = field(default_factory=FakeShop)
    desk: FakeDesk = field(default_factory=FakeDesk)
    knowledge: FakeKnowledge = field(default_factory=FakeKnowledge)

    def reset(self) -> None:
        for port in (self.shop, self.desk, self.knowledge):
            port.__dict__.update(type(port)().__dict__)


class Stand:
    """Starts everything; ``say`` is one turn."""

    def __init__(
        self, folder: Path, lines: Mapping[str, Any] | None = None, *, model: Path | None = None
    ) -> None:
        """Either ``lines``, the meaning of every text, or a trained ``model``."""
        self.folder = folder
        self._model = model
        self.outside = Outside()
        self._lines = lines or {}
        self._action_port = find_free_port()
        self._engine_port = find_free_port()
        self._turns = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._client = httpx.Client(
            base_url=f"http://127.0.0.1:{self._engine_port}/webhooks/careline",
            headers={"Authorization": f"Bearer {ENGINE_TOKEN}"},
            timeout=60,
        )

    def start(self) -> None:
        self._start_actions()
        model = self._model or train(self._lines)
        command: list[str | Path] = [
            ENGINE_PYTHON,
            "-m",
            "rasa",
            "run",
            "--credentials",
            "bot/credentials.yml",
            "--endpoints",
        ]
        command += ["bot/endpoints.yml", "-i", "127.0.0.1", "-p", str(self._engine_port), "--model", model]
        log = self.folder / "engine.log"
        env = engine_env(self.folder, self._action_port)
        with log.open("wb") as sink:
            self._process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=sink, stderr=sink)
        wait_until(self._is_ready, START_SECONDS)

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(20)
        self._server.should_exit = True

    def say(
        self, conversation: str, text: str, *, payload: str | None = None, customer: Any = None
    ) -> dict[str, Any]:
        """Run a turn; answers the channel's body."""
        self._turns += 1
        body = {
            "conversation_id": conversation,
            "message_id": f"m{self._turns}",
            "text": text,
            "payload": payload,
            "metadata": {"locale": "en", "channel": "widget", "customer": customer},
        }
        return self._post("messages", body)

    def resume(self, conversation: str, mode: str, entries: list[dict[str, str]]) -> dict[str, Any]:
        """Give the conversation back to the bot."""
        self._turns += 1
        body = {
            "conversation_id": conversation,
            "message_id": f"r{self._turns}",
            "mode": mode,
            "entries": entries,
        }
        return self._post("resume", body)

    def _post(self, route: str, body: Mapping[str, Any]) -> dict[str, Any]:
        answer = self._client.post(route, content=json.dumps(body))
        assert answer.status_code == 200, f"{answer.text}\n{self.log()[-3000:]}"
        return dict(answer.json())

    def log(self) -> str:
        return (self.folder / "engine.log").read_text()

    def _is_ready(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self.log()
        with contextlib.suppress(httpx.HTTPError):
            return bool(self._client.get("health").json()["ready"])
        return False

    def _start_actions(self) -> None:
        world = self.outside
        app = build_app(build_actions(world.shop, world.desk, world.knowledge, now), ACTIONS_TOKEN)
        self._server: Any = build_server(app, "127.0.0.1", self._action_port)
        threading.Thread(target=lambda: asyncio.run(self._server.serve()), daemon=True).start()
        wait_until(lambda: bool(self._server.started), 10)


def engine_env(folder: Path, action_port: int) -> dict[str, str]:
    return {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "RASA_TELEMETRY_ENABLED": "false",
        "TICKET_LOCK_LIFETIME": "60",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "CARELINE_ENGINE_TOKEN": ENGINE_TOKEN,
        "CARELINE_ACTIONS_TOKEN": ACTIONS_TOKEN,
        "CARELINE_ACTIONS_URL": f"http://127.0.0.1:{action_port}/webhook",
        "CARELINE_TRACKER_DB": str(folder / "tracker.db"),
    }


def train(lines: Mapping[str, Any]) -> Path:
    """Train the dialogue with the scripted understanding, once until what it is taught changes."""
    folder = ROOT / "var" / "tests" / f"dialogue-{digest_of(TAUGHT)}"
    folder.mkdir(parents=True, exist_ok=True)
    shared = folder / "lines.json"
    shared.write_text(json.dumps(lines), encoding="utf-8")
    if not list(folder.glob("*.tar.gz")):
        config = yaml.safe_load((ROOT / "config.yml").read_text())
        config["pipeline"] = [{"name": "tests.dialogue.scripted.Scripted", "lines": str(shared)}]
        (folder / "config.yml").write_text(yaml.safe_dump(config))
        # Rasa trains understanding only where there is an example.
        (folder / "nlu.yml").write_text(
            'version: "3.1"\nnlu:\n- intent: greet\n  examples: |\n    - hello\n    - hi\n'
        )
        command: list[str | Path] = [
            ENGINE_PYTHON,
            "-m",
            "rasa",
            "train",
            "--config",
            folder / "config.yml",
            "--domain",
            "bot/domain",
        ]
        command += ["--data", folder / "nlu.yml", *TAUGHT[2:], "--out", folder, "--skip-validation"]
        subprocess.run(command, check=True, cwd=ROOT, env=engine_env(folder, 1), capture_output=True)
    return folder


def digest_of(paths: tuple[str, ...]) -> str:
    digest = hashlib.sha256((Path(__file__).parent / "scripted.py").read_bytes())
    for path in paths:
        for file in files_of(ROOT / path):
            digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def files_of(path: Path) -> Iterator[Path]:
    return iter([path]) if path.is_file() else iter(sorted(path.rglob("*.yml")))


def wait_until(is_done: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not is_done():
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.05)
