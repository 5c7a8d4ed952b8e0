"""Variety that costs no writing: every epoch some details are exchanged and some letters slip.

An exchanged detail teaches that the sentence, not the one lamp in it, makes the meaning; a slipped letter teaches that
customers type in a hurry. What is varied is drawn anew every epoch, so the model sees no text too often.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

from nlu.examples import Entity, Example
from nlu.words import spans

SHORTEST_SLIP = 4
"""Letters slip only in words of this many letters or more: in shorter ones they make other words."""

Surfaces = Mapping[str, Sequence[str]]


def collect_surfaces(examples: Sequence[Example]) -> dict[str, list[str]]:
    """List how each entity is written in the examples, sorted; often used forms stand often."""
    surfaces: dict[str, list[str]] = {}
    for example in examples:
        for entity in example.entities:
            surfaces.setdefault(entity.entity, []).append(example.text[entity.start : entity.end])
    return {name: sorted(found) for name, found in sorted(surfaces.items())}


def vary(
    example: Example, surfaces: Surfaces, generator: random.Random, *, swap_share: float, slip_share: float
) -> Example:
    """Exchange each detail with probability `swap_share`, then let one letter slip with probability `slip_share`."""
    if example.entities and swap_share > 0:
        example = _swap_details(example, surfaces, generator, swap_share)
    if slip_share > 0 and generator.random() < slip_share:
        example = _slip_a_letter(example, generator)
    return example


def _swap_details(example: Example, surfaces: Surfaces, generator: random.Random, share: float) -> Example:
    text, entities, position = "", [], 0
    for entity in example.entities:
        text += example.text[position : entity.start]
        surface = example.text[entity.start : entity.end]
        if generator.random() < share:
            surface = generator.choice(surfaces[entity.entity])
        entities.append(Entity(len(text), len(text) + len(surface), entity.entity, surface))
        text += surface
        position = entity.end
    return Example(text + example.text[position:], example.intent, tuple(entities))


def _slip_a_letter(example: Example, generator: random.Random) -> Example:
    """Swap two neighbouring letters of a word, leave one out, or type one twice; spans move along."""
    words = [
        (start, end)
        for start, end in spans(example.text)
        if end - start >= SHORTEST_SLIP and example.text[start:end].isalpha()
    ]
    if not words:
        return example
    start, end = generator.choice(words)
    place = generator.randrange(start, end - 1)
    first, second = example.text[place], example.text[place + 1]
    typed = generator.choice([second + first, second, first + first + second])
    text = example.text[:place] + typed + example.text[place + 2 :]
    moved = tuple(_moved(e, text, place, len(typed) - 2) for e in example.entities)
    # Only a span that cuts a word can lose its last letter; then the example stays as it is.
    return Example(text, example.intent, moved) if all(e.start < e.end for e in moved) else example


def _moved(entity: Entity, text: str, place: int, by: int) -> Entity:
    """Move the ends that lie behind the changed pair of letters."""
    start = entity.start + (by if entity.start > place else 0)
    end = entity.end + (by if entity.end > place else 0)
    return Entity(start, end, entity.entity, text[start:end])
