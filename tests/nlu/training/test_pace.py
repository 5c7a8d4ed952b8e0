from __future__ import annotations

import math

from nlu.training.pace import SECONDS_BETWEEN, Pace


def test_standing_is_told_now_and_then_and_foretells_the_end() -> None:
    now = [100.0]
    pace = Pace(10, clock=lambda: now[0])
    assert math.isinf(pace.standing().seconds_left)
    told = []
    for _ in range(10):
        now[0] += SECONDS_BETWEEN * 0.75
        told.append(pace.stepped())
    assert [standing is not None for standing in told] == [False, True] * 5
    shares = [(standing.share, round(standing.seconds_left, 6)) for standing in told if standing]
    assert shares == [(0.2, 12.0), (0.4, 9.0), (0.6, 6.0), (0.8, 3.0), (1.0, 0.0)]


def test_time_and_steps_of_an_earlier_run_count() -> None:
    now = [0.0]
    pace = Pace(10, done=5, seconds=50.0, clock=lambda: now[0])
    assert pace.standing().seconds_left == 50.0
    now[0] = 10.0
    assert pace.seconds == 60.0
