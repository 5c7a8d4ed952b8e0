"""The charts of a report, each with the sentence that says how to read it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from nlu.predictions import Prediction
from nlu.report.background import EpochPoint
from nlu.report.curves import Bin, Point, Shot, floor_of, reject_curve, reliability
from nlu.report.svg import BOTTOM, HEIGHT, Axis, Plot, chart, dot, line, percent_axis, whisker, words


@dataclass(frozen=True)
class Line:
    """An entry of a legend."""

    css: str
    label: str


@dataclass(frozen=True)
class Figure:
    """A chart: the question it answers, the drawing, how to read it, and its lines."""

    title: str
    drawing: Markup
    caption: str
    legend: tuple[Line, ...] = ()


def calibration_figure(predictions: Sequence[Prediction]) -> Figure | None:
    """Draw accuracy against confidence; None without a text in scope."""
    bins = reliability(predictions)
    if not bins:
        return None
    plot = Plot(percent_axis(0, 1, "confidence, %"), percent_axis(0, 1, "accuracy, %"))
    layers = [line(plot, [Point(0, 0), Point(1, 1)], "ideal")]
    for one in bins:
        layers += _bin_layers(plot, one)
    caption = (
        f"{sum(one.texts for one in bins)} texts in scope in ten bins of confidence; bars are 95 % intervals, small "
        "numbers the texts of a bin. Dots below the dashed line: more sure than right."
    )
    return Figure("Can its confidence be believed?", chart(plot, "Calibration", *layers), caption)


def reject_figure(predictions: Sequence[Prediction]) -> Figure | None:
    """Draw the accuracy of what is answered over the share that is answered, in-scope texts only."""
    known = [one for one in predictions if one.is_in_scope]
    if not known:
        return None
    right = np.asarray([one.has_right_intent for one in known], dtype=np.bool_)
    curves = {
        "by confidence": reject_curve(_confidences(known), right),
        "by familiarity": reject_curve(_familiarities(known), right),
    }
    answered = [one for one in known if not one.is_out_of_scope]
    served = None
    if answered:
        accuracy = sum(one.has_right_intent for one in answered) / len(answered)
        served = Point(len(answered) / len(known), accuracy)
    caption = (
        f"{len(known)} texts in scope, the least sure refused first. The ring is the model as it is served."
    )
    return refusal_figure(curves, served, caption)


def refusal_figure(curves: Mapping[str, Sequence[Point]], served: Point | None, caption: str) -> Figure:
    """Draw one or two reject curves by what they are called, and where the served state lies on them."""
    low = floor_of([p.y for points in curves.values() for p in points])
    plot = Plot(percent_axis(0, 1, "answered, %"), percent_axis(low, 1, "right among the answered, %"))
    layers = [line(plot, points, css) for css, points in zip(("s1", "s2"), curves.values(), strict=False)]
    if served is not None:
        layers.append(_served(plot, served, "right"))
    legend = (
        *(Line(css, name) for css, name in zip(("s1", "s2"), curves, strict=False)),
        Line("s3", "as served"),
    )
    return Figure("What does refusing buy?", chart(plot, "Reject curve", *layers), caption, legend)


def risk_figure(predictions: Sequence[Prediction]) -> Figure | None:
    """Draw how much of what is answered is wrong, all texts together; None without texts of both kinds."""
    right = np.asarray([one.has_right_intent for one in predictions], dtype=np.bool_)
    foreign = sum(not one.is_in_scope for one in predictions)
    if not foreign or foreign == len(predictions):
        return None
    curves = [
        tuple(Point(p.x, 1 - p.y) for p in reject_curve(scores, right))
        for scores in (_confidences(predictions), _familiarities(predictions))
    ]
    high = min(1.0, 1 - floor_of([1 - p.y for curve in curves for p in curve]))
    plot = Plot(
        percent_axis(0, 1, "answered, %"), percent_axis(0, max(high, 0.1), "wrong among the answered, %")
    )
    answered = [one for one in predictions if not one.is_out_of_scope]
    layers = [line(plot, curve, css) for curve, css in zip(curves, ("s1", "s2"), strict=True)]
    if answered:
        risk = sum(not one.has_right_intent for one in answered) / len(answered)
        layers.append(_served(plot, Point(len(answered) / len(predictions), risk), "wrong"))
    caption = f"All {len(predictions)} texts, {foreign} of them out of scope: answering one of these is an error too."
    legend = (Line("s1", "by confidence"), Line("s2", "by familiarity"), Line("s3", "as served"))
    return Figure("What does answering risk?", chart(plot, "Risk curve", *layers), caption, legend)


def learning_figure(epochs: Sequence[EpochPoint]) -> Figure | None:
    """Draw the accuracy on the held-out part epoch by epoch; None if nothing was held out."""
    if not epochs:
        return None
    points = [Point(one.number, one.accuracy) for one in epochs]
    first, last = epochs[0].number, max(epochs[-1].number, epochs[0].number + 1)
    step = max(1, (last - first) // 8)
    ticks = tuple((float(number), str(number)) for number in range(first, last + 1, step))
    plot = Plot(
        Axis(first, last, ticks, "epoch"), percent_axis(floor_of([p.y for p in points]), 1, "accuracy, %")
    )
    dots = [dot(plot, p, "s1", f"epoch {p.x:.0f}: {100 * p.y:.1f} %") for p in points]
    caption = "Intent accuracy on the part of the training data that was held out."
    return Figure(
        "Did it learn long enough?", chart(plot, "Learning curve", line(plot, points, "s1"), *dots), caption
    )


def shots_figure(shots: Sequence[Shot], texts: int) -> Figure | None:
    """Draw the accuracy over the examples per intent; None if the model does not hold its training texts."""
    if not shots:
        return None
    points = [Point(number, one.accuracy) for number, one in enumerate(shots)]
    ticks = tuple(
        (float(n), "all" if one.examples is None else str(one.examples)) for n, one in enumerate(shots)
    )
    x = Axis(0, max(1, len(shots) - 1), ticks, "examples per intent, at most")
    plot = Plot(x, percent_axis(floor_of([p.y for p in points]), 1, "accuracy, %"))
    dots = [
        dot(plot, p, "s1", f"{told} examples per intent: {100 * p.y:.1f} %")
        for p, (_, told) in zip(points, ticks, strict=True)
    ]
    caption = (
        f"{texts} texts in scope, each given the intent with the nearest mean of so many training examples. The encoder "
        "learned from all of them: a curve that still rises says that more examples would help."
    )
    return Figure(
        "Would more examples help?",
        chart(plot, "Examples per intent", line(plot, points, "s1"), *dots),
        caption,
    )


def _bin_layers(plot: Plot, one: Bin) -> list[Markup]:
    tip = (
        f"{one.texts} texts of mean confidence {100 * one.confidence:.1f} %: {100 * one.accuracy:.1f} % right"
    )
    return [
        whisker(plot, one.confidence, one.low, one.high, "s1"),
        dot(plot, Point(one.confidence, one.accuracy), "s1", tip),
        words(plot.left(one.confidence), HEIGHT - BOTTOM - 5, str(one.texts), "small"),
    ]


def _served(plot: Plot, point: Point, what: str) -> Markup:
    tip = f"as served: {100 * point.x:.1f} % answered, {100 * point.y:.1f} % of that {what}"
    return dot(plot, point, "s3", tip, radius=6)


def _confidences(predictions: Sequence[Prediction]) -> np.ndarray:
    return np.asarray([one.confidence for one in predictions], dtype=np.float64)


def _familiarities(predictions: Sequence[Prediction]) -> np.ndarray:
    return np.asarray([one.familiarity for one in predictions], dtype=np.float64)
