"""The results as one Markdown page: the sets side by side, what it cost, and which bars were reached."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from statistics import fmean

from bench.understanding.references import (
    BARS,
    PARSE_MILLISECONDS,
    POINTS_ABOVE_SVM,
    PUBLISHED,
    TIMED_TRAINING_SET,
    TIMES_FASTER_THAN_DIET,
    TIMES_FASTER_THAN_EAGER,
    TRAINING_SECONDS,
)
from bench.understanding.registry import SYSTEMS
from bench.understanding.results import Machine, Result
from bench.understanding.sets import SETS, BenchSet

Runs = dict[tuple[str, str], list[Result]]
"""The results of each (set, system), by seed."""

_NOTHING = "–"


def write_page(results: Sequence[Result]) -> str:
    """Write the page; a set or a system without results has no row."""
    runs: Runs = defaultdict(list)
    for result in results:
        runs[result.set, result.system].append(result)
    sections = [
        ["# Understanding, side by side", "", _preamble(results), ""],
        _section("Intent accuracy, test texts in scope, percent", _accuracy_table(runs)),
        _section("In scope and out of it, at the same threshold, percent", _scope_table(runs)),
        _section("Details, percent", _details_table(runs)),
        _section("Texts that do not stand in train, word for word, percent", _unseen_table(runs)),
        _section("What it costs", _cost_table(runs)),
        _section(
            "One message, served and in eager torch (fp32, the same network), p50 in ms", _eager_table(runs)
        ),
        _section("Bars", _bar_table(runs)),
        _section("Where and when", _machine_lines(results)),
    ]
    return "\n".join(line for section in sections for line in section).rstrip() + "\n"


def _preamble(results: Sequence[Result]) -> str:
    if not results:
        return "Nothing was measured yet."
    return (
        "Each figure is the mean over the seeds whose number stands behind it; ± is their standard deviation. "
        "Test texts are asked one at a time, once a run. Made by `python -m bench.understanding --report`."
    )


def _section(title: str, lines: Sequence[str]) -> list[str]:
    return [f"## {title}", "", *lines, ""] if lines else []


def _accuracy_table(runs: Runs) -> list[str]:
    heads = ["set", *(system.title for system in SYSTEMS), "published"]
    rows = []
    for one in SETS:
        cells = [_figure(runs.get((one.name, system.name)), "intent_accuracy") for system in SYSTEMS]
        if any(cell != _NOTHING for cell in cells):
            rows.append([one.title, *cells, PUBLISHED.get(one.name, "")])
    return _table(heads, rows)


def _scope_table(runs: Runs) -> list[str]:
    figures = ("in_scope_accuracy", "oos_recall", "oos_auroc", "intent_accuracy")
    heads = [
        "set",
        "system",
        "right and not refused",
        "oos recall",
        "oos AUROC",
        "right, whatever is refused",
    ]
    return _table(heads, _rows(runs, lambda one: one.has_oos, figures))


def _details_table(runs: Runs) -> list[str]:
    figures = ("intent_accuracy", "entity_f1", "sentence_accuracy")
    only = frozenset({"diet", "ours"})
    heads = ["set", "system", "intent", "entity F1, exact spans", "intent and every entity"]
    return _table(heads, _rows(runs, lambda one: one.has_entities, figures, only))


def _unseen_table(runs: Runs) -> list[str]:
    rows = []
    for one, system, found in _each(runs, lambda one: one.has_repeats):
        count = str(found[0].scores.unseen_texts)
        rows.append(
            [one.title, system, _figure(found, "unseen_accuracy"), count, _figure(found, "intent_accuracy")]
        )
    return _table(["set", "system", "unseen", "unseen texts", "all"], rows)


def _cost_table(runs: Runs) -> list[str]:
    rows = []
    for one, system, found in _each(runs, lambda _: True):
        times = f"{_mean_of(found, lambda r: r.parse_ms.p50):.1f} / {_mean_of(found, lambda r: r.parse_ms.p95):.1f}"
        rows.append(
            [
                one.title,
                system,
                str(found[0].training_examples),
                _seconds(_mean_of(found, lambda r: r.wall_seconds)),
                _seconds(_mean_of(found, lambda r: r.cpu_seconds)),
                times,
                _processor_times(found),
                f"{max(result.peak_mib for result in found)}",
                _threads(found),
            ]
        )
    heads = ["set", "system", "examples", "training, wall", "training, processor", "one message p50 / p95 ms"]
    return _table([*heads, "processor", "peak MiB", "threads"], rows)


def _eager_table(runs: Runs) -> list[str]:
    rows = []
    for one in SETS:
        timed = [result for result in runs.get((one.name, "ours"), []) if result.eager]
        for threads in ("1", "2") if timed else ():
            served, eager = _eager_means(timed, threads)
            rows.append([one.title, threads, f"{served:.2f}", f"{eager:.2f}", f"{eager / served:.1f}"])
    return _table(["set", "threads", "served", "torch eager", "times faster"], rows)


def _eager_means(timed: Sequence[Result], threads: str) -> tuple[float, float]:
    served = fmean(result.eager.served[threads].p50 for result in timed if result.eager)
    return served, fmean(result.eager.torch[threads].p50 for result in timed if result.eager)


def _bar_table(runs: Runs) -> list[str]:
    titles = {one.name: one.title for one in SETS}
    rows = []
    for bar in BARS:
        found = runs.get((bar.set, "ours"))
        if found:
            value = 100 * _score(found, bar.figure)
            name = f"{titles[bar.set]}: {bar.figure.replace('_', ' ')}"
            rows.append([name, f"{bar.percent:.1f}", f"{value:.2f}", _met(value >= bar.percent)])
    rows += [*_unseen_bars(runs), *_speed_bars(runs), *_training_bars(runs)]
    return _table(["bar", "wanted", "measured", "reached"], rows)


def _unseen_bars(runs: Runs) -> list[list[str]]:
    rows = []
    for one in SETS:
        ours, svm = runs.get((one.name, "ours")), runs.get((one.name, "svm"))
        if one.name.startswith("multidogo") and ours and svm:
            wanted = 100 * _score(svm, "unseen_accuracy") + POINTS_ABOVE_SVM
            value = 100 * _score(ours, "unseen_accuracy")
            name = f"{one.title}: unseen texts, {POINTS_ABOVE_SVM:g} points above the SVM"
            rows.append([name, f"{wanted:.1f}", f"{value:.2f}", _met(value >= wanted)])
    return rows


def _speed_bars(runs: Runs) -> list[list[str]]:
    """Hold the slowest of all sets against the bars of one message, with two threads as the bars have it."""
    timed = [
        result for (_, system), found in runs.items() if system == "ours" for result in found if result.eager
    ]
    if not timed:
        return []
    slowest = max(_eager_means([result], "2")[0] for result in timed)
    least = min(eager / served for served, eager in (_eager_means([result], "2") for result in timed))
    return [
        [
            "one message, p50 ms, the slowest set",
            f"< {PARSE_MILLISECONDS:g}",
            f"{slowest:.2f}",
            _met(slowest < PARSE_MILLISECONDS),
        ],
        [
            "one message, times faster than eager torch, the least of all sets",
            f"{TIMES_FASTER_THAN_EAGER:g}",
            f"{least:.1f}",
            _met(least >= TIMES_FASTER_THAN_EAGER),
        ],
    ]


def _training_bars(runs: Runs) -> list[list[str]]:
    ours, diet = runs.get((TIMED_TRAINING_SET, "ours")), runs.get((TIMED_TRAINING_SET, "diet"))
    if not ours:
        return []
    wall = _mean_of(ours, lambda r: r.wall_seconds)
    name = "BANKING77 10-shot: training, seconds on the wall"
    rows = [[name, f"<= {TRAINING_SECONDS:g}", f"{wall:.0f}", _met(wall <= TRAINING_SECONDS)]]
    if diet:
        ratio = _mean_of(diet, lambda r: r.cpu_seconds) / _mean_of(ours, lambda r: r.cpu_seconds)
        name = "BANKING77 10-shot: training, processor time, times faster than DIET"
        rows.append(
            [name, f"{TIMES_FASTER_THAN_DIET:g}", f"{ratio:.1f}", _met(ratio >= TIMES_FASTER_THAN_DIET)]
        )
    return rows


def _machine_lines(results: Sequence[Result]) -> list[str]:
    """List dates and software of each system, the machines, and the notes of single runs."""
    lines = []
    for system in SYSTEMS:
        found = [result for result in results if result.system == system.name]
        if found:
            lines.append(f"- {system.title}: {_dates(found)}; {_software(found)}")
    lines += [
        f"- Measured on {_told_machine(machine)}" for machine in dict.fromkeys(r.machine for r in results)
    ]
    notes: dict[str, list[str]] = defaultdict(list)
    for result in results:
        if result.note:
            notes[result.note].append(f"{result.set} {result.system}")
    return lines + [f"- {', '.join(dict.fromkeys(runs))}: {note}" for note, runs in notes.items()]


def _dates(found: Sequence[Result]) -> str:
    dates = sorted({result.date for result in found})
    return dates[0] if len(dates) == 1 else f"{dates[0]} to {dates[-1]}"


def _software(found: Sequence[Result]) -> str:
    """Name the versions, all of them where the runs differ."""
    told: dict[str, dict[str, None]] = defaultdict(dict)
    for result in found:
        for package, version in result.versions.items():
            told[package][version] = None
    return ", ".join(f"{package} {' and '.join(versions)}" for package, versions in told.items())


def _told_machine(machine: Machine) -> str:
    flags = f" ({', '.join(machine.flags)})" if machine.flags else ""
    accelerator = f", {machine.accelerator}" if machine.accelerator else ", no accelerator"
    size = f"{machine.cores} cores, {machine.memory_gib} GiB"
    return f"{machine.processor}{flags}, {size}{accelerator}, Python {machine.python}"


def _each(runs: Runs, is_wanted: Callable[[BenchSet], bool]) -> Iterable[tuple[BenchSet, str, list[Result]]]:
    for one in SETS:
        for system in SYSTEMS:
            found = runs.get((one.name, system.name))
            if found and is_wanted(one):
                yield one, system.title, found


def _rows(
    runs: Runs,
    is_wanted: Callable[[BenchSet], bool],
    figures: Sequence[str],
    only: frozenset[str] | None = None,
) -> list[list[str]]:
    return [
        [one.title, system, *(_figure(found, figure) for figure in figures)]
        for one, system, found in _each(runs, is_wanted)
        if only is None or found[0].system in only
    ]


def _score(found: Sequence[Result], figure: str) -> float:
    return fmean(getattr(result.scores, figure) for result in found)


def _mean_of(found: Sequence[Result], figure: Callable[[Result], float]) -> float:
    return fmean(figure(result) for result in found)


def _figure(found: Sequence[Result] | None, figure: str) -> str:
    """Write a mean in percent, with spread and number of seeds where there are several."""
    values = [100 * getattr(result.scores, figure) for result in found or ()]
    if not values or any(math.isnan(value) for value in values):
        return _NOTHING
    mean = fmean(values)
    if len(values) == 1:
        return f"{mean:.2f}"
    spread = math.sqrt(sum((value - mean) ** 2 for value in values) / (len(values) - 1))
    return f"{mean:.2f} ± {spread:.2f} ({len(values)})"


def _seconds(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 100 else f"{int(seconds) // 60} min {int(seconds) % 60:02d} s"


def _processor_times(found: Sequence[Result]) -> str:
    kept = [result.parse_cpu_ms for result in found if result.parse_cpu_ms]
    return f"{fmean(t.p50 for t in kept):.1f} / {fmean(t.p95 for t in kept):.1f}" if kept else _NOTHING


def _threads(found: Sequence[Result]) -> str:
    return ", ".join(dict.fromkeys(str(result.threads) for result in found))


def _met(is_met: bool) -> str:
    return "yes" if is_met else "no"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    if not rows:
        return []
    lines = [heads, ["---"] * len(heads), *rows]
    return ["| " + " | ".join(cells) + " |" for cells in lines]
