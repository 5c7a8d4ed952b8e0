"""The stand, and the conversations that are played on it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.dialogue.stand import Stand

HERE = Path(__file__).parent
MEANT = ("intent", "confidence", "entities", "ranking", "parts")


def read_scenarios() -> list[dict[str, Any]]:
    """Read every conversation, in file order."""
    found: list[dict[str, Any]] = []
    for path in sorted(HERE.glob("*.yml")):
        scenarios = yaml.safe_load(path.read_text(encoding="utf-8"))
        found += [{**scenario, "file": path.stem} for scenario in scenarios]
    return found


def collect_lines(scenarios: list[dict[str, Any]]) -> dict[str, Any]:
    """Collect what every text means; the same text means the same everywhere."""
    lines: dict[str, Any] = {}
    for scenario in scenarios:
        for turn in scenario["turns"]:
            if "say" in turn and "intent" in turn:
                known = {k: turn[k] for k in MEANT if k in turn}
                assert lines.setdefault(turn["say"], known) == known, f"{turn['say']!r} has two meanings"
    return lines


@pytest.fixture(scope="session")
def stand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    """A running stand."""
    running = Stand(tmp_path_factory.mktemp("dialogue"), collect_lines(read_scenarios()))
    try:
        running.start()
        yield running
    finally:
        running.stop()


@pytest.fixture(autouse=True)
def _fresh_outside(request: pytest.FixtureRequest) -> None:
    if "stand" in request.fixturenames:
        request.getfixturevalue("stand").outside.reset()
