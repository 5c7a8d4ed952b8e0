"""``python -m nlu.train``: train a model in the application's environment.

Progress goes to standard error, one line each; the last line on standard output is a JSON object with the model's
folder, so that another process (the Rasa component) can ask for a training and read what came of it.
Exit codes: 0 there is a model, 2 the examples or the call are at fault, 3 something else of ours.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from nlu.config import TrainConfig, read_config
from nlu.errors import ExamplesRejected, ExamplesUnreadable, NluError
from nlu.examples import read_texts
from nlu.models import train_with_unlabelled
from nlu.processes import is_main_process
from nlu.progress import to_log
from nlu.splits import read_training

EXIT_EXAMPLES = 2
EXIT_FAILED = 3


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    options = _parser().parse_args(arguments)
    try:
        model = train_with_unlabelled(
            *read_training(options.data, options.valid),
            read_texts(options.unlabelled) if options.unlabelled else (),
            options.out,
            options.config,
            to_log(_say),
            is_strict=options.strict,
            must_train=options.force,
            tensorboard=options.tensorboard,
        )
    except (ExamplesUnreadable, ExamplesRejected) as error:
        _say(str(error))
        return EXIT_EXAMPLES
    except (NluError, OSError) as error:
        _say(str(error))
        return EXIT_FAILED
    if not is_main_process():
        return 0
    result = {"folder": str(model.folder.resolve()), "model_id": model.model_id, "is_reused": model.is_reused}
    sys.stdout.write(json.dumps({**result, "metrics": model.metrics}) + "\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m nlu.train", description="Train a model of understanding."
    )
    parser.add_argument(
        "--data", type=Path, required=True, help="examples: .jsonl, Rasa .yml, or a folder of them"
    )
    parser.add_argument(
        "--valid", type=Path, help="examples to stop and calibrate by; else a part is held out"
    )
    parser.add_argument(
        "--unlabelled", type=Path, help="messages to learn from without labels: a line each, or .jsonl"
    )
    parser.add_argument(
        "--out", type=Path, required=True, help="the folder of models; 'current' in it names the last"
    )
    parser.add_argument("--config", type=_config, default=TrainConfig(), help="settings that differ, as JSON")
    parser.add_argument(
        "--strict", action="store_true", help="refuse examples that contradict each other or overlap"
    )
    parser.add_argument(
        "--force", action="store_true", help="train anew although the same model is there or half trained"
    )
    parser.add_argument("--tensorboard", type=Path, help="a folder for the course of the training")
    return parser


def _config(text: str) -> TrainConfig:
    try:
        return read_config(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
