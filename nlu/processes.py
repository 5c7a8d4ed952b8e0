"""A training may run in several processes, of which one speaks and writes."""

from __future__ import annotations

import os


def is_main_process() -> bool:
    """Tell whether this is that one; the others that ``accelerate launch`` started (it numbers them) only compute."""
    return os.environ.get("RANK", "0") == "0"


def is_alone() -> bool:
    """Tell whether this process trains alone; ``accelerate launch`` tells how many there are."""
    return os.environ.get("WORLD_SIZE", "1") == "1"
