"""A folder that holds a data set in parts: train, valid and test, each a file of that name; each command reads its own."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from nlu.examples import Dataset, read_dataset

Part = Literal["train", "valid", "test"]

_SUFFIXES = (".jsonl", ".yml", ".yaml")


def choose_part(path: Path, *parts: Part) -> Path:
    """Find the first of these parts that a data set in a folder has.

    Returns:
        Its file; `path` itself where that is a file, or a folder whose files belong together.
    """
    files = [_file_of(path, part) for part in parts] if _is_in_parts(path) else []
    return next((file for file in files if file), path)


def read_training(data: Path, valid: Path | None) -> tuple[Dataset, Dataset | None]:
    """Read what to learn from and, if there is any, what to stop and calibrate by.

    Args:
        data: a file or a folder. Of one in parts `train` is learned and, unless `valid` is given, `valid` held out.
        valid: a file or a folder.

    Raises:
        ExamplesUnreadable: as `read_dataset` does.
    """
    held_out = choose_part(valid, "valid") if valid else None
    if held_out is None and _is_in_parts(data):
        held_out = _file_of(data, "valid")
    return read_dataset(choose_part(data, "train")), read_dataset(held_out) if held_out else None


def _is_in_parts(path: Path) -> bool:
    return _file_of(path, "train") is not None and any(_file_of(path, part) for part in ("valid", "test"))


def _file_of(folder: Path, name: str) -> Path | None:
    files = (folder / f"{name}{suffix}" for suffix in _SUFFIXES)
    return next((file for file in files if file.is_file()), None)
