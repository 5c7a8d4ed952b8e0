"""Is everything there: the desk, its database, the engine, the action server."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from time import monotonic

import httpx
from litestar import get

from desk.errors import StoreUnavailable
from desk.house import House
from desk.requests import AnyRequest, house_of
from desk.store import conversations, people
from desk.wire import Json

REMEMBER_SECONDS = 2.0
ASK_SECONDS = 2.0


@dataclass
class Remembered:
    """The last look at what is outside, so that health checks do not become load."""

    at: float = float("-inf")
    has_engine: bool = False
    has_actions: bool = False


Ask = Callable[[], Awaitable[bool]]


async def ask_actions(url: str | None) -> bool:
    """Ask the action server whether it is there."""
    if url is None:
        return False
    try:
        async with httpx.AsyncClient(timeout=ASK_SECONDS, trust_env=False) as client:
            return (await client.get(url)).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False


async def look(house: House, remembered: Remembered) -> None:
    """Look again when the last look is old."""
    if monotonic() - remembered.at < REMEMBER_SECONDS:
        return
    remembered.at = monotonic()
    remembered.has_engine = bool((await house.engine.fetch_health()).get("ready"))
    remembered.has_actions = await ask_actions(house.desk.config.actions_health_url)


@get("/health", include_in_schema=False)
async def health(request: AnyRequest) -> Json:
    """Tell how things stand; 200 as soon as the desk itself serves."""
    house = house_of(request)
    remembered: Remembered = request.app.state.remembered
    await look(house, remembered)
    has_database, waiting, agents = True, 0, 0
    try:
        async with house.desk.database.read() as session:
            waiting = len(await conversations.queue_order(session))
            agents = len(await people.list_agents(session))
    except StoreUnavailable:
        has_database = False
    is_well = has_database and remembered.has_engine and remembered.has_actions
    return {
        "status": "ok" if is_well else "degraded",
        "database": has_database,
        "engine": remembered.has_engine,
        "actions": remembered.has_actions,
        "queue": waiting,
        "agents": agents,
    }
