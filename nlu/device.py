"""Where the network is computed, and how many texts at once."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

CPU_PROVIDER = "CPUExecutionProvider"
CUDA_PROVIDER = "CUDAExecutionProvider"
MAX_WORKERS = 8
"""Texts computed at once at most, however many cores there are."""


class Device(str, Enum):
    """What the operator asks for: `auto` takes a GPU where there is one."""

    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"


@dataclass(frozen=True)
class Providers:
    """ONNX Runtime's providers in order of preference; `lack` says why the wish is not granted, empty when it is."""

    names: tuple[str, ...]
    lack: str = ""


def choose_providers(device: Device, available: Sequence[str]) -> Providers:
    """Choose the providers for a device; the CPU always stands last, so that a model is served in any case.

    Args:
        device: what was asked for.
        available: what this ONNX Runtime was built with, as `onnxruntime.get_available_providers` gives it.
    """
    if device is not Device.CPU and CUDA_PROVIDER in available:
        return Providers((CUDA_PROVIDER, CPU_PROVIDER))
    if device is Device.CUDA:
        return Providers((CPU_PROVIDER,), f"this ONNX Runtime has no {CUDA_PROVIDER}; computing on the CPU")
    return Providers((CPU_PROVIDER,))


def explain_fallback(chosen: Providers, used: Sequence[str]) -> str:
    """Say what is lacking once a session is open: ONNX Runtime drops a provider that fails to start, in silence."""
    if chosen.names[0] not in used:
        return f"{chosen.names[0]} did not start; computing on the CPU"
    return chosen.lack


def count_cores() -> int:
    """Count the cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
