from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from nlu.binomial import most_cases, share_interval


def test_no_texts_prove_nothing() -> None:
    assert most_cases(0, 0.2, error=0.1) is None
    assert share_interval(0, 0) == (0.0, 1.0)


def test_zero_wrong_of_as_many_as_needed_is_proof() -> None:
    assert most_cases(44, 0.05, error=0.1) is None  # 0.95 ** 44 > 0.1
    assert most_cases(45, 0.05, error=0.1) == 0  # 0.95 ** 45 < 0.1


@given(st.integers(1, 3000), st.floats(0.01, 0.3))
def test_one_case_more_would_prove_no_longer(total: int, share: float) -> None:
    allowed = most_cases(total, share, error=0.1)
    assert allowed is None or binom.cdf(allowed, total, share) <= 0.1
    assert binom.cdf(0 if allowed is None else allowed + 1, total, share) > 0.1


@pytest.mark.parametrize(
    ("count", "total", "low", "high"), [(0, 10, 0.0, 0.3085), (1, 10, 0.0025, 0.4450), (10, 10, 0.6915, 1.0)]
)
def test_interval_is_that_of_the_tables(count: int, total: int, low: float, high: float) -> None:
    assert share_interval(count, total) == pytest.approx((low, high), abs=1e-4)
