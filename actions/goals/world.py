"""Everything a goal may reach, passed in at construction: the ports, the clock, the limits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from actions.ports import Desk, Knowledge, Shop

Clock = Callable[[], datetime]


@dataclass(frozen=True)
class DialogueSettings:
    """The dialogue's own numbers; understanding's thresholds stand in ``config.yml``.

    Where understanding does not choose itself what to ask about (``max_wrong_share`` in ``config.yml``), a meaning is
    offered when it has at least ``clarify_share`` of the confidence, the best one at least ``clarify_best``.
    ``proof_tries`` wrong pairs of order and address end a task; ``proof_tries_in_all`` end all looking up in a
    conversation, so that nobody can try numbers out.
    """

    clarify_best: float = 0.2
    clarify_share: float = 0.1
    clarify_choices: int = 3
    proof_tries: int = 3
    proof_tries_in_all: int = 9
    return_days: int = 30
    time_zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Europe/Amsterdam"))


@dataclass(frozen=True)
class World:
    """The ports, the clock and the settings."""

    shop: Shop
    desk: Desk
    knowledge: Knowledge
    clock: Clock
    settings: DialogueSettings = field(default_factory=DialogueSettings)

    def today(self) -> date:
        """Tell the day in the shop's own time zone."""
        return self.clock().astimezone(self.settings.time_zone).date()
