"""What a training says while it runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Progress:
    """A sentence; after an epoch also its figures and the seconds that are left."""

    message: str
    epoch: int = 0
    epochs: int = 0
    loss: float | None = None
    held_out_accuracy: float | None = None
    seconds_left: float | None = None


OnProgress = Callable[[Progress], None]
