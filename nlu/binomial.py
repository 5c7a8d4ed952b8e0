"""What a count of cases says about a share: exact bounds of the binomial distribution, without SciPy."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

_BISECTIONS = 60


def cumulative(total: int, share: float) -> npt.NDArray[np.float64]:
    """Give the chances of at most 0, 1, ... `total` cases among `total`, each one with probability `share` in (0, 1)."""
    k = np.arange(1, total + 1)
    steps = np.log(total - k + 1) - np.log(k) + np.log(share) - np.log1p(-share)
    logs = total * np.log1p(-share) + np.concatenate([[0.0], np.cumsum(steps)])
    chances: npt.NDArray[np.float64] = np.minimum(np.cumsum(np.exp(logs)), 1.0)
    return chances


def most_cases(total: int, share: float, *, error: float) -> int | None:
    """Find how many cases among `total` still prove that their share is at most `share`; None if not even none does.

    Args:
        total: how many were looked at.
        share: what the true share may be at most, in (0, 1).
        error: chance to believe so wrongly.
    """
    allowed = int(np.searchsorted(cumulative(total, share), error, side="right")) - 1
    return allowed if allowed >= 0 else None


def share_interval(count: int, total: int, *, error: float = 0.05) -> tuple[float, float]:
    """Give the interval that holds the true share but for `error` of the times; (0, 1) for none looked at.

    Source: Clopper and Pearson 1934; exact, hence a little wide.
    """
    low = _find_share(count - 1, total, 1 - error / 2) if count else 0.0
    high = _find_share(count, total, error / 2) if count < total else 1.0
    return low, high


def _find_share(count: int, total: int, chance: float) -> float:
    """Find the share at which at most `count` cases have this chance, by halving: the chance falls with the share."""
    low, high = 0.0, 1.0
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        is_likelier = bool(cumulative(total, middle)[count] > chance)
        low, high = (middle, high) if is_likelier else (low, middle)
    return (low + high) / 2
