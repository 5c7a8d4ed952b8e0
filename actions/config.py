"""What the action server needs to be told; ``careline`` fills it from the settings."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo

from actions.generator import GeneratorConfig


@dataclass(frozen=True)
class ActionsConfig:
    """The action server's addresses, secrets and places.

    ``database`` and ``shop_database`` are a path (SQLite) or an SQLAlchemy URL with an async driver. ``token`` is
    what the engine sends, ``link_token`` what the desk expects. ``seed_shop`` fills an empty shop with the demo's
    orders.
    """

    token: str = field(repr=False)
    link_token: str = field(repr=False)
    database: str
    shop_database: str
    knowledge_root: Path
    host: str = "127.0.0.1"
    port: int = 5055
    link_url: str = "ws://127.0.0.1:8081"
    time_zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Europe/Amsterdam"))
    seed_shop: bool = True
    generator: GeneratorConfig | None = None
