"""A training's course for TensorBoard."""

from __future__ import annotations

import math
from pathlib import Path

from torch import Tensor
from torch.utils.tensorboard import SummaryWriter

from nlu.training.fit import Epoch


class Tracker:
    """Writes the loss and the learning rate of every step, and what every epoch measured on the held-out part."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._writer: SummaryWriter | None = None
        self._step = 0

    def stepped(self, step: int, loss: Tensor, learning_rate: float) -> None:
        """Write a step; what an earlier run of the same training wrote from it on is passed over."""
        if self._writer is None:
            self._writer = SummaryWriter(str(self._folder), purge_step=step)
        self._step = step
        self._write("loss/step", float(loss))
        self._write("learning_rate", learning_rate)

    def epoch_ended(self, epoch: Epoch) -> None:
        """Write an epoch; figures that were not measured are left out."""
        self._write("loss/epoch", epoch.loss)
        self._write("held_out/accuracy", epoch.held_out_accuracy)
        self._write("held_out/tag_accuracy", epoch.held_out_tag_accuracy)
        self._write("held_out/loss", epoch.held_out_loss)

    def close(self) -> None:
        """Write what is still to be written."""
        if self._writer is not None:
            self._writer.close()

    def _write(self, name: str, value: float) -> None:
        if self._writer is not None and math.isfinite(value):
            self._writer.add_scalar(name, value, self._step)
