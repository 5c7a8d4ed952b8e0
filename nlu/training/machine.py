"""What a training runs on: processor or GPU, one process or several, and what it multiplies in."""

from __future__ import annotations

import ctypes
from datetime import timedelta
from typing import TypeVar

import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState
from accelerate.utils import InitProcessGroupKwargs, broadcast, broadcast_object_list
from torch import nn

from nlu.config import TrainConfig
from nlu.errors import MachineUnfit

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # the numbers of these options in glibc's malloc.h
_KEPT_BYTES = ((_M_TRIM_THRESHOLD, 2**31 - 1), (_M_MMAP_THRESHOLD, 32 * 2**20))

_PATIENCE = timedelta(hours=6)
"""The other processes wait this long for the main one, which alone calibrates and exports."""

T = TypeVar("T")

_BY_NAME = {"fp32": "no", "bf16": "bf16", "fp16": "fp16"}


def build_accelerator(config: TrainConfig) -> Accelerator:
    """Find the device and the other processes of this training (those that ``accelerate launch`` started).

    Raises:
        MachineUnfit: fp16 is asked for where there is no GPU.
    """
    torch.set_num_threads(config.threads)
    keep_memory()
    # The precision is kept in a state that all accelerators of a process share, and the next model may want another.
    AcceleratorState._reset_state()
    has_gpu = torch.cuda.is_available()
    if config.precision == "fp16" and not has_gpu:
        raise MachineUnfit("fp16 needs a GPU")
    return Accelerator(
        cpu=not has_gpu,
        mixed_precision=mixed_precision(config, has_gpu=has_gpu),
        kwargs_handlers=[InitProcessGroupKwargs(timeout=_PATIENCE)],
    )


def keep_memory() -> None:
    """Let glibc keep what a step gave back for the next one; elsewhere nothing changes.

    Else every step returns its activations to the system and gets them back page by page: some thousand page faults a
    step with the default encoder, for a twentieth of the processor's time.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        for option, size in _KEPT_BYTES:
            mallopt(option, size)


def mixed_precision(config: TrainConfig, *, has_gpu: bool) -> str:
    """Name what steps are computed in, as accelerate calls it: `no`, `bf16` or `fp16`; the weights stay fp32."""
    if config.precision != "auto":
        return _BY_NAME[config.precision]
    if has_gpu:
        return "bf16" if torch.cuda.is_bf16_supported() else "fp16"
    return "bf16" if multiplies_in_bf16() else "no"


def multiplies_in_bf16() -> bool:
    """Tell whether the processor multiplies in bf16: then steps are twice as fast in it, else slower than in fp32."""
    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())


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
