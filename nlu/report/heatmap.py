"""Which intents are taken for which: a grid of expected (rows) against understood (columns)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from nlu.predictions import Prediction
from nlu.report.svg import join, words

LARGEST = 30
"""At most so many intents are shown: those that are confused most often."""
OUT_OF_SCOPE = "(out of scope)"
_CELL = 22
_LABEL = 210
_LONGEST = 30


@dataclass(frozen=True)
class HeatMap:
    """The drawing, and how many of the intents are on it."""

    drawing: Markup
    shown: int
    intents: int


Grid = Mapping[tuple[str, str], Sequence[str]]


def heat_map(predictions: Sequence[Prediction]) -> HeatMap:
    """Draw the confusions; out-of-scope texts that were answered stand in a row of their own."""
    grid = _grid(predictions)
    names = {name for pair in grid for name in pair} - {OUT_OF_SCOPE}
    shown = _most_confused(grid, names)
    rows = [*shown, OUT_OF_SCOPE] if any(row == OUT_OF_SCOPE for row, _ in grid) else shown
    return HeatMap(_draw(grid, rows, shown), len(shown), len(names))


def _grid(predictions: Sequence[Prediction]) -> Grid:
    """Collect the texts of each (expected, understood)."""
    grid: dict[tuple[str, str], list[str]] = {}
    for one in predictions:
        if one.is_in_scope:
            grid.setdefault((one.expected, one.understood or "(nothing)"), []).append(one.text)
        elif not one.is_out_of_scope:
            grid.setdefault((OUT_OF_SCOPE, one.understood or "(nothing)"), []).append(one.text)
    return grid


def _most_confused(grid: Grid, names: set[str]) -> list[str]:
    """Choose the intents with most confusions, on either side; sorted by name."""
    errors: Counter[str] = Counter()
    for (row, column), texts in grid.items():
        if row != column:
            errors.update({row: len(texts), column: len(texts)})
    chosen = sorted(names, key=lambda name: (-errors[name], name))[:LARGEST]
    return sorted(chosen)


def _draw(grid: Grid, rows: Sequence[str], columns: Sequence[str]) -> Markup:
    width, height = _LABEL + _CELL * len(columns) + 8, _LABEL + _CELL * len(rows) + 8
    totals: Counter[str] = Counter()
    for (row, _), texts in grid.items():
        totals[row] += len(texts)
    parts = [_column_label(number, name) for number, name in enumerate(columns)]
    for number, row in enumerate(rows):
        y = _LABEL + _CELL * number
        parts.append(_row_label(y, row))
        parts += [
            _cell(_LABEL + _CELL * place, y, row, column, grid[row, column], totals[row])
            for place, column in enumerate(columns)
            if (row, column) in grid
        ]
    frame = Markup('<rect class="frame" x="{x}" y="{x}" width="{w}" height="{h}"/>').format(
        x=_LABEL, w=_CELL * len(columns), h=_CELL * len(rows)
    )
    return Markup(
        '<svg class="heat" width="{w}" height="{h}" viewBox="0 0 {w} {h}" role="img" '
        'aria-label="Expected intents in rows, understood intents in columns">{frame}{parts}</svg>'
    ).format(w=width, h=height, frame=frame, parts=join(parts))


def _cell(x: int, y: int, row: str, column: str, texts: Sequence[str], total: int) -> Markup:
    share = len(texts) / total
    is_right = row == column
    verb = "understood" if is_right else f"taken for {column}"
    tip = f"{row}, {verb}: {len(texts)} of {total} ({100 * share:.0f} %). For example: {texts[0]}"
    strength = round(0.15 + 0.85 * share, 2)
    # Above half the strength the cell is dark (or, on a dark page, light), so its number is turned over.
    number_css = "over" if strength > 0.5 else "under"
    return Markup(
        '<g><title>{tip}</title><rect class="{css}" x="{x}" y="{y}" width="{s}" height="{s}" fill-opacity="{o}"/>{n}</g>'
    ).format(
        tip=tip,
        css="right" if is_right else "wrong",
        x=x,
        y=y,
        s=_CELL,
        o=strength,
        n=words(x + _CELL / 2, y + 15, str(len(texts)), number_css),
    )


def _row_label(y: int, name: str) -> Markup:
    return _titled(words(_LABEL - 6, y + 15, _short(name), anchor="end"), name)


def _column_label(number: int, name: str) -> Markup:
    x = _LABEL + _CELL * number + _CELL / 2 + 4
    text = Markup('<text transform="translate({x} {y}) rotate(-90)">{text}</text>')
    return _titled(text.format(x=x, y=_LABEL - 6, text=_short(name)), name)


def _titled(drawing: Markup, title: str) -> Markup:
    return Markup("<g><title>{title}</title>{drawing}</g>").format(title=title, drawing=drawing)


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST else name[: _LONGEST - 1] + "…"
