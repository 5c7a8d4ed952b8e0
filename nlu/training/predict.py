"""The network at work without training: what it says, and how right it is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from nlu.scores import FloatArray
from nlu.tags import OUTSIDE
from nlu.training.batches import IGNORED, Item, ordered_batches
from nlu.training.network import JointNetwork
from nlu.training.objective import joint_loss

_BATCH_SIZE = 32


@dataclass(frozen=True)
class Predictions:
    """The network's outputs for some items: logits (n, intents), embeddings (n, d), and a tag's logits per item."""

    intent_logits: FloatArray
    embeddings: FloatArray
    tag_logits: list[FloatArray]


@dataclass(frozen=True)
class Watched:
    """What the network makes of items: shares right, and the loss of both heads; NaN where there is nothing.

    `tag_accuracy` is over the words that are in an entity, or are taken to be: the rest is easy and plenty.
    """

    accuracy: float
    tag_accuracy: float
    loss: float


def predict(network: JointNetwork, items: Sequence[Item]) -> Predictions:
    """Run every item without training; the order is kept."""
    if not items:
        empty = np.zeros((0, 1), dtype=np.float32)
        return Predictions(empty, empty, [])
    network.eval()
    logits: dict[int, FloatArray] = {}
    embeddings: dict[int, FloatArray] = {}
    tags: dict[int, FloatArray] = {}
    with torch.inference_mode():
        for places, batch in ordered_batches(items, size=_BATCH_SIZE):
            batch = batch.to(network.device)
            outputs = [output.cpu().numpy() for output in network(batch.ids, batch.mask)]
            for row, place in enumerate(places):
                logits[place] = outputs[0][row]
                tags[place] = outputs[1][row, : len(items[place].ids)]
                embeddings[place] = outputs[2][row]
    order = range(len(items))
    return Predictions(
        np.stack([logits[i] for i in order]),
        np.stack([embeddings[i] for i in order]),
        [tags[i] for i in order],
    )


def evaluate(network: JointNetwork, items: Sequence[Item], *, tag_weight: float) -> Watched:
    """Measure the network on items without training."""
    if not items:
        return Watched(math.nan, math.nan, math.nan)
    network.eval()
    right = tags_right = tags = 0
    total = 0.0
    with torch.inference_mode():
        for places, batch in ordered_batches(items, size=_BATCH_SIZE):
            batch = batch.to(network.device)
            intent_logits, tag_logits, _ = network(batch.ids, batch.mask)
            right += int((intent_logits.argmax(dim=-1) == batch.intents).sum())
            found = tag_logits.argmax(dim=-1)
            counted = (batch.tags != IGNORED) & ((batch.tags != OUTSIDE) | (found != OUTSIDE))
            tags += int(counted.sum())
            tags_right += int((counted & (found == batch.tags)).sum())
            loss = joint_loss(intent_logits, tag_logits, batch, tag_weight=tag_weight)
            total += float(loss) * len(places)
    return Watched(right / len(items), tags_right / tags if tags else 1.0, total / len(items))
