"""The three programs of Careline, made from the settings."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import httpx

from careline.bootstrap import ENGINE, python_in
from careline.errors import StartError
from careline.settings import ROOT, Settings
from careline.supervisor import Program

# Above the ten seconds an action may take, so that Rasa's lock never expires under a running turn.
LOCK_LIFETIME_SECONDS = 60
PROBE_TIMEOUT_SECONDS = 2.0
DAMAGED_MODEL = "Where the model in var/models/rasa is damaged or was made by another version, `careline train` makes it again."
NO_KNOWLEDGE = (
    "The knowledge index in {folder} is missing, damaged or made by another version, so that no question could be answered. "
    "`careline knowledge build` makes it again; {log} says more."
)


def probe(
    url: str, token: str | None, is_good: Callable[[httpx.Response], bool]
) -> Callable[[], Awaitable[bool]]:
    """Return a check that asks a process whether it serves; an unreachable one is just not ready."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}

    async def is_ready() -> bool:
        try:
            async with httpx.AsyncClient(timeout=PROBE_TIMEOUT_SECONDS, trust_env=False) as client:
                return is_good(await client.get(url, headers=headers))
        except httpx.HTTPError:
            return False

    return is_ready


def is_ok(response: httpx.Response) -> bool:
    """Tell whether a process answered at all well."""
    return response.status_code == httpx.codes.OK


def engine_is_ready(response: httpx.Response) -> bool:
    """Tell whether the engine has its model.

    Raises:
        StartError: it serves, but without a model. The engine loads its model before it serves, so none will come.
    """
    if not is_ok(response):
        return False
    if not response.json().get("ready"):
        raise StartError(f"The engine could not load its model. {DAMAGED_MODEL}")
    return True


def health_of(url: str) -> dict[str, Any]:
    """Ask a process how it is; nothing where it does not answer: the supervisor looks after that."""
    try:
        health = httpx.get(f"{url}/health", timeout=PROBE_TIMEOUT_SECONDS, trust_env=False).json()
    except (httpx.HTTPError, ValueError):
        return {}
    return health if isinstance(health, dict) else {}


def has_no_agent(settings: Settings) -> bool:
    """Tell whether nobody can sign in to the console yet."""
    return health_of(f"http://{settings.desk.host}:{settings.desk.port}").get("agents") == 0


def check_knowledge(settings: Settings) -> None:
    """Check that the running action server has its knowledge.

    Raises:
        StartError: it could not open the index.
    """
    if "knowledge_missing" in health_of(settings.actions_url).get("degraded", []):
        log = settings.var / "logs" / "actions.log"
        raise StartError(NO_KNOWLEDGE.format(folder=settings.var / "knowledge", log=log))


def engine_env(settings: Settings, secrets: Mapping[str, str]) -> dict[str, str]:
    """Return what the engine's process gets to know; secrets travel here and never in a command line."""
    return {
        "CARELINE_ENGINE_TOKEN": secrets["engine_token"],
        "CARELINE_ACTIONS_TOKEN": secrets["actions_token"],
        "CARELINE_ACTIONS_URL": f"{settings.actions_url}/webhook",
        "CARELINE_APP_PYTHON": sys.executable,
        "CARELINE_TRACKER_DB": str(settings.var / "tracker.db"),
        "CARELINE_VAR": str(settings.var),
        "PYTHONPATH": str(ROOT),
        "PYTHONUNBUFFERED": "1",
        "RASA_TELEMETRY_ENABLED": "false",
        "TICKET_LOCK_LIFETIME": str(LOCK_LIFETIME_SECONDS),
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "CUDA_VISIBLE_DEVICES": "-1",
        "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
        "LOG_LEVEL": settings.log.level.upper(),
        "LOG_LEVEL_LIBRARIES": "ERROR",
    }


def rasa_command(*arguments: str) -> list[str]:
    """Return a command of Rasa's own command line in the engine environment."""
    return [str(python_in(ENGINE)), "-m", "rasa", *arguments]


def engine(settings: Settings, secrets: Mapping[str, str]) -> Program:
    """The dialogue engine."""
    command = rasa_command(
        "run",
        *("--model", str(settings.var / "models" / "rasa")),
        *("--credentials", str(ROOT / "bot" / "credentials.yml")),
        *("--endpoints", str(ROOT / "bot" / "endpoints.yml")),
        *("--interface", settings.engine.host),
        *("--port", str(settings.engine.port)),
    )
    return Program(
        name="engine",
        command=command,
        env=engine_env(settings, secrets),
        log_file=settings.var / "logs" / "engine.log",
        is_ready=probe(
            f"{settings.engine_url}/webhooks/careline/health", secrets["engine_token"], engine_is_ready
        ),
        ready_timeout_seconds=settings.engine.start_timeout_seconds,
        hint=DAMAGED_MODEL,
    )


def of_ours(name: str, settings: Settings, health_url: str) -> Program:
    """One of the two processes of the app environment."""
    return Program(
        name=name,
        command=[sys.executable, "-m", "careline.processes", name],
        env={"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"},
        log_file=settings.var / "logs" / f"{name}.log",
        is_ready=probe(health_url, None, is_ok),
    )


def programs(settings: Settings, secrets: Mapping[str, str]) -> list[Program]:
    """Return the three programs."""
    return [
        of_ours("desk", settings, f"http://{settings.desk.host}:{settings.desk.port}/health"),
        of_ours("actions", settings, f"{settings.actions_url}/health"),
        engine(settings, secrets),
    ]
