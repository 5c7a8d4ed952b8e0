"""Variety that costs no writing: every epoch examples are varied anew, so the model sees no text too often.

An exchanged detail teaches that the sentence, not the one lamp in it, makes the meaning; a slipped letter teaches that
customers type in a hurry. `VARIATIONS` lists all there is; each is drawn by a share of `TrainConfig`.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence

from nlu.config import TrainConfig
from nlu.examples import Entity, Example
from nlu.training.phrasing import change_case, change_contraction, change_end_mark, drop_a_word
from nlu.training.typing_slips import hit_a_neighbour, slip_a_letter

Surfaces = Mapping[str, Sequence[str]]
Variation = Callable[[Example, random.Random], Example]

VARIATIONS: Mapping[str, Variation] = {
    "contraction": change_contraction,
    "drop": drop_a_word,
    "punctuation": change_end_mark,
    "casing": change_case,
    "keyboard": hit_a_neighbour,
    "slip": slip_a_letter,
}
"""What may happen to a text, in this order; the chance of each is the setting ``<name>_share``."""


def collect_surfaces(examples: Sequence[Example]) -> dict[str, list[str]]:
    """List how each entity is written in the examples, sorted; often used forms stand often."""
    surfaces: dict[str, list[str]] = {}
    for example in examples:
        for entity in example.entities:
            surfaces.setdefault(entity.entity, []).append(example.text[entity.start : entity.end])
    return {name: sorted(found) for name, found in sorted(surfaces.items())}


def vary(example: Example, surfaces: Surfaces, generator: random.Random, config: TrainConfig) -> Example:
    """Exchange each detail with the chance `swap_share`, then let each variation happen with its own.

    Entities keep their names and order, do not overlap, and are never blank. What has a share of 0 draws no number, so
    it changes nothing in what is drawn for the others.
    """
    if example.entities and config.swap_share > 0:
        example = _swap_details(example, surfaces, generator, config.swap_share)
    for name, variation in VARIATIONS.items():
        share: float = getattr(config, f"{name}_share")
        if share > 0 and generator.random() < share:
            example = variation(example, generator)
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
