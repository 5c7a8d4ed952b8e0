"""Predictions as arrays, and the figures as functions of them and of a weight per text.

A weight of 1 for every text gives the figure itself; how often a text was drawn gives the figure of a resample. So
the figure and its interval come from the same lines.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nlu.predictions import Prediction, Span

BINS = 10
"""The calibration error is taken over this many bins of equal width."""

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Figures:
    """Shares in [0, 1] (`mcc` in [-1, 1]); NaN where the data holds nothing to measure.

    Attributes:
        intent_accuracy: in-scope texts whose best intent is right, whatever the familiarity says.
        intent_macro_f1: mean F1 over the intents that occur.
        entity_precision: exact spans with the right name among those found in in-scope texts (micro).
        entity_recall: the same among those expected.
        entity_f1: their harmonic mean.
        sentence_accuracy: in-scope texts with the right intent and exactly the right entities.
        ece: expected calibration error of in-scope texts, the gap between confidence and accuracy over ten bins.
        in_scope_accuracy: in-scope texts whose intent is right and which were not refused.
        oos_recall: out-of-scope texts that were refused.
        oos_precision: refused texts that are out of scope; 0 if nothing was refused.
        oos_false_alarm_rate: in-scope texts that were refused.
        oos_auroc: how well familiarity separates the two, at any threshold.
        mcc: Matthews correlation of refused with out of scope; 0 if all or nothing was refused.
    """

    intent_accuracy: float
    intent_macro_f1: float
    entity_precision: float
    entity_recall: float
    entity_f1: float
    sentence_accuracy: float
    ece: float
    in_scope_accuracy: float
    oos_recall: float
    oos_precision: float
    oos_false_alarm_rate: float
    oos_auroc: float
    mcc: float


@dataclass(frozen=True)
class Marks:
    """Where names stand: the numbers of texts and of names, (m,) each."""

    texts: IntArray
    names: IntArray


@dataclass(frozen=True)
class Tally:
    """Which names were expected, which were found and which of these were right, text by text."""

    names: tuple[str, ...]
    expected: Marks
    found: Marks
    hits: Marks


@dataclass(frozen=True)
class Counts:
    """How often each name of a tally was expected, found and right, (names,) each; weighted."""

    expected: FloatArray
    found: FloatArray
    hits: FloatArray

    def precision(self) -> FloatArray:
        """Hits among what was found, 0 where nothing was."""
        return _divide(self.hits, self.found)

    def recall(self) -> FloatArray:
        """Hits among what was expected, 0 where nothing was."""
        return _divide(self.hits, self.expected)

    def f1(self) -> FloatArray:
        """The harmonic mean of both, 0 where a name neither was expected nor found."""
        return _divide(2 * self.hits, self.expected + self.found)


@dataclass(frozen=True)
class Outcomes:
    """What happened to n texts, (n,) each; `groups` numbers the distinct values of familiarity in rising order."""

    in_scope: BoolArray
    right: BoolArray
    exact: BoolArray
    refused: BoolArray
    confidence: FloatArray
    bins: IntArray
    groups: IntArray
    intents: Tally
    entities: Tally


def tabulate(predictions: Sequence[Prediction]) -> Outcomes:
    """Turn predictions into arrays."""
    known = [(number, one) for number, one in enumerate(predictions) if one.is_in_scope]
    confidence = np.asarray([one.confidence for one in predictions], dtype=np.float64)
    familiarity = np.asarray([one.familiarity for one in predictions], dtype=np.float64)
    return Outcomes(
        in_scope=_flags(one.is_in_scope for one in predictions),
        right=_flags(one.has_right_intent for one in predictions),
        exact=_flags(one.is_exact for one in predictions),
        refused=_flags(one.is_out_of_scope for one in predictions),
        confidence=confidence,
        bins=bins_of(confidence),
        groups=np.unique(familiarity, return_inverse=True)[1].reshape(-1).astype(np.int64),
        intents=_tally([(n, _intent(p.expected), _intent(p.understood)) for n, p in known]),
        entities=_tally([(n, frozenset(p.expected_entities), frozenset(p.entities)) for n, p in known]),
    )


def bins_of(confidence: FloatArray) -> IntArray:
    """Number each confidence's bin; the last one holds 1.0 too."""
    return np.clip((confidence * BINS).astype(np.int64), 0, BINS - 1)


def count(tally: Tally, weights: FloatArray) -> Counts:
    """Count a tally's names; weights (n,) say how often each text counts."""
    size = len(tally.names)

    def summed(marks: Marks) -> FloatArray:
        return np.bincount(marks.names, weights=weights[marks.texts], minlength=size).astype(np.float64)

    return Counts(summed(tally.expected), summed(tally.found), summed(tally.hits))


def figures_of(outcomes: Outcomes, weights: FloatArray) -> Figures:
    """Compute every figure; weights (n,) say how often each text counts."""
    known, foreign = weights * outcomes.in_scope, weights * ~outcomes.in_scope
    intents, entities = count(outcomes.intents, weights), count(outcomes.entities, weights)
    has_entities = bool(entities.expected.sum())
    return Figures(
        intent_accuracy=_share(known, outcomes.right),
        intent_macro_f1=_macro_f1(intents),
        entity_precision=_ratio(entities.hits, entities.found) if has_entities else math.nan,
        entity_recall=_ratio(entities.hits, entities.expected) if has_entities else math.nan,
        entity_f1=_ratio(2 * entities.hits, entities.expected + entities.found) if has_entities else math.nan,
        sentence_accuracy=_share(known, outcomes.exact),
        ece=_calibration_error(outcomes, known),
        in_scope_accuracy=_share(known, outcomes.right & ~outcomes.refused),
        oos_recall=_share(foreign, outcomes.refused),
        oos_precision=_ratio(foreign * outcomes.refused, weights * outcomes.refused)
        if foreign.sum()
        else math.nan,
        oos_false_alarm_rate=_share(known, outcomes.refused),
        oos_auroc=_auroc(outcomes.groups, known, foreign),
        mcc=_matthews(outcomes.refused, known, foreign),
    )


def _intent(name: str | None) -> frozenset[Span]:
    """Write an intent as a span that every text has, so that intents and entities are tallied alike."""
    return frozenset() if name is None else frozenset({Span(-1, -1, name)})


def _tally(rows: Sequence[tuple[int, frozenset[Span], frozenset[Span]]]) -> Tally:
    """Tally (text, expected, found); a hit is an equal name at an equal place."""
    expected = [(text, span.entity) for text, wanted, _ in rows for span in wanted]
    found = [(text, span.entity) for text, _, given in rows for span in given]
    hits = [(text, span.entity) for text, wanted, given in rows for span in wanted & given]
    names = tuple(sorted({name for _, name in expected + found}))
    numbers = {name: number for number, name in enumerate(names)}
    return Tally(names, *(_marks(part, numbers) for part in (expected, found, hits)))


def _marks(pairs: Sequence[tuple[int, str]], numbers: dict[str, int]) -> Marks:
    texts = np.asarray([text for text, _ in pairs], dtype=np.int64)
    return Marks(texts, np.asarray([numbers[name] for _, name in pairs], dtype=np.int64))


def _macro_f1(intents: Counts) -> float:
    occurring = intents.expected > 0
    return float(intents.f1()[occurring].mean()) if occurring.any() else math.nan


def _calibration_error(outcomes: Outcomes, known: FloatArray) -> float:
    total = known.sum()
    if not total:
        return math.nan
    gaps = np.bincount(outcomes.bins, weights=known * (outcomes.confidence - outcomes.right), minlength=BINS)
    return float(np.abs(gaps).sum() / total)


def _auroc(groups: IntArray, known: FloatArray, foreign: FloatArray) -> float:
    """Tell the chance that an in-scope text is the more familiar one; ties count half."""
    pairs = known.sum() * foreign.sum()
    if not pairs:
        return math.nan
    below = np.bincount(groups, weights=foreign)
    at = np.bincount(groups, weights=known)
    return float((at * (np.cumsum(below) - below / 2)).sum() / pairs)


def _matthews(refused: BoolArray, known: FloatArray, foreign: FloatArray) -> float:
    if not known.sum() or not foreign.sum():
        return math.nan
    hit, miss = (foreign * refused).sum(), (foreign * ~refused).sum()
    alarm, passed = (known * refused).sum(), (known * ~refused).sum()
    scale = math.sqrt((hit + alarm) * (hit + miss) * (passed + alarm) * (passed + miss))
    return float((hit * passed - alarm * miss) / scale) if scale else 0.0


def _flags(values: Iterable[bool]) -> BoolArray:
    return np.asarray(list(values), dtype=np.bool_)


def _share(weights: FloatArray, flags: BoolArray) -> float:
    total = weights.sum()
    return float((weights * flags).sum() / total) if total else math.nan


def _ratio(part: FloatArray, whole: FloatArray) -> float:
    total = whole.sum()
    return float(part.sum() / total) if total else 0.0


def _divide(part: FloatArray, whole: FloatArray) -> FloatArray:
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)
