"""`careline knowledge add`, `remove`, `refresh`, `sources`: where the articles come from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from careline.commands.knowledge.build import build_record, print_build
from careline.commands.knowledge.plumbing import (
    AsJson,
    Data,
    Root,
    build_index,
    in_plain_words,
    root_folder,
    stages_shown,
)
from careline.commands.output import print_table, say, write_json
from careline.errors import CarelineError
from careline.settings import load_settings
from knowledge.documents import Audience, Given

if TYPE_CHECKING:
    from knowledge.build import BuildReport
    from knowledge.refresh import ReadReport
    from knowledge.source_reading import Tools
    from knowledge.sources import SourceState

Names = Annotated[list[str] | None, typer.Argument(help="Sources by name or place; all when none is named.")]


def add(
    places: Annotated[
        list[str], typer.Argument(metavar="PATH|URL...", help="Files, folders, pages, sitemaps.")
    ],
    product: Annotated[str, typer.Option(help="The product that its articles are about.")] = "",
    audience: Annotated[str, typer.Option(help="public, signed_in or agents.")] = "public",
    language: Annotated[str, typer.Option(help="Such as en or pt-BR; found in the text when empty.")] = "",
    section: Annotated[str, typer.Option(help="Where its articles stand in the help centre.")] = "",
    data: Data = None,
    root: Root = None,
    as_json: AsJson = False,
) -> None:
    """Read files, folders, pages or sitemaps, keep what they say, and build the index with them."""
    from knowledge.refresh import add_source

    given = Given(_audience(audience), language, product, section)

    def read(tools: Tools) -> list[ReadReport]:
        return [add_source(root_folder(root), place, given, tools) for place in places]

    reports = _read_and_build(read, data, root, is_quiet=as_json)
    if not any(report.source_id for report in reports):
        raise CarelineError("Nothing was added; the reasons stand above.")


def remove(
    names: Annotated[list[str], typer.Argument(metavar="SOURCE...", help="Sources by name or place.")],
    data: Data = None,
    root: Root = None,
) -> None:
    """Forget sources and build the index without them."""
    from knowledge.refresh import remove_source

    with in_plain_words():
        for name in names:
            say(f"Removed {remove_source(root_folder(root), name)}.")
        print_build(build_index(data, root))


def refresh(
    names: Names = None,
    due: Annotated[
        bool, typer.Option("--due", help="Only those not tried for knowledge.refresh_minutes.")
    ] = False,
    data: Data = None,
    root: Root = None,
    as_json: AsJson = False,
) -> None:
    """Read sources again and build the index; what cannot be read keeps what was read of it before."""
    from knowledge.refresh import refresh_sources

    due_minutes = load_settings().knowledge.refresh_minutes if due else None

    def read(tools: Tools) -> list[ReadReport]:
        return refresh_sources(root_folder(root), tools, names=names or (), due_minutes=due_minutes)

    _read_and_build(read, data, root, is_quiet=as_json)


def sources(root: Root = None, as_json: AsJson = False) -> None:
    """Show each source: its state, when it was last read, what of it is in the index, what failed."""
    from knowledge.sources import list_sources

    states = list_sources(root_folder(root))
    if as_json:
        write_json({"sources": [asdict(state) for state in states]})
        return
    if not states:
        say("No sources were added; the index is made of data/knowledge and the team's own articles.")
        return
    columns = ["source", "state", "last read", "articles", "passages", "place"]
    print_table("Sources", columns, [_row(state) for state in states])
    for state in states:
        for failure in state.failures:
            say(f"{state.source_id}: {failure}")


def _row(state: SourceState) -> list[str]:
    counts = [str(state.documents), str(state.passages)]
    return [state.source_id, state.status, state.read_at or "never", *counts, state.location]


@contextmanager
def _tools(*, is_quiet: bool) -> Iterator[Tools]:
    from knowledge.reading.apart import Apart
    from knowledge.reading.fetch import Fetcher
    from knowledge.source_reading import Tools

    fetcher = Fetcher(allow_private=load_settings().knowledge.fetch_private_addresses)
    with Apart() as apart, stages_shown(is_quiet=is_quiet) as progress:
        yield Tools(fetcher, apart, progress)


def _read_and_build(
    read: Callable[[Tools], list[ReadReport]], data: Path | None, root: Path | None, *, is_quiet: bool
) -> list[ReadReport]:
    """Read sources, say what became of them, and build the index."""
    with in_plain_words():
        with _tools(is_quiet=is_quiet) as tools:
            reports = read(tools)
        with stages_shown(is_quiet=is_quiet) as progress:
            built = build_index(data, root, progress)
    if is_quiet:
        _print_reports_as_json(reports, built)
    else:
        for report in reports:
            _print_report(report)
        print_build(built)
    return reports


def _print_report(report: ReadReport) -> None:
    name = report.source_id or "Not added"
    say(f"{name}: {report.status.value}, {report.documents} articles ({report.location})")
    for failure in report.failures:
        say(f"  could not be read: {failure}")


def _print_reports_as_json(reports: list[ReadReport], built: BuildReport) -> None:
    told = [{**asdict(report), "status": report.status.value} for report in reports]
    write_json({"sources": told, "index": build_record(built)})


def _audience(name: str) -> Audience:
    try:
        return Audience(name)
    except ValueError as error:
        known = ", ".join(one.value for one in Audience)
        raise CarelineError(f"--audience is one of {known}, not {name!r}.") from error
