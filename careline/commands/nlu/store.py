"""`careline nlu models` and `careline nlu promote`: the store of models, and which of them is served."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from careline.commands.nlu.plumbing import AsJson, in_plain_words, model_folder
from careline.commands.output import print_table, say, write_json
from careline.errors import CarelineError

StoreOption = Annotated[
    Path | None, typer.Option("--store", help="The folder of models. Default: var/models/nlu.")
]


def models(store: StoreOption = None, as_json: AsJson = False) -> None:
    """List the models of the store, newest first, and which one is current."""
    from nlu.models import list_models

    with in_plain_words():
        found = list_models(model_folder(store))
    if as_json:
        write_json([{**asdict(one), "written_at": one.written_at.isoformat()} for one in found])
        return
    if not found:
        say(f"No models in {model_folder(store)}")
        return
    rows = [
        (
            "current" if one.is_current else "",
            one.model_id,
            one.written_at.isoformat(timespec="minutes"),
            "-" if one.held_out_accuracy is None else f"{100 * one.held_out_accuracy:.1f} %",
            one.fault or one.kept_precision,
        )
        for one in found
    ]
    print_table("", ["", "model", "written", "held-out accuracy", "weights"], rows)


def promote(
    model: Annotated[str, typer.Argument(help="A model id of the store, or its folder.")],
    store: StoreOption = None,
    as_json: AsJson = False,
) -> None:
    """Make a model of the store the current one; an engine that follows the store serves it at once."""
    from nlu.models import promote_model

    folder = model_folder(store)
    given = Path(model)
    if given.is_dir() and given.resolve().parent != folder.resolve():
        raise CarelineError(f"{given} is not in the store {folder}; copy it there first")
    with in_plain_words():
        model_id = promote_model(folder, given.name)
    if as_json:
        write_json({"store": str(folder), "model_id": model_id})
    else:
        say(f"Model {model_id} is current in {folder}")
