"""How long a person will take: an estimate from what happened lately, or none. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timedelta

LOOK_BACK = timedelta(hours=1)
MIN_CLAIMS = 3


def estimate_wait_minutes(
    position: int, claims: Sequence[datetime], agents_online: int, now: datetime
) -> int | None:
    """Estimate the wait from how fast the line moved.

    Args:
        position: place in line, 1 is next.
        claims: when people were taken out of the line during the last LOOK_BACK, in order.
        agents_online: how many agents take conversations now.
        now: the present.

    Returns:
        Whole minutes, at least 1; None where nobody is there or too little has happened to be honest about it.
    """
    if agents_online < 1 or len(claims) < MIN_CLAIMS:
        return None
    minutes_between = (now - claims[0]).total_seconds() / 60 / len(claims)
    return max(1, math.ceil(position * minutes_between))
