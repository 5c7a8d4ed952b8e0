"""What the commands of this room share: their options, their errors, and how far they say that they are."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from careline.commands.plain_words import translated
from careline.errors import CarelineError
from careline.settings import load_settings

if TYPE_CHECKING:
    from nlu.config import TrainConfig
    from nlu.progress import OnProgress
    from nlu.progress import Progress as Told

AsJson = Annotated[bool, typer.Option("--json", help="Answer with JSON on standard output.")]
ModelOption = Annotated[
    Path | None,
    typer.Option("--model", help="A model folder, or a folder of models. Default: the current model."),
]


def model_folder(model: Path | None) -> Path:
    """Name the model that is meant: the given one, or the store of models."""
    return model or load_settings().var / "models" / "nlu"


def in_plain_words() -> AbstractContextManager[None]:
    """Turn the room's errors, and those of files and disks, into those that the command line tells in a sentence."""
    from nlu.errors import NluError

    return translated(NluError)


def read_settings(text: str) -> TrainConfig:
    """Read what --config gives."""
    from nlu.config import read_config

    try:
        return read_config(text)
    except ValueError as error:
        raise CarelineError(f"--config: {error}") from error


def open_folder(folder: Path | None) -> None:
    """Make the folder of a report before the work for it begins, so that none is lost where it cannot be written."""
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass


@contextmanager
def progress() -> Iterator[OnProgress]:
    """Tell a training's progress on standard error: a bar on a terminal, plain lines elsewhere."""
    from nlu.progress import to_log

    out = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
    if not out.is_terminal:
        yield to_log(out.print)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
    with Progress(*columns, console=out, transient=True) as bar:
        task = bar.add_task("training", total=None)

        def tell(told: Told) -> None:
            if told.epochs:
                bar.update(task, completed=told.epoch / told.epochs, total=1, description=told.message)
            elif told.share is not None:
                bar.update(task, completed=told.share, total=1, description=told.message)
            else:
                out.print(told.message)

        yield tell


@contextmanager
def texts_counted(total: int) -> Iterator[Callable[[], None]]:
    """Show on a terminal how many of the texts are done and how long the others take; call what is given after each."""
    columns = (
        TextColumn("understanding"),
        BarColumn(),
        TextColumn("{task.completed}/{task.total}"),
        TimeRemainingColumn(),
    )
    out = Console(stderr=True)
    with Progress(*columns, console=out, transient=True, disable=not out.is_terminal) as bar:
        task = bar.add_task("texts", total=total)
        yield lambda: bar.advance(task)
