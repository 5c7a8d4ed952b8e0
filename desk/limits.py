"""Rates: a bucket of tokens that refills. Pure; the time comes in."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from ipaddress import ip_address

from desk.errors import RateLimited

MAX_BUCKETS = 20_000


@dataclass(frozen=True)
class Rate:
    """So many at once, then so many a second."""

    burst: float
    per_second: float

    def widened(self, factor: float) -> Rate:
        """Allow so many times more."""
        return Rate(self.burst * factor, self.per_second * factor)


class Bucket:
    """One sender's tokens."""

    def __init__(self, rate: Rate, now_seconds: float) -> None:
        self._rate = rate
        self._tokens = rate.burst
        self._at = now_seconds

    def take(self, now_seconds: float) -> float:
        """Take a token; returns 0, or the seconds until there is one again."""
        passed = max(now_seconds - self._at, 0.0)
        self._tokens = min(self._rate.burst, self._tokens + passed * self._rate.per_second)
        self._at = now_seconds
        if self._tokens >= 1.0:
            self._tokens -= 1.0
            return 0.0
        return (1.0 - self._tokens) / self._rate.per_second


class Limiter:
    """Buckets by key. Bounded: the key that was quiet longest is forgotten first."""

    def __init__(self, rate: Rate) -> None:
        self._rate = rate
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

    def check(self, key: str, now_seconds: float, factor: float = 1.0) -> None:
        """Count one.

        Raises:
            RateLimited: too many; it says when to come back.
        """
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = Bucket(self._rate.widened(factor), now_seconds)
        self._buckets.move_to_end(key)
        while len(self._buckets) > MAX_BUCKETS:
            self._buckets.popitem(last=False)
        wait = bucket.take(now_seconds)
        if wait > 0:
            raise RateLimited(wait)


def is_loopback(address: str | None) -> bool:
    """Say whether a caller sits on this machine."""
    try:
        return address is not None and ip_address(address).is_loopback
    except ValueError:
        return False
