"""What both halves of the benchmark share: how messages are sent, and how a round is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

CONCURRENCY = (1, 8, 32)
MESSAGES_PER_CONVERSATION = 5
Figures = dict[str, Any]


def conversations(texts: Sequence[str]) -> list[Sequence[str]]:
    """Cut the messages into conversations of a few."""
    starts = range(0, len(texts), MESSAGES_PER_CONVERSATION)
    return [texts[start : start + MESSAGES_PER_CONVERSATION] for start in starts]


def round_figures(
    customers: int, seconds: float, latencies_seconds: Sequence[float], outcomes: Mapping[str, int]
) -> Figures:
    """Return a round's latency in milliseconds, turns a second and outcome counts."""
    p50, p95, p99 = np.percentile(np.array(latencies_seconds) * 1000, [50, 95, 99])
    return {
        "customers": customers,
        "turns": len(latencies_seconds),
        "turns_per_second": round(len(latencies_seconds) / seconds, 1),
        "p50_ms": round(float(p50), 1),
        "p95_ms": round(float(p95), 1),
        "p99_ms": round(float(p99), 1),
        "outcomes": dict(outcomes),
    }
