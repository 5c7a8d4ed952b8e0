"""The sets of the field side by side, for Careline and for what it has to beat.

    python -m bench.understanding [--data ../shared/data] [--sets NAMES] [--systems NAMES] [--seeds NUMBERS]
                                  [--list] [--force] [--report] [--config JSON] [--out bench/results/understanding]

Every (set, system, seed) is trained and asked in a process of its own and leaves one JSON file; one that is there, of
the same version and data, is not run again, so the benchmark goes on where it was interrupted. In the end, or with
--report alone, the results are written as one page of tables beside that folder.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bench.understanding.plan import Choice, Run, build_runs, choose_sets, is_done, missing_files
from bench.understanding.registry import SYSTEMS
from bench.understanding.report import write_page
from bench.understanding.results import read_results
from bench.understanding.sets import SETS
from careline.bootstrap import ENGINE, python_in
from nlu.config import TrainConfig, parse_config

ROOT = Path(__file__).resolve().parents[2]
EXIT_NO_DATA = 2
EXIT_FAILED = 3
_THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "TF_INTRA_OP_PARALLELISM_THREADS",
    "TF_INTER_OP_PARALLELISM_THREADS",
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; return the exit code."""
    options = _parser().parse_args(arguments)
    if options.report:
        return _report(options.out)
    missing = missing_files(choose_sets(options.sets), options.data)
    if missing:
        return tell_missing(missing, options.data)
    runs = build_runs(Choice(options.sets, options.systems, options.seeds), options.data, options.config)
    is_open = [options.force or not is_done(run, options.data, options.out) for run in runs]
    if options.list:
        for run, open_ in zip(runs, is_open, strict=True):
            print(f"{'to run' if open_ else 'done  '}  {run.name}")
        return 0
    with ThreadPoolExecutor(options.jobs) as pool:
        is_there = list(
            pool.map(lambda run, open_: _execute(run, options) if open_ else _skip(run), runs, is_open)
        )
    _report(options.out)
    return 0 if all(is_there) else EXIT_FAILED


def tell_missing(missing: Sequence[Path], data: Path) -> int:
    """Say which file or folder is missing; return the exit code."""
    where = missing[0] if data.is_dir() else data
    print(f"{where} is missing. Name the folder with the data sets: --data FOLDER.", file=sys.stderr)
    return EXIT_NO_DATA


def _skip(run: Run) -> bool:
    print(f"done already: {run.name}", flush=True)
    return True


def _execute(run: Run, options: argparse.Namespace) -> bool:
    """Run one job in the environment that it needs; tell whether it left its result."""
    print(f"running: {run.name}", flush=True)
    threads = options.config.threads if run.system.name == "ours" else options.threads
    command = [
        str(python_in(ENGINE)) if run.system.is_in_engine else sys.executable,
        "-m",
        "bench.understanding.worker",
        *("--data", str(options.data), "--results", str(options.out)),
        *(
            "--set",
            run.set.name,
            "--system",
            run.system.name,
            "--seed",
            str(run.seed),
            "--version",
            run.version,
        ),
        *("--threads", str(threads), "--config", json.dumps(options.config.to_json())),
        *("--note", options.note),
    ]
    code = subprocess.run(command, env=_environment(threads), check=False).returncode  # noqa: S603 - our own
    if code:
        print(f"failed with exit code {code}: {run.name}", file=sys.stderr, flush=True)
    return code == 0


def _environment(threads: int) -> dict[str, str]:
    limits = dict.fromkeys(_THREAD_VARIABLES, str(threads))
    quiet = {"RASA_TELEMETRY_ENABLED": "false", "TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONWARNINGS": "ignore"}
    return {**os.environ, **limits, **quiet, "PYTHONPATH": str(ROOT)}


def _report(folder: Path) -> int:
    page = write_page(read_results(folder))
    folder.mkdir(parents=True, exist_ok=True)
    folder.with_suffix(".md").write_text(page, encoding="utf-8")
    print(page)
    return 0


def add_common(parser: argparse.ArgumentParser, out: Path) -> None:
    """Add the options that every command of this benchmark has."""
    sets = [one.name for one in SETS]
    parser.add_argument(
        "--data", type=Path, default=ROOT.parent / "shared" / "data", help="folder with the data sets"
    )
    parser.add_argument(
        "--out", type=Path, default=out, help="folder for the results; the tables go beside it"
    )
    parser.add_argument("--sets", nargs="+", choices=sets, default=[], help="only these")
    parser.add_argument(
        "--config", type=_config, default=TrainConfig(), help="training settings that differ, as JSON"
    )


def _parser() -> argparse.ArgumentParser:
    summary = (__doc__ or "").splitlines()[0]
    parser = argparse.ArgumentParser(prog="python -m bench.understanding", description=summary)
    add_common(parser, ROOT / "bench" / "results" / "understanding")
    systems = [system.name for system in SYSTEMS]
    parser.add_argument("--systems", nargs="+", choices=systems, default=[], help="only these")
    parser.add_argument("--seeds", nargs="+", type=int, default=[], help="in place of each set's own")
    parser.add_argument(
        "--threads", type=int, default=1, help="threads of a baseline's training; ours has its own setting"
    )
    parser.add_argument(
        "--jobs",
        type=at_least_one,
        default=1,
        help="runs side by side; more than one spoils the times, not the figures",
    )
    parser.add_argument("--note", default="", help="kept with the results, for their reader")
    parser.add_argument("--list", action="store_true", help="say what is to be run, and run nothing")
    parser.add_argument("--force", action="store_true", help="run what is done already too")
    parser.add_argument("--report", action="store_true", help="only write the tables from the results")
    return parser


def at_least_one(text: str) -> int:
    """Read a number of at least 1, for argparse."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"not a whole number of at least 1: {text}")
    return int(text)


def _config(text: str) -> TrainConfig:
    try:
        return parse_config(json.loads(text))
    except (ValueError, AttributeError) as error:
        raise argparse.ArgumentTypeError(str(error)) from error


if __name__ == "__main__":
    sys.exit(main())
