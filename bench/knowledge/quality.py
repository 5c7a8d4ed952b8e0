"""Quality: which documents are found, set by set and method by method."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bench.knowledge.results import Figures
from knowledge.base import KnowledgeBase
from knowledge.build import BuildConfig, build
from knowledge.evaluate import evaluate_answers
from knowledge.retrieval import evaluate_retrieval

SETS = ("scifact", "stackfaq")

HELP_CENTRE = "help-centre"
HELP_CENTRE_FIGURES = (
    "questions",
    "first",
    "first_three",
    "right",
    "wrong",
    "abstained_right",
    "right_at_5_percent_wrong",
)


def measure_quality(data: Path, work: Path) -> Iterator[tuple[str, int, Figures]]:
    """Evaluate every set as `careline knowledge evaluate` does: (set and method, documents, figures)."""
    for name in SETS:
        folder = data / name
        report = evaluate_retrieval(
            folder / "corpus.jsonl",
            folder / "queries.jsonl",
            folder / "qrels.tsv",
            work / f"quality-{name}",
            BuildConfig(),
        )
        result = report.to_json()
        for method, figures in result.items():
            if isinstance(figures, dict) and "ndcg_at_10" in figures:
                is_served = method == result["served"]
                yield f"{name}-{method}", report.documents, {**figures, "is_served": int(is_served)}


def measure_help_centre(articles: Path, questions: Path, work: Path) -> tuple[int, Figures]:
    """Answer questions that were never tuned on from our own articles: (documents, figures)."""
    root = work / "quality-help-centre"
    report = build(articles, root)
    base = KnowledgeBase.open(root)
    found = evaluate_answers(base.index, base.encoder, questions).to_json()
    return report.documents, {name: found[name] for name in HELP_CENTRE_FIGURES}
