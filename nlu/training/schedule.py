"""The course of the learning rate."""

from __future__ import annotations

from collections.abc import Callable


def warmup_and_decay(steps: int, warmup_share: float) -> Callable[[int], float]:
    """Scale the learning rate of a step: up over this share of the steps, then down to nothing."""
    warmup = max(1, int(steps * warmup_share))

    def factor(step: int) -> float:
        if step < warmup:
            return (step + 1) / warmup
        return max(0.0, (steps - step) / max(1, steps - warmup))

    return factor
