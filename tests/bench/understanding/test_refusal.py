from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bench.understanding.refusal import choose_threshold
from nlu.examples import Example

CASES = st.lists(st.tuples(st.integers(0, 5), st.booleans(), st.booleans()), min_size=1, max_size=12)


def percent_right(threshold: float, scores: np.ndarray, right: list[bool], foreign: list[bool]) -> int:
    refused = scores < threshold
    return sum(r if f else (ok and not r) for r, ok, f in zip(refused, right, foreign, strict=True))


def test_without_foreign_examples_nothing_is_refused() -> None:
    scores = np.asarray([0.1, 0.9], dtype=np.float32)
    assert choose_threshold(scores, [False, True], [Example("a", "x"), Example("b", "x")]) == -math.inf


@given(CASES)
def test_no_other_threshold_between_distinct_scores_does_better(cases: list[tuple[int, bool, bool]]) -> None:
    distinct = [score + place / 100 for place, (score, _, _) in enumerate(cases)]
    scores = np.asarray(distinct, dtype=np.float32)
    foreign = [is_foreign for _, _, is_foreign in cases]
    right = [is_right and not is_foreign for _, is_right, is_foreign in cases]
    examples = [Example("a", "oos" if is_foreign else "x") for is_foreign in foreign]
    chosen = choose_threshold(scores, right, examples)
    best = max(
        percent_right(t, scores, right, foreign) for t in [-math.inf, math.inf, *(float(s) for s in scores)]
    )
    assert percent_right(chosen, scores, right, foreign) == best
