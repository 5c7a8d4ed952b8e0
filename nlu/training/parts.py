"""Which examples are learned, which are watched, and what the network sees of them."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from nlu.config import TrainConfig
from nlu.encoding import TextEncoder
from nlu.examples import Dataset, Example
from nlu.model_folder import BankExample
from nlu.training.batches import Item, build_items
from nlu.training.directions import name_texts
from nlu.training.vary import Surfaces, collect_surfaces, vary

LEAST_EXAMPLES_TO_HOLD_OUT = 5
"""An intent with fewer examples gives none to the held-out part."""


@dataclass(frozen=True)
class Parts:
    """The examples as numbers.

    `learned` is what the network is fitted to, `watched` what stops and calibrates it, `foreign` what is out of scope.
    `examples` are those of learned and then of watched, in their order. `named` are the intents' names, as texts of theirs.
    `is_split` says that learned and watched are one author's examples, cut in two: then both are learned in the end.
    """

    intents: tuple[str, ...]
    entities: tuple[str, ...]
    learned: tuple[Item, ...]
    watched: tuple[Item, ...]
    foreign: tuple[Item, ...]
    named: tuple[Item, ...]
    examples: tuple[Example, ...]
    is_split: bool

    @property
    def taught(self) -> tuple[BankExample, ...]:
        """The texts of learned and then of watched with their intents."""
        return tuple(BankExample(example.text, example.intent) for example in self.examples)


class Varied:
    """Gives items anew for every epoch, varied by the seed and the epoch's number.

    Args:
        examples: what is varied.
        parts: names the classes; its `named` join every epoch as they are.
        encoder: makes items of texts.
        config: the shares and the seed.
    """

    def __init__(
        self, examples: Sequence[Example], parts: Parts, encoder: TextEncoder, config: TrainConfig
    ) -> None:
        self._examples = examples
        self._parts = parts
        self._encoder = encoder
        self._config = config
        self._surfaces: Surfaces = collect_surfaces(examples)

    def __call__(self, epoch: int) -> list[Item]:
        """Build the items of an epoch, always as many."""
        config = self._config
        generator = random.Random(config.seed * 1000 + epoch)  # noqa: S311 - varies examples, keeps no secret
        varied = [vary(example, self._surfaces, generator, config) for example in self._examples]
        items = build_items(varied, self._encoder, self._parts.intents, self._parts.entities)
        return [*items, *self._parts.named]


def build_parts(
    dataset: Dataset, validation: Dataset | None, encoder: TextEncoder, config: TrainConfig
) -> Parts:
    """Cut the examples into parts; watched is the validation part, or a share that is held out."""
    if validation is None:
        learned, watched = hold_out(dataset.in_scope, config.held_out_share, seed=config.seed)
    else:
        learned = list(dataset.in_scope)
        watched = [example for example in validation.in_scope if example.intent in dataset.intents]
    origins = {example.text for example in watched}
    learned += [made.example for made in dataset.made if made.origin not in origins]
    foreign = dataset.out_of_scope + (validation.out_of_scope if validation else ())

    def numbers(examples: Sequence[Example]) -> tuple[Item, ...]:
        return tuple(build_items(examples, encoder, dataset.intents, dataset.entity_names))

    names = [
        Example(name, intent)
        for name, intent in zip(name_texts(dataset.intents), dataset.intents, strict=True)
    ]
    return Parts(
        intents=dataset.intents,
        entities=dataset.entity_names,
        learned=numbers(learned),
        watched=numbers(watched),
        foreign=numbers(foreign),
        named=numbers(names),
        examples=(*learned, *watched),
        is_split=validation is None,
    )


def hold_out(examples: Sequence[Example], share: float, *, seed: int) -> tuple[list[Example], list[Example]]:
    """Split examples into (to learn, to watch), the same share of each intent and at least one of it.

    Intents with fewer than `LEAST_EXAMPLES_TO_HOLD_OUT` examples are learned whole. With a share of 0 nothing is watched.
    """
    if share <= 0:
        return list(examples), []
    by_intent: dict[str, list[Example]] = defaultdict(list)
    for example in sorted(examples, key=lambda e: (e.intent, e.text)):
        by_intent[example.intent].append(example)
    generator = random.Random(seed)  # noqa: S311 - shuffles examples, keeps no secret
    learned: list[Example] = []
    watched: list[Example] = []
    for group in by_intent.values():
        generator.shuffle(group)
        count = max(1, round(len(group) * share)) if len(group) >= LEAST_EXAMPLES_TO_HOLD_OUT else 0
        watched += group[:count]
        learned += group[count:]
    return learned, watched
