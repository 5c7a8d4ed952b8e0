"""What a training says, in words."""

from __future__ import annotations

import math

from nlu.progress import Progress
from nlu.training.export import Precision
from nlu.training.fit import Epoch
from nlu.training.pace import Standing
from nlu.training.parts import Parts


def counts_sentence(parts: Parts) -> str:
    """Say what is learned."""
    names = f"{len(parts.intents)} intents, {len(parts.entities)} entities"
    return f"training on {len(parts.learned)} examples, {len(parts.watched)} held out, {names}"


def resumed_sentence(epoch: Epoch) -> str:
    """Say where a training that was cut off goes on."""
    return f"going on after epoch {epoch.number} of a training that was cut off"


def tell_epoch(epoch: Epoch) -> Progress:
    """Say what an epoch measured."""
    held_out = None if math.isnan(epoch.held_out_accuracy) else epoch.held_out_accuracy
    watched = "" if held_out is None else f", held-out accuracy {100 * held_out:.1f} %"
    message = f"epoch {epoch.number}/{epoch.epochs}: loss {epoch.loss:.3f}{watched}, {epoch.seconds_left:.0f} s left"
    return Progress(message, epoch.number, epoch.epochs, epoch.loss, held_out, epoch.seconds_left)


def tell_pace(standing: Standing) -> Progress:
    """Say how far the training is."""
    message = f"{100 * standing.share:.0f} % of the steps, {standing.seconds_left:.0f} s left"
    return Progress(message, seconds_left=standing.seconds_left, share=standing.share)


def precision_sentence(precision: Precision) -> str:
    """Say what int8 costs and which weights are kept."""
    if math.isnan(precision.int8_intents):
        return f"weights kept in {precision.kept}"
    intents = f"intents {precision.fp32_intents:.1f} % -> {precision.int8_intents:.1f} %"
    tags = f"tags {precision.fp32_tags:.1f} % -> {precision.int8_tags:.1f} %"
    return f"fp32 -> int8 on all examples: {intents}, {tags}; kept {precision.kept}"
