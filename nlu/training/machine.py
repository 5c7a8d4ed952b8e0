"""What a training runs on: processor or GPU, one process or several, and what it multiplies in."""

from __future__ import annotations

from datetime import timedelta
from typing import TypeVar

import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState
from accelerate.utils import InitProcessGroupKwargs, broadcast, broadcast_object_list
from torch import nn

from nlu.config import TrainConfig

_PATIENCE = timedelta(hours=6)
"""The other processes wait this long for the main one, which alone calibrates and exports."""

T = TypeVar("T")

_BY_NAME = {"fp32": "no", "bf16": "bf16", "fp16": "fp16"}


def build_accelerator(config: TrainConfig) -> Accelerator:
    """Find the device and the other processes of this training (those that ``accelerate launch`` started).

    Raises:
        ValueError: fp16 is asked for where there is no GPU.
    """
    torch.set_num_threads(config.threads)
    # The precision is kept in a state that all accelerators of a process share, and the next model may want another.
    AcceleratorState._reset_state()
    has_gpu = torch.cuda.is_available()
    return Accelerator(
        cpu=not has_gpu,
        mixed_precision=mixed_precision(config, has_gpu=has_gpu),
        kwargs_handlers=[InitProcessGroupKwargs(timeout=_PATIENCE)],
    )


def mixed_precision(config: TrainConfig, *, has_gpu: bool) -> str:
    """Name what steps are computed in, as accelerate calls it: `no`, `bf16` or `fp16`; the weights stay fp32."""
    if config.precision != "auto":
        return _BY_NAME[config.precision]
    if has_gpu:
        return "bf16" if torch.cuda.is_bf16_supported() else "fp16"
    # Twice as fast where the processor multiplies in it, else slower than fp32.
    is_fast = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    return "bf16" if is_fast else "no"


def make_alike(network: nn.Module, accelerator: Accelerator) -> None:
    """Give every process the main one's weights: processors of another kind may start with other last digits."""
    if accelerator.num_processes > 1:
        for parameter in network.parameters():
            parameter.data.copy_(broadcast(parameter.data))


def from_main(accelerator: Accelerator, value: T) -> T:
    """Give every process the main one's value."""
    if accelerator.num_processes == 1:
        return value
    values = [value]
    broadcast_object_list(values, from_process=0)
    return values[0]
