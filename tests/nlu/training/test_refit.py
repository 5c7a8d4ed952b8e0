from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import torch

from nlu.config import TrainConfig
from nlu.encoding import TextEncoder
from nlu.training.checkpoint import Checkpoint
from nlu.training.encoders import load_encoder
from nlu.training.fit import SILENT
from nlu.training.machine import build_accelerator
from nlu.training.network import JointNetwork
from nlu.training.parts import Parts, build_parts
from nlu.training.refit import Refit, Weights, mean_of, plan_refits, wants_refit
from tests.nlu.conftest import small_dataset


@pytest.fixture
def brief(tiny_config: TrainConfig) -> TrainConfig:
    return dataclasses.replace(tiny_config, epochs=2, batch_size=8)


@pytest.fixture
def encoder(tiny_encoder: Path) -> TextEncoder:
    return TextEncoder.load(tiny_encoder / "tokenizer.json", max_tokens=48)


@pytest.fixture
def parts(encoder: TextEncoder, brief: TrainConfig) -> Parts:
    return build_parts(small_dataset(), None, encoder, brief)


def planned(parts: Parts, encoder: TextEncoder, config: TrainConfig, folder: Path) -> list[Refit]:
    torch.manual_seed(0)
    network = JointNetwork(
        load_encoder(config.encoder).model, intents=3, tags=5, scale=config.scale, dropout=0.1
    )
    network.freeze(0)
    return plan_refits(network, parts, encoder, config, Checkpoint(folder / "checkpoint"))


def trained(parts: Parts, encoder: TextEncoder, config: TrainConfig, folder: Path) -> Weights:
    accelerator = build_accelerator(config)
    return mean_of([one.run(accelerator, SILENT) for one in planned(parts, encoder, config, folder)])


def test_model_is_the_mean_of_networks_trained_with_other_seeds(
    parts: Parts, encoder: TextEncoder, brief: TrainConfig, tmp_path: Path
) -> None:
    def alone(seed: int) -> Weights:
        config = dataclasses.replace(brief, seed=seed, refits=1)
        return trained(parts, encoder, config, tmp_path / str(seed))

    first, second = alone(1), alone(2)
    both = trained(parts, encoder, dataclasses.replace(brief, seed=1, refits=2), tmp_path / "both")
    assert any(not torch.equal(first[name], second[name]) for name in first)
    for name, parameter in both.items():
        assert torch.allclose(parameter, (first[name] + second[name]) / 2, atol=1e-6), name


def test_many_examples_adapters_and_no_refits_are_not_trained_anew(parts: Parts, brief: TrainConfig) -> None:
    few = len(parts.examples)
    assert wants_refit(parts, dataclasses.replace(brief, refit_at_most=few))
    assert not wants_refit(parts, dataclasses.replace(brief, refit_at_most=few - 1))
    assert not wants_refit(parts, dataclasses.replace(brief, adapter="lora"))
    assert not wants_refit(parts, dataclasses.replace(brief, refits=0))
    assert not wants_refit(dataclasses.replace(parts, is_split=False), brief)
    assert not wants_refit(dataclasses.replace(parts, watched=()), brief)
