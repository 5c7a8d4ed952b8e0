"""What a count of cases says about a share: exact bounds of the binomial distribution."""

from __future__ import annotations

import numpy as np
from scipy.stats import binom, binomtest


def most_cases(total: int, share: float, *, error: float) -> int | None:
    """Find how many cases among `total` still prove that their share is at most `share`; None if not even none does.

    Args:
        total: how many were looked at.
        share: what the true share may be at most, in (0, 1).
        error: chance to believe so wrongly.
    """
    chances = binom.cdf(np.arange(total + 1), total, share)
    allowed = int(np.searchsorted(chances, error, side="right")) - 1
    return allowed if allowed >= 0 else None


def share_interval(count: int, total: int, *, error: float = 0.05) -> tuple[float, float]:
    """Give the interval that holds the true share but for `error` of the times; (0, 1) for none looked at.

    Source: Clopper and Pearson 1934; exact, hence a little wide.
    """
    if not total:
        return 0.0, 1.0
    ends = binomtest(count, total).proportion_ci(1 - error, method="exact")
    return float(ends.low), float(ends.high)
