"""Examples to tensors, in batches of texts of like length so that little is spent on padding."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from nlu.encoding import TextEncoder
from nlu.examples import Example
from nlu.tags import encode_tags

IGNORED = -100
"""The label of a token that no word begins at; the loss passes over it."""

_POOL_BATCHES = 12
"""Batches are cut from a shuffled pool of this many, sorted by length: like lengths, yet new company every epoch."""


@dataclass(frozen=True)
class Item:
    """An example as numbers; `tags` holds one per token, `IGNORED` where no word begins."""

    ids: tuple[int, ...]
    intent: int
    tags: tuple[int, ...]


@dataclass(frozen=True)
class Batch:
    """Items padded with 0 to the longest: ids, mask and tags are (n, tokens), intents (n,), all int64."""

    ids: Tensor
    mask: Tensor
    intents: Tensor
    tags: Tensor

    def __len__(self) -> int:
        return len(self.ids)

    def to(self, device: torch.device) -> Batch:
        """Move the tensors to a device."""
        return Batch(*(tensor.to(device) for tensor in (self.ids, self.mask, self.intents, self.tags)))

    def rows(self, first: int, step: int) -> Batch:
        """Take each `step`-th item from `first` on; the first item where there is none."""
        picked = slice(first, None, step) if first < len(self) else slice(0, 1)
        return Batch(self.ids[picked], self.mask[picked], self.intents[picked], self.tags[picked])


def build_items(
    examples: Sequence[Example], encoder: TextEncoder, intents: Sequence[str], entities: Sequence[str]
) -> list[Item]:
    """Turn examples into items; an intent that is not among `intents` becomes `IGNORED`, such entities are passed over."""
    numbers = {intent: number for number, intent in enumerate(intents)}
    items = []
    for example, encoded in zip(
        examples, encoder.encode([example.text for example in examples]), strict=True
    ):
        known = [(e.start, e.end, e.entity) for e in example.entities if e.entity in entities]
        word_tags = encode_tags([(word.start, word.end) for word in encoded.words], known, entities)
        tags = [IGNORED] * len(encoded.ids)
        for token, tag in zip(encoded.first_tokens, word_tags, strict=True):
            if token >= 0 and tags[token] == IGNORED:
                tags[token] = tag
        items.append(Item(encoded.ids, numbers.get(example.intent, IGNORED), tuple(tags)))
    return items


def shuffled_batches(items: Sequence[Item], *, size: int, generator: random.Random) -> Iterator[Batch]:
    """Yield every item once in batches of like length, in random order."""
    order = list(items)
    generator.shuffle(order)
    batches: list[list[Item]] = []
    for start in range(0, len(order), size * _POOL_BATCHES):
        pool = sorted(order[start : start + size * _POOL_BATCHES], key=lambda item: len(item.ids))
        batches += [pool[i : i + size] for i in range(0, len(pool), size)]
    generator.shuffle(batches)
    return (collate(batch) for batch in batches)


def ordered_batches(items: Sequence[Item], *, size: int) -> Iterator[tuple[list[int], Batch]]:
    """Yield every item once, shortest first, with the places of the batch's items among `items`."""
    order = sorted(range(len(items)), key=lambda index: len(items[index].ids))
    for start in range(0, len(order), size):
        places = order[start : start + size]
        yield places, collate([items[place] for place in places])


def collate(items: Sequence[Item]) -> Batch:
    """Pad items to the longest of them."""
    longest = max(len(item.ids) for item in items)
    ids = torch.zeros(len(items), longest, dtype=torch.int64)
    mask = torch.zeros_like(ids)
    tags = torch.full_like(ids, IGNORED)
    for row, item in enumerate(items):
        ids[row, : len(item.ids)] = torch.tensor(item.ids)
        mask[row, : len(item.ids)] = 1
        tags[row, : len(item.tags)] = torch.tensor(item.tags)
    return Batch(ids, mask, torch.tensor([item.intent for item in items]), tags)
