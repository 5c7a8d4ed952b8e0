"""`careline nlu compare`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from careline.commands.nlu.plumbing import AsJson, in_plain_words, open_folder
from careline.commands.output import console, print_table, say, write_json, write_lines
from nlu.report.views import View

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nlu.report.compare import ClassChange, Comparison, Difference
    from nlu.report.compare_page import ChangeRow

SHOWN = 10
PAGE = "compare.html"


def compare(
    before: Annotated[Path, typer.Argument(help="A model, or the report folder of one.")],
    after: Annotated[Path, typer.Argument(help="Another one, measured on the same examples.")],
    *,
    data: Annotated[Path | None, typer.Option(help="Examples to measure models on.")] = None,
    by: Annotated[View, typer.Option(help="Which texts count as right in the lists.")] = View.INTENT,
    report: Annotated[
        Path | None, typer.Option(help=f"A folder for {PAGE}, which lists every change.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show what one model understands better or worse than another, and whether that is more than chance."""
    from nlu.examples import read_dataset
    from nlu.report.compare import compare as compare_sides
    from nlu.report.compare import to_json
    from nlu.report.compare_page import render_comparison
    from nlu.report.sides import read_side
    from nlu.splits import choose_part

    with in_plain_words():
        open_folder(report)
        dataset = read_dataset(choose_part(data, "test", "valid")) if data else None
        comparison = compare_sides(read_side(before, dataset), read_side(after, dataset))
        if report is not None:
            (report / PAGE).write_text(render_comparison(comparison), encoding="utf-8")
    if as_json:
        write_json(to_json(comparison))
        return
    if console().is_terminal:
        _show(comparison, by)
    else:
        _print_lines(comparison, by)
    if report is not None:
        say(f"Report: {report / PAGE}")


def _show(comparison: Comparison, by: View) -> None:
    """Print tables: the figures, the changed texts, the changed intents."""
    print_table(
        f"{comparison.before} and {comparison.after}",
        ["", "before, %", "after, %", "difference", "95 % interval", "fixed", "broken", "p", "n"],
        [_figures(one) for one in comparison.differences],
    )
    chosen = comparison.of(by)
    for title, rows in _changes(chosen) if chosen else ():
        _show_changes(title, rows)
    if comparison.intents:
        columns = ["intent", "F1 before, %", "F1 after, %", "difference", "n"]
        changes = [[*_class_figures(one), str(one.support)] for one in comparison.intents[:SHOWN]]
        print_table("Most changed intents", columns, changes)


def _show_changes(title: str, rows: Sequence[ChangeRow]) -> None:
    if rows:
        shown = [(row.text, row.expected, row.before, row.after) for row in rows[:SHOWN]]
        print_table(f"{title}: {len(rows)}", ["text", "expected", "before", "after"], shown)
    if len(rows) > SHOWN:
        say(f"… and {len(rows) - SHOWN} more; --report lists them all.")


def _print_lines(comparison: Comparison, by: View) -> None:
    """Write plain lines of tab-separated fields: every figure, changed text and changed intent."""
    lines = [_figures(one) for one in comparison.differences]
    chosen = comparison.of(by)
    for title, rows in _changes(chosen) if chosen else ():
        lines += [[title, row.text, row.expected, row.before, row.after] for row in rows]
    lines += [["intent", *_class_figures(one)] for one in comparison.intents]
    write_lines("\t".join(" ".join(part.split()) for part in line) for line in lines)


def _class_figures(one: ClassChange) -> list[str]:
    return [
        one.name,
        f"{100 * one.before:.1f}",
        f"{100 * one.after:.1f}",
        f"{100 * one.difference:+.1f}",
    ]


def _figures(one: Difference) -> list[str]:
    from nlu.report.compare_page import TITLES, told_p_value

    return [
        TITLES[one.view],
        f"{100 * one.before:.2f}",
        f"{100 * one.after:.2f}",
        f"{100 * one.difference:+.2f}",
        f"{100 * one.low:+.2f} to {100 * one.high:+.2f}",
        str(len(one.fixed)),
        str(len(one.broken)),
        told_p_value(one.p_value),
        str(one.texts),
    ]


def _changes(one: Difference) -> list[tuple[str, Sequence[ChangeRow]]]:
    from nlu.report.compare_page import change_rows

    return [("fixed", change_rows(one.view, one.fixed)), ("broken", change_rows(one.view, one.broken))]
