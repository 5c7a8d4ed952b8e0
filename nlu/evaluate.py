"""``python -m nlu.evaluate``: measure a model on examples that it was not trained on, and write what was found."""

from __future__ import annotations

import argparse
import math
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from nlu.errors import NluError
from nlu.examples import Dataset, Example, read_dataset
from nlu.metrics import Metrics, measure
from nlu.model_folder import write_json
from nlu.runtime import Parse, Understander, load

_WARM_UP = 5


@dataclass(frozen=True)
class Evaluation:
    """What was measured of which model on which data; times are of one message, in milliseconds."""

    model_id: str
    data: str
    data_sha256: str
    metrics: Metrics
    milliseconds_p50: float
    milliseconds_p95: float


def evaluate(understander: Understander, dataset: Dataset, *, name: str) -> tuple[Evaluation, list[Parse]]:
    """Understand every text, one at a time as in service, and compare.

    Args:
        understander: the model.
        dataset: what is expected.
        name: what the data is called in the report.
    """
    examples = dataset.examples
    understander.parse([example.text for example in examples[:_WARM_UP]])
    parses: list[Parse] = []
    times: list[float] = []
    for example in examples:
        began = time.perf_counter()
        parses += understander.parse([example.text])
        times.append(1000 * (time.perf_counter() - began))
    return Evaluation(
        model_id=understander.model_id,
        data=name,
        data_sha256=dataset.fingerprint(),
        metrics=measure(examples, parses),
        milliseconds_p50=round(statistics.median(times), 2),
        milliseconds_p95=round(sorted(times)[int(0.95 * len(times))], 2),
    ), parses


def write_report(
    evaluation: Evaluation, examples: Sequence[Example], parses: Sequence[Parse], folder: Path
) -> None:
    """Write metrics.json, summary.md and mistakes.md into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / "metrics.json", to_json(evaluation))
    (folder / "summary.md").write_text(summary(evaluation), encoding="utf-8")
    (folder / "mistakes.md").write_text(mistakes(examples, parses), encoding="utf-8")


def to_json(evaluation: Evaluation) -> dict[str, Any]:
    """Write an evaluation as JSON; what the data could not tell is null."""
    record: dict[str, Any] = _finite(asdict(evaluation))
    return record


def summary(evaluation: Evaluation) -> str:
    """Write the figures as a Markdown page."""
    metrics = evaluation.metrics
    lines = [
        f"# Understanding, model {evaluation.model_id}",
        "",
        f"Data: {evaluation.data} ({metrics.texts} texts in scope, {metrics.out_of_scope_texts} out of scope)",
        "",
        "| figure | value |",
        "| --- | --- |",
        *(f"| {label} | {value} |" for label, value in headline(evaluation)),
        "",
        *_class_table("Intents, worst first", metrics.intents),
        *_class_table("Entities, worst first", metrics.entities),
        "## Most frequent confusions",
        "",
        "| expected | understood | times | for example |",
        "| --- | --- | --- | --- |",
        *(
            f"| {c.expected} | {c.understood} | {c.count} | {_cell(c.text)} |"
            for c in metrics.confusions[:30]
        ),
    ]
    return "\n".join(lines) + "\n"


def headline(evaluation: Evaluation) -> list[tuple[str, str]]:
    """List the figures that are said first, as (label, text)."""
    m = evaluation.metrics
    shares = [
        ("intent accuracy", m.intent_accuracy),
        ("intent macro F1", m.intent_macro_f1),
        ("entity F1 (exact spans)", m.entity_f1),
        ("sentence accuracy", m.sentence_accuracy),
        ("in-scope accuracy after refusal", m.in_scope_accuracy),
        ("out-of-scope recall", m.oos_recall),
        ("out-of-scope false alarms", m.oos_false_alarm_rate),
        ("out-of-scope AUROC", m.oos_auroc),
        ("calibration error", m.expected_calibration_error),
    ]
    rows = [(label, f"{100 * share:.2f} %") for label, share in shares if not math.isnan(share)]
    times = f"{evaluation.milliseconds_p50:.1f} / {evaluation.milliseconds_p95:.1f} ms"
    return [*rows, ("one message, p50 / p95", times)]


def mistakes(examples: Sequence[Example], parses: Sequence[Parse]) -> str:
    """List every text that was understood wrongly, as Markdown."""
    rows = [
        f"| {_cell(example.text)} | {_told_example(example)} | {_told_parse(parse)} |"
        for example, parse in zip(examples, parses, strict=True)
        if _is_mistake(example, parse)
    ]
    head = ["# Mistakes", "", "| text | expected | understood |", "| --- | --- | --- |"]
    return "\n".join([*head, *rows]) + "\n"


def _is_mistake(example: Example, parse: Parse) -> bool:
    if example.is_out_of_scope:
        return not parse.is_out_of_scope
    expected = {(e.start, e.end, e.entity) for e in example.entities}
    found = {(e.start, e.end, e.entity) for e in parse.entities}
    return parse.is_out_of_scope or parse.intent != example.intent or expected != found


def _told_example(example: Example) -> str:
    details = ", ".join(f"{e.entity}={example.text[e.start : e.end]}" for e in example.entities)
    return _cell(f"{example.intent} {details}".strip())


def _told_parse(parse: Parse) -> str:
    details = ", ".join(f"{e.entity}={parse.text[e.start : e.end]}" for e in parse.entities)
    refused = " (refused)" if parse.is_out_of_scope else ""
    return _cell(f"{parse.intent} {parse.confidence:.2f}{refused} {details}".strip())


def _class_table(title: str, scores: Sequence[Any]) -> list[str]:
    if not scores:
        return []
    rows = [
        f"| {s.name} | {100 * s.precision:.1f} | {100 * s.recall:.1f} | {100 * s.f1:.1f} | {s.count} |"
        for s in sorted(scores, key=lambda score: score.f1)
    ]
    return [
        f"## {title}",
        "",
        "| name | precision | recall | F1 | count |",
        "| --- | --- | --- | --- | --- |",
        *rows,
        "",
    ]


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    if isinstance(value, float):
        return round(value, 6) if math.isfinite(value) else None
    return value


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m nlu.evaluate", description="Measure a model of understanding."
    )
    parser.add_argument("--model", type=Path, required=True, help="a model folder, or the folder of models")
    parser.add_argument("--data", type=Path, required=True, help="examples that the model was not trained on")
    parser.add_argument("--report", type=Path, required=True, help="the folder to write the report into")
    options = parser.parse_args(arguments)
    try:
        understander, dataset = load(options.model), read_dataset(options.data)
    except NluError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    evaluation, parses = evaluate(understander, dataset, name=options.data.name)
    write_report(evaluation, dataset.examples, parses, options.report)
    sys.stdout.write("".join(f"{label}: {value}\n" for label, value in headline(evaluation)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
