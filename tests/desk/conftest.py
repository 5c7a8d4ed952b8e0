from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from desk.database import migrate
from tests.desk.house import House, make_config, open_house


@pytest.fixture(scope="session")
def empty_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("desk") / "empty.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture
def sqlite_url(empty_sqlite: Path, tmp_path: Path) -> str:
    path = tmp_path / "desk.db"
    path.write_bytes(empty_sqlite.read_bytes())
    return f"sqlite:///{path}"


@pytest.fixture
async def house(sqlite_url: str) -> AsyncIterator[House]:
    async with open_house(make_config(sqlite_url)) as opened:
        yield opened
