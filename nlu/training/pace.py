"""How far a training is and how long it will take."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

SECONDS_BETWEEN = 2.0
"""A training says at most this often how far it is."""

Clock = Callable[[], float]


@dataclass(frozen=True)
class Standing:
    """How far a training is: `share` of its steps in [0, 1], and the seconds that the rest will take at this pace."""

    share: float
    seconds_left: float


class Pace:
    """Counts steps and foretells the end.

    Args:
        steps: of the whole training.
        done: how many of them an earlier run did, in `seconds` seconds.
        clock: seconds that never go back.
    """

    def __init__(
        self, steps: int, *, done: int = 0, seconds: float = 0.0, clock: Clock = time.monotonic
    ) -> None:
        self._steps = steps
        self._done = done
        self._clock = clock
        self._started = clock() - seconds
        self._told = clock()

    @property
    def seconds(self) -> float:
        """What the training took so far, all runs together."""
        return self._clock() - self._started

    def standing(self) -> Standing:
        """Say how far it is; with no step done nothing is foretold (infinite)."""
        share = self._done / self._steps if self._steps else 1.0
        return Standing(share, self.seconds * (1 / share - 1) if share else float("inf"))

    def stepped(self) -> Standing | None:
        """Count a step; the standing when it is time to tell it again, else None."""
        self._done += 1
        if self._clock() - self._told < SECONDS_BETWEEN:
            return None
        self._told = self._clock()
        return self.standing()
