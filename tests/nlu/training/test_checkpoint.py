from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from nlu.config import TrainConfig
from nlu.examples import write_jsonl
from nlu.training.checkpoint import Checkpoint, Snapshot
from tests.nlu.conftest import small_dataset

FILES = ("model.onnx", "neighbours.npy", "labels.json", "tokenizer.json", "config.json")
SECONDS_TO_THE_END = 300


def test_snapshot_comes_back_as_it_was(tmp_path: Path) -> None:
    checkpoint = Checkpoint(tmp_path / "c")
    assert checkpoint.load() is None
    checkpoint.save(Snapshot({"a.x": torch.arange(3)}, {"rate": 0.1, "left": [1, None]}))
    checkpoint.save(Snapshot({"a.x": torch.arange(4)}, {"rate": 0.2}))
    snapshot = checkpoint.load()
    assert snapshot is not None
    assert snapshot.under("a")["x"].tolist() == [0, 1, 2, 3]
    assert snapshot.record == {"rate": 0.2}
    assert [file.name for file in tmp_path.iterdir()] == ["c"]
    checkpoint.remove()
    assert list(tmp_path.iterdir()) == []


def test_half_a_checkpoint_is_none(tmp_path: Path) -> None:
    checkpoint = Checkpoint(tmp_path / "c")
    checkpoint.save(Snapshot({"a": torch.zeros(64)}, {}))
    (tmp_path / "c").write_bytes((tmp_path / "c").read_bytes()[:100])
    assert checkpoint.load() is None


@pytest.fixture
def tiny_config_for_kills(tiny_config: TrainConfig) -> TrainConfig:
    """Settings with some epochs left when the second one ends."""
    return replace(tiny_config, epochs=12, patience=12)


def command(store: Path, data: Path, config: TrainConfig) -> list[str]:
    settings = {key: value for key, value in config.to_json().items() if value != getattr(TrainConfig, key)}
    return [
        *(sys.executable, "-m", "nlu.train", "--data", str(data), "--out", str(store)),
        *("--config", json.dumps(settings)),
    ]


def run_to_the_end(store: Path, data: Path, config: TrainConfig) -> tuple[Path, str]:
    done = subprocess.run(
        command(store, data, config), capture_output=True, text=True, check=False, timeout=SECONDS_TO_THE_END
    )
    assert done.returncode == 0, done.stderr
    return Path(json.loads(done.stdout)["folder"]), done.stderr


def kill_after_an_epoch(store: Path, data: Path, config: TrainConfig) -> None:
    """Kill a training as soon as it has told of its second epoch, when one checkpoint at least is written."""
    process = subprocess.Popen(command(store, data, config), stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("epoch 2/"):
            break
    os.kill(process.pid, signal.SIGKILL)
    process.stderr.close()
    assert process.wait() == -signal.SIGKILL


@pytest.mark.parametrize("adapter", ["none", "adalora"])
def test_killed_training_goes_on_and_ends_with_the_same_files(
    tiny_config_for_kills: TrainConfig, tmp_path: Path, adapter: str
) -> None:
    config = replace(tiny_config_for_kills, adapter=adapter, adapter_rank=2)
    data = tmp_path / "train.jsonl"
    write_jsonl(small_dataset(), data)
    whole, told = run_to_the_end(tmp_path / "whole", data, config)
    assert "going on" not in told
    store = tmp_path / "killed"
    store.mkdir()
    kill_after_an_epoch(store, data, config)
    assert list(store.glob(".*.checkpoint"))
    resumed, told = run_to_the_end(store, data, config)
    assert "going on after epoch" in told
    for name in FILES:
        assert (resumed / name).read_bytes() == (whole / name).read_bytes(), name
    assert sorted(file.name for file in store.iterdir()) == sorted([resumed.name, "current"])


def test_forced_training_begins_anew(tiny_config_for_kills: TrainConfig, tmp_path: Path) -> None:
    data = tmp_path / "train.jsonl"
    write_jsonl(small_dataset(), data)
    store = tmp_path / "store"
    store.mkdir()
    kill_after_an_epoch(store, data, tiny_config_for_kills)
    done = subprocess.run(
        [*command(store, data, tiny_config_for_kills), "--force"], capture_output=True, text=True, check=True
    )
    assert "epoch 1/" in done.stderr
    assert "going on" not in done.stderr
