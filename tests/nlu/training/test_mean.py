"""The mean of the weights along the way: what it is, that it is what is kept, and that it goes on after a break."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from nlu.config import TrainConfig
from nlu.models import train_model
from nlu.training.batches import Item
from nlu.training.checkpoint import Checkpoint
from nlu.training.encoders import load_encoder
from nlu.training.fit import LEAST_WATCHED_TO_STOP_BY, Epoch, Listeners, fit
from nlu.training.learner import copy_parameters
from nlu.training.machine import build_accelerator
from nlu.training.mean import RunningMean
from nlu.training.network import JointNetwork
from tests.nlu.conftest import small_dataset

ITEMS = tuple(
    Item((2, *range(5 + number % 3, 9 + number % 3), 3), number % 3, (-100,) * 6) for number in range(24)
)
WATCHED = ITEMS * (LEAST_WATCHED_TO_STOP_BY // len(ITEMS) + 1)


def build_network(encoder: Path) -> JointNetwork:
    torch.manual_seed(3)
    network = JointNetwork(load_encoder(str(encoder)).model, intents=3, tags=1, scale=20.0, dropout=0.1)
    network.freeze(0)
    return network


@pytest.fixture(scope="module")
def network(tiny_encoder: Path) -> JointNetwork:
    return build_network(tiny_encoder)


@given(values=st.lists(st.floats(-10, 10), min_size=1, max_size=60), steps=st.integers(1, 400))
def test_it_is_the_exponential_mean_of_the_weights_that_were_looked_at(
    network: JointNetwork, values: list[float], steps: int
) -> None:
    mean = RunningMean(network, steps)
    reach = min(160, steps)
    every = max(1, reach // 20)
    seen = []
    for step, value in enumerate(values, 1):
        with torch.no_grad():
            network.directions.fill_(value)
        mean.stepped(step)
        if step % every == 0:
            seen.append(value)
    weights = [(1 - every / reach) ** age for age in range(len(seen))][::-1]
    expected = sum(w * v for w, v in zip(weights, seen, strict=True)) / sum(weights) if seen else values[-1]
    with mean.in_place():
        assert network.directions.flatten()[0].item() == pytest.approx(expected, abs=1e-4)
    assert network.directions.flatten()[0].item() == pytest.approx(values[-1], abs=1e-6)


class Cut(Exception):
    """The machine goes down."""


def run(encoder: Path, config: TrainConfig, checkpoint: Checkpoint, *, cut_after: int = 0) -> JointNetwork:
    def on_epoch(epoch: Epoch) -> None:
        if epoch.number == cut_after:
            raise Cut

    network = build_network(encoder)
    torch.manual_seed(config.seed)
    fit(
        network,
        lambda _: ITEMS,
        WATCHED,
        config,
        build_accelerator(config),
        takes_mean=True,
        checkpoint=checkpoint,
        listeners=Listeners(on_epoch=on_epoch),
    )
    return network


def test_a_training_that_was_cut_off_goes_on_with_the_same_mean(
    tiny_encoder: Path, tiny_config: TrainConfig, tmp_path: Path
) -> None:
    config = replace(tiny_config, epochs=5, batch_size=4)
    whole = copy_parameters(run(tiny_encoder, config, Checkpoint(tmp_path / "whole")))
    with pytest.raises(Cut):
        run(tiny_encoder, config, Checkpoint(tmp_path / "cut"), cut_after=2)
    resumed = copy_parameters(run(tiny_encoder, config, Checkpoint(tmp_path / "cut")))
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)


def test_what_is_kept_is_the_mean_not_where_the_last_step_led(
    tiny_encoder: Path, tiny_config: TrainConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = replace(tiny_config, epochs=3, batch_size=4)
    kept = copy_parameters(run(tiny_encoder, config, Checkpoint(tmp_path / "mean")))
    monkeypatch.setattr(RunningMean, "stepped", lambda *_: None)  # then there is no mean
    last = copy_parameters(run(tiny_encoder, config, Checkpoint(tmp_path / "last")))
    assert not torch.equal(kept["directions"], last["directions"])
    assert torch.allclose(kept["directions"], last["directions"], atol=0.1)


@pytest.mark.parametrize(("contradicting", "takes_mean"), [(0, False), (1, True)])
def test_the_mean_is_for_examples_that_contradict_each_other(
    tiny_config: TrainConfig,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    contradicting: int,
    *,
    takes_mean: bool,
) -> None:
    looks: list[int] = []
    monkeypatch.setattr(RunningMean, "stepped", lambda _, step: looks.append(step))
    config = replace(tiny_config, epochs=1, refits=0, quantize=False)
    dataset = small_dataset()
    # The same texts under an intent that fewer have them under.
    wrong = tuple(replace(example, intent="cancel_order") for example in dataset.examples[:1])
    examples = dataset.examples + dataset.examples + wrong * contradicting
    valid = replace(dataset, examples=dataset.in_scope * 10)
    train_model(replace(dataset, examples=examples), valid, tmp_path, config, lambda _: None)
    assert bool(looks) == takes_mean
