"""What is measured of a model, from (expected, understood) pairs alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

from nlu.examples import Example
from nlu.outcomes import Figures, Outcomes, Tally, count, figures_of, tabulate
from nlu.predictions import Prediction, pair
from nlu.runtime import Parse


@dataclass(frozen=True)
class ClassScore:
    """Precision, recall and F1 of one intent or entity, in [0, 1]; `support` is how often it was expected."""

    name: str
    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True)
class Confusion:
    """How often one intent was understood as another, with one text for which it was."""

    expected: str
    understood: str
    count: int
    text: str


@dataclass(frozen=True)
class Metrics(Figures):
    """The figures, what they were taken from, and each intent and entity by itself, sorted by name."""

    texts: int
    out_of_scope_texts: int
    intents: tuple[ClassScore, ...]
    entities: tuple[ClassScore, ...]
    confusions: tuple[Confusion, ...]


def measure(examples: Sequence[Example], parses: Sequence[Parse]) -> Metrics:
    """Compare what was expected with what was understood; both in the same order."""
    return measure_predictions(pair(examples, parses))


def measure_predictions(predictions: Sequence[Prediction], outcomes: Outcomes | None = None) -> Metrics:
    """Measure predictions; `outcomes` are the same ones as arrays, if they are at hand."""
    outcomes = outcomes or tabulate(predictions)
    known = int(outcomes.in_scope.sum())
    return Metrics(
        **asdict(figures_of(outcomes, np.ones(len(predictions)))),
        texts=known,
        out_of_scope_texts=len(predictions) - known,
        intents=class_scores(outcomes.intents, len(predictions)),
        entities=class_scores(outcomes.entities, len(predictions)),
        confusions=confusions([one for one in predictions if one.is_in_scope]),
    )


def class_scores(tally: Tally, texts: int) -> tuple[ClassScore, ...]:
    """Score each name of a tally over that many texts."""
    counts = count(tally, np.ones(texts))
    columns = (counts.precision(), counts.recall(), counts.f1())
    rows = zip(tally.names, *(column.tolist() for column in columns), counts.expected.tolist(), strict=True)
    return tuple(
        ClassScore(name, precision, recall, f1, int(support)) for name, precision, recall, f1, support in rows
    )


def confusions(predictions: Sequence[Prediction]) -> tuple[Confusion, ...]:
    """Count the pairs of intents that were taken for each other, most frequent first."""
    texts: dict[tuple[str, str], list[str]] = {}
    for one in predictions:
        if one.understood != one.expected:
            texts.setdefault((one.expected, str(one.understood or "(nothing)")), []).append(one.text)
    ordered = sorted(texts.items(), key=lambda item: (-len(item[1]), item[0]))
    return tuple(Confusion(*names, len(found), found[0]) for names, found in ordered)
