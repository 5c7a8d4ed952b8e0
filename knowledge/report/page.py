"""The report as one HTML page that needs nothing else: no network, no other file. Whatever the texts hold is escaped."""

from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from knowledge.report.queries import ToldQuery, first_places, told_queries
from knowledge.retrieval import RetrievalReport, answering
from nlu.bootstrap import RESAMPLES, SEED, draws, percentiles
from nlu.report.charts import Figure, Line, refusal_figure
from nlu.report.curves import Point, floor_of, reject_curve
from nlu.report.page import render
from nlu.report.svg import Axis, Plot, chart, line, percent_axis

TOLD_QUERIES = 100
_SHOWN_AT_ONCE = 15
_TEMPLATES = Path(__file__).parent / "templates"
_PLACES = 20
_COLUMNS = {
    "ndcg_at_10": "nDCG@10",
    "recall_at_1": "recall@1",
    "recall_at_5": "recall@5",
    "recall_at_10": "recall@10",
    "recall_at_100": "recall@100",
    "mrr_at_10": "MRR@10",
    "map": "MAP",
    "p_at_5": "P@5",
}
_NAMES = {
    "bm25": "words (BM25)",
    "dense": "meaning (dense)",
    "hybrid": "both (hybrid)",
    "reranked": "reranked",
}
_LINES = ("s1", "s2", "s3", "ideal")


@dataclass(frozen=True, slots=True)
class MethodRow:
    """A method's measures, in the order of the columns, and the 95 % interval of its nDCG@10."""

    name: str
    values: tuple[float, ...]
    low: float
    high: float
    is_served: bool


def render_report(report: RetrievalReport) -> str:
    """Write the page."""
    told = told_queries(report)
    failed = [one for one in told if one.served < 1]
    return render(
        "retrieval.html.j2",
        folders=[_TEMPLATES],
        report=report,
        columns=list(_COLUMNS.values()),
        methods=_method_rows(report, told),
        names=_NAMES,
        answering=answering(report.asked, report.threshold, report.max_wrong_share),
        figures=[figure for figure in (_places_figure(report), _reject_figure(report)) if figure],
        worst=failed[:TOLD_QUERIES],
        worst_count=len(failed),
        shown_at_once=_SHOWN_AT_ONCE,
        resamples=RESAMPLES,
    )


def _method_rows(report: RetrievalReport, told: list[ToldQuery]) -> list[MethodRow]:
    rows = []
    for name, metrics in report.metrics.items():
        values = asdict(metrics)
        low, high = _interval([one.ndcg[name] for one in told])
        measured = tuple(values[column] for column in _COLUMNS)
        rows.append(MethodRow(_NAMES.get(name, name), measured, low, high, name == report.served))
    return rows


def _interval(values: list[float]) -> tuple[float, float]:
    """Bootstrap the mean of one value a query (95 %)."""
    scores = np.asarray(values, dtype=np.float64)
    means = [weights @ scores / len(scores) for weights in draws(len(scores), resamples=RESAMPLES, seed=SEED)]
    (low,), (high,) = percentiles(np.asarray(means)[:, None])
    return low, high


def _places_figure(report: RetrievalReport) -> Figure:
    """Draw the share of queries with a relevant document among the first 1, 2, ... places."""
    curves = {}
    for method in report.metrics:
        places = first_places(report, method)
        curves[method] = [
            Point(limit, sum(place is not None and place <= limit for place in places) / len(places))
            for limit in range(1, _PLACES + 1)
        ]
    ticks = tuple((float(place), str(place)) for place in (1, 3, 5, 10, 15, 20))
    low = floor_of([point.y for curve in curves.values() for point in curve])
    plot = Plot(Axis(1, _PLACES, ticks, "first so many documents"), percent_axis(low, 1, "queries, %"))
    layers = [line(plot, curve, css) for css, curve in zip(_LINES, curves.values(), strict=False)]
    legend = tuple(Line(css, _NAMES.get(name, name)) for css, name in zip(_LINES, curves, strict=False))
    caption = f"Share of the {len(report.queries)} queries that have a relevant document so far up."
    return Figure(
        "How far up is the first right document?",
        chart(plot, "First right document", *layers),
        caption,
        legend,
    )


def _reject_figure(report: RetrievalReport) -> Figure | None:
    """Draw how many of the answers are right when the least sure questions are refused."""
    if not report.asked:
        return None
    confidences = np.asarray([one.confidence for one in report.asked], dtype=np.float64)
    right = np.asarray([one.is_right for one in report.asked], dtype=np.bool_)
    answered = confidences >= report.threshold
    served = Point(float(answered.mean()), float(right[answered].mean())) if answered.any() else None
    caption = (
        f"{len(report.asked)} questions, {sum(not one.is_answerable for one in report.asked)} of them without an answer "
        "(asked again with their documents taken away), the least sure refused first. The ring is what is served."
    )
    return refusal_figure({"by confidence": reject_curve(confidences, right)}, served, caption)
