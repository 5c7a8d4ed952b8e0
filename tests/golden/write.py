"""Write the golden frames anew: ``python -m tests.golden.write``."""

from __future__ import annotations

import json
from pathlib import Path

from tests.golden import build

HERE = Path(__file__).parent


def golden_text(frame: build.Json) -> str:
    """Write a frame as it lies in its file."""
    return json.dumps(frame, ensure_ascii=False, indent=2, sort_keys=True) + "\n"


def main() -> None:
    """Write every file."""
    for folder, frames in (("widget", build.widget()), ("console", build.console())):
        for name, frame in frames.items():
            (HERE / folder / f"{name}.json").write_text(golden_text(frame), encoding="utf-8")


if __name__ == "__main__":
    main()
