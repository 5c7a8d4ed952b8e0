"""What was measured, as JSON (`metrics.json`): shares in [0, 1], null where the data holds nothing to measure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, fields
from typing import Any

from nlu.bootstrap import CONFIDENCE, RESAMPLES, SEED, Interval
from nlu.evaluation import Evaluation
from nlu.metrics import ClassScore
from nlu.outcomes import BINS, Figures

_DIGITS = 6


def to_json(evaluation: Evaluation) -> dict[str, Any]:
    """Write an evaluation as JSON."""
    metrics, intervals = evaluation.metrics, evaluation.intervals
    names = [field.name for field in fields(Figures)]
    record = {
        "model_id": evaluation.model_id,
        "data": evaluation.data,
        "data_sha256": evaluation.data_sha256,
        "texts": metrics.texts,
        "out_of_scope_texts": metrics.out_of_scope_texts,
        **{name: getattr(metrics, name) for name in names},
        "intervals": {
            name: {"low": getattr(intervals.low, name), "high": getattr(intervals.high, name)}
            for name in names
            if math.isfinite(getattr(intervals.low, name))
        },
        "unseen": asdict(evaluation.unseen),
        "per_intent": _per_class(metrics.intents, intervals.intents),
        "per_entity": _per_class(metrics.entities, intervals.entities),
        "unknown_intents": dict(evaluation.unknown_intents),
        "unknown_entities": dict(evaluation.unknown_entities),
        "confusions": [asdict(confusion) for confusion in metrics.confusions],
        "notes": evaluation.notes,
        "latency": {"p50_ms": evaluation.milliseconds_p50, "p95_ms": evaluation.milliseconds_p95},
        "out_of_scope_threshold": evaluation.out_of_scope_threshold,
        "dial": [asdict(figures) for figures in evaluation.dial],
        "multi": asdict(evaluation.several),
        "ece_bins": BINS,
        "bootstrap": {"resamples": RESAMPLES, "seed": SEED, "confidence": CONFIDENCE},
        "versions": dict(evaluation.versions),
        "model_versions": dict(evaluation.model_versions),
    }
    finite: dict[str, Any] = to_finite(record)
    return finite


def to_finite(value: Any) -> Any:
    """Round every number to what it is worth, and make null of what is none."""
    if isinstance(value, dict):
        return {key: to_finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_finite(item) for item in value]
    if isinstance(value, float):
        return round(value, _DIGITS) if math.isfinite(value) else None
    return value


def _per_class(scores: Sequence[ClassScore], intervals: Iterable[Interval]) -> dict[str, Any]:
    return {
        score.name: {
            "precision": score.precision,
            "recall": score.recall,
            "f1": score.f1,
            "support": score.support,
            "f1_low": interval.low,
            "f1_high": interval.high,
        }
        for score, interval in zip(scores, intervals, strict=True)
    }
