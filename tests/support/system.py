"""The whole system under test: `careline up` on free ports, with a folder of its own for everything it writes."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import psutil

ROOT = Path(__file__).resolve().parents[2]
START_TIMEOUT_SECONDS = 180.0
PROGRAMS = {"desk": "careline.processes desk", "actions": "careline.processes actions", "engine": "rasa run"}


def find_free_port() -> int:
    """Return a loopback port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def copy_trained(source: Path, target: Path) -> None:
    """Give a system its own copy of what is trained, so that no test touches another's."""
    for name in ("models", "knowledge"):
        shutil.copytree(source / name, target / name)


class System:
    """A running Careline. Processes are found as children of the one that was started here, never by name alone."""

    def __init__(
        self, var: Path, free_port: Callable[[], int], extra_env: dict[str, str] | None = None
    ) -> None:
        self.var = var
        self.ports = {name: free_port() for name in ("desk", "link", "engine", "actions")}
        ports = {f"CARELINE_{name.upper()}__PORT": str(port) for name, port in self.ports.items()}
        self.env = {**os.environ, **ports, "CARELINE_PATHS__VAR": str(var), **(extra_env or {})}
        self.url = f"http://127.0.0.1:{self.ports['desk']}"
        self.output = var / "up.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start everything and wait for the line that says "ready"."""
        with self.output.open("wb") as output:
            command = [sys.executable, "-m", "careline.cli", "up"]
            self._process = subprocess.Popen(command, cwd=ROOT, env=self.env, stdout=output, stderr=output)
        deadline = time.monotonic() + START_TIMEOUT_SECONDS
        while "is ready" not in self.output.read_text():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the system did not start:\n{self.output.read_text()}")
            time.sleep(0.1)

    def stop(self) -> int:
        """Stop everything as Ctrl-C does; return the exit code."""
        if self._process is None:
            return 0
        self._process.send_signal(signal.SIGINT)
        return self._process.wait(timeout=60)

    def process(self, name: str) -> psutil.Process:
        """Return the process of a program that runs now."""
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            assert self._process is not None
            for child in psutil.Process(self._process.pid).children():
                if PROGRAMS[name] in " ".join(child.cmdline()):
                    return child
            time.sleep(0.05)
        raise LookupError(name)

    def kill(self, name: str) -> int:
        """Kill a program with SIGKILL; return the process id it had."""
        child = self.process(name)
        child.kill()
        return child.pid

    def wait_until_healthy(self, seconds: float = 60.0) -> None:
        """Wait until the desk answers and reaches engine and actions."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                health = httpx.get(f"{self.url}/health", timeout=5, trust_env=False)
                if health.status_code == 200 and health.json()["status"] == "ok":
                    return
            except httpx.HTTPError:
                pass
            time.sleep(0.1)
        raise TimeoutError(f"not healthy after {seconds} s")

    def careline(self, *arguments: str) -> str:
        """Run a command of the command line against this system."""
        command = [sys.executable, "-m", "careline.cli", *arguments]
        done = subprocess.run(command, cwd=ROOT, env=self.env, capture_output=True, text=True, check=True)
        return done.stdout

    def add_agent(self, name: str, email: str, password: str) -> None:
        """Add an agent who can log in to the console."""
        command = [
            sys.executable,
            "-m",
            "careline.cli",
            "desk",
            "agent",
            "add",
            email,
            "--name",
            name,
            "--password-stdin",
        ]
        subprocess.run(
            command, cwd=ROOT, env=self.env, input=password, text=True, check=True, capture_output=True
        )

    def status(self) -> dict[str, object]:
        """Return `careline status --json`."""
        state: dict[str, object] = json.loads(self.careline("status", "--json"))
        return state
