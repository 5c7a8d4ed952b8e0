"""What is wrong with the examples, said before training starts and in under a second.

Training hides such faults: the model comes out a little worse and nobody knows why.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from nlu.errors import ExamplesRejected
from nlu.examples import Dataset, Example
from nlu.words import spans

FEW_EXAMPLES = 8
"""An intent with fewer examples is reported: below about this many, each missing one costs whole points."""


@dataclass(frozen=True)
class Finding:
    """A fault in the examples; a grave one stops the training."""

    code: str
    message: str
    is_grave: bool


def find_faults(dataset: Dataset) -> list[Finding]:
    """List every fault, the grave ones first."""
    findings = [
        *_too_little(dataset),
        *_contradictions(dataset),
        *_few_examples(dataset),
        *_cut_words(dataset),
        *_unseen_entities(dataset),
    ]
    return sorted(findings, key=lambda finding: not finding.is_grave)


def check_dataset(dataset: Dataset, *, is_lenient: bool = False) -> list[Finding]:
    """Return the findings that are no obstacle.

    Raises:
        ExamplesRejected: a finding is grave (and the caller is not lenient, as with public benchmark data).
    """
    findings = find_faults(dataset)
    grave = [finding.message for finding in findings if finding.is_grave]
    fatal = [finding.message for finding in findings if finding.code == "too_little"]
    if fatal or (grave and not is_lenient):
        raise ExamplesRejected(fatal or grave)
    return findings


def comparable(text: str) -> str:
    """Reduce a text to what two copies of it share: case, spaces and punctuation at its ends do not count."""
    return " ".join(text.casefold().split()).strip(" .!?…")


def _too_little(dataset: Dataset) -> Iterator[Finding]:
    if len(dataset.intents) < 2:
        message = f"at least two intents are needed, found {len(dataset.intents)}"
        yield Finding("too_little", message, is_grave=True)


def _contradictions(dataset: Dataset) -> Iterator[Finding]:
    by_text: dict[str, dict[str, Example]] = defaultdict(dict)
    for example in dataset.examples:
        by_text[comparable(example.text)].setdefault(example.intent, example)
    for intents in by_text.values():
        if len(intents) > 1:
            places = ", ".join(f"{intent} ({_place(example)})" for intent, example in intents.items())
            text = next(iter(intents.values())).text
            yield Finding("two_intents", f"{text!r} is taught under two intents: {places}", is_grave=True)


def _few_examples(dataset: Dataset) -> Iterator[Finding]:
    counts = Counter(example.intent for example in dataset.in_scope)
    for intent, count in sorted(counts.items()):
        if count < FEW_EXAMPLES:
            message = f"intent {intent!r} has {count} examples; {FEW_EXAMPLES} or more are wanted"
            yield Finding("few_examples", message, is_grave=False)


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
                yield Finding("cut_word", message, is_grave=False)


def _unseen_entities(dataset: Dataset) -> Iterator[Finding]:
    counts = Counter(entity.entity for example in dataset.in_scope for entity in example.entities)
    for entity, count in sorted(counts.items()):
        if count < FEW_EXAMPLES:
            message = f"entity {entity!r} is annotated {count} times; {FEW_EXAMPLES} or more are wanted"
            yield Finding("few_annotations", message, is_grave=False)


def _place(example: Example) -> str:
    return example.source or repr(example.text[:60])
