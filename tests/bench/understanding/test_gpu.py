from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from bench.understanding.gpu import NO_GPU, ON_CPU, main
from bench.understanding.saturation import training_flops
from bench.understanding.sets import BenchSet, find_set
from nlu.config import TrainConfig
from nlu.training.encoders import load_encoder


@pytest.mark.skipif(torch.cuda.is_available(), reason="says what is said where there is no GPU")
def test_without_a_gpu_it_runs_through_and_says_so(
    tmp_path: Path,
    tiny_encoder: Path,
    write_toy: Callable[[BenchSet], Path],
    capsys: pytest.CaptureFixture[str],
) -> None:
    data, out = write_toy(find_set("banking77-5")), tmp_path / "understanding-gpu"
    settings = {"encoder": str(tiny_encoder), "max_tokens": 48, "epochs": 1, "precision": "fp32"}
    command = ["--data", str(data), "--out", str(out), "--config", json.dumps(settings), "--speed-only"]
    assert main(command) == 0
    record = json.loads(out.with_suffix(".json").read_text())
    assert record["note"] == NO_GPU
    assert NO_GPU in capsys.readouterr().out
    sizes = [speed["batch_size"] for speed in record["training"]]
    assert sizes[0] == TrainConfig().batch_size
    assert max(sizes) <= ON_CPU.largest_batch
    assert all(speed["share_of_peak"] > 0 for speed in record["training"])
    assert [(one["device"], one["is_int8_wanted"]) for one in record["parsing"]] == [
        ("cpu", True),
        ("cpu", False),
        ("cuda", False),
    ]
    assert "computing on the CPU" in record["parsing"][2]["lack"]


def test_operations_are_counted_from_weights_and_tokens(tiny_encoder: Path) -> None:
    """By hand for two layers of width 32 with 64 between: bias and norms are counted as weights too."""
    width, between, layers, tokens = 32, 64, 2, 10
    layer = 4 * (width * width + width) + 2 * width * between + between + width + 2 * 2 * width
    expected = 6 * layers * layer * tokens + 12 * layers * width * tokens**2
    assert training_flops(load_encoder(str(tiny_encoder)).model, tokens) == expected
