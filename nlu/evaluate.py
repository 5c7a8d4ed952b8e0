"""``python -m nlu.evaluate``: measure a model on examples that it was not trained on, and write what was found."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from nlu.errors import NluError
from nlu.evaluation import evaluate
from nlu.examples import read_dataset
from nlu.report.background import gather
from nlu.report.files import write_report
from nlu.report.headline import headline
from nlu.runtime import load
from nlu.splits import choose_part


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
        options.report.mkdir(parents=True, exist_ok=True)
        data = choose_part(options.data, "test", "valid")
        understander, dataset = load(options.model), read_dataset(data)
        evaluation, predictions = evaluate(understander, dataset, name=data.name)
        background = gather(understander, predictions, options.model)
        write_report(evaluation, predictions, background, options.report)
    except (NluError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write("".join(f"{one.label}: {one.told}\n" for one in headline(evaluation)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
