"""Two models on the same texts: what the second one mended, what it broke, and whether that is more than chance."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy.stats import binomtest

from nlu.bootstrap import RESAMPLES, SEED, percentiles
from nlu.errors import ReportsDiffer
from nlu.metrics import measure_predictions
from nlu.predictions import Prediction
from nlu.report.views import View


@dataclass(frozen=True)
class Side:
    """One of the two: what it is called and what it understood."""

    name: str
    predictions: tuple[Prediction, ...]


@dataclass(frozen=True)
class Change:
    """One text that one side understands rightly and the other wrongly."""

    before: Prediction
    after: Prediction


@dataclass(frozen=True)
class Difference:
    """How two sides differ in one view; shares in [0, 1] of `texts`.

    `low` and `high` hold the difference in 95 of 100 resamples of the texts, both sides together (paired bootstrap).
    `p_value` is the chance of a split of the changed texts at least as uneven if neither side were better (exact
    McNemar test); 1 if none changed.
    """

    view: View
    texts: int
    before: float
    after: float
    low: float
    high: float
    p_value: float
    fixed: tuple[Change, ...]
    broken: tuple[Change, ...]

    @property
    def difference(self) -> float:
        """What the second side is better by."""
        return self.after - self.before


@dataclass(frozen=True)
class ClassChange:
    """The F1 of one intent on both sides."""

    name: str
    support: int
    before: float
    after: float

    @property
    def difference(self) -> float:
        """What the second side is better by."""
        return self.after - self.before


@dataclass(frozen=True)
class Comparison:
    """Two sides compared: each view that the data can tell, and the intents whose F1 changed, most changed first."""

    before: str
    after: str
    differences: tuple[Difference, ...]
    intents: tuple[ClassChange, ...]

    def of(self, view: View) -> Difference | None:
        """Get one view; None if the data cannot tell it."""
        return next((one for one in self.differences if one.view is view), None)


def compare(before: Side, after: Side) -> Comparison:
    """Compare two sides.

    Raises:
        ReportsDiffer: they are not about the same texts with the same expectations, in the same order.
    """
    _check_same(before, after)
    changes = [Change(*both) for both in zip(before.predictions, after.predictions, strict=True)]
    differences = (_difference(view, changes) for view in View)
    return Comparison(
        before.name,
        after.name,
        tuple(one for one in differences if one is not None),
        _class_changes(before.predictions, after.predictions),
    )


def to_json(comparison: Comparison) -> dict[str, Any]:
    """Write a comparison as JSON."""
    return {
        "before": comparison.before,
        "after": comparison.after,
        "views": {one.view.value: _difference_to_json(one) for one in comparison.differences},
        "intents": {one.name: {**asdict(one), "difference": one.difference} for one in comparison.intents},
    }


def is_right(view: View, one: Prediction) -> bool:
    """Say whether a text counts as right in a view."""
    return _RIGHT[view](one)


_RIGHT: dict[View, Callable[[Prediction], bool]] = {
    View.INTENT: lambda one: one.has_right_intent,
    View.SENTENCE: lambda one: one.is_exact,
    View.DECISION: lambda one: one.is_right_decision,
}


def _check_same(before: Side, after: Side) -> None:
    asked = [
        [(one.text, one.expected, one.expected_entities) for one in side.predictions]
        for side in (before, after)
    ]
    if asked[0] != asked[1]:
        raise ReportsDiffer(
            f"{before.name} and {after.name}",
            "were not measured on the same texts with the same expectations in the same order; "
            "compare the models themselves with --data",
        )


def _difference(view: View, changes: Sequence[Change]) -> Difference | None:
    """Compare in one view; None if no text, or for sentences no entity, is there to be right."""
    told = [one for one in changes if view is View.DECISION or one.before.is_in_scope]
    if not told or (view is View.SENTENCE and not any(one.before.expected_entities for one in told)):
        return None
    rights = [(is_right(view, one.before), is_right(view, one.after)) for one in told]
    fixed = tuple(one for one, (was, now) in zip(told, rights, strict=True) if now and not was)
    broken = tuple(one for one, (was, now) in zip(told, rights, strict=True) if was and not now)
    low, high = paired_interval(len(fixed), len(broken), len(told))
    return Difference(
        view=view,
        texts=len(told),
        before=sum(was for was, _ in rights) / len(told),
        after=sum(now for _, now in rights) / len(told),
        low=low,
        high=high,
        p_value=mcnemar(len(fixed), len(broken)),
        fixed=tuple(sorted(fixed, key=lambda one: -one.after.confidence)),
        broken=tuple(sorted(broken, key=lambda one: -one.after.confidence)),
    )


def mcnemar(fixed: int, broken: int) -> float:
    """Test whether as many texts were mended as broken: the exact, two-sided p value (McNemar 1947)."""
    changed = fixed + broken
    return float(binomtest(fixed, changed, 0.5).pvalue) if changed else 1.0


def paired_interval(fixed: int, broken: int, texts: int) -> tuple[float, float]:
    """Find the 95 % interval of the difference by resampling the texts, both sides together.

    A text is mended, broken or as before, so a resample is one draw of the multinomial distribution of the three.
    """
    shares = np.asarray([fixed, broken, texts - fixed - broken]) / texts
    drawn = np.random.default_rng(SEED).multinomial(texts, shares, size=10 * RESAMPLES)
    (low,), (high,) = percentiles((drawn[:, :1] - drawn[:, 1:2]) / texts)
    return low, high


def _class_changes(before: Sequence[Prediction], after: Sequence[Prediction]) -> tuple[ClassChange, ...]:
    was = {score.name: score for score in measure_predictions(before).intents}
    now = {score.name: score for score in measure_predictions(after).intents}
    changes = [
        ClassChange(name, was[name].support, was[name].f1, now[name].f1)
        for name in was
        if was[name].support and was[name].f1 != now[name].f1
    ]
    return tuple(sorted(changes, key=lambda one: (-abs(one.difference), one.name)))


def _difference_to_json(one: Difference) -> dict[str, Any]:
    return {
        "texts": one.texts,
        "before": one.before,
        "after": one.after,
        "difference": one.difference,
        "low": one.low,
        "high": one.high,
        "p_value": one.p_value,
        "fixed": [_change_to_json(change) for change in one.fixed],
        "broken": [_change_to_json(change) for change in one.broken],
    }


def _change_to_json(change: Change) -> dict[str, Any]:
    return {
        "text": change.before.text,
        "expected": change.before.expected,
        **{
            name: {
                "understood": one.understood,
                "confidence": one.confidence,
                "is_out_of_scope": one.is_out_of_scope,
                "entities": [asdict(span) for span in one.entities],
            }
            for name, one in (("before", change.before), ("after", change.after))
        },
    }
