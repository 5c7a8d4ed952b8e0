"""The report as one HTML page that needs nothing else: no network, no other file. Whatever the texts hold is escaped."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from nlu.bootstrap import RESAMPLES, Interval
from nlu.evaluation import Evaluation
from nlu.evidence import Nearest
from nlu.metrics import ClassScore
from nlu.predictions import Prediction, Span
from nlu.report.background import Background
from nlu.report.charts import (
    Figure,
    calibration_figure,
    learning_figure,
    reject_figure,
    risk_figure,
    shots_figure,
)
from nlu.report.headline import headline
from nlu.report.heatmap import HeatMap, heat_map
from nlu.report.mistakes import Kind, Mistake
from nlu.report.svg import interval_bar

TOLD_MISTAKES = 100
_SHOWN_AT_ONCE = 12
_TEMPLATES = Path(__file__).parent / "templates"

_SAID_OF = {
    Kind.WRONG_INTENT: "wrong intent",
    Kind.ANSWERED_OUT_OF_SCOPE: "answered, but out of scope",
    Kind.REFUSED_IN_SCOPE: "refused, but in scope",
    Kind.WRONG_ENTITIES: "wrong details",
}


@dataclass(frozen=True)
class MistakeRow:
    """A mistake in words."""

    text: str
    what: str
    expected: str
    understood: str
    confidence: float
    nearest: Nearest | None


@dataclass(frozen=True)
class ClassRow:
    """An intent or entity with the interval of its F1, as numbers and as a drawing."""

    score: ClassScore
    interval: Interval
    drawing: Markup


def render_report(evaluation: Evaluation, predictions: Sequence[Prediction], background: Background) -> str:
    """Write the page.

    Args:
        evaluation: the figures.
        predictions: what they were taken from.
        background: what the model said besides.
    """
    return render(
        "report.html.j2",
        evaluation=evaluation,
        headline=headline(evaluation),
        figures=_figures(predictions, background),
        heat_map=_heat_map(predictions),
        mistakes=[mistake_row(one) for one in background.mistakes[:TOLD_MISTAKES]],
        shown_at_once=_SHOWN_AT_ONCE,
        mistake_count=len(background.mistakes),
        intents=_class_rows(evaluation.metrics.intents, evaluation.intervals.intents),
        entities=_class_rows(evaluation.metrics.entities, evaluation.intervals.entities),
        resamples=RESAMPLES,
    )


def render(template: str, *, folders: Sequence[Path] = (), **values: object) -> str:
    """Fill a template of this folder or of others; everything that is not markup of our own is escaped."""
    environment = Environment(
        loader=FileSystemLoader([*folders, _TEMPLATES]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["breakable"] = breakable
    script = (_TEMPLATES / "sort.js").read_text(encoding="utf-8")
    return environment.get_template(template).render(
        style=Markup((_TEMPLATES / "report.css").read_text(encoding="utf-8")),  # noqa: S704 - a file of our own
        script=Markup(script),  # noqa: S704 - a file of our own
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        **values,
    )


def breakable(name: str) -> Markup:
    """Let a long name break after its underscores, and nowhere else if it can be helped."""
    return Markup("_<wbr>").join(name.split("_"))


def mistake_row(mistake: Mistake) -> MistakeRow:
    """Tell a mistake in words."""
    one = mistake.prediction
    tells_entities = mistake.kind is Kind.WRONG_ENTITIES
    expected = one.expected if one.is_in_scope else "(out of scope)"
    understood = understood_of(one)
    return MistakeRow(
        text=one.text,
        what=_SAID_OF[mistake.kind],
        expected=f"{expected}: {details_of(one, one.expected_entities)}" if tells_entities else expected,
        understood=f"{understood}: {details_of(one, one.entities)}" if tells_entities else understood,
        confidence=one.confidence,
        nearest=mistake.nearest,
    )


def understood_of(one: Prediction) -> str:
    """Name what a text was understood as, and whether it was refused."""
    return f"{one.understood or '(nothing)'}{' (refused)' if one.is_out_of_scope else ''}"


def details_of(one: Prediction, spans: Iterable[Span]) -> str:
    """Tell the entities of a text."""
    return ", ".join(f"{span.entity} “{one.text[span.start : span.end]}”" for span in spans) or "no details"


def _figures(predictions: Sequence[Prediction], background: Background) -> list[Figure]:
    drawn = (
        calibration_figure(predictions),
        reject_figure(predictions),
        risk_figure(predictions),
        learning_figure(background.epochs),
        shots_figure(background.shots, background.shots_texts),
    )
    return [figure for figure in drawn if figure is not None]


def _heat_map(predictions: Sequence[Prediction]) -> HeatMap | None:
    drawn = heat_map(predictions)
    return drawn if drawn.shown else None


def _class_rows(scores: Sequence[ClassScore], intervals: Sequence[Interval]) -> list[ClassRow]:
    rows = [
        ClassRow(score, interval, interval_bar(score.f1, interval.low, interval.high))
        for score, interval in zip(scores, intervals, strict=True)
    ]
    return sorted(rows, key=lambda row: (row.score.f1, row.score.name))
