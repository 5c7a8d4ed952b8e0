"""One step after another: what a batch changes in the network."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import torch
from accelerate import Accelerator
from accelerate.utils import gather_object, reduce
from torch import Tensor

from nlu.config import TrainConfig
from nlu.training.adapters import NoAdapter
from nlu.training.batches import Batch
from nlu.training.checkpoint import Snapshot, named
from nlu.training.network import JointNetwork
from nlu.training.objective import Objective

_GRADIENT_NORM = 1.0

LEAST_STEPS_TO_COMPILE = 40_000
"""Measured 2026-11-26 on an H200 with MiniLM and 32 texts a step: 22 ms as it is, 16 ms compiled, and compiling takes
minutes, so that fewer steps are done sooner without."""

OnStep = Callable[[int, Tensor, float], None]
"""Told a step's number, its loss, still on its device, and the learning rate that it was made with; not of skipped ones."""


def say_nothing(step: int, loss: Tensor, learning_rate: float) -> None:
    """Hear of a step and say nothing."""


class Learner:
    """Changes a network by its loss, with one optimizer and one course of the learning rate.

    Every process takes its share of each batch and the gradients are summed before the step, so all networks stay the
    same, whatever the number of processes.

    Args:
        network: changed in place.
        config: the settings.
        accelerator: device, processes, precision.
        steps: how many are to be made, as far as known; few are not worth a compiled encoder.
        rate_at: the factor of the learning rate, by the number of steps made.
        adapter: what stands beside the encoder.
        on_step: told every step.
    """

    def __init__(
        self,
        network: JointNetwork,
        config: TrainConfig,
        accelerator: Accelerator,
        *,
        steps: int,
        rate_at: Callable[[int], float],
        adapter: NoAdapter,
        on_step: OnStep = say_nothing,
    ) -> None:
        self.network = network
        self._accelerator = accelerator
        self._adapter = adapter
        self._objective = Objective(config)
        self._accumulation_steps = config.accumulation_steps
        self._optimizer = accelerator.prepare_optimizer(_build_optimizer(network, config))
        self._schedule = torch.optim.lr_scheduler.LambdaLR(self._optimizer.optimizer, rate_at)
        self._on_step = on_step
        self._parameters = trained_parameters(network)
        network.step_context = accelerator.autocast
        if config.compile and accelerator.device.type == "cuda" and steps >= LEAST_STEPS_TO_COMPILE:
            network.step_encoder = torch.compile(network.encoder.forward, dynamic=True)

    def run_epoch(self, batches: Iterable[Batch]) -> float:
        """Learn from every batch once; give the mean loss of an example."""
        self.network.train()
        total = torch.zeros((), dtype=torch.float64, device=self._accelerator.device)
        count = 0
        for group in _groups(batches, self._accumulation_steps):
            total += self._step(group)
            count += sum(map(len, group))
        return float(total) / count

    def _step(self, group: Sequence[Batch]) -> Tensor:
        """Make one step from these batches; give the sum of the examples' losses."""
        examples = sum(map(len, group))
        self._optimizer.zero_grad()
        loss = torch.zeros((), dtype=torch.float64, device=self._accelerator.device)
        for batch in group:
            loss += self._add_gradient(batch, examples)
        self._sum_over_processes(loss)
        self._accelerator.unscale_gradients(self._optimizer)
        torch.nn.utils.clip_grad_norm_(self._parameters.values(), _GRADIENT_NORM)
        rate = float(self._schedule.get_last_lr()[0])
        self._optimizer.step()
        if not self._optimizer.step_was_skipped:  # fp16 skips a step that overflowed
            self._schedule.step()
            self._adapter.stepped()
            self._on_step(self._schedule.last_epoch, loss, rate)
        return loss * examples

    def _add_gradient(self, batch: Batch, examples: int) -> Tensor:
        """Add this process's share of the gradient; give its share of the mean loss."""
        first, step = self._accelerator.process_index, self._accelerator.num_processes
        # A process without an example computes one for nothing: all must have the same gradients to sum.
        share = len(range(first, len(batch), step)) / examples
        batch = (batch if step == 1 else batch.rows(first, step)).to(self._accelerator.device)
        loss = (self._objective.loss(self.network, batch) + self._adapter.penalty()) * share
        self._accelerator.backward(loss)
        return loss.detach()

    def _sum_over_processes(self, loss: Tensor) -> None:
        if self._accelerator.num_processes == 1:
            return
        gradients = [p.grad for p in self._parameters.values() if p.grad is not None]
        summed = reduce(torch.cat([gradient.flatten() for gradient in gradients]), reduction="sum")
        pieces = summed.split([gradient.numel() for gradient in gradients])
        for gradient, piece in zip(gradients, pieces, strict=True):
            gradient.copy_(piece.view_as(gradient))
        loss.copy_(reduce(loss.clone(), reduction="sum"))

    def snapshot(self) -> Snapshot:
        """Give everything that the next step depends on; every process must ask at the same time."""
        tensors = dict(named("network", self._parameters))
        optimizer = self._optimizer.state_dict()
        for number, state in optimizer["state"].items():
            tensors.update(named(f"optimizer.{number}", state))
        for number, states in enumerate(gather_object([_random_states()])):
            tensors.update(named(f"random.{number}", states))
        adapter = self._adapter.state()
        tensors.update(named("adapter", adapter.tensors))
        scaler = self._accelerator.scaler
        record = {
            "rates": [group["lr"] for group in optimizer["param_groups"]],
            "schedule": self._schedule.state_dict(),
            "adapter": adapter.record,
            "scaler": scaler.state_dict() if scaler is not None else None,
        }
        return Snapshot(tensors, record)

    def restore(self, snapshot: Snapshot) -> None:
        """Go on from a snapshot of a learner that was built alike."""
        load_parameters(self.network, snapshot.under("network"))
        optimizer: dict[str, Any] = self._optimizer.state_dict()
        for group, rate in zip(optimizer["param_groups"], snapshot.record["rates"], strict=True):
            group["lr"] = rate
        states: dict[int, dict[str, Tensor]] = {}
        for name, tensor in snapshot.under("optimizer").items():
            number, _, kind = name.partition(".")
            states.setdefault(int(number), {})[kind] = tensor
        self._optimizer.load_state_dict({**optimizer, "state": states})
        self._schedule.load_state_dict(snapshot.record["schedule"])
        self._adapter.restore(Snapshot(snapshot.under("adapter"), snapshot.record["adapter"]))
        if self._accelerator.scaler is not None and snapshot.record["scaler"]:
            self._accelerator.scaler.load_state_dict(snapshot.record["scaler"])
        _restore_random_states(snapshot.under(f"random.{self._accelerator.process_index}"))


def trained_parameters(network: JointNetwork) -> dict[str, Tensor]:
    """Give the parameters that training changes, by name."""
    return {name: p for name, p in network.named_parameters() if p.requires_grad}


def copy_parameters(network: JointNetwork) -> dict[str, Tensor]:
    """Copy the parameters that training changes, to be loaded again."""
    return {name: p.detach().clone() for name, p in trained_parameters(network).items()}


def load_parameters(network: JointNetwork, parameters: dict[str, Tensor]) -> None:
    """Set parameters by name; the others stay."""
    network.load_state_dict(parameters, strict=False)


def _groups(batches: Iterable[Batch], size: int) -> Iterator[list[Batch]]:
    rest = iter(batches)
    while group := list(itertools.islice(rest, size)):
        yield group


def _build_optimizer(network: JointNetwork, config: TrainConfig) -> torch.optim.AdamW:
    groups: dict[tuple[float, float], list[Tensor]] = {}
    for name, parameter in trained_parameters(network).items():
        rate = config.tag_learning_rate if name.startswith("tag_layer.") else config.learning_rate
        # The directions are normalised before use, so decay would only change their useless length.
        decay = 0.0 if parameter.ndim < 2 or name == "directions" else config.weight_decay
        groups.setdefault((rate, decay), []).append(parameter)
    return torch.optim.AdamW(
        [{"params": params, "lr": lr, "weight_decay": decay} for (lr, decay), params in groups.items()],
        fused=True,
    )


def _random_states() -> dict[str, Tensor]:
    states = {"cpu": torch.get_rng_state()}
    if torch.cuda.is_available():
        states["cuda"] = torch.cuda.get_rng_state()
    return states


def _restore_random_states(states: dict[str, Tensor]) -> None:
    """Go on with the random numbers; a process that was not there before keeps its own."""
    if "cpu" in states:
        torch.set_rng_state(states["cpu"])
    if "cuda" in states and torch.cuda.is_available():
        torch.cuda.set_rng_state(states["cuda"])
