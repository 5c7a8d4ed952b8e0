"""How commands print: sentences and tables for people, plain lines into a pipe, JSON for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table


def console() -> Console:
    """Open standard output for people."""
    return Console(highlight=False, markup=False, soft_wrap=True)


def say(text: str) -> None:
    """Print a sentence as it is."""
    console().print(text)


def print_table(
    title: str, columns: Sequence[str], rows: Iterable[Sequence[str]], lines: Iterable[str] | None = None
) -> None:
    """Print a table to a terminal; into a pipe the lines, which are the rows with tabs unless given."""
    out = console()
    if not out.is_terminal:
        write_lines(("\t".join(row) for row in rows) if lines is None else lines)
        return
    table = Table(*columns, title=title or None)
    for row in rows:
        table.add_row(*row)
    out.print(table, soft_wrap=False)


def write_lines(lines: Iterable[str]) -> None:
    """Write plain lines to standard output; rich would make spaces of tabs."""
    sys.stdout.write("".join(line + "\n" for line in lines))


def write_json(value: Any) -> None:
    """Write a value to standard output."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")
