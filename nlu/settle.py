"""What is learned of examples that repeat or contradict each other. `nlu.checks` reports what is settled here."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from nlu.checks import comparable
from nlu.examples import Dataset, Example, without_overlaps


def settle(dataset: Dataset) -> Dataset:
    """Keep each text once.

    - A text under several intents stays under the one it stands under most often; under each of the most frequent ones
      if there are several.
    - A text that stands more than once under its intent is kept once, with the entities that it has most often.
    - Of entities that overlap the longest is kept.

    The order of the examples is kept, and what comes out does not depend on it. How many texts stood under several
    intents is kept too: such examples have more mistakes than these.
    """
    counts = _count_intents(dataset.examples)
    groups: dict[tuple[str, str], list[Example]] = defaultdict(list)
    for example in _under_their_commonest_intent(dataset.examples, counts):
        groups[example.text.strip(), example.intent].append(example)
    return replace(
        dataset,
        examples=tuple(_apart(_commonest(group)) for group in groups.values()),
        contradicting=max(dataset.contradicting, sum(len(intents) > 1 for intents in counts.values())),
    )


def _apart(example: Example) -> Example:
    """Keep the longest of entities that overlap, whatever their order."""
    return replace(
        example, entities=tuple(without_overlaps(sorted(example.entities, key=lambda e: e.entity)))
    )


def _count_intents(examples: Sequence[Example]) -> dict[str, Counter[str]]:
    """Count the intents that each text stands under."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for example in examples:
        counts[comparable(example.text)][example.intent] += 1
    return counts


def _under_their_commonest_intent(
    examples: Sequence[Example], counts: Mapping[str, Counter[str]]
) -> list[Example]:
    most = {text: max(intents.values()) for text, intents in counts.items()}
    keys = [comparable(example.text) for example in examples]
    return [
        example
        for example, key in zip(examples, keys, strict=True)
        if counts[key][example.intent] == most[key]
    ]


def _commonest(group: Sequence[Example]) -> Example:
    """Choose among copies of a text by their entities: the most frequent, then the most, then the first in the alphabet."""
    counts = Counter(example.entities for example in group)
    return min(group, key=lambda e: (-counts[e.entities], -len(e.entities), repr(e.entities), e.text))
