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


class KnownPlaces:
    """From which addresses whom we know has signed in; bounded, the one seen longest ago is forgotten first.

    Who guesses at somebody's password uses up the tries of that account. Those who signed in from where they are before
    do not need them, so that nobody can be locked out by others.
    """

    def __init__(self) -> None:
        self._places: OrderedDict[tuple[str, str], None] = OrderedDict()

    def add(self, name: str, address: str) -> None:
        """Remember a sign-in."""
        self._places[name, address] = None
        self._places.move_to_end((name, address))
        while len(self._places) > MAX_BUCKETS:
            self._places.popitem(last=False)

    def __contains__(self, place: tuple[str, str]) -> bool:
        """Say whether this name has signed in from this address."""
        return place in self._places


def is_loopback(address: str | None) -> bool:
    """Say whether a caller sits on this machine."""
    try:
        return address is not None and ip_address(address).is_loopback
    except ValueError:
        return False
