"""Where a figure was measured, without names or paths."""

from __future__ import annotations

import os
import platform
import sys
from pathlib import Path

from bench.understanding.results import Machine

_TELLING_FLAGS = (
    "avx2",
    "avx512f",
    "avx512_vnni",
    "avx512_bf16",
    "avx_vnni",
    "amx_tile",
    "amx_int8",
    "amx_bf16",
)


def describe_machine(accelerator: str = "") -> Machine:
    """Describe this machine; what the system does not tell is empty."""
    processor, flags = _processor()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return Machine(
        cores=os.cpu_count() or 0,
        memory_gib=round(memory / 2**30),
        processor=processor,
        flags=flags,
        accelerator=accelerator,
        python=platform.python_version(),
    )


def find_accelerator() -> str:
    """Name the GPU where torch is in use and sees one; empty else. Imports nothing: DIET's environment has no torch."""
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_available():
        return ""
    return str(torch.cuda.get_device_name())


def _processor() -> tuple[str, tuple[str, ...]]:
    """Read the processor's model and flags where Linux tells them."""
    file = Path("/proc/cpuinfo")
    lines = file.read_text().splitlines() if file.is_file() else []
    told = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
    flags = told.get("flags", told.get("Features", "")).split()
    return told.get("model name", platform.machine()), tuple(f for f in _TELLING_FLAGS if f in flags)
