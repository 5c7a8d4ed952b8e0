"""`careline nlu train`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from careline.commands.nlu.plumbing import AsJson, in_plain_words, progress, read_settings
from careline.commands.output import say, write_json
from careline.settings import load_settings


def train(
    *,
    data: Annotated[
        Path | None,
        typer.Option(
            help="Examples: .jsonl, Rasa .yml or a folder (with train and test: train). Default: data/nlu."
        ),
    ] = None,
    valid: Annotated[
        Path | None, typer.Option(help="Examples to stop and calibrate by; else a part is held out.")
    ] = None,
    unlabelled: Annotated[
        Path | None, typer.Option(help="Messages to learn from without labels: a line each, or .jsonl.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="The folder of models. Default: var/models/nlu.")] = None,
    config: Annotated[str, typer.Option(help="Settings that differ from the defaults, as JSON.")] = "{}",
    strict: Annotated[
        bool, typer.Option("--strict", help="Refuse examples that contradict each other or overlap.")
    ] = False,
    force: Annotated[
        bool, typer.Option(help="Train anew although the same model is there or half trained.")
    ] = False,
    tensorboard: Annotated[Path | None, typer.Option(help="A folder for the course of the training.")] = None,
    as_json: AsJson = False,
) -> None:
    """Train a model, or find that it is up to date."""
    from nlu.examples import read_texts
    from nlu.models import train_with_unlabelled
    from nlu.splits import read_training

    settings = load_settings()
    settings_of_training = read_settings(config)
    with in_plain_words(), progress() as tell:
        model = train_with_unlabelled(
            *read_training(data or settings.data / "nlu", valid),
            read_texts(unlabelled) if unlabelled else (),
            out or settings.var / "models" / "nlu",
            settings_of_training,
            tell,
            is_strict=strict,
            must_train=force,
            tensorboard=tensorboard,
        )
    if as_json:
        record = {"folder": str(model.folder), "model_id": model.model_id, "is_reused": model.is_reused}
        write_json({**record, "metrics": model.metrics})
    else:
        say(f"{'Up to date' if model.is_reused else 'Trained'}: {model.folder}")
