"""`careline knowledge evaluate`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from careline.commands.knowledge.plumbing import AsJson, Root, in_plain_words, root_folder, stages_shown
from careline.commands.output import print_table, say, write_json
from careline.errors import CarelineError
from careline.settings import load_settings
from nlu import files

if TYPE_CHECKING:
    from knowledge.encoder import Progress
    from knowledge.reranker import OnnxReranker


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
    with in_plain_words(), stages_shown(is_quiet=as_json) as progress:
        if corpus and queries and qrels:
            result = _evaluate_retrieval(corpus, queries, qrels, report, reranker, progress)
        else:
            result = _evaluate_answers(
                questions or load_settings().data / "heldout" / "questions.jsonl", root_folder(root)
            )
    if report is not None:
        report.mkdir(parents=True, exist_ok=True)
        files.write_json(report / "metrics.json", result)
    if as_json:
        write_json(result)
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


def _print_result(result: dict[str, Any]) -> None:
    methods = {name: values for name, values in result.items() if _is_measured(values)}
    if methods:
        names = list(next(iter(methods.values())))
        rows = [[method, *(_number(values[name]) for name in names)] for method, values in methods.items()]
        print_table("retrieval", ["method", *names], rows)
    rest = [[name, value] for name, value in result.items() if not isinstance(value, dict | list)]
    groups = [values for name, values in result.items() if isinstance(values, dict) and name not in methods]
    inner = [
        [name, value] for group in groups for name, value in group.items() if not isinstance(value, list)
    ]
    print_table("", ["measure", "value"], [[str(name), _number(value)] for name, value in (*rest, *inner)])
    for note in result.get("notes", []):
        say(f"Note: {note}.")


def _is_measured(values: Any) -> bool:
    return isinstance(values, dict) and "ndcg_at_10" in values


def _number(value: Any) -> str:
    return f"{value:.4f}" if isinstance(value, float) else str(value)
