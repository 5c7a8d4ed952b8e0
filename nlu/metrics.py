"""What is measured of a model, from (expected, understood) pairs alone."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nlu.examples import Example
from nlu.runtime import Parse
from nlu.scores import auroc

_BINS = 10


@dataclass(frozen=True)
class ClassScore:
    """Precision, recall and F1 of one intent or entity, in [0, 1]; `count` is how often it was expected."""

    name: str
    precision: float
    recall: float
    f1: float
    count: int


@dataclass(frozen=True)
class Confusion:
    """How often one intent was understood as another, with one text for which it was."""

    expected: str
    understood: str
    count: int
    text: str


@dataclass(frozen=True)
class Metrics:
    """The figures, shares in [0, 1]; NaN where the data holds nothing to measure.

    Attributes:
        intent_accuracy: in-scope texts whose best intent is right, whatever the familiarity says.
        intent_macro_f1: mean F1 over the intents that occur.
        entity_precision, entity_recall, entity_f1: exact spans with the right name, over all in-scope texts (micro).
        sentence_accuracy: in-scope texts with the right intent and exactly the right entities.
        expected_calibration_error: gap between confidence and accuracy, mean over ten bins.
        in_scope_accuracy: in-scope texts whose intent is right and which were not refused.
        oos_recall: out-of-scope texts that were refused.
        oos_false_alarm_rate: in-scope texts that were refused.
        oos_auroc: how well familiarity separates the two, at any threshold.
    """

    texts: int
    out_of_scope_texts: int
    intent_accuracy: float
    intent_macro_f1: float
    entity_precision: float
    entity_recall: float
    entity_f1: float
    sentence_accuracy: float
    expected_calibration_error: float
    in_scope_accuracy: float
    oos_recall: float
    oos_false_alarm_rate: float
    oos_auroc: float
    intents: tuple[ClassScore, ...]
    entities: tuple[ClassScore, ...]
    confusions: tuple[Confusion, ...]


def measure(examples: Sequence[Example], parses: Sequence[Parse]) -> Metrics:
    """Compare what was expected with what was understood; both in the same order."""
    pairs = [(e, p) for e, p in zip(examples, parses, strict=True) if not e.is_out_of_scope]
    foreign = [p for e, p in zip(examples, parses, strict=True) if e.is_out_of_scope]
    right = [p.intent == e.intent for e, p in pairs]
    intents = _class_scores([(Counter([e.intent]), Counter([str(p.intent)])) for e, p in pairs])
    spans = [(_expected_spans(e), _found_spans(p)) for e, p in pairs]
    entities = _class_scores([(_names(expected), _names(found)) for expected, found in spans], spans)
    hits = sum(len(expected & found) for expected, found in spans)
    precision = _ratio(hits, sum(len(found) for _, found in spans))
    recall = _ratio(hits, sum(len(expected) for expected, _ in spans))
    return Metrics(
        texts=len(pairs),
        out_of_scope_texts=len(foreign),
        intent_accuracy=_mean(right),
        intent_macro_f1=_mean([score.f1 for score in intents if score.count]),
        entity_precision=precision,
        entity_recall=recall,
        entity_f1=_f1(precision, recall),
        sentence_accuracy=_mean(
            [ok and expected == found for ok, (expected, found) in zip(right, spans, strict=True)]
        ),
        expected_calibration_error=calibration_error([p.confidence for _, p in pairs], right),
        in_scope_accuracy=_mean(
            [ok and not p.is_out_of_scope for ok, (_, p) in zip(right, pairs, strict=True)]
        ),
        oos_recall=_mean([p.is_out_of_scope for p in foreign]),
        oos_false_alarm_rate=_mean([p.is_out_of_scope for _, p in pairs]),
        oos_auroc=_separation([p for _, p in pairs], foreign),
        intents=intents,
        entities=entities,
        confusions=_confusions(pairs),
    )


def calibration_error(confidences: Sequence[float], right: Sequence[bool]) -> float:
    """Measure the mean gap between confidence and accuracy over ten bins, weighted by their texts; NaN for none."""
    if not confidences:
        return math.nan
    values, hits = np.asarray(confidences), np.asarray(right, dtype=float)
    bins = np.minimum((values * _BINS).astype(int), _BINS - 1)
    gaps = [
        abs(values[bins == b].mean() - hits[bins == b].mean()) * (bins == b).mean() for b in np.unique(bins)
    ]
    return float(sum(gaps))


Span = tuple[int, int, str]


def _expected_spans(example: Example) -> frozenset[Span]:
    return frozenset((e.start, e.end, e.entity) for e in example.entities)


def _found_spans(parse: Parse) -> frozenset[Span]:
    return frozenset((e.start, e.end, e.entity) for e in parse.entities)


def _names(spans: frozenset[Span]) -> Counter[str]:
    return Counter(name for _, _, name in spans)


def _class_scores(
    counted: Sequence[tuple[Counter[str], Counter[str]]],
    spans: Sequence[tuple[frozenset[Span], frozenset[Span]]] | None = None,
) -> tuple[ClassScore, ...]:
    """Score each name from (expected, found) counts per text; with spans only equal spans are hits."""
    expected: Counter[str] = Counter()
    found: Counter[str] = Counter()
    hits: Counter[str] = Counter()
    for index, (wanted, given) in enumerate(counted):
        expected += wanted
        found += given
        hits += _names(spans[index][0] & spans[index][1]) if spans is not None else wanted & given
    scores = []
    for name in sorted(expected | found):
        precision, recall = _ratio(hits[name], found[name]), _ratio(hits[name], expected[name])
        scores.append(ClassScore(name, precision, recall, _f1(precision, recall), expected[name]))
    return tuple(scores)


def _confusions(pairs: Sequence[tuple[Example, Parse]]) -> tuple[Confusion, ...]:
    texts: dict[tuple[str, str], list[str]] = {}
    for example, parse in pairs:
        if parse.intent != example.intent:
            texts.setdefault((example.intent, str(parse.intent)), []).append(example.text)
    ordered = sorted(texts.items(), key=lambda item: (-len(item[1]), item[0]))
    return tuple(Confusion(*names, len(found), found[0]) for names, found in ordered)


def _separation(known: Sequence[Parse], foreign: Sequence[Parse]) -> float:
    known_scores = np.asarray([p.familiarity for p in known], dtype=np.float32)
    return auroc(known_scores, np.asarray([p.familiarity for p in foreign], dtype=np.float32))


def _mean(values: Sequence[float | bool]) -> float:
    return float(sum(values) / len(values)) if values else math.nan


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def _f1(precision: float, recall: float) -> float:
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0
