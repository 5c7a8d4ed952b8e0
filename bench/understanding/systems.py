"""What the benchmark asks of a system, whatever is inside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from nlu.examples import Dataset
from nlu.runtime import Parse


class Fitted(Protocol):
    """A trained system."""

    def parse(self, text: str) -> Parse:
        """Understand one message, as it would be served."""
        ...


class System(Protocol):
    """Something that learns to understand; made in the process that trains and asks it, and in no other."""

    def fit(self, train: Dataset, valid: Dataset | None) -> Fitted:
        """Learn.

        Args:
            train: in scope only.
            valid: for stopping and calibration, texts out of scope among them where the set has some; never learned.
        """
        ...

    def versions(self) -> Mapping[str, str]:
        """Name the software that did it, package to version."""
        ...
