"""The files of a report: metrics.json, queries.jsonl and report.html."""

from pathlib import Path

from knowledge.report.page import render_report
from knowledge.report.queries import told_queries
from knowledge.retrieval import RetrievalReport
from nlu.files import write_json, write_json_lines

METRICS = "metrics.json"
QUERIES = "queries.jsonl"
PAGE = "report.html"


def write_report(report: RetrievalReport, folder: Path) -> None:
    """Write everything that was measured into a folder, made if it is not there; files of the same names are replaced."""
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / METRICS, report.to_json())
    write_json_lines(folder / QUERIES, (told.to_json() for told in told_queries(report)))
    (folder / PAGE).write_text(render_report(report), encoding="utf-8")
