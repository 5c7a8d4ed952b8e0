"""`careline knowledge build`."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from careline.commands.knowledge.plumbing import (
    AsJson,
    Data,
    Root,
    build_index,
    in_plain_words,
    stages_shown,
)
from careline.commands.output import say, write_json

if TYPE_CHECKING:
    from knowledge.build import BuildReport


def build(
    data: Data = None,
    root: Root = None,
    force: Annotated[bool, typer.Option("--force", help="Build although nothing changed.")] = False,
    as_json: AsJson = False,
) -> None:
    """Build the index of the articles and make it current; running processes take it up by themselves."""
    with in_plain_words(), stages_shown(is_quiet=as_json) as progress:
        report = build_index(data, root, progress, is_forced=force)
    if as_json:
        write_json(build_record(report))
    else:
        print_build(report)


def build_record(report: BuildReport) -> dict[str, Any]:
    """Write what a build did as an object."""
    return {**asdict(report), "folder": str(report.folder)}


def print_build(report: BuildReport) -> None:
    """Say what a build did."""
    if report.is_reused:
        say(f"Nothing changed: {report.documents} articles, {report.passages} passages ({report.index_id}).")
    else:
        say(
            f"Built {report.index_id}: {report.documents} articles, {report.passages} passages, "
            f"{report.embedded} texts embedded, {report.reused} taken over."
        )
    dense = report.dense
    found = f"; finds {dense.recall_at_10:.3f} of the ten nearest" if dense.probes else ""
    say(f"Vectors: {dense.vectors:,}, {dense.kind}: {dense.reason}{found}.")
    for reason in report.rejected:
        say(f"Left out {reason}")
