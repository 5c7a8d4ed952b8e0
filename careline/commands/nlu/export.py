"""`careline nlu export`."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from careline.commands.nlu.plumbing import AsJson, ModelOption, in_plain_words, model_folder
from careline.commands.output import say, write_json
from careline.errors import CarelineError


def export(
    out: Annotated[Path, typer.Argument(help="A folder that does not exist yet.")],
    model: ModelOption = None,
    as_json: AsJson = False,
) -> None:
    """Copy a checked model folder, to serve it on another machine."""
    from nlu.model_folder import resolve_model, verify_folder

    with in_plain_words():
        folder = resolve_model(model_folder(model))
        manifest = verify_folder(folder)
    if out.exists():
        raise CarelineError(f"{out} exists; name a folder that does not")
    with in_plain_words():
        _copy(folder, out)
    if as_json:
        write_json({"folder": str(out), "model_id": manifest.model_id})
    else:
        say(f"Model {manifest.model_id} is in {out}")


def _copy(folder: Path, out: Path) -> None:
    """Copy a folder, whole or not at all."""
    out.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(dir=out.parent, prefix=f".{out.name}."))
    try:
        Path(shutil.copytree(folder, partial / out.name)).replace(out)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
