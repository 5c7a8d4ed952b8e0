"""A toy set in the form of the real ones, written on the spot."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from bench.understanding.sets import BenchSet
from nlu.examples import Dataset, Example, write_jsonl
from tests.nlu.conftest import tiny_encoder

__all__ = ["tiny_encoder"]  # the fixture of another folder

ASKS = {
    "order_status": "where is my order {}",
    "cancel_order": "please cancel the blue lamp {}",
    "thank": "thank you {}",
}
FOREIGN = "### / @@ ''' {}"


def toy_dataset(numbers: Sequence[int], *, foreign: int = 0) -> Dataset:
    """An example of each intent for each number, and some that are of no intent."""
    examples = [Example(ask.format(n), intent) for intent, ask in ASKS.items() for n in numbers]
    examples += [Example(FOREIGN.format(n), "oos") for n in range(foreign)]
    return Dataset(tuple(examples))


@pytest.fixture
def write_toy(tmp_path: Path) -> Callable[[BenchSet], Path]:
    """Write the files of a set into a folder of data sets, and return the folder."""

    def write(one: BenchSet) -> Path:
        data = tmp_path / "data"
        foreign = 5 if one.has_oos else 0
        parts = {
            one.train: toy_dataset(range(10), foreign=foreign),
            one.test: toy_dataset(range(8, 14), foreign=foreign),
        }
        if one.valid:
            parts[one.valid] = toy_dataset(range(14, 18), foreign=foreign)
        for name, dataset in parts.items():
            (data / name).parent.mkdir(parents=True, exist_ok=True)
            write_jsonl(dataset, data / name)
        return data

    return write
