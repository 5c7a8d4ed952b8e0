"""What is wrong with the examples, said before training starts and in under a second.

Training hides such faults: the model comes out a little worse and nobody knows why. `nlu.settle` says what is learned
in spite of them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator

from nlu.check_parts import find_gaps
from nlu.errors import ExamplesRejected
from nlu.examples import Dataset, Example
from nlu.findings import Finding, Severity, counted, place_of, worst_first
from nlu.words import spans

FEW_EXAMPLES = 8
"""An intent with fewer examples is reported: below about this many, each missing one costs whole points."""


def find_faults(dataset: Dataset, validation: Dataset | None = None) -> list[Finding]:
    """List every fault of the examples, and what the validation part has that they lack, the worst first."""
    findings = [
        *_too_little(dataset),
        *_contradictions(dataset),
        *_overlaps(dataset),
        *_few_examples(dataset),
        *_repeats(dataset),
        *_cut_words(dataset),
        *_few_annotations(dataset),
        *find_gaps(dataset, validation),
    ]
    return worst_first(findings)


def check_dataset(
    dataset: Dataset, validation: Dataset | None = None, *, is_strict: bool = False
) -> list[Finding]:
    """Return the findings that are no obstacle.

    Args:
        dataset: the examples.
        validation: the part to stop and calibrate by, if there is one.
        is_strict: a grave finding is an obstacle, as a team wants it of its own examples. Public data sets have grave
            faults that nobody will mend.

    Raises:
        ExamplesRejected: a finding is an obstacle.
    """
    findings = find_faults(dataset, validation)
    fatal = [finding.message for finding in findings if finding.severity == Severity.FATAL]
    grave = [finding.message for finding in findings if finding.severity == Severity.GRAVE]
    if fatal or (grave and is_strict):
        raise ExamplesRejected(fatal or grave)
    return findings


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
            places = ", ".join(f"{intent} ({place_of(example)})" for intent, example in intents.items())
            text = next(iter(intents.values())).text
            message = f"{text!r} is taught under {len(intents)} intents: {places}"
            yield Finding("two_intents", message, Severity.GRAVE)


def _overlaps(dataset: Dataset) -> Iterator[Finding]:
    for example in dataset.examples:
        for number, right in enumerate(example.entities):
            for left in example.entities[:number]:
                if right.start < left.end and left.start < right.end:
                    names = f"{left.value!r} ({left.entity}) and {right.value!r} ({right.entity})"
                    message = f"{place_of(example)}: {names} overlap; the longer one is learned"
                    yield Finding("overlap", message, Severity.GRAVE)


def _few_examples(dataset: Dataset) -> Iterator[Finding]:
    counts = Counter(example.intent for example in dataset.in_scope)
    for intent, count in sorted(counts.items()):
        if count < FEW_EXAMPLES:
            message = f"intent {intent!r} has {counted(count, 'example')}; {FEW_EXAMPLES} or more are wanted"
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
                message = f"{place_of(example)}: {surface!r} ({entity.entity}) cuts a word or has spaces at its ends"
                yield Finding("cut_word", message, Severity.NOTE)


def _few_annotations(dataset: Dataset) -> Iterator[Finding]:
    counts = Counter(entity.entity for example in dataset.in_scope for entity in example.entities)
    for entity, count in sorted(counts.items()):
        if count < FEW_EXAMPLES:
            message = (
                f"entity {entity!r} is annotated {counted(count, 'time')}; {FEW_EXAMPLES} or more are wanted"
            )
            yield Finding("few_annotations", message, Severity.NOTE)
