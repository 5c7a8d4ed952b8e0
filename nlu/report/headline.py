"""The figures that are said first, in words."""

from __future__ import annotations

import math
from dataclasses import dataclass

from nlu.evaluation import Evaluation
from nlu.metrics import Metrics

_SAID = (
    ("intent_accuracy", "intent accuracy", "best intent right, refused or not"),
    ("intent_macro_f1", "intent macro F1", "mean F1 over the intents that occur"),
    ("entity_f1", "entity F1", "exact spans with the right name"),
    ("sentence_accuracy", "sentence accuracy", "intent and every entity right"),
    ("in_scope_accuracy", "in-scope accuracy", "intent right and not refused"),
    ("oos_recall", "out-of-scope recall", "out-of-scope texts that were refused"),
    ("oos_precision", "out-of-scope precision", "refused texts that are out of scope"),
    ("oos_false_alarm_rate", "false alarms", "in-scope texts that were refused"),
    ("oos_auroc", "out-of-scope AUROC", "how well the familiarity separates the two"),
    ("mcc", "MCC", "Matthews correlation of refused with out of scope"),
    ("ece", "calibration error", "mean gap of confidence and accuracy, ten bins"),
)
_OUT_OF_SCOPE_ONLY = {"oos_recall"}
_BOTH = {"oos_auroc", "mcc"}


@dataclass(frozen=True)
class Headline:
    """One figure: its key in metrics.json, its value and interval (NaN where it has none), and its n."""

    key: str
    label: str
    meaning: str
    value: float
    low: float
    high: float
    texts: int

    @property
    def told(self) -> str:
        """The value as people read it: a percentage, or a correlation."""
        return _told(self.key, self.value)

    @property
    def told_interval(self) -> str:
        """The interval as people read it; empty if there is none."""
        if math.isnan(self.low) or math.isnan(self.high):
            return ""
        return f"{_told(self.key, self.low, unit='')} to {_told(self.key, self.high)}"


def headline(evaluation: Evaluation) -> tuple[Headline, ...]:
    """List the figures that the data could tell."""
    values, low, high = evaluation.metrics, evaluation.intervals.low, evaluation.intervals.high
    return tuple(
        Headline(
            key, label, meaning, value, getattr(low, key), getattr(high, key), _count(evaluation.metrics, key)
        )
        for key, label, meaning in _SAID
        if not math.isnan(value := getattr(values, key))
    )


def _count(metrics: Metrics, key: str) -> int:
    if key == "oos_precision":  # a share of what was refused
        refused = metrics.oos_recall * metrics.out_of_scope_texts
        return round(refused + (metrics.oos_false_alarm_rate * metrics.texts if metrics.texts else 0))
    if key in _OUT_OF_SCOPE_ONLY:
        return metrics.out_of_scope_texts
    return metrics.texts + (metrics.out_of_scope_texts if key in _BOTH else 0)


def _told(key: str, value: float, *, unit: str = " %") -> str:
    return f"{value:.3f}" if key == "mcc" else f"{100 * value:.2f}{unit}"
