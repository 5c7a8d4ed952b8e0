"""What one stage of a training hands to the next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from nlu.encoding import TextEncoder
from nlu.progress import OnProgress
from nlu.training.batches import Item
from nlu.training.calibrate import Calibration
from nlu.training.fit import Epoch
from nlu.training.network import JointNetwork
from nlu.training.parts import Parts


@dataclass(frozen=True)
class Call:
    """What a training is called with that is no part of the model: where it stands, and who watches it.

    `folder` is where the model will stand, `must_begin` passes over what a training that was cut off left, and
    `tensorboard` is a folder for the course of the training.
    """

    folder: Path
    progress: OnProgress
    must_begin: bool = False
    tensorboard: Path | None = None


@dataclass(frozen=True)
class Prepared:
    """What is there before the first step; `is_contradictory` says that the examples were made with many mistakes."""

    encoder: TextEncoder
    parts: Parts
    network: JointNetwork
    max_tokens: int
    is_contradictory: bool


@dataclass(frozen=True)
class Learned:
    """What came of the steps; `calibration` is None in a process that only computes."""

    history: Sequence[Epoch]
    calibration: Calibration | None
    everything: tuple[Item, ...]
