"""The mean of a network's weights along the way.

A network that learns at a high rate swings around what it could be, on examples with mistakes most; the mean of where it
was is nearer to that, and as steady as a network that learned slowly (Polyak and Juditsky 1992; the exponential mean is
Izmailov et al. 2018, "Averaging weights", with the last steps counting most).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

from nlu.training.learner import copy_parameters, load_parameters, trained_parameters
from nlu.training.network import JointNetwork

MOST_STEPS = 160
"""After so many steps, or a pass over the examples where that is shorter, a look counts a third in the mean."""

_LOOKS = 20
"""Times that the weights are looked at over so many steps: at each step it would take a tenth of the time."""


class RunningMean:
    """The exponential mean of the parameters that training changes.

    Args:
        network: whose weights are looked at while it trains.
        steps_an_epoch: of a pass over the examples.
    """

    def __init__(self, network: JointNetwork, steps_an_epoch: int) -> None:
        reach = min(MOST_STEPS, steps_an_epoch)
        self._network = network
        self._every = max(1, reach // _LOOKS)
        self._decay = 1 - self._every / reach
        self._looks = 0
        self._mean: dict[str, Tensor] = {}

    def stepped(self, step: int) -> None:
        """Hear that a step was made."""
        if step % self._every:
            return
        self._looks += 1
        if not self._mean:
            self._mean = copy_parameters(self._network)
            return
        # Without the start, which the plain exponential mean would drag along.
        weight = (1 - self._decay) / (1 - self._decay**self._looks)
        now = trained_parameters(self._network)
        with torch.no_grad():
            torch._foreach_lerp_(
                list(self._mean.values()), [now[name].detach() for name in self._mean], weight
            )

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Give the network the mean for a while, then its own weights back."""
        own = copy_parameters(self._network)
        load_parameters(self._network, self._mean)
        try:
            yield
        finally:
            load_parameters(self._network, own)

    def state(self) -> tuple[dict[str, Tensor], int]:
        """Give what there is to keep: the mean, and how often was looked."""
        return self._mean, self._looks

    def restore(self, mean: dict[str, Tensor], looks: int) -> None:
        """Go on from that."""
        self._mean = {name: tensor.to(self._network.device) for name, tensor in mean.items()}
        self._looks = looks
