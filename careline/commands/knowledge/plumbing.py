"""What the commands of this room share: their options, their errors, and how far they say that they are."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import Progress as ProgressBar
from rich.progress import TaskID

from careline.commands.plain_words import translated
from careline.settings import load_settings
from knowledge.errors import KnowledgeError

if TYPE_CHECKING:
    from knowledge.build import BuildReport
    from knowledge.encoder import Progress

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Data = Annotated[Path | None, typer.Option(help="Folder with the articles; data/knowledge by default.")]
Root = Annotated[Path | None, typer.Option("--root", help="Folder of the indexes; var/knowledge by default.")]


def data_folder(path: Path | None) -> Path:
    """Name the folder of the articles: the given one, or that of the settings."""
    return path or load_settings().data / "knowledge"


def root_folder(path: Path | None) -> Path:
    """Name the folder of the indexes: the given one, or that of the settings."""
    return path or load_settings().var / "knowledge"


def build_index(
    data: Path | None, root: Path | None, progress: Progress | None = None, *, is_forced: bool = False
) -> BuildReport:
    """Build the index as the settings say (see `knowledge.build.build`)."""
    from knowledge.build import BuildConfig, build

    config = BuildConfig(max_wrong_share=load_settings().knowledge.max_wrong_share)
    return build(data_folder(data), root_folder(root), config, progress=progress, is_forced=is_forced)


def in_plain_words() -> AbstractContextManager[None]:
    """Turn what the knowledge base refuses, and a disk that is full or may not be written to, into the command's own error."""
    return translated(KnowledgeError)


@contextmanager
def stages_shown(*, is_quiet: bool) -> Iterator[Progress | None]:
    """Show a bar for each stage on a terminal; elsewhere write a line to the errors' stream when it takes long."""
    out = Console(stderr=True, highlight=False, soft_wrap=True)
    if is_quiet:
        yield None
    elif not out.is_terminal:
        yield now_and_then(out.print)
    else:
        with ProgressBar(console=out, transient=True) as bar:
            tasks: dict[str, TaskID] = {}

            def show(stage: str, done: int, total: int) -> None:
                if stage not in tasks:
                    tasks[stage] = bar.add_task(stage.capitalize())
                bar.update(tasks[stage], completed=done, total=total)

            yield show


def now_and_then(write: Callable[[str], object], *, clock: Callable[[], float] = time.monotonic) -> Progress:
    """Give what writes how far something is, after some seconds of silence, as a training's log does.

    Args:
        write: takes a line.
        clock: seconds that never go back.
    """
    from nlu.progress import Progress as Standing
    from nlu.progress import to_log

    tell = to_log(write, clock=clock)
    began: dict[str, float] = {}

    def show(stage: str, done: int, total: int) -> None:
        seconds = clock() - began.setdefault(stage, clock())
        left = f", about {seconds * (total / done - 1):.0f} s left" if done else ""
        tell(Standing(f"{stage.capitalize()}: {done:,} of {total:,}{left}", share=done / max(1, total)))

    return show
