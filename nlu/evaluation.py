"""A model measured on examples that it was not trained on."""

from __future__ import annotations

import math
import platform
import statistics
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from nlu.bootstrap import Intervals, bootstrap
from nlu.dial import DEFAULT_MAX_WRONG_SHARE, decide
from nlu.dial_figures import DialFigures, measure_dial
from nlu.errors import ExamplesRejected
from nlu.examples import Dataset, Example
from nlu.metrics import Metrics, measure_predictions
from nlu.outcomes import tabulate
from nlu.predictions import Prediction, pair
from nlu.runtime import Parse, Understander
from nlu.several import SeveralFigures, measure_several
from nlu.software import versions_of

_WARM_UP = 5
_NAMED = 10
_SOFTWARE = ("numpy", "onnxruntime", "tokenizers")


@dataclass(frozen=True)
class Unseen:
    """The in-scope texts that do not stand in the model's training data, case aside; NaN accuracy for none."""

    texts: int
    intent_accuracy: float


@dataclass(frozen=True)
class Evaluation:
    """What was measured of which model on which data; times are of one message, in milliseconds.

    `unknown_intents` and `unknown_entities` are those of the data that the model cannot name, with how often they
    were expected: they count as wrong. `versions` are of the software that ran the model, `model_versions` of what
    trained it. `dial` is what comes of the operator's dial at each of its points; empty for a model without one. `several`
    says how messages with several wishes are told apart.
    """

    model_id: str
    data: str
    data_sha256: str
    metrics: Metrics
    intervals: Intervals
    unseen: Unseen
    unknown_intents: tuple[tuple[str, int], ...]
    unknown_entities: tuple[tuple[str, int], ...]
    notes: tuple[str, ...]
    milliseconds_p50: float
    milliseconds_p95: float
    out_of_scope_threshold: float
    versions: Mapping[str, str]
    model_versions: Mapping[str, str]
    dial: tuple[DialFigures, ...]
    several: SeveralFigures


def evaluate(
    understander: Understander,
    dataset: Dataset,
    *,
    name: str,
    on_text: Callable[[], None] = lambda: None,
) -> tuple[Evaluation, tuple[Prediction, ...]]:
    """Understand every text, one at a time as in service, and compare.

    Args:
        understander: the model.
        dataset: what is expected.
        name: what the data is called in the report.
        on_text: called after each text.

    Raises:
        ExamplesRejected: there is not one example.
    """
    examples = dataset.examples
    if not examples:
        raise ExamplesRejected([f"{name} holds no example, so there is nothing to measure"])
    parses, times = _parse_each(understander, examples, on_text)
    predictions = pair(examples, parses)
    outcomes = tabulate(predictions)
    metrics = measure_predictions(predictions, outcomes)
    labels = understander.labels
    named = {*labels.entities, *(entity for entity, _ in labels.patterns)}
    unknown_intents = _unknown((e.intent for e in dataset.in_scope), labels.intents)
    unknown_entities = _unknown((e.entity for one in dataset.in_scope for e in one.entities), named)
    unseen = _measure_unseen(understander, predictions)
    dial = _measure_dial(understander, examples, parses)
    several = measure_several(examples, parses, known=labels.intents)
    return Evaluation(
        model_id=understander.model_id,
        data=name,
        data_sha256=dataset.fingerprint(),
        metrics=metrics,
        intervals=bootstrap(outcomes),
        unseen=unseen,
        unknown_intents=unknown_intents,
        unknown_entities=unknown_entities,
        notes=(
            *_notes(metrics, predictions, unseen, unknown_intents, unknown_entities, bool(named)),
            *(str(figures) for figures in dial if figures.max_wrong_share == DEFAULT_MAX_WRONG_SHARE),
            *filter(None, [str(several)]),
        ),
        milliseconds_p50=round(statistics.median(times), 2),
        milliseconds_p95=round(sorted(times)[int(0.95 * len(times))], 2),
        out_of_scope_threshold=labels.out_of_scope_threshold,
        versions={
            "python": platform.python_version(),
            **versions_of(_SOFTWARE),
        },
        model_versions=dict(understander.manifest.versions),
        dial=dial,
        several=several,
    ), predictions


def _parse_each(
    understander: Understander, examples: Sequence[Example], on_text: Callable[[], None]
) -> tuple[list[Parse], list[float]]:
    """Understand each text by itself, after a few that do not count: (parses, milliseconds)."""
    understander.parse([example.text for example in examples[:_WARM_UP]])
    parses: list[Parse] = []
    times: list[float] = []
    for example in examples:
        began = time.perf_counter()
        parses += understander.parse([example.text])
        times.append(1000 * (time.perf_counter() - began))
        on_text()
    return parses, times


def _measure_dial(
    understander: Understander, examples: Sequence[Example], parses: Sequence[Parse]
) -> tuple[DialFigures, ...]:
    expected = [None if example.is_out_of_scope else example.intent for example in examples]
    figures = []
    for point in understander.labels.dial:
        decisions = [decide(parse.ranking, point, is_foreign=parse.is_out_of_scope) for parse in parses]
        figures.append(measure_dial(decisions, expected, max_wrong_share=point.max_wrong_share))
    return tuple(figures)


def _unknown(expected: Iterable[str], known: Collection[str]) -> tuple[tuple[str, int], ...]:
    counted = Counter(name for name in expected if name not in known)
    return tuple(sorted(counted.items()))


def _measure_unseen(understander: Understander, predictions: Sequence[Prediction]) -> Unseen:
    taught = {_folded(example.text) for example in understander.bank_examples}
    right = [p.has_right_intent for p in predictions if p.is_in_scope and _folded(p.text) not in taught]
    return Unseen(len(right), sum(right) / len(right) if right else math.nan)


def _folded(text: str) -> str:
    return text.casefold().strip()


def _notes(
    metrics: Metrics,
    predictions: Sequence[Prediction],
    unseen: Unseen,
    unknown_intents: Sequence[tuple[str, int]],
    unknown_entities: Sequence[tuple[str, int]],
    has_entities: bool,
) -> Iterator[str]:
    """Say in sentences what a reader of the figures must know."""
    if not metrics.texts:
        yield "The data holds no text in scope; only what is refused can be measured."
    if not metrics.out_of_scope_texts:
        yield "The data holds no text out of scope; how well such texts are refused cannot be measured."
    if unknown_intents:
        yield f"The model does not know {_told(unknown_intents, 'intent')}; these texts count as wrong."
    yield from _entity_notes(metrics, predictions, unknown_entities, has_entities)
    seen = metrics.texts - unseen.texts
    if seen:
        rest = f"; on the {unseen.texts} others the intent accuracy is {100 * unseen.intent_accuracy:.2f} %"
        yield f"{seen} of {metrics.texts} texts in scope stand in the training data too{rest if unseen.texts else ''}."


def _entity_notes(
    metrics: Metrics,
    predictions: Sequence[Prediction],
    unknown: Sequence[tuple[str, int]],
    has_entities: bool,
) -> Iterator[str]:
    expected = sum(score.support for score in metrics.entities)
    found = sum(len(one.entities) for one in predictions if one.is_in_scope)
    if expected and not has_entities:
        yield f"The model knows no entities; the data holds {expected}, and none of them is found."
    elif unknown:
        yield f"The model does not know {_told(unknown, 'entity')}; none of them is found."
    if found and not expected:
        yield f"The data holds no entities, but the model finds {found}; sentence accuracy counts them as wrong."


def _told(unknown: Sequence[tuple[str, int]], what: str) -> str:
    names = ", ".join(f"{name} ({times})" for name, times in unknown[:_NAMED])
    more = f" and {len(unknown) - _NAMED} more" if len(unknown) > _NAMED else ""
    return f"{'an' if len(unknown) == 1 else len(unknown)} {_plural(what, len(unknown))} of the data: {names}{more}"


def _plural(what: str, times: int) -> str:
    return what if times == 1 else {"entity": "entities"}.get(what, f"{what}s")
