"""What is wrong with the examples, said before training starts and in under a second.

Training hides such faults: the model comes out a little worse and nobody knows why. `nlu.settle` says what is learned
in spite of them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import pairwise

from nlu.errors import ExamplesRejected
from nlu.examples import Dataset, Example
from nlu.words import spans

FEW_EXAMPLES = 8
"""An intent with fewer examples is reported: below about this many, each missing one costs whole points."""


SHOWN_PER_KIND = 10
"""Findings of one kind that are told one by one; the rest is counted."""


class Severity(IntEnum):
    """How bad a finding is. A grave one stops a strict training, a fatal one every training."""

    NOTE = 0
    GRAVE = 1
    FATAL = 2


_LABELS = {Severity.NOTE: "note", Severity.GRAVE: "PROBLEM", Severity.FATAL: "ERROR"}


@dataclass(frozen=True)
class Finding:
    """A fault in the examples; `code` names its kind."""

    code: str
    message: str
    severity: Severity


def find_faults(dataset: Dataset) -> list[Finding]:
    """List every fault, the worst first."""
    findings = [
        *_too_little(dataset),
        *_contradictions(dataset),
        *_overlaps(dataset),
        *_few_examples(dataset),
        *_repeats(dataset),
        *_cut_words(dataset),
        *_few_annotations(dataset),
    ]
    return sorted(findings, key=lambda finding: -finding.severity)


def check_dataset(dataset: Dataset, *, is_strict: bool = False) -> list[Finding]:
    """Return the findings that are no obstacle.

    Args:
        dataset: the examples.
        is_strict: a grave finding is an obstacle, as a team wants it of its own examples. Public data sets have grave
            faults that nobody will mend.

    Raises:
        ExamplesRejected: a finding is an obstacle.
    """
    findings = find_faults(dataset)
    fatal = [finding.message for finding in findings if finding.severity == Severity.FATAL]
    grave = [finding.message for finding in findings if finding.severity == Severity.GRAVE]
    if fatal or (grave and is_strict):
        raise ExamplesRejected(fatal or grave)
    return findings


def describe(findings: Sequence[Finding]) -> list[str]:
    """Write a line for each finding, in their order; of a kind at most `SHOWN_PER_KIND`, then how many more."""
    kinds: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        kinds[finding.code].append(finding)
    lines: list[str] = []
    for found in kinds.values():
        label = _LABELS[found[0].severity]
        lines += [f"{label}: {finding.message}" for finding in found[:SHOWN_PER_KIND]]
        if len(found) > SHOWN_PER_KIND:
            lines.append(f"{label}: and {len(found) - SHOWN_PER_KIND} more like the last")
    return lines


def comparable(text: str) -> str:
    """Reduce a text to what two copies of it share: case, spaces and punctuation at its ends do not count."""
    plain = " ".join(text.casefold().split())
    return plain.strip(" .!?…") or plain


def _too_little(dataset: Dataset) -> Iterator[Finding]:
    if len(dataset.intents) < 2:
        message = f"at least two intents are needed, found {len(dataset.intents)}"
        yield Finding("too_little", message, Severity.FATAL)


def _contradictions(dataset: Dataset) -> Iterator[Finding]:
    by_text: dict[str, dict[str, Example]] = defaultdict(dict)
    for example in dataset.examples:
        by_text[comparable(example.text)].setdefault(example.intent, example)
    for intents in by_text.values():
        if len(intents) > 1:
            places = ", ".join(f"{intent} ({_place(example)})" for intent, example in intents.items())
            text = next(iter(intents.values())).text
            message = f"{text!r} is taught under {_number(len(intents))} intents: {places}"
            yield Finding("two_intents", message, Severity.GRAVE)


def _overlaps(dataset: Dataset) -> Iterator[Finding]:
    for example in dataset.examples:
        for left, right in pairwise(example.entities):
            if right.start < left.end:
                names = f"{left.value!r} ({left.entity}) and {right.value!r} ({right.entity})"
                message = f"{_place(example)}: {names} overlap; the longer one is learned"
                yield Finding("overlap", message, Severity.GRAVE)


def _few_examples(dataset: Dataset) -> Iterator[Finding]:
    counts = Counter(example.intent for example in dataset.in_scope)
    for intent, count in sorted(counts.items()):
        if count < FEW_EXAMPLES:
            message = f"intent {intent!r} has {_count(count, 'example')}; {FEW_EXAMPLES} or more are wanted"
            yield Finding("few_examples", message, Severity.NOTE)


def _repeats(dataset: Dataset) -> Iterator[Finding]:
    counts = Counter((example.text.strip(), example.intent) for example in dataset.examples)
    for (text, intent), count in counts.most_common():
        if count > 1:
            message = f"{text!r} stands {count} times under {intent!r}; once is enough"
            yield Finding("repeat", message, Severity.NOTE)


def _cut_words(dataset: Dataset) -> Iterator[Finding]:
    for example in dataset.examples:
        words = spans(example.text)
        for entity in example.entities:
            starts = {start for start, _ in words}
            ends = {end for _, end in words}
            if entity.start not in starts or entity.end not in ends:
                surface = example.text[entity.start : entity.end]
                message = (
                    f"{_place(example)}: {surface!r} ({entity.entity}) cuts a word or has spaces at its ends"
                )
                yield Finding("cut_word", message, Severity.NOTE)


def _few_annotations(dataset: Dataset) -> Iterator[Finding]:
    counts = Counter(entity.entity for example in dataset.in_scope for entity in example.entities)
    for entity, count in sorted(counts.items()):
        if count < FEW_EXAMPLES:
            message = (
                f"entity {entity!r} is annotated {_count(count, 'time')}; {FEW_EXAMPLES} or more are wanted"
            )
            yield Finding("few_annotations", message, Severity.NOTE)


def _number(count: int) -> str:
    return "two" if count == 2 else str(count)


def _count(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _place(example: Example) -> str:
    return example.source or repr(example.text[:60])
