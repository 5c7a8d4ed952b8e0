"""The comparison in words: one HTML page, and what the command line says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nlu.predictions import Prediction
from nlu.report.compare import Change, Comparison, Difference
from nlu.report.page import details_of, render, understood_of
from nlu.report.views import View

TITLES = {
    View.INTENT: "intent right",
    View.SENTENCE: "intent and entities right",
    View.DECISION: "answered or refused rightly",
}
_SMALLEST = 0.0001


@dataclass(frozen=True)
class ChangeRow:
    """A changed text in words."""

    text: str
    expected: str
    before: str
    after: str


@dataclass(frozen=True)
class ViewRows:
    """One view in words."""

    title: str
    difference: Difference
    p_value: str
    fixed: tuple[ChangeRow, ...]
    broken: tuple[ChangeRow, ...]


def render_comparison(comparison: Comparison) -> str:
    """Write the page."""
    views = [
        ViewRows(
            TITLES[one.view],
            one,
            told_p_value(one.p_value),
            change_rows(one.view, one.fixed),
            change_rows(one.view, one.broken),
        )
        for one in comparison.differences
    ]
    return render("compare.html.j2", comparison=comparison, views=views)


def change_rows(view: View, changes: Sequence[Change]) -> tuple[ChangeRow, ...]:
    """Tell changed texts in words; entities only where they count."""
    return tuple(
        ChangeRow(
            change.before.text,
            _expected(view, change.before),
            _understood(view, change.before),
            _understood(view, change.after),
        )
        for change in changes
    )


def told_p_value(p_value: float) -> str:
    """Write a p value with four digits; a smaller one is only said to be smaller."""
    return f"{p_value:.4f}" if p_value >= _SMALLEST else f"below {_SMALLEST}"


def _expected(view: View, one: Prediction) -> str:
    if not one.is_in_scope:
        return "(out of scope)"
    return (
        f"{one.expected}: {details_of(one, one.expected_entities)}" if view is View.SENTENCE else one.expected
    )


def _understood(view: View, one: Prediction) -> str:
    details = f": {details_of(one, one.entities)}" if view is View.SENTENCE else ""
    return f"{understood_of(one)} {one.confidence:.2f}{details}"
