"""`careline knowledge unanswered`: what customers asked and the articles could not answer."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Any

import typer

from careline.commands.desk import on_desk
from careline.commands.output import console, print_table, say, write_json
from careline.errors import CarelineError
from careline.library import FileLibrary
from careline.settings import ROOT, load_settings
from desk.context import Desk
from desk.librarian import group_questions
from desk.service import export
from desk.store.unanswered import GroupStatus

MAX_SHOWN = 30
WRITERS = {".csv": export.write_csv, ".jsonl": export.write_jsonl}


def unanswered(
    status: Annotated[GroupStatus, typer.Option(help="Which questions.")] = GroupStatus.OPEN,
    file: Annotated[
        Path | None, typer.Option("--export", help="Write all of them to FILE (.csv or .jsonl).")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Group the questions that had no answer and list them, the ones asked for most first."""
    if file is not None and file.suffix not in WRITERS:
        raise CarelineError(f"{file.name}: the file's name ends with .csv or .jsonl.")
    rows = on_desk(lambda desk: _read(desk, status))
    if file is not None:
        text = WRITERS[file.suffix](rows)
        try:
            file.write_text(text, encoding="utf-8", newline="")
        except OSError as error:
            raise CarelineError(f"{file}: it cannot be written ({error.strerror}).") from error
    if as_json:
        write_json({"items": rows})
    elif file is not None:
        say(f"{len(rows)} questions written to {file}.")
    else:
        _print(rows)


async def _read(desk: Desk, status: GroupStatus) -> list[dict[str, Any]]:
    settings = load_settings()
    library = FileLibrary(settings.var / "knowledge", settings.data / "knowledge", ROOT)
    if await asyncio.to_thread(library.index_id) is not None:
        await group_questions(desk, library)
    return await export.read_all(desk, status)


def _print(rows: list[dict[str, Any]]) -> None:
    is_shown = console().is_terminal
    if is_shown and not rows:
        say("Nothing: every question so far had an answer, or was dealt with.")
        return
    columns = ["asked", "question", "nearest article", "last asked"]
    cells = [
        [str(row["asked"]), row["question"], row["nearest_title"], row["last_asked_at"][:10]]
        for row in rows[:MAX_SHOWN]
    ]
    lines = (f"{row['asked']}\t{row['question']}\t{row['nearest_url']}" for row in rows)
    print_table("", columns, cells, lines)
    if is_shown and len(rows) > MAX_SHOWN:
        say(f"... and {len(rows) - MAX_SHOWN} more; --export FILE writes them all.")
