"""When people answer: ``always``, or days and times as ``mon-fri 09:00-18:00, sat 10:00-16:00``. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, time
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SPAN = re.compile(r"^(?P<days>[a-z-]+) (?P<opens>\d{2}:\d{2})-(?P<closes>\d{2}:\d{2})$")


class HoursRefused(ValueError):
    """The text names no opening hours; the message says which part."""


@dataclass(frozen=True)
class Span:
    """Weekdays (0 is Monday) and the times between which people answer; ``closes`` is not included."""

    days: frozenset[int]
    opens: time
    closes: time


@dataclass(frozen=True)
class OpeningHours:
    """When people can be had; no spans means always."""

    text: str
    zone: ZoneInfo
    spans: tuple[Span, ...] = ()

    def is_open(self, at: datetime) -> bool:
        """Say whether people answer at this time."""
        local = at.astimezone(self.zone)
        clock = local.time()
        return not self.spans or any(
            local.weekday() in span.days and span.opens <= clock < span.closes for span in self.spans
        )

    @property
    def words(self) -> str:
        """Say the hours as the company wrote them, for the customer."""
        return "" if not self.spans else self.text


def parse_hours(text: str, zone: str) -> OpeningHours:
    """Read opening hours.

    Raises:
        HoursRefused: a part is not `days hh:mm-hh:mm`, or the zone is not known.
    """
    try:
        where = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError) as exc:
        raise HoursRefused(f"no such time zone: {zone}") from exc
    plain = text.strip()
    if plain.lower() == "always":
        return OpeningHours(plain, where)
    return OpeningHours(plain, where, tuple(_parse_span(part.strip()) for part in plain.lower().split(",")))


def _parse_span(part: str) -> Span:
    match = _SPAN.match(part)
    if match is None:
        raise HoursRefused(f"not `days hh:mm-hh:mm`: {part}")
    try:
        opens, closes = time.fromisoformat(match["opens"]), time.fromisoformat(match["closes"])
    except ValueError as exc:
        raise HoursRefused(f"no such time: {part}") from exc
    if opens >= closes:
        raise HoursRefused(f"closes before it opens: {part}")
    return Span(_parse_days(match["days"], part), opens, closes)


def _parse_days(text: str, part: str) -> frozenset[int]:
    first, _, last = text.partition("-")
    if first not in DAYS or (last or first) not in DAYS:
        raise HoursRefused(f"no such day: {part}")
    start, end = DAYS.index(first), DAYS.index(last or first)
    length = (end - start) % len(DAYS) + 1
    return frozenset((start + step) % len(DAYS) for step in range(length))
