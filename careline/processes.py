"""The processes of the app environment: `python -m careline.processes desk|actions`.

Each fills its room's configuration from the settings and runs it until it is told to stop.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from zoneinfo import ZoneInfo

from actions.config import ActionsConfig
from actions.generator import GeneratorConfig
from careline.errors import CarelineError
from careline.logs import configure_logs
from careline.settings import ROOT, KnowledgeSettings, Settings, complete_secrets, load_settings
from desk.config import Brand, DeskConfig, EngineConfig, LinkConfig, PeopleConfig


def desk_config(settings: Settings, secrets: Mapping[str, str]) -> DeskConfig:
    """Return the desk's configuration."""
    brand, desk, people = settings.brand, settings.desk, settings.people
    return DeskConfig(
        database_url=desk.database_url or f"sqlite+aiosqlite:///{settings.var / 'desk.db'}",
        session_secret=secrets["session_key"],
        identity_secret=secrets["identity_key"],
        host=desk.host,
        port=desk.port,
        public_url=desk.public_url,
        widget_origins=tuple(desk.widget_origins),
        web_root=ROOT / "web" / "dist",
        help_root=settings.data / "knowledge",
        team_root=settings.var / "knowledge" / "articles",
        demo=desk.demo,
        redis_url=desk.redis_url,
        actions_health_url=f"{settings.actions_url}/health",
        brand=Brand(
            name=brand.name, assistant_name=brand.assistant_name, color=brand.color, locale=brand.locale
        ),
        engine=EngineConfig(url=settings.engine_url, token=secrets["engine_token"]),
        link=LinkConfig(host=settings.link.host, port=settings.link.port, token=secrets["link_token"]),
        people=PeopleConfig(
            opening_hours=people.opening_hours,
            time_zone=people.time_zone,
            nobody_free_minutes=people.nobody_free_minutes,
            agent_offline_minutes=people.agent_offline_minutes,
            agent_silent_minutes=people.agent_silent_minutes,
            idle_close_hours=people.idle_close_hours,
        ),
    )


def actions_config(settings: Settings, secrets: Mapping[str, str]) -> ActionsConfig:
    """Return the action server's configuration."""
    return ActionsConfig(
        token=secrets["actions_token"],
        link_token=secrets["link_token"],
        database=str(settings.var / "actions.db"),
        shop_database=settings.actions.shop_database_url or str(settings.var / "shop.db"),
        knowledge_root=settings.var / "knowledge",
        host=settings.actions.host,
        port=settings.actions.port,
        link_url=f"ws://{settings.link.host}:{settings.link.port}",
        time_zone=ZoneInfo(settings.people.time_zone),
        seed_shop=settings.desk.demo,
        generator=generator_config(settings.knowledge),
    )


def generator_config(settings: KnowledgeSettings) -> GeneratorConfig | None:
    """Return where the generator is; None where there is none."""
    if not settings.generator_url:
        return None
    key = settings.generator_key.get_secret_value() if settings.generator_key else None
    return GeneratorConfig(settings.generator_url, settings.generator_model, key)


def run(name: str, settings: Settings) -> None:
    """Run one process. Its room is imported here, so that no process carries another's libraries."""
    secrets = complete_secrets(settings)
    if name == "desk":
        import desk.main
        from careline.library import FileLibrary

        library = FileLibrary(settings.var / "knowledge", settings.data / "knowledge", ROOT)
        asyncio.run(desk.main.run(desk_config(settings, secrets), library))
    elif name == "actions":
        import actions.main

        asyncio.run(actions.main.run(actions_config(settings, secrets)))
    else:
        raise CarelineError(f"There is no process named {name!r}; there are `desk` and `actions`.")


def main() -> int:
    """Run the process named on the command line."""
    try:
        settings = load_settings()
        configure_logs(settings.log)
        run(sys.argv[1] if len(sys.argv) > 1 else "", settings)
    except CarelineError as error:
        print(f"Error: {error}", file=sys.stderr)  # noqa: T201 - the supervisor shows the end of this log
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
