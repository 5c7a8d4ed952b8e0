"""Charts as SVG text. Every function is pure; colours are classes that the page's style sheet knows, light and dark."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from nlu.report.curves import Point

WIDTH, HEIGHT = 480, 300
LEFT, RIGHT, TOP, BOTTOM = 46, 14, 12, 42


@dataclass(frozen=True)
class Axis:
    """One axis: its ends, its ticks as (value, words), and what it shows."""

    low: float
    high: float
    ticks: tuple[tuple[float, str], ...]
    label: str

    def share(self, value: float) -> float:
        """Say how far along the axis a value lies; 0 and 1 are the ends, and nothing lies outside."""
        return min(1.0, max(0.0, (value - self.low) / (self.high - self.low)))


@dataclass(frozen=True)
class Plot:
    """The two axes of a chart."""

    x: Axis
    y: Axis

    def left(self, value: float) -> float:
        """Place a value of x, in pixels from the left."""
        return round(LEFT + self.x.share(value) * (WIDTH - LEFT - RIGHT), 1)

    def top(self, value: float) -> float:
        """Place a value of y, in pixels from the top."""
        return round(HEIGHT - BOTTOM - self.y.share(value) * (HEIGHT - TOP - BOTTOM), 1)


def percent_axis(low: float, high: float, label: str) -> Axis:
    """Build an axis of shares with a tick every tenth, or every fifth where there would be many."""
    step = 0.2 if high - low > 0.6 else 0.1 if high - low > 0.2 else 0.05
    count = round((high - low) / step)
    ticks = tuple((low + step * n, f"{100 * (low + step * n):.0f}") for n in range(count + 1))
    return Axis(low, high, ticks, label)


def chart(plot: Plot, title: str, *layers: Markup) -> Markup:
    """Draw axes and, above them, the layers."""
    return Markup(
        '<svg class="chart" viewBox="0 0 {w} {h}" role="img" aria-label="{title}">{axes}{layers}</svg>'
    ).format(w=WIDTH, h=HEIGHT, title=title, axes=_axes(plot), layers=join(layers))


def line(plot: Plot, points: Sequence[Point], css: str) -> Markup:
    """Draw a line through points; nothing for fewer than two."""
    if len(points) < 2:
        return Markup("")
    path = " ".join(f"{plot.left(p.x)},{plot.top(p.y)}" for p in points)
    return Markup('<polyline class="line {css}" points="{path}"/>').format(css=css, path=path)


def dot(plot: Plot, point: Point, css: str, tooltip: str, *, radius: float = 4) -> Markup:
    """Draw a dot that says something when it is pointed at."""
    return Markup('<circle class="dot {css}" cx="{x}" cy="{y}" r="{r}"><title>{tip}</title></circle>').format(
        css=css, x=plot.left(point.x), y=plot.top(point.y), r=radius, tip=tooltip
    )


def whisker(plot: Plot, x: float, low: float, high: float, css: str) -> Markup:
    """Draw an interval as an upright line."""
    return Markup('<line class="whisker {css}" x1="{x}" x2="{x}" y1="{a}" y2="{b}"/>').format(
        css=css, x=plot.left(x), a=plot.top(low), b=plot.top(high)
    )


def words(x: float, y: float, text: str, css: str = "", *, anchor: str = "middle") -> Markup:
    """Write words at a place in pixels."""
    return Markup('<text class="{css}" x="{x}" y="{y}" text-anchor="{anchor}">{text}</text>').format(
        css=css, x=x, y=y, anchor=anchor, text=text
    )


def interval_bar(value: float, low: float, high: float) -> Markup:
    """Draw a share with its interval on a line from 0 to 1, for a table's cell."""
    ends = Markup("")
    if low == low and high == high:  # neither is NaN
        ends = Markup('<line class="whisker s1" x1="{a}" x2="{b}" y1="6" y2="6"/>').format(
            a=round(100 * low, 1), b=round(100 * high, 1)
        )
    return Markup(
        '<svg class="bar" viewBox="-4 0 108 12" aria-hidden="true"><line class="grid" x1="0" x2="100" y1="6" y2="6"/>'
        '{ends}<circle class="dot s1" cx="{v}" cy="6" r="3.5"/></svg>'
    ).format(ends=ends, v=round(100 * value, 1))


def join(parts: Sequence[Markup]) -> Markup:
    """Put parts after one another."""
    return Markup("").join(parts)


def _axes(plot: Plot) -> Markup:
    base, end = HEIGHT - BOTTOM, WIDTH - RIGHT
    parts = []
    for value, told in plot.y.ticks:
        y = plot.top(value)
        parts += [_rule(LEFT, end, y, y), words(LEFT - 6, y + 4, told, anchor="end")]
    for value, told in plot.x.ticks:
        x = plot.left(value)
        parts += [_rule(x, x, base, base + 4), words(x, base + 16, told)]
    middle = (TOP + base) / 2
    upright = Markup('<text transform="translate(11 {y}) rotate(-90)" text-anchor="middle">{text}</text>')
    parts += [words((LEFT + end) / 2, HEIGHT - 6, plot.x.label), upright.format(y=middle, text=plot.y.label)]
    return join(parts)


def _rule(x1: float, x2: float, y1: float, y2: float) -> Markup:
    return Markup('<line class="grid" x1="{x1}" x2="{x2}" y1="{y1}" y2="{y2}"/>').format(
        x1=x1, x2=x2, y1=y1, y2=y2
    )
