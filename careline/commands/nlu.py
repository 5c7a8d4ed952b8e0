"""`careline nlu …`: train, measure and try what the bot understands, without Rasa."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Table

from careline.errors import CarelineError
from careline.settings import load_settings

if TYPE_CHECKING:
    from nlu.progress import OnProgress
    from nlu.progress import Progress as Told
    from nlu.runtime import Parse

app = typer.Typer(no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Answer with JSON on standard output.")]
ModelOption = Annotated[
    Path | None,
    typer.Option("--model", help="A model folder, or a folder of models. Default: the current model."),
]
RANKED = 3


class NotUnderstood(CarelineError):
    """An error of the room, in its own words."""


@app.command()
def train(
    *,
    data: Annotated[
        Path | None, typer.Option(help="Examples: .jsonl, Rasa .yml or a folder. Default: data/nlu.")
    ] = None,
    valid: Annotated[
        Path | None, typer.Option(help="Examples to stop and calibrate by; else a part is held out.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="The folder of models. Default: var/models/nlu.")] = None,
    config: Annotated[str, typer.Option(help="Settings that differ from the defaults, as JSON.")] = "{}",
    lenient: Annotated[bool, typer.Option(help="Train although examples contradict each other.")] = False,
    force: Annotated[bool, typer.Option(help="Train although the same model is there.")] = False,
    as_json: AsJson = False,
) -> None:
    """Train a model, or find that it is up to date."""
    from nlu.config import parse_config
    from nlu.examples import read_dataset
    from nlu.models import train_model

    settings = load_settings()
    with _in_plain_words(), _progress() as tell:
        model = train_model(
            read_dataset(data or settings.data / "nlu"),
            read_dataset(valid) if valid else None,
            out or settings.var / "models" / "nlu",
            parse_config(json.loads(config)),
            tell,
            is_lenient=lenient,
            must_train=force,
        )
    if as_json:
        record = {"folder": str(model.folder), "model_id": model.model_id, "is_reused": model.is_reused}
        _write_json({**record, "metrics": model.metrics})
    else:
        _console().print(f"{'Up to date' if model.is_reused else 'Trained'}: {model.folder}")


@app.command()
def evaluate(
    *,
    data: Annotated[Path, typer.Option(help="Examples that the model was not trained on.")],
    report: Annotated[
        Path | None, typer.Option(help="A folder for metrics.json, summary.md, mistakes.md.")
    ] = None,
    model: ModelOption = None,
    as_json: AsJson = False,
) -> None:
    """Measure a model on examples that it was not trained on."""
    from nlu import evaluate as evaluation_of
    from nlu.examples import read_dataset
    from nlu.runtime import load

    with _in_plain_words():
        understander, dataset = load(_model_folder(model)), read_dataset(data)
    evaluation, parses = evaluation_of.evaluate(understander, dataset, name=data.name)
    if report is not None:
        evaluation_of.write_report(evaluation, dataset.examples, parses, report)
    if as_json:
        _write_json(evaluation_of.to_json(evaluation))
        return
    table = Table(title=f"{evaluation.model_id} on {evaluation.data}", show_header=False)
    for label, value in evaluation_of.headline(evaluation):
        table.add_row(label, value)
    _print_rows(table, [f"{label}: {value}" for label, value in evaluation_of.headline(evaluation)])
    if report is not None:
        _console().print(f"Report: {report / 'summary.md'}")


@app.command()
def parse(
    texts: Annotated[list[str], typer.Argument(metavar="TEXT...", help="What a customer might write.")],
    model: ModelOption = None,
    as_json: AsJson = False,
) -> None:
    """Show what the model understands from each text."""
    from nlu.runtime import load

    with _in_plain_words():
        parses = load(_model_folder(model)).parse(texts)
    if as_json:
        _write_json([_parse_record(one) for one in parses])
        return
    table = Table("text", "intent", "next likely", "entities")
    for one in parses:
        others = "\n".join(f"{name} {share:.2f}" for name, share in one.ranking[1:RANKED])
        table.add_row(one.text, _intent_of(one), others, "\n".join(_entities_of(one)))
    _print_rows(table, ["\t".join([one.text, _intent_of(one), *_entities_of(one)]) for one in parses])


@app.command()
def export(
    out: Annotated[Path, typer.Argument(help="A folder that does not exist yet.")],
    model: ModelOption = None,
    as_json: AsJson = False,
) -> None:
    """Copy a checked model folder, to serve it on another machine."""
    from nlu.model_folder import resolve_model, verify_folder

    with _in_plain_words():
        folder = resolve_model(_model_folder(model))
        manifest = verify_folder(folder)
    if out.exists():
        raise NotUnderstood(f"{out} exists; name a folder that does not")
    shutil.copytree(folder, out)
    if as_json:
        _write_json({"folder": str(out), "model_id": manifest.model_id})
    else:
        _console().print(f"Model {manifest.model_id} is in {out}")


def _model_folder(model: Path | None) -> Path:
    return model or load_settings().var / "models" / "nlu"


def _intent_of(one: Parse) -> str:
    refused = " (out of scope)" if one.is_out_of_scope else ""
    return f"{one.intent or '-'} {one.confidence:.2f}{refused}"


def _entities_of(one: Parse) -> list[str]:
    return [f"{entity.entity}={entity.value}" for entity in one.entities]


def _parse_record(one: Parse) -> dict[str, Any]:
    entities = [
        {
            "start": e.start,
            "end": e.end,
            "entity": e.entity,
            "value": e.value,
            "confidence": round(e.confidence, 4),
        }
        for e in one.entities
    ]
    return {
        "text": one.text,
        "intent": one.intent,
        "confidence": round(one.confidence, 4),
        "is_out_of_scope": one.is_out_of_scope,
        "ranking": [{"name": name, "confidence": round(share, 4)} for name, share in one.ranking],
        "entities": entities,
    }


@contextmanager
def _in_plain_words() -> Iterator[None]:
    """Turn the room's errors into those that the command line tells in a sentence."""
    from nlu.errors import NluError

    try:
        yield
    except (NluError, ValueError) as error:
        raise NotUnderstood(str(error)) from error


@contextmanager
def _progress() -> Iterator[OnProgress]:
    """Tell a training's progress on standard error: a bar on a terminal, plain lines elsewhere."""
    console = Console(stderr=True, highlight=False)
    if not console.is_terminal:
        yield lambda told: console.print(told.message, markup=False, soft_wrap=True)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed}/{task.total}"))
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("training", total=None)

        def tell(told: Told) -> None:
            if told.epochs:
                bar.update(task, completed=told.epoch, total=told.epochs, description=told.message)
            else:
                bar.console.print(told.message, markup=False, soft_wrap=True)

        yield tell


def _console() -> Console:
    return Console(highlight=False, soft_wrap=True)


def _print_rows(table: Table, lines: list[str]) -> None:
    """Print a table to a terminal, plain lines into a pipe."""
    console = _console()
    if console.is_terminal:
        console.print(table)
    else:
        sys.stdout.write("".join(line + "\n" for line in lines))


def _write_json(value: Any) -> None:
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")
