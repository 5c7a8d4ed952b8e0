"""A training that was cut off goes on where it was: one file, replaced after every epoch.

Its tensors are safetensors; everything else stands as JSON in that file's header. There is no pickle in it.
"""

from __future__ import annotations

import glob
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

_RECORD = "record"


@dataclass(frozen=True)
class Snapshot:
    """What a training is made of at the end of an epoch: tensors by name, and a record that JSON can hold."""

    tensors: dict[str, Tensor] = field(default_factory=dict)
    record: dict[str, Any] = field(default_factory=dict)

    def under(self, prefix: str) -> dict[str, Tensor]:
        """Give the tensors whose name begins with `prefix` and a dot, without it."""
        start = prefix + "."
        return {name[len(start) :]: t for name, t in self.tensors.items() if name.startswith(start)}


def named(prefix: str, tensors: Mapping[str, Tensor]) -> Iterator[tuple[str, Tensor]]:
    """Put a prefix and a dot before the names."""
    return ((f"{prefix}.{name}", tensor) for name, tensor in tensors.items())


class Checkpoint:
    """The file of the last snapshot."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def save(self, snapshot: Snapshot) -> None:
        """Replace the file, at once or not at all."""
        partial = self.path.with_name(self.path.name + ".partial")
        tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in snapshot.tensors.items()}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        try:
            partial.write_bytes(save(tensors, metadata={_RECORD: json.dumps(snapshot.record)}))
            partial.replace(self.path)
        except OSError:  # a full disk is not to be kept full by half a file
            partial.unlink(missing_ok=True)
            raise

    def load(self) -> Snapshot | None:
        """Read the file; None where there is none, or where a crash of the machine left half of one."""
        if not self.path.is_file():
            return None
        try:
            with safe_open(self.path, framework="pt") as file:
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
                return Snapshot(tensors, json.loads(file.metadata()[_RECORD]))
        except (SafetensorError, OSError):
            return None

    def beside(self, number: int) -> Checkpoint:
        """Give the file of another training that belongs to the same model."""
        return Checkpoint(self.path.with_name(f"{self.path.name}.{number}"))

    def remove(self) -> None:
        """Delete the file, those beside it, and what a kill in the middle of `save` left."""
        for path in self.path.parent.glob(f"{glob.escape(self.path.name)}*"):
            path.unlink(missing_ok=True)
