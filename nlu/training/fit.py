"""The loop: AdamW, warm-up and decay, stopping when the held-out part gets no better."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass

import torch
from accelerate import Accelerator
from torch import Tensor

from nlu.config import TrainConfig
from nlu.errors import TrainingDiverged
from nlu.training.adapters import NoAdapter, add_adapter
from nlu.training.batches import Item, shuffled_batches
from nlu.training.checkpoint import Checkpoint, Snapshot, named
from nlu.training.learner import Learner, OnStep, copy_parameters, load_parameters, say_nothing
from nlu.training.machine import from_main
from nlu.training.mean import RunningMean
from nlu.training.network import JointNetwork
from nlu.training.pace import Pace, Standing
from nlu.training.predict import Watched, evaluate
from nlu.training.schedule import warmup_and_decay

LEAST_WATCHED_TO_STOP_BY = 300
"""With fewer watched items the best of several epochs is luck: then every epoch is run and the last state stays."""

_FOLD_IN_RATE = 0.3


@dataclass(frozen=True)
class Epoch:
    """What one pass measured; the held-out figures are NaN where no part is held out."""

    number: int
    epochs: int
    loss: float
    held_out_accuracy: float
    held_out_tag_accuracy: float
    held_out_loss: float
    seconds: float
    seconds_left: float


@dataclass(frozen=True)
class Listeners:
    """Who hears of a training: of each epoch, each step, how far it is every few seconds, and the epoch it goes on after."""

    on_epoch: Callable[[Epoch], None] = lambda _: None
    on_step: OnStep = say_nothing
    on_pace: Callable[[Standing], None] = lambda _: None
    on_resumed: Callable[[Epoch], None] = lambda _: None


SILENT = Listeners()


@dataclass(frozen=True)
class Fitted:
    """What `fit` gives beside the network that it changed."""

    history: tuple[Epoch, ...]
    adapter: NoAdapter


def fit(
    network: JointNetwork,
    items_of: Callable[[int], Sequence[Item]],
    held_out: Sequence[Item],
    config: TrainConfig,
    accelerator: Accelerator,
    *,
    takes_mean: bool = False,
    checkpoint: Checkpoint | None = None,
    listeners: Listeners = SILENT,
) -> Fitted:
    """Train the network in place and leave it in its best state.

    Args:
        network: with its directions started, on the accelerator's device.
        items_of: gives what is learned in an epoch, from 1 on; always as many items.
        held_out: what is watched; with fewer than `LEAST_WATCHED_TO_STOP_BY` every epoch is run and the last state stays.
        config: the settings.
        accelerator: device, processes, precision.
        takes_mean: what is watched and kept is the mean of the weights along the way (see `RunningMean`); not with
            adapters, and not where every epoch is run.
        checkpoint: where the training stands after each epoch; one that is there is gone on from.
        listeners: who is told.

    Raises:
        TrainingDiverged: a weight became no number.

    Returns:
        Every epoch that was run, in order, and the adapter that stands beside the encoder, still to be merged.
    """
    steps_an_epoch = count_steps(len(items_of(1)), config)
    steps = steps_an_epoch * config.epochs
    adapter = add_adapter(network, config, steps=steps)
    network.to(accelerator.device)
    is_watched = len(held_out) >= LEAST_WATCHED_TO_STOP_BY
    takes_mean = takes_mean and is_watched and config.adapter == "none"
    mean = RunningMean(network, steps_an_epoch) if takes_mean else None
    course = _Course(config, watches=is_watched, mean=mean)

    def on_step(step: int, loss: Tensor, rate: float) -> None:
        if mean is not None:
            mean.stepped(step)
        _stepped(listeners, pace, step, loss, rate)

    learner = Learner(
        network,
        config,
        accelerator,
        steps=steps,
        rate_at=warmup_and_decay(steps, config.warmup_share),
        adapter=adapter,
        on_step=on_step,
    )
    snapshot = from_main(accelerator, checkpoint.load() if checkpoint else None)
    if snapshot is not None:
        learner.restore(snapshot)
        course.restore(snapshot)
        listeners.on_resumed(course.history[-1])
    seconds = course.history[-1].seconds if course.history else 0.0
    pace = Pace(steps, done=steps_an_epoch * len(course.history), seconds=seconds)
    while not course.is_over:
        number = len(course.history) + 1
        batches = shuffled_batches(items_of(number), size=config.batch_size, generator=course.generator)
        loss = learner.run_epoch(batches)
        _check_numbers(network, number)
        with mean.in_place() if mean is not None else nullcontext():
            watched = _watch(network, held_out, config, accelerator)
            course.add(network, loss, watched, pace.seconds)
        state = learner.snapshot()
        if checkpoint is not None and accelerator.is_main_process:
            checkpoint.save(course.snapshot(state))
        listeners.on_epoch(course.history[-1])
    course.finish(network)
    return Fitted(tuple(course.history), adapter)


class _Course:
    """What was measured so far, the best state, and whether it is time to stop."""

    def __init__(self, config: TrainConfig, *, watches: bool, mean: RunningMean | None) -> None:
        self.history: list[Epoch] = []
        self.generator = random.Random(config.seed)  # noqa: S311 - shuffles examples, keeps no secret
        self._config = config
        self._watches = watches
        self._mean = mean
        self._best: dict[str, Tensor] = {}
        self._best_rank = (-math.inf, -math.inf)
        self._last_better = 0

    @property
    def is_over(self) -> bool:
        """Whether every epoch was run, or too many of them got nothing better."""
        number = len(self.history)
        is_patient = not self._watches or number - self._last_better < self._config.patience
        return number >= self._config.epochs or not is_patient

    def add(self, network: JointNetwork, loss: float, watched: Watched, seconds: float) -> None:
        """Note an epoch, and the network's state if it is the best so far."""
        number, epochs = len(self.history) + 1, self._config.epochs
        left = seconds / number * (epochs - number)
        figures = (watched.accuracy, watched.tag_accuracy, watched.loss)
        self.history.append(Epoch(number, epochs, loss, *figures, seconds, left))
        # Not by the loss: it rises with the confidence of the few mistakes while both heads still get better.
        rank = (watched.accuracy + watched.tag_accuracy, -watched.loss)
        if self._watches and rank > self._best_rank:
            self._best_rank, self._last_better = rank, number
            self._best = copy_parameters(network)

    def finish(self, network: JointNetwork) -> None:
        """Put the best state back."""
        if self._watches:
            load_parameters(network, self._best)

    def snapshot(self, learner: Snapshot) -> Snapshot:
        """Join what the learner and the course are made of."""
        version, numbers, gauss = self.generator.getstate()
        course = {
            "history": [asdict(epoch) for epoch in self.history],
            "best_rank": self._best_rank,
            "last_better": self._last_better,
            "generator": [version, list(numbers), gauss],
        }
        tensors = {**learner.tensors, **dict(named("best", self._best))}
        if self._mean is not None:
            mean, course["looks"] = self._mean.state()
            tensors.update(named("mean", mean))
        return Snapshot(tensors, {**learner.record, "course": course})

    def restore(self, snapshot: Snapshot) -> None:
        """Go on from that."""
        course = snapshot.record["course"]
        self.history = [Epoch(**epoch) for epoch in course["history"]]
        self._best = snapshot.under("best")
        if self._mean is not None:
            self._mean.restore(snapshot.under("mean"), course["looks"])
        self._best_rank = tuple(course["best_rank"])
        self._last_better = course["last_better"]
        version, numbers, gauss = course["generator"]
        self.generator.setstate((version, tuple(numbers), gauss))


def fold_in(
    network: JointNetwork,
    items: Sequence[Item],
    config: TrainConfig,
    accelerator: Accelerator,
    *,
    adapter: NoAdapter,
    listeners: Listeners = SILENT,
) -> None:
    """Go over all examples some more, from a part of the learning rate down to none."""
    generator = random.Random(config.seed + 1)  # noqa: S311 - shuffles examples, keeps no secret
    steps = count_steps(len(items), config) * config.fold_in_epochs
    pace = Pace(steps)
    learner = Learner(
        network,
        config,
        accelerator,
        steps=steps,
        rate_at=lambda step: _FOLD_IN_RATE * max(0.0, 1.0 - step / steps),
        adapter=adapter,
        on_step=lambda step, loss, rate: _stepped(listeners, pace, step, loss, rate),
    )
    for number in range(1, config.fold_in_epochs + 1):
        learner.run_epoch(shuffled_batches(items, size=config.batch_size, generator=generator))
        _check_numbers(network, number)


def _check_numbers(network: JointNetwork, epoch: int) -> None:
    """Raise TrainingDiverged if a weight is no number: such a model would give every text the same intent."""
    with torch.inference_mode():
        if not all(bool(parameter.isfinite().all()) for parameter in network.parameters()):
            raise TrainingDiverged(epoch)


def count_steps(items: int, config: TrainConfig) -> int:
    """Count the steps of a pass over this many items."""
    return math.ceil(math.ceil(items / config.batch_size) / config.accumulation_steps)


def _stepped(listeners: Listeners, pace: Pace, step: int, loss: Tensor, rate: float) -> None:
    listeners.on_step(step, loss, rate)
    standing = pace.stepped()
    if standing is not None:
        listeners.on_pace(standing)


def _watch(
    network: JointNetwork, items: Sequence[Item], config: TrainConfig, accelerator: Accelerator
) -> Watched:
    """Measure the held-out part in the main process, for all."""
    if not accelerator.is_main_process:
        items = ()
    return from_main(accelerator, evaluate(network, items, tag_weight=config.tag_weight))
