"""Retrieval measures over ranked document ids; each takes one query's ranking and its relevant documents."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from math import log2
from typing import Any

import numpy as np


@dataclass(frozen=True, slots=True)
class Metrics:
    """Means over queries, each in [0, 1]."""

    ndcg_at_10: float
    recall_at_1: float
    recall_at_5: float
    recall_at_10: float
    recall_at_100: float
    mrr_at_10: float
    map: float
    p_at_5: float
    queries: int


def rounded(values: dict[str, Any]) -> dict[str, Any]:
    """Round the numbers of a report to four digits."""
    return {name: round(value, 4) if isinstance(value, float) else value for name, value in values.items()}


def mean_metrics(rankings: Sequence[Sequence[str]], relevant: Sequence[dict[str, int]]) -> Metrics:
    """Average the measures over queries.

    Args:
        rankings: document ids of each query, best first, without repeats.
        relevant: for each query the documents that are relevant, with their grade (above 0).
    """
    pairs = list(zip(rankings, relevant, strict=True))
    count = len(pairs) or 1

    def mean(values: list[float]) -> float:
        return sum(values) / count

    return Metrics(
        ndcg_at_10=mean([ndcg(ranking, grades, 10) for ranking, grades in pairs]),
        recall_at_1=mean([recall(ranking, grades, 1) for ranking, grades in pairs]),
        recall_at_5=mean([recall(ranking, grades, 5) for ranking, grades in pairs]),
        recall_at_10=mean([recall(ranking, grades, 10) for ranking, grades in pairs]),
        recall_at_100=mean([recall(ranking, grades, 100) for ranking, grades in pairs]),
        mrr_at_10=mean([reciprocal_rank(ranking[:10], grades) for ranking, grades in pairs]),
        map=mean([average_precision(ranking, grades) for ranking, grades in pairs]),
        p_at_5=mean([precision(ranking, grades, 5) for ranking, grades in pairs]),
        queries=len(pairs),
    )


def ndcg(ranking: Sequence[str], grades: dict[str, int], k: int) -> float:
    """Normalised discounted cumulative gain with linear gains, as trec_eval's ndcg_cut."""
    gain = sum(grades.get(name, 0) / log2(place + 1) for place, name in enumerate(ranking[:k], start=1))
    best = sum(
        grade / log2(place + 1) for place, grade in enumerate(sorted(grades.values())[::-1][:k], start=1)
    )
    return gain / best if best else 0.0


def recall(ranking: Sequence[str], relevant: Collection[str], k: int) -> float:
    """Share of the relevant documents among the first k."""
    return len(set(ranking[:k]) & set(relevant)) / len(relevant) if relevant else 0.0


def precision(ranking: Sequence[str], relevant: Collection[str], k: int) -> float:
    """Share of the first k places that hold a relevant document."""
    return len(set(ranking[:k]) & set(relevant)) / k


def reciprocal_rank(ranking: Sequence[str], relevant: Collection[str]) -> float:
    """One over the place of the first relevant document; 0 without one."""
    return next((1 / place for place, name in enumerate(ranking, start=1) if name in relevant), 0.0)


def average_precision(ranking: Sequence[str], relevant: Collection[str]) -> float:
    """Mean over the relevant documents of the precision at their place; one not ranked counts 0."""
    hits = 0
    total = 0.0
    for place, name in enumerate(ranking, start=1):
        if name in relevant:
            hits += 1
            total += hits / place
    return total / len(relevant) if relevant else 0.0


def auroc(positives: Sequence[float], negatives: Sequence[float]) -> float:
    """Probability that a positive scores above a negative, ties counting half; 0.5 where one kind is missing."""
    if not positives or not negatives:
        return 0.5
    others = np.sort(np.asarray(negatives, dtype=np.float64))
    below = np.searchsorted(others, positives, side="left")
    not_above = np.searchsorted(others, positives, side="right")
    return float((below + not_above).sum() / 2 / (len(positives) * len(negatives)))
