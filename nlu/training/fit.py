"""The loop: AdamW, warm-up and decay, stopping when the held-out part gets no better."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from nlu.config import TrainConfig
from nlu.scores import FloatArray
from nlu.tags import OUTSIDE
from nlu.training.batches import IGNORED, Batch, Item, ordered_batches, shuffled_batches
from nlu.training.network import JointNetwork
from nlu.training.objective import Objective, joint_loss

_EVALUATION_BATCH = 32
_GRADIENT_NORM = 1.0
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
class Predictions:
    """The network's outputs for some items: logits (n, intents), embeddings (n, d), and a tag's logits per item."""

    intent_logits: FloatArray
    embeddings: FloatArray
    tag_logits: list[FloatArray]


OnEpoch = Callable[[Epoch], None]


def uses_bf16(config: TrainConfig) -> bool:
    """Tell whether steps are computed in bf16 (weights stay fp32): twice as fast where the processor can, else slower."""
    if config.precision == "auto":
        return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())
    return config.precision == "bf16"


def start_directions(network: JointNetwork, items: Sequence[Item]) -> None:
    """Set each intent's direction to the mean embedding of its examples."""
    embeddings = torch.from_numpy(predict(network, items).embeddings)
    intents = torch.tensor([item.intent for item in items])
    with torch.no_grad():
        for intent in sorted({item.intent for item in items}):
            mean = embeddings[intents == intent].mean(dim=0)
            network.directions[intent] = functional.normalize(mean, dim=0)


def fit(
    network: JointNetwork,
    items_of: Callable[[int], Sequence[Item]],
    held_out: Sequence[Item],
    config: TrainConfig,
    *,
    on_epoch: OnEpoch,
) -> list[Epoch]:
    """Train the network in place and leave it in its best state.

    Args:
        network: with its directions started.
        items_of: gives what is learned in an epoch, from 1 on; always as many items.
        held_out: what is watched; empty for none, then every epoch is run and the last state stays.
        config: the settings.
        on_epoch: called after every epoch.

    Returns:
        Every epoch that was run, in order.
    """
    generator = random.Random(config.seed)  # noqa: S311 - shuffles examples, keeps no secret
    is_bf16, objective = uses_bf16(config), Objective(config)
    steps = math.ceil(len(items_of(1)) / config.batch_size) * config.epochs
    optimizer = _build_optimizer(network, config)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, _warmup_and_decay(steps, config.warmup_share))
    history: list[Epoch] = []
    best: tuple[tuple[float, float], dict[str, Tensor]] | None = None
    last_better, started = 0, time.monotonic()
    for number in range(1, config.epochs + 1):
        batches = shuffled_batches(items_of(number), size=config.batch_size, generator=generator)
        loss = _run_epoch(network, batches, optimizer, schedule, objective, is_bf16=is_bf16)
        watched = evaluate(network, held_out, tag_weight=config.tag_weight)
        spent = time.monotonic() - started
        left = spent / number * (config.epochs - number)
        history.append(
            Epoch(
                number, config.epochs, loss, watched.accuracy, watched.tag_accuracy, watched.loss, spent, left
            )
        )
        on_epoch(history[-1])
        if not held_out:
            continue
        # Not by the loss: it rises with the confidence of the few mistakes while both heads still get better.
        rank = (watched.accuracy + watched.tag_accuracy, -watched.loss)
        if best is None or rank > best[0]:
            best, last_better = (rank, _trained_state(network)), number
        elif number - last_better >= config.patience:
            break
    if best is not None and last_better != history[-1].number:
        network.load_state_dict(best[1], strict=False)
    return history


def fold_in(network: JointNetwork, items: Sequence[Item], config: TrainConfig) -> None:
    """Go over all examples some more, from a part of the learning rate down to none."""
    generator = random.Random(config.seed + 1)  # noqa: S311 - shuffles examples, keeps no secret
    optimizer = _build_optimizer(network, config)
    is_bf16 = uses_bf16(config)
    steps = math.ceil(len(items) / config.batch_size) * config.fold_in_epochs
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: _FOLD_IN_RATE * max(0.0, 1.0 - step / steps)
    )
    for _ in range(config.fold_in_epochs):
        batches = shuffled_batches(items, size=config.batch_size, generator=generator)
        _run_epoch(network, batches, optimizer, schedule, Objective(config), is_bf16=is_bf16)


def predict(network: JointNetwork, items: Sequence[Item]) -> Predictions:
    """Run every item without training; the order is kept."""
    network.eval()
    logits: dict[int, FloatArray] = {}
    embeddings: dict[int, FloatArray] = {}
    tags: dict[int, FloatArray] = {}
    with torch.inference_mode():
        for places, batch in ordered_batches(items, size=_EVALUATION_BATCH):
            intent_logits, tag_logits, embedding = network(batch.ids, batch.mask)
            for row, place in enumerate(places):
                logits[place] = intent_logits[row].numpy()
                embeddings[place] = embedding[row].numpy()
                tags[place] = tag_logits[row, : len(items[place].ids)].numpy()
    order = range(len(items))
    if not items:
        empty = np.zeros((0, 1), dtype=np.float32)
        return Predictions(empty, empty, [])
    return Predictions(
        np.stack([logits[i] for i in order]),
        np.stack([embeddings[i] for i in order]),
        [tags[i] for i in order],
    )


@dataclass(frozen=True)
class Watched:
    """What the network makes of items: shares right, and the loss of both heads; NaN where there is nothing.

    `tag_accuracy` is over the words that are in an entity, or are taken to be: the rest is easy and plenty.
    """

    accuracy: float
    tag_accuracy: float
    loss: float


def evaluate(network: JointNetwork, items: Sequence[Item], *, tag_weight: float) -> Watched:
    """Measure the network on items without training."""
    if not items:
        return Watched(math.nan, math.nan, math.nan)
    network.eval()
    right = tags_right = tags = 0
    total = 0.0
    with torch.inference_mode():
        for places, batch in ordered_batches(items, size=_EVALUATION_BATCH):
            intent_logits, tag_logits, _ = network(batch.ids, batch.mask)
            right += int((intent_logits.argmax(dim=-1) == batch.intents).sum())
            found = tag_logits.argmax(dim=-1)
            counted = (batch.tags != IGNORED) & ((batch.tags != OUTSIDE) | (found != OUTSIDE))
            tags += int(counted.sum())
            tags_right += int((counted & (found == batch.tags)).sum())
            total += float(joint_loss(intent_logits, tag_logits, batch, tag_weight=tag_weight)) * len(places)
    return Watched(right / len(items), tags_right / tags if tags else 1.0, total / len(items))


def _run_epoch(
    network: JointNetwork,
    batches: Iterable[Batch],
    optimizer: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LRScheduler,
    objective: Objective,
    *,
    is_bf16: bool,
) -> float:
    network.train()
    total, count = 0.0, 0
    for batch in batches:
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=is_bf16):
            loss = objective.loss(network, batch)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(network.parameters(), _GRADIENT_NORM)
        optimizer.step()
        schedule.step()
        total, count = total + float(loss.detach()) * len(batch.ids), count + len(batch.ids)
    return total / count


def _build_optimizer(network: JointNetwork, config: TrainConfig) -> torch.optim.AdamW:
    groups: dict[tuple[float, float], list[Tensor]] = {}
    for name, parameter in network.named_parameters():
        if not parameter.requires_grad:
            continue
        rate = config.tag_learning_rate if name.startswith("tag_layer.") else config.learning_rate
        # The directions are normalised before use, so decay would only change their useless length.
        decay = 0.0 if parameter.ndim < 2 or name == "directions" else config.weight_decay
        groups.setdefault((rate, decay), []).append(parameter)
    return torch.optim.AdamW(
        [{"params": params, "lr": lr, "weight_decay": decay} for (lr, decay), params in groups.items()],
        fused=True,
    )


def _warmup_and_decay(steps: int, warmup_share: float) -> Callable[[int], float]:
    warmup = max(1, int(steps * warmup_share))

    def factor(step: int) -> float:
        if step < warmup:
            return (step + 1) / warmup
        return max(0.0, (steps - step) / max(1, steps - warmup))

    return factor


def _trained_state(network: JointNetwork) -> dict[str, Tensor]:
    return {name: p.detach().clone() for name, p in network.named_parameters() if p.requires_grad}
