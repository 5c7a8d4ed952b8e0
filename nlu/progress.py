"""What a training says while it runs."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

SILENCE_SECONDS = 15.0
"""A log hears how far a training is after this long without another sentence."""


@dataclass(frozen=True)
class Progress:
    """A sentence; after an epoch also its figures and the seconds that are left.

    A passing one says how far a training is between two epochs, every few seconds: `share` is the part of all steps
    that is done. A bar shows it; a log may pass it over.
    """

    message: str
    epoch: int = 0
    epochs: int = 0
    loss: float | None = None
    held_out_accuracy: float | None = None
    seconds_left: float | None = None
    share: float | None = None

    @property
    def is_passing(self) -> bool:
        """Whether this is only how far the training is."""
        return self.share is not None


OnProgress = Callable[[Progress], None]


def say_nothing(progress: Progress) -> None:
    """Hear of a training and say nothing."""


def to_log(write: Callable[[str], object], *, clock: Callable[[], float] = time.monotonic) -> OnProgress:
    """Give what writes a training's sentences as lines; a passing one only after a silence.

    Args:
        write: takes a sentence.
        clock: seconds that never go back.
    """
    last_seconds = clock()

    def tell(progress: Progress) -> None:
        nonlocal last_seconds
        if progress.is_passing and clock() - last_seconds < SILENCE_SECONDS:
            return
        last_seconds = clock()
        write(progress.message)

    return tell
