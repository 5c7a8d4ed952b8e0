"""What every verb needs: the database, the announcer, the clock, the configuration."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from desk.announce import Announcer
from desk.config import DeskConfig
from desk.database import Database
from desk.frames import utc_now
from desk.hours import OpeningHours, parse_hours

Clock = Callable[[], datetime]


@dataclass(frozen=True)
class Desk:
    """Handed to every verb as its first argument."""

    config: DeskConfig
    database: Database
    announcer: Announcer
    clock: Clock = utc_now
    hours: OpeningHours = field(default_factory=lambda: parse_hours("always", "UTC"))
