"""The files of a report: metrics.json, queries.jsonl and report.html."""

import json
from pathlib import Path

from knowledge.report.page import render_report
from knowledge.report.queries import told_queries
from knowledge.retrieval import RetrievalReport

METRICS = "metrics.json"
QUERIES = "queries.jsonl"
PAGE = "report.html"


def write_report(report: RetrievalReport, folder: Path) -> None:
    """Write everything that was measured into a folder, made if it is not there; files of the same names are replaced."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / METRICS).write_text(json.dumps(report.to_json(), indent=2) + "\n", encoding="utf-8")
    lines = (json.dumps(told.to_json(), ensure_ascii=False) + "\n" for told in told_queries(report))
    (folder / QUERIES).write_text("".join(lines), encoding="utf-8")
    (folder / PAGE).write_text(render_report(report), encoding="utf-8")
