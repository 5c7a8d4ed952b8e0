"""The results as one Markdown page."""

from __future__ import annotations

from collections.abc import Sequence

from bench.knowledge.quality import HELP_CENTRE, HELP_CENTRE_FIGURES
from bench.knowledge.results import Result

_NOTHING = "–"
TITLES = {
    "ours": "Careline, as the build chooses",
    "ivf_pq": "Careline, short codes and re-scoring from disk",
    "flat": "sentence-transformers' vectors in FAISS flat",
    "words": "Careline, words",
    "bm25": "plain bm25s",
    "int8": "Careline, int8",
    "fp32": "Careline, fp32",
    "sentence-transformers": "sentence-transformers, fp32",
}
BAR_SPEEDUP = 1.8
BAR_TIMES_EXACT = 20
BAR_RECALL = 0.95
BAR_P99_MS = 15
BAR_ANSWER_P50_MS = 15
BARS_MIB = {"hnsw": 700, "ivf_pq": 150}


def write_page(results: Sequence[Result]) -> str:
    """Write the page; what was not measured has no row."""
    of = {
        part: [one for one in results if one.part == part] for part in ("embed", "search", "words", "answer")
    }
    sections = [
        ["# The knowledge base, measured", "", _preamble(results), ""],
        _section("Embedding, passages a second", _embedding(of["embed"])),
        _section("Vector search, the ten nearest, one question after the other", _search(of["search"])),
        _section("Word search, the best 101", _words(of["words"])),
        _section("From question to answer, all inside `knowledge`", _answers(of["answer"])),
        _section("Quality", _quality([one for one in results if one.part == "quality"])),
        _section(
            "Our help centre, questions that were never tuned on, the encoder not taught",
            _help_centre([one for one in results if one.system == HELP_CENTRE]),
        ),
        _section("Bars", _bars(of["embed"], of["search"], of["answer"])),
        _section("Where and when", _machines(results)),
    ]
    return "\n".join(line for section in sections for line in section).rstrip() + "\n"


def _preamble(results: Sequence[Result]) -> str:
    if not results:
        return "Nothing was measured yet."
    return (
        "Made by `python -m bench.knowledge`. Vectors are MiniLM's of real texts as far as those last, then jittered copies: "
        "each leans by 0.3 to 0.7 towards another real text. Questions are the sets' own, in neither. Times are medians of "
        "single questions (p99 beside them): on the wall / of the processor, which other work on the machine changes less."
    )


def _section(title: str, lines: Sequence[str]) -> list[str]:
    return [f"## {title}", "", *lines, ""] if lines else []


def _embedding(results: Sequence[Result]) -> list[str]:
    base = {one.threads: one for one in results if one.system == "sentence-transformers"}
    rows = [
        [
            TITLES[one.system],
            str(one.threads),
            _figure(one, "passages_per_wall_s"),
            _figure(one, "passages_per_cpu_s"),
            _times(one, base.get(one.threads), "passages_per_cpu_s"),
        ]
        for one in sorted(results, key=lambda one: (one.threads, one.system))
    ]
    return _table(
        ["system", "threads", "on the wall", "a second of the processor", "times sentence-transformers"], rows
    )


def _search(results: Sequence[Result]) -> list[str]:
    rows = [
        [
            f"{one.size:,}",
            TITLES[one.system],
            f"{one.figures['kind']}"
            + (f", effort {one.figures['effort']}" if one.figures.get("effort") else ""),
            _figure(one, "recall_at_10"),
            _pair(one, "ms_p50"),
            _pair(one, "ms_p99"),
            _pair(one, "ms_p99", prefix="top101_"),
            _figure(one, "memory_mib"),
            _figure(one, "disk_mib"),
            _figure(one, "build_cpu_s"),
        ]
        for one in sorted(results, key=lambda one: (one.size, one.system, one.threads))
    ]
    heads = [
        "vectors",
        "system",
        "kind",
        "recall@10",
        "p50 ms",
        "p99 ms",
        "p99 ms, best 101",
        "MiB",
        "MiB on disk",
    ]
    return _table([*heads, "build, s of the processor"], rows)


def _words(results: Sequence[Result]) -> list[str]:
    rows = [
        [
            f"{one.size:,}",
            TITLES[one.system],
            _pair(one, "ms_p50"),
            _pair(one, "ms_p99"),
            _figure(one, "build_cpu_s"),
        ]
        for one in sorted(results, key=lambda one: (one.size, one.system))
    ]
    return _table(["passages", "system", "p50 ms", "p99 ms", "build, s of the processor"], rows)


def _answers(results: Sequence[Result]) -> list[str]:
    rows = [
        [
            f"{one.size:,}",
            str(one.threads),
            _pair(one, "ms_p50"),
            _pair(one, "ms_p95"),
            _pair(one, "ms_p50", prefix="embed_"),
            _pair(one, "ms_p50", prefix="rank_"),
            _figure(one, "open_wall_s"),
            _figure(one, "resident_mib"),
        ]
        for one in sorted(results, key=lambda one: (one.size, one.threads))
    ]
    heads = ["passages", "threads", "p50 ms", "p95 ms", "of it embedding", "of it ranking", "opening, s"]
    return _table([*heads, "MiB more after it"], rows)


def _quality(results: Sequence[Result]) -> list[str]:
    names = ("ndcg_at_10", "recall_at_10", "mrr_at_10", "map", "p_at_5")
    rows = [
        [one.system, f"{one.size:,}", *(_figure(one, name) for name in names)]
        for one in sorted(results, key=lambda one: one.system)
        if one.system != HELP_CENTRE
    ]
    return _table(["set and method", "documents", *names], rows)


def _help_centre(results: Sequence[Result]) -> list[str]:
    rows = [[f"{one.size:,}", *(_figure(one, name) for name in HELP_CENTRE_FIGURES)] for one in results]
    return _table(["articles", *(name.replace("_", " ") for name in HELP_CENTRE_FIGURES)], rows)


def _bars(embed: Sequence[Result], search: Sequence[Result], answer: Sequence[Result]) -> list[str]:
    rows: list[list[str]] = []
    by_system = {(one.system, one.threads): one for one in embed}
    for threads in sorted({one.threads for one in embed}):
        ours, theirs = by_system.get(("int8", threads)), by_system.get(("sentence-transformers", threads))
        if ours and theirs:
            value = _number(ours, "passages_per_cpu_s") / _number(theirs, "passages_per_cpu_s")
            rows.append(
                _bar(f"embedding, {threads} threads, times sentence-transformers", BAR_SPEEDUP, value)
            )
    largest = max((one.size for one in search), default=0)
    exact = next((one for one in search if one.system == "flat" and one.size == largest), None)
    for one in search:
        if one.size == largest and one.system != "flat":
            rows += _search_bars(one, exact)
    rows += [
        _bar(
            f"question to answer, {one.size:,} passages, {one.threads} threads, p50 ms of the processor",
            BAR_ANSWER_P50_MS,
            _number(one, "cpu_ms_p50"),
            is_most=True,
        )
        for one in answer
    ]
    return _table(["bar", "wanted", "measured", "reached"], rows)


def _search_bars(one: Result, exact: Result | None) -> list[list[str]]:
    name = f"{one.size:,} vectors, {one.figures['kind']}"
    rows = [
        _bar(f"{name}: recall@10", BAR_RECALL, _number(one, "recall_at_10")),
        _bar(f"{name}: p99 ms of the processor", BAR_P99_MS, _number(one, "cpu_ms_p99"), is_most=True),
    ]
    if one.figures["kind"] in BARS_MIB:
        rows.append(
            _bar(f"{name}: MiB", BARS_MIB[str(one.figures["kind"])], _number(one, "memory_mib"), is_most=True)
        )
    if exact:
        rate = 1000 / _number(one, "cpu_ms_p50")
        single = 1000 / _number(exact, "cpu_ms_p50")
        rows.append(_bar(f"{name}: times exact, one question at a time", BAR_TIMES_EXACT, rate / single))
        rows.append(
            _bar(
                f"{name}: times exact, all questions in one batch",
                BAR_TIMES_EXACT,
                rate / _number(exact, "batch_queries_per_cpu_s"),
            )
        )
    return rows


def _bar(name: str, wanted: float, value: float, *, is_most: bool = False) -> list[str]:
    reached = value <= wanted if is_most else value >= wanted
    return [
        name,
        f"{'at most' if is_most else 'at least'} {wanted:g}",
        f"{value:.3g}",
        "yes" if reached else "no",
    ]


def _machines(results: Sequence[Result]) -> list[str]:
    lines = {
        f"- {one.date}, {one.part}: {one.machine.processor}, {one.machine.cores} cores, {one.machine.memory_gib} GiB, "
        f"{one.machine.accelerator or 'no GPU'}, Python {one.machine.python}. {one.note}".rstrip()
        for one in results
    }
    return sorted(lines)


def _number(one: Result, name: str) -> float:
    return float(one.figures[name])


def _figure(one: Result, name: str) -> str:
    value = one.figures.get(name)
    return _NOTHING if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _pair(one: Result, name: str, *, prefix: str = "") -> str:
    wall, processor = one.figures.get(f"{prefix}wall_{name}"), one.figures.get(f"{prefix}cpu_{name}")
    return _NOTHING if wall is None or processor is None else f"{float(wall):.2f} / {float(processor):.2f}"


def _times(one: Result, base: Result | None, name: str) -> str:
    return _NOTHING if base is None else f"{_number(one, name) / _number(base, name):.2f}"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    if not rows:
        return []
    return [f"| {' | '.join(cells)} |" for cells in (heads, ["---"] * len(heads), *rows)]
