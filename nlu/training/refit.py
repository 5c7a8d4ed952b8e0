"""The last network of a small set: trained anew on all its examples, more than once, and averaged.

Where examples are few, those that were held out are missed most, and the luck of the order counts most. Networks that
were trained from one start lie so near each other that the mean of their weights is a better network than each
(Wortsman et al. 2022, "Model soups"), and costs nothing to run.
"""

from __future__ import annotations

import dataclasses

import torch
from accelerate import Accelerator
from torch import Tensor

from nlu.config import TrainConfig
from nlu.encoding import TextEncoder
from nlu.training.checkpoint import Checkpoint
from nlu.training.directions import start_directions
from nlu.training.fit import Listeners, fit
from nlu.training.learner import copy_parameters, load_parameters
from nlu.training.network import JointNetwork
from nlu.training.parts import Parts, Varied


def wants_refit(parts: Parts, config: TrainConfig) -> bool:
    """Tell whether the network is to be trained anew; one with adapters is not, they are in it already."""
    few = len(parts.examples) <= config.refit_at_most
    return few and config.refits > 0 and config.adapter == "none"


def refit(
    network: JointNetwork,
    parts: Parts,
    encoder: TextEncoder,
    config: TrainConfig,
    accelerator: Accelerator,
    checkpoint: Checkpoint,
    listeners: Listeners,
) -> None:
    """Train the network on all examples, `config.refits` times, and leave the mean in it.

    Args:
        network: as it was before the first step.
        parts: learned and watched are both learned here.
        encoder: makes items of varied texts.
        config: the settings; the seeds are those after its own.
        accelerator: device, processes, precision.
        checkpoint: of the training before; each network has its own beside it.
        listeners: who is told.
    """
    everything = parts.learned + parts.watched
    name_weight = config.name_weight if parts.named else 0.0
    start_directions(network, everything, parts.named, name_weight=name_weight)
    start = copy_parameters(network)
    mean: dict[str, Tensor] = {}
    for number in range(1, config.refits + 1):
        settings = dataclasses.replace(config, seed=config.seed + number)
        torch.manual_seed(settings.seed + accelerator.process_index)
        load_parameters(network, start)
        items_of = Varied(parts.examples, parts, encoder, settings)
        fit(
            network,
            items_of,
            (),
            settings,
            accelerator,
            checkpoint=checkpoint.beside(number),
            listeners=listeners,
        )
        for name, parameter in copy_parameters(network).items():
            mean[name] = mean[name].lerp(parameter, 1 / number) if name in mean else parameter
    load_parameters(network, mean)
