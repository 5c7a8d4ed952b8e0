"""Two real processes on the processor, as ``accelerate launch`` starts them."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from nlu.config import TrainConfig
from nlu.examples import write_jsonl
from nlu.runtime import load
from tests.nlu.conftest import small_dataset


def test_two_processes_train_one_model_like_a_single_one(tiny_config: TrainConfig, tmp_path: Path) -> None:
    # Without dropout and variety, and without the tags, whose mean is over words, it makes no difference who computes.
    config = replace(
        tiny_config,
        encoder=str(without_dropout(Path(tiny_config.encoder), tmp_path / "encoder")),
        epochs=3,
        fold_in_epochs=1,
        dropout=0.0,
        tag_weight=0.0,
        swap_share=0.0,
        slip_share=0.0,
    )
    data = tmp_path / "train.jsonl"
    write_jsonl(small_dataset(), data)
    one, _ = train("one", tmp_path, data, config, processes=1)
    two, told = train("two", tmp_path, data, config, processes=2)
    assert sum(line.startswith("epoch 1/") for line in told.splitlines()) == 1
    assert {folder.name for folder in (tmp_path / "two").iterdir()} == {two.name, "current"}
    histories = [json.loads((folder / "history.json").read_text()) for folder in (one, two)]
    assert len(histories[0]) == len(histories[1]) == 3
    assert load(two).parse(["where is my order 10203"])[0].intent in {"order_status", "cancel_order", "thank"}
    metrics = [json.loads((folder / "metrics.json").read_text())["examples"] for folder in (one, two)]
    assert metrics[0] == metrics[1]
    for of_one, of_two in zip(*histories, strict=True):
        assert of_one["loss"] == pytest.approx(of_two["loss"], rel=1e-4)
    banks = [np.load(folder / "neighbours.npy").astype(np.float32) for folder in (one, two)]
    assert (banks[0] * banks[1]).sum(axis=1).min() > 0.999


def train(name: str, folder: Path, data: Path, config: TrainConfig, *, processes: int) -> tuple[Path, str]:
    settings = {key: value for key, value in config.to_json().items() if value != getattr(TrainConfig, key)}
    store = folder / name
    launcher = [sys.executable, "-m"]
    if processes > 1:
        launcher += ["accelerate.commands.launch", "--multi_gpu", "--num_machines", "1"]
        launcher += ["--num_processes", str(processes), "--mixed_precision", "no", "--main_process_port", "0"]
        launcher += ["--dynamo_backend", "no", "--module"]
    command = [*launcher, "nlu.train", "--data", str(data), "--out", str(store)]
    done = subprocess.run(
        [*command, "--config", json.dumps(settings)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return Path(json.loads(done.stdout)["folder"]), done.stderr


def without_dropout(encoder: Path, folder: Path) -> Path:
    shutil.copytree(encoder, folder)
    config = json.loads((folder / "config.json").read_text())
    config |= {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    (folder / "config.json").write_text(json.dumps(config))
    return folder
