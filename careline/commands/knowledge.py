"""`careline knowledge`: builds the index of the articles, searches it, measures it."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress as ProgressBar
from rich.table import Table

from careline.errors import CarelineError
from careline.settings import load_settings

if TYPE_CHECKING:
    from knowledge.build import BuildConfig, BuildReport
    from knowledge.encoder import Progress
    from knowledge.reranker import OnnxReranker

app = typer.Typer(no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Data = Annotated[Path | None, typer.Option(help="Folder with the articles; data/knowledge by default.")]
Root = Annotated[Path | None, typer.Option("--root", help="Folder of the indexes; var/knowledge by default.")]


@app.command()
def build(
    data: Data = None,
    root: Root = None,
    force: Annotated[bool, typer.Option("--force", help="Build although nothing changed.")] = False,
    as_json: AsJson = False,
) -> None:
    """Build the index of the articles and make it current; running processes take it up by themselves."""
    from knowledge.build import build as build_now

    with _translated(), _progress(is_quiet=as_json) as progress:
        report = build_now(_data(data), _root(root), build_config(), progress=progress, is_forced=force)
    if as_json:
        _print_json({**asdict(report), "folder": str(report.folder)})
    else:
        _print_build(report)


@app.command()
def search(
    query: Annotated[str, typer.Argument(help="The question, as a customer would ask it.")],
    top_k: Annotated[int, typer.Option(min=1, max=100, help="Passages to show.")] = 5,
    root: Root = None,
    as_json: AsJson = False,
) -> None:
    """Show what customers would get for a question: the answer, or none, and the nearest passages."""
    from knowledge.base import KnowledgeBase

    with _translated():
        base = KnowledgeBase.open(_root(root))
        answer = base.answer(query)
        surest = base.answer(query, min_confidence=0.0)
        hits = base.search(query, top_k)
    confidence = surest.confidence if surest else 0.0
    if as_json:
        hit_objects = [asdict(hit) for hit in hits]
        _print_json(
            {"answer": asdict(answer) if answer else None, "confidence": confidence, "hits": hit_objects}
        )
        return
    if answer:
        _say(f"{answer.text}\n")
        for source in answer.sources:
            _say(f"{source.title} · {source.url} · {source.updated}")
    else:
        _say("No answer: nothing found is sure enough.")
    rows = [
        [f"{hit.score:.3f}", hit.document_id, " – ".join(hit.headings), _start_of(hit.text)] for hit in hits
    ]
    _print_table(f"confidence {confidence:.2f}", ["score", "article", "heading", "text"], rows)


@app.command()
def conflicts(root: Root = None, as_json: AsJson = False) -> None:
    """List passages of different articles that contradict each other; the newer one is what customers are told."""
    from knowledge.conflicts import list_conflicts

    found = list_conflicts(_root(root))
    if as_json:
        _print_json({"conflicts": [conflict.to_json() for conflict in found]})
        return
    if not found:
        _say("No two articles contradict each other, as far as could be seen.")
        return
    sides = [(conflict.newer, conflict.older) for conflict in found]
    rows = [
        [newer.title, newer.updated, newer.text, older.title, older.updated, older.text]
        for newer, older in sides
    ]
    _print_table("contradictions", ["newer", "updated", "says", "older", "updated", "says"], rows)


@app.command()
def evaluate(
    corpus: Annotated[Path | None, typer.Option(help='Lines of {"id", "title", "text"}.')] = None,
    queries: Annotated[Path | None, typer.Option(help='Lines of {"id", "text"}.')] = None,
    qrels: Annotated[
        Path | None, typer.Option(help="query-id, doc-id, relevance, tab-separated, with a header.")
    ] = None,
    questions: Annotated[
        Path | None,
        typer.Option(help='Lines of {"id", "text", "article"}; data/heldout/questions.jsonl by default.'),
    ] = None,
    root: Root = None,
    report: Annotated[
        Path | None,
        typer.Option(
            help="Folder to write metrics.json to, and of a retrieval set report.html and queries.jsonl."
        ),
    ] = None,
    reranker: Annotated[
        str | None,
        typer.Option(
            help="Cross-encoder to measure as well: a folder in Hugging Face's form, or a package that carries one."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Measure the answers to questions with a known article, or, with --corpus, --queries and --qrels, the retrieval."""
    paths = [corpus, queries, qrels]
    if any(paths) and not all(paths):
        raise CarelineError("--corpus, --queries and --qrels belong together: give all three.")
    with _translated(), _progress(is_quiet=as_json) as progress:
        if corpus and queries and qrels:
            result = _evaluate_retrieval(corpus, queries, qrels, report, reranker, progress)
        else:
            result = _evaluate_answers(
                questions or load_settings().data / "heldout" / "questions.jsonl", _root(root)
            )
    if report is not None:
        report.mkdir(parents=True, exist_ok=True)
        (report / "metrics.json").write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    if as_json:
        _print_json(result)
    else:
        _print_result(result)


def _evaluate_retrieval(
    corpus: Path,
    queries: Path,
    qrels: Path,
    report: Path | None,
    reranker: str | None,
    progress: Progress | None,
) -> dict[str, Any]:
    from knowledge.documents import content_hash
    from knowledge.report.files import write_report
    from knowledge.retrieval import evaluate_retrieval

    name = content_hash(str(corpus.resolve()))[:12]
    work = load_settings().var / "evaluations" / "knowledge" / name
    cross = _reranker(reranker, work.parent) if reranker else None
    found = evaluate_retrieval(corpus, queries, qrels, work, progress=progress, reranker=cross)
    if report is not None:
        write_report(found, report)
    return found.to_json()


def _reranker(source: str, folder: Path) -> OnnxReranker:
    from knowledge.reranker import RERANKERS, OnnxReranker
    from knowledge.reranker_export import ensure_reranker

    return OnnxReranker.load(ensure_reranker(source, folder / RERANKERS))


def _evaluate_answers(questions: Path, root: Path) -> dict[str, Any]:
    from knowledge.base import KnowledgeBase
    from knowledge.evaluate import evaluate_answers

    base = KnowledgeBase.open(root)
    return evaluate_answers(base.index, base.encoder, questions).to_json()


def build_config() -> BuildConfig:
    """Take over how an index is built from the settings."""
    from knowledge.build import BuildConfig

    return BuildConfig(max_wrong_share=load_settings().knowledge.max_wrong_share)


def _data(path: Path | None) -> Path:
    return path or load_settings().data / "knowledge"


def _root(path: Path | None) -> Path:
    return path or load_settings().var / "knowledge"


@contextmanager
def _translated() -> Iterator[None]:
    """Turn what the knowledge base refuses into the command's own error."""
    from knowledge.errors import KnowledgeError

    try:
        yield
    except KnowledgeError as error:
        raise CarelineError(str(error)) from error


@contextmanager
def _progress(*, is_quiet: bool) -> Iterator[Progress | None]:
    """Show a bar on a terminal; elsewhere write a line to the errors' stream when it takes long."""
    if is_quiet:
        yield None
        return
    if not sys.stderr.isatty():
        yield now_and_then(Console(stderr=True, highlight=False, soft_wrap=True).print)
        return
    with ProgressBar(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Reading", total=None)

        def show(stage: str, done: int, total: int) -> None:
            bar.update(task, description=stage.capitalize(), completed=done, total=total)

        yield show


def now_and_then(write: Callable[[str], object], *, clock: Callable[[], float] = time.monotonic) -> Progress:
    """Give what writes how far something is, after some seconds of silence, as a training's log does.

    Args:
        write: takes a line.
        clock: seconds that never go back.
    """
    from nlu.progress import Progress as Standing
    from nlu.progress import to_log

    tell = to_log(write, clock=clock)

    def show(stage: str, done: int, total: int) -> None:
        tell(Standing(f"{stage.capitalize()}: {done:,} of {total:,}", share=done / max(1, total)))

    return show


def _print_build(report: BuildReport) -> None:
    if report.is_reused:
        _say(f"Nothing changed: {report.documents} articles, {report.passages} passages ({report.index_id}).")
    else:
        _say(
            f"Built {report.index_id}: {report.documents} articles, {report.passages} passages, "
            f"{report.embedded} texts embedded, {report.reused} taken over."
        )
    dense = report.dense
    found = f"; finds {dense.recall_at_10:.3f} of the ten nearest" if dense.probes else ""
    _say(f"Vectors: {dense.vectors:,}, {dense.kind}: {dense.reason}{found}.")
    for reason in report.rejected:
        _say(f"Left out {reason}")


def _print_result(result: dict[str, Any]) -> None:
    methods = {name: values for name, values in result.items() if _is_measured(values)}
    if methods:
        names = list(next(iter(methods.values())))
        rows = [[method, *(_number(values[name]) for name in names)] for method, values in methods.items()]
        _print_table("retrieval", ["method", *names], rows)
    rest = [[name, value] for name, value in result.items() if not isinstance(value, dict | list)]
    groups = [values for name, values in result.items() if isinstance(values, dict) and name not in methods]
    inner = [
        [name, value] for group in groups for name, value in group.items() if not isinstance(value, list)
    ]
    _print_table("", ["measure", "value"], [[str(name), _number(value)] for name, value in (*rest, *inner)])
    for note in result.get("notes", []):
        _say(f"Note: {note}.")


def _is_measured(values: Any) -> bool:
    return isinstance(values, dict) and "ndcg_at_10" in values


def _print_table(title: str, columns: list[str], rows: list[list[str]]) -> None:
    """Print a table on a terminal, tab-separated lines elsewhere."""
    if not sys.stdout.isatty():
        for row in rows:
            typer.echo("\t".join(row))  # rich would make spaces of the tabs
        return
    table = Table(*columns, title=title or None)
    for row in rows:
        table.add_row(*row)
    Console().print(table)


def _say(text: str) -> None:
    Console(highlight=False, markup=False, soft_wrap=True).print(text)


def _print_json(data: dict[str, Any]) -> None:
    _say(json.dumps(data, ensure_ascii=False, indent=2))


def _start_of(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 80 else line[:79] + "…"


def _number(value: Any) -> str:
    return f"{value:.4f}" if isinstance(value, float) else str(value)
