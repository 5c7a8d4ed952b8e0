"""What a GPU makes of it: training speed up to saturation, parse throughput, and the whole benchmark with three seeds.

    python -m bench.understanding.gpu [--data ../shared/data] [--sets NAMES] [--jobs 8] [--speed-only] [--config JSON]

Writes bench/results/understanding-gpu.json, and the benchmark's results and tables beside it. Without a GPU it runs the
same on the processor, in small, and says so: such figures show that the script runs, no more.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timezone
from pathlib import Path

import torch

from bench.understanding import __main__ as benchmark
from bench.understanding.machine import describe_machine, find_accelerator
from bench.understanding.plan import missing_files
from bench.understanding.results import Machine, warm_rate
from bench.understanding.saturation import Peak, Speed, find_peak, measure_training
from bench.understanding.sets import FEW_SHOT_SEEDS, Split, find_set, load_split
from nlu.config import TrainConfig
from nlu.device import Device
from nlu.models import train_model
from nlu.runtime import load

PARSED_SET = "banking77-5"
NO_GPU = "no GPU is there: these are figures of the processor, and only show that the script runs"


@dataclass(frozen=True)
class Size:
    """How large the measuring is: on a card until it is full, on a processor only until it has run."""

    tokens: int
    largest_batch: int
    steps: int
    product: int


ON_GPU = Size(tokens=32, largest_batch=16384, steps=30, product=8192)
ON_CPU = Size(tokens=16, largest_batch=32, steps=2, product=256)


@dataclass(frozen=True)
class Throughput:
    """Many texts at once, understood and only embedded; `lack` says why the wanted device was not used, else empty."""

    device: str
    is_int8_wanted: bool
    texts_per_second: float
    embedded_per_second: float
    lack: str


@dataclass(frozen=True)
class Record:
    """What was measured, and where."""

    date: str
    machine: Machine
    note: str
    tokens: int
    peak: Peak
    training: tuple[Speed, ...]
    parsing: tuple[Throughput, ...]


def measure(split: Split, config: TrainConfig) -> Iterator[Record]:
    """Measure training and parsing on the card, or in small on the processor; give what is known after each part.

    Compiled steps come last, because compiling takes minutes.
    """
    has_gpu = torch.cuda.is_available()
    device = torch.device("cuda" if has_gpu else "cpu")
    size = ON_GPU if has_gpu else ON_CPU
    peak = find_peak(device, size=size.product)

    def train(*, is_compiled: bool) -> tuple[Speed, ...]:
        settings = replace(config, compile=is_compiled)
        speeds = measure_training(
            settings, device, peak, tokens=size.tokens, largest=size.largest_batch, steps=size.steps
        )
        return tuple(_told(speed) for speed in speeds)

    record = Record(
        date=datetime.now(timezone.utc).date().isoformat(),
        machine=describe_machine(find_accelerator()),
        note="" if has_gpu else NO_GPU,
        tokens=size.tokens,
        peak=peak,
        training=train(is_compiled=False),
        parsing=(),
    )
    yield record
    record = replace(record, parsing=tuple(measure_parsing(split, config)))
    yield record
    if has_gpu:
        yield replace(record, training=record.training + train(is_compiled=True))


def _told(speed: Speed) -> Speed:
    """Say a speed when it is known."""
    print(_row(speed), flush=True)
    return speed


def measure_parsing(split: Split, config: TrainConfig) -> list[Throughput]:
    """Train once with int8 and once without, and parse all test texts: int8 on the processor, fp32 on either.

    The CUDA provider has no int8 products, so int8 is not asked of it.
    """
    texts = [example.text for example in split.test.examples]
    found = []
    for is_int8, devices in ((True, [Device.CPU]), (False, [Device.CPU, Device.CUDA])):
        with tempfile.TemporaryDirectory(prefix="bench-gpu-") as store:
            model = train_model(
                split.train, split.valid, Path(store), replace(config, quantize=is_int8), lambda _: None
            )
            found += [_time_parsing(model.folder, device, texts, is_int8=is_int8) for device in devices]
    return found


def _time_parsing(folder: Path, device: Device, texts: Sequence[str], *, is_int8: bool) -> Throughput:
    understander = load(folder, device=device)
    parsed = warm_rate(lambda: understander.parse(texts), len(texts))
    embedded = warm_rate(lambda: understander.embed(texts), len(texts))
    return Throughput(device.value, is_int8, parsed, embedded, understander.lack)


def tell(record: Record) -> str:
    """Write the record as lines for a terminal."""
    known = "not in our table" if record.peak.data_sheet is None else f"{record.peak.data_sheet:g}"
    lines = [
        record.machine.accelerator or record.note,
        f"peak in bf16, TFLOP/s: data sheet {known}, one large product {record.peak.measured:.2f}",
        f"training, texts of {record.tokens} tokens: batch, samples/s, TFLOP/s, share of peak, GiB",
    ]
    lines += [_row(speed) for speed in record.training]
    for one in record.parsing:
        weights = "int8" if one.is_int8_wanted else "fp32"
        lack = f" ({one.lack})" if one.lack else ""
        rates = f"{one.texts_per_second} texts/s, embedding alone {one.embedded_per_second}"
        lines.append(f"parsing on {one.device}, {weights}: {rates}{lack}")
    return "\n".join(lines)


def _row(speed: Speed) -> str:
    figures = f"{speed.batch_size:>6} {speed.samples_per_second:>10} {speed.teraflops:>8.2f}"
    compiled = " compiled" if speed.is_compiled else ""
    return f"{figures} {100 * speed.share_of_peak:>6.1f} % {speed.peak_gib:.1f}{compiled}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, then run the benchmark with three seeds; return the exit code."""
    options = _parser().parse_args(arguments)
    one = find_set(PARSED_SET)
    missing = missing_files([one], options.data)
    if missing:
        return benchmark.tell_missing(missing, options.data)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    for record in measure(load_split(one, options.data), options.config):
        options.out.with_suffix(".json").write_text(json.dumps(asdict(record), indent=1) + "\n")
    print(tell(record), flush=True)
    return 0 if options.speed_only else run_sets(options)


def run_sets(options: argparse.Namespace) -> int:
    """Run the benchmark, three seeds a set, into a folder of its own."""
    command = ["--data", str(options.data), "--out", str(options.out), "--systems", "svm", "frozen", "ours"]
    command += [
        "--jobs",
        str(options.jobs),
        "--seeds",
        *map(str, FEW_SHOT_SEEDS),
        "--config",
        json.dumps(options.config.to_json()),
    ]
    return benchmark.main([*command, *(["--sets", *options.sets] if options.sets else [])])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.understanding.gpu", description=__doc__)
    benchmark.add_common(parser, benchmark.ROOT / "bench" / "results" / "understanding-gpu")
    parser.add_argument(
        "--jobs", type=benchmark.at_least_one, default=8, help="trainings side by side on the card"
    )
    parser.add_argument("--speed-only", action="store_true", help="leave the sets out")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
