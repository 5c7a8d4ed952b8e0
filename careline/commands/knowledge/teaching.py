"""`careline knowledge teach`, `encoders`, `promote`: the encoder learns from questions whose answers are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from careline.commands.desk import on_desk
from careline.commands.knowledge.plumbing import (
    AsJson,
    Data,
    Root,
    build_index,
    data_folder,
    in_plain_words,
    root_folder,
    stages_shown,
)
from careline.commands.output import print_table, say, write_json
from careline.errors import CarelineError
from careline.history import read_history

if TYPE_CHECKING:
    from knowledge.encoder_choice import Teaching
    from knowledge.teaching.pairs import Pair
    from knowledge.teaching.teach import TeachReport

CONFIGURED = "configured"
Pairs = Annotated[
    list[Path] | None,
    typer.Option(help="CSV or JSON lines of question and answer, or question and document; may be repeated."),
]
_MEASURES = (("first", "first"), ("first_three", "in three"), ("mrr", "MRR"))


def teach(
    pairs: Pairs = None,
    from_desk: Annotated[
        bool, typer.Option("--from-desk", help="Learn from the desk's closed conversations as well.")
    ] = False,
    epochs: Annotated[int, typer.Option(min=1, max=20, help="Passes over the questions.")] = 2,
    near_misses: Annotated[
        bool,
        typer.Option("--near-misses", help="Tell each question also from a text that only looks right."),
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder to keep the trained encoder in, in sentence-transformers' form."),
    ] = None,
    data: Data = None,
    root: Root = None,
    force: Annotated[
        bool, typer.Option("--force", help="Teach although the same was taught before.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Teach the encoder from past questions; it serves only if it finds held-out questions better than the one before."""
    from knowledge.build import load_collection
    from knowledge.teaching.config import TeachConfig
    from knowledge.teaching.pairs import read_pairs
    from knowledge.teaching.teach import Listeners
    from knowledge.teaching.teach import teach as teach_now

    with in_plain_words(), stages_shown(is_quiet=as_json) as progress:
        past: list[Pair] = [pair for path in pairs or () for pair in read_pairs(path)]
        if from_desk:
            past += _desk_pairs()
        report = teach_now(
            load_collection(data_folder(data), root_folder(root)).documents,
            past,
            root_folder(root),
            TeachConfig(epochs=epochs, has_near_misses=near_misses),
            out=out,
            is_forced=force,
            listeners=Listeners(progress, tell=silent if as_json else say),
        )
        if report.teaching.is_better:  # also when a teaching before was cut off between promotion and build
            build_index(data, root, progress)
    if as_json:
        write_json({**asdict(report.teaching), "is_reused": report.is_reused, "unknown": report.unknown})
    else:
        print_report(report)


def encoders(root: Root = None, as_json: AsJson = False) -> None:
    """Show which encoder the index was made with, and what every teaching measured."""
    from knowledge.build import ENCODERS, current_manifest
    from knowledge.encoder_choice import list_teachings
    from knowledge.folders import read_pointer

    folder = root_folder(root)
    chosen = read_pointer(folder / ENCODERS)
    manifest = current_manifest(folder) or {}
    teachings = list_teachings(folder / ENCODERS)
    if as_json:
        write_json(
            {
                "serving": manifest.get("encoder_id"),
                "promoted": chosen,
                "teachings": [asdict(teaching) for teaching in teachings],
            }
        )
        return
    say(f"The index was made with {manifest.get('encoder_id', 'no encoder: nothing was built yet')}.")
    if chosen is None:
        say("No taught encoder is promoted: builds take the configured one.")
    elif chosen != manifest.get("encoder_id"):
        say(f"{chosen} is promoted: the next build takes it.")
    rows = [_row(teaching, chosen, folder / ENCODERS) for teaching in teachings]
    if rows:
        columns = ["encoder", "taught", "state", "first", "in three", "MRR", "p", "why"]
        print_table("Teachings", columns, rows)


def promote(
    encoder: Annotated[
        str,
        typer.Argument(
            help=f"An encoder that was taught and kept, or '{CONFIGURED}' for the one before all teaching."
        ),
    ],
    data: Data = None,
    root: Root = None,
) -> None:
    """Let another encoder serve, for instance the one before: the index is built with it and swapped."""
    from knowledge.build import ENCODERS
    from knowledge.encoder_choice import choose_encoder

    with in_plain_words(), stages_shown(is_quiet=False) as progress:
        choose_encoder(root_folder(root) / ENCODERS, None if encoder == CONFIGURED else encoder)
        report = build_index(data, root, progress)
    say(f"{report.index_id} is made with it; running processes take it up by themselves.")


def _row(teaching: Teaching, chosen: str | None, folder: Path) -> list[str]:
    if teaching.encoder_id == chosen:
        state = "promoted"
    elif (folder / teaching.encoder_id).is_dir():
        state = "kept"
    else:
        state = "refused" if not teaching.is_better else "removed"
    measured = teaching.held_out
    return [
        teaching.encoder_id,
        teaching.taught_at[:16],
        state,
        *_changes(measured),
        f"{measured['p_mrr']:.3f}",
        teaching.reason,
    ]


def print_report(report: TeachReport) -> None:
    """Say what was measured and what became of the encoder."""
    teaching = report.teaching
    if report.is_reused:
        say(f"Nothing changed since {teaching.taught_at[:16]}, when the same was taught:")
    for name, measured in (("held-out questions", teaching.held_out), ("titles (guard)", teaching.guard)):
        if measured:
            say(f"{measured['questions']} {name}: {changes_told(measured)}")
    if teaching.is_better:
        say(f"Promoted {teaching.encoder_id}: {teaching.reason}.")
    else:
        say(f"Not promoted, {teaching.compared_with} stays: {teaching.reason}.")
    print_unknown(report.unknown)


def changes_told(measured: dict[str, Any]) -> str:
    """Tell each measure before and after."""
    return ", ".join(
        f"{label} {change}" for (_, label), change in zip(_MEASURES, _changes(measured), strict=True)
    )


def _changes(measured: dict[str, Any]) -> list[str]:
    return [f"{measured['before'][key]:.3f} → {measured['after'][key]:.3f}" for key, _ in _MEASURES]


def print_unknown(documents: Sequence[str]) -> None:
    """Say which documents pairs name that are not there."""
    if documents:
        names = ", ".join(documents[:5])
        say(f"{len(documents)} documents named by pairs are not in the knowledge base: {names}")


def _desk_pairs() -> list[Pair]:
    """Read the desk's history; an empty one is said so."""
    found: list[Pair] = on_desk(read_history)
    if not found:
        raise CarelineError("The desk has no closed conversation in which a person answered a question yet.")
    return found


def silent(_: str) -> None:
    """Hear of a teaching and say nothing."""
