"""The last network of a small set: trained anew on all its examples, more than once, and averaged.

Where examples are few, those that were held out are missed most, and the luck of the order counts most. Networks that
were trained from one start lie so near each other that the mean of their weights is a better network than each
(Wortsman et al. 2022, "Model soups"), and costs nothing to run.
"""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from accelerate import Accelerator
from torch import Tensor

from nlu.config import TrainConfig
from nlu.encoding import TextEncoder
from nlu.training.checkpoint import Checkpoint
from nlu.training.directions import start_directions
from nlu.training.fit import Listeners, fit
from nlu.training.learner import copy_parameters
from nlu.training.network import JointNetwork
from nlu.training.parts import Parts, Varied

Weights = dict[str, Tensor]


def wants_refit(parts: Parts, config: TrainConfig) -> bool:
    """Tell whether the network is to be trained anew; one with adapters is not, they are in it already."""
    has_more = parts.is_split and bool(parts.watched)
    few = len(parts.examples) <= config.refit_at_most
    return has_more and few and config.refits > 0 and config.adapter == "none"


@dataclass(frozen=True)
class Refit:
    """One of these trainings: it needs nothing from the others, so it may run beside them, in a process of its own.

    Attributes:
        network: as it was before the first step, on the processor; it stays so.
        parts: learned and watched are both learned here.
        encoder: makes items of varied texts.
        config: the settings; the seed is this training's own.
        checkpoint: this training's own.
    """

    network: JointNetwork
    parts: Parts
    encoder: TextEncoder
    config: TrainConfig
    checkpoint: Checkpoint

    def run(self, accelerator: Accelerator, listeners: Listeners) -> Weights:
        """Train; give the weights, on the accelerator's device."""
        torch.manual_seed(self.config.seed + accelerator.process_index)
        network = copy.deepcopy(self.network).to(accelerator.device)
        items_of = Varied(self.parts.examples, self.parts, self.encoder, self.config)
        fit(network, items_of, (), self.config, accelerator, checkpoint=self.checkpoint, listeners=listeners)
        return copy_parameters(network)


def plan_refits(
    network: JointNetwork, parts: Parts, encoder: TextEncoder, config: TrainConfig, checkpoint: Checkpoint
) -> list[Refit]:
    """Prepare the trainings; their seeds are those after the config's own.

    Args:
        network: before the first step; a copy of it is taken, and its directions start from all examples.
        parts: learned and watched are both learned.
        encoder: makes items of varied texts.
        config: the settings.
        checkpoint: of the first training; each of these has its own beside it.
    """
    start = copy.deepcopy(network)
    name_weight = config.name_weight if parts.named else 0.0
    start_directions(start, parts.learned + parts.watched, parts.named, name_weight=name_weight)
    start.cpu()
    return [
        Refit(
            start,
            parts,
            encoder,
            dataclasses.replace(config, seed=config.seed + number),
            checkpoint.beside(number),
        )
        for number in range(1, config.refits + 1)
    ]


def mean_of(networks: Sequence[Weights]) -> Weights:
    """Average weights, in their order."""
    mean: Weights = {}
    for number, weights in enumerate(networks, start=1):
        for name, parameter in weights.items():
            mean[name] = mean[name].lerp(parameter, 1 / number) if name in mean else parameter
    return mean
