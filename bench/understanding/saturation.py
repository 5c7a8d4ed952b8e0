"""How fast training steps run at growing batch sizes, and what share of the card's peak that is."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor
from transformers import PreTrainedModel

from nlu.config import TrainConfig
from nlu.training.batches import Batch
from nlu.training.encoders import load_encoder
from nlu.training.network import JointNetwork
from nlu.training.objective import Objective

PEAK_TERAFLOPS: dict[str, float] = {
    "H200": 989.4,
    "H100 NVL": 835.5,
    "H100 PCIe": 756.0,
    "H100": 989.4,
    "A100": 312.0,
    "L40S": 362.1,
    "L4": 121.0,
    "A10": 125.0,
    "RTX 4090": 165.2,
    "RTX 3090": 71.0,
}
"""Dense bf16 with fp32 sums, in 10^12 operations a second, as NVIDIA's data sheets have it; the first name that the
card's name contains counts."""

LEAST_GAIN = 0.05
"""A doubled batch that brings less than this share more samples a second ends the search."""

_NOT_MULTIPLIED = ("embeddings.", "pooler.")
_INTENTS, _TAGS = 77, 9
_WARM_UP_STEPS = 3


@dataclass(frozen=True)
class Peak:
    """What the card can do at best, 10^12 operations a second: by its data sheet (None if unknown), and in one product."""

    data_sheet: float | None
    measured: float

    @property
    def teraflops(self) -> float:
        """The figure that shares are of."""
        return self.data_sheet or self.measured


@dataclass(frozen=True)
class Speed:
    """Training at one batch size, the encoder compiled or not; `share_of_peak` in [0, 1]."""

    batch_size: int
    is_compiled: bool
    samples_per_second: float
    teraflops: float
    share_of_peak: float
    peak_gib: float


def find_peak(device: torch.device, *, size: int) -> Peak:
    """Look the card up, and measure a bf16 product of square matrices of this size."""
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else ""
    known = next((peak for card, peak in PEAK_TERAFLOPS.items() if card in name), None)
    left, right = (torch.randn(size, size, device=device, dtype=torch.bfloat16) for _ in range(2))
    seconds = _seconds_a_call(lambda: left @ right, device, calls=10)
    return Peak(known, 2 * size**3 / seconds / 1e12)


def training_flops(encoder: PreTrainedModel, tokens: int) -> int:
    """Count the operations of one training step on one text: six a weight and token, and the attention's products.

    Forward is two a weight and token, backward twice that. The tables of embeddings are looked up, not multiplied, and
    the first token's pooler is not part of our loss. In every layer the attention multiplies (tokens, width) with
    (width, tokens) and back.
    """
    counted = (p for name, p in encoder.named_parameters() if not name.startswith(_NOT_MULTIPLIED))
    weights = sum(p.numel() for p in counted)
    config = encoder.config
    attention = 12 * int(config.num_hidden_layers) * int(config.hidden_size) * tokens**2
    return 6 * weights * tokens + attention


def measure_training(
    config: TrainConfig, device: torch.device, peak: Peak, *, tokens: int, largest: int, steps: int
) -> Iterator[Speed]:
    """Time steps in bf16 at doubled batch sizes, until no more is gained, memory ends or the largest is reached.

    Args:
        config: the training's settings; the encoder is compiled where they say so and there is a GPU.
        device: where.
        peak: of that device.
        tokens: length of every text; ids are random, as they change no time.
        largest: batch size to end at.
        steps: that are timed at each size.
    """
    encoder = load_encoder(config.encoder).model
    flops = training_flops(encoder, tokens)
    network = _build(encoder, config).to(device).train()
    is_compiled = config.compile and device.type == "cuda"
    if is_compiled:
        network.step_encoder = torch.compile(network.encoder.forward, dynamic=True)
    size, best = config.batch_size, 0.0
    while size <= largest:
        try:
            seconds, gib = _time_steps(network, config, _random_batch(size, tokens, device), steps)
        except torch.OutOfMemoryError:
            return
        rate = size / seconds
        speed = rate * flops / 1e12
        yield Speed(size, is_compiled, round(rate, 1), speed, speed / peak.teraflops, gib)
        if rate < best * (1 + LEAST_GAIN):
            return
        size, best = 2 * size, max(best, rate)


def _build(encoder: PreTrainedModel, config: TrainConfig) -> JointNetwork:
    network = JointNetwork(
        encoder,
        intents=_INTENTS,
        tags=_TAGS,
        scale=config.scale,
        dropout=config.dropout,
    )
    network.freeze(config.frozen_layers)
    return network


def _random_batch(size: int, tokens: int, device: torch.device) -> Batch:
    def draw(most: int, *shape: int) -> Tensor:
        return torch.randint(0, most, shape, device=device)

    ids = draw(50, size, tokens)
    return Batch(ids, torch.ones_like(ids), draw(_INTENTS, size), draw(_TAGS, size, tokens))


def _time_steps(network: JointNetwork, config: TrainConfig, batch: Batch, steps: int) -> tuple[float, float]:
    """Return seconds a step, and the most memory of the card in GiB."""
    device = batch.ids.device
    objective = Objective(config)
    trained = [p for p in network.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=0.0, fused=True)

    def step() -> None:
        with torch.autocast(device.type, dtype=torch.bfloat16):
            loss = objective.loss(network, batch)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()

    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    seconds = _seconds_a_call(step, device, calls=steps)
    gib = torch.cuda.max_memory_allocated(device) / 2**30 if device.type == "cuda" else 0.0
    return seconds, gib


def _seconds_a_call(call: Callable[[], object], device: torch.device, *, calls: int) -> float:
    for _ in range(_WARM_UP_STEPS):
        call()
    _wait(device)
    began = time.perf_counter()
    for _ in range(calls):
        call()
    _wait(device)
    return (time.perf_counter() - began) / calls


def _wait(device: torch.device) -> None:
    """Wait for the card: it computes behind the program's back."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
