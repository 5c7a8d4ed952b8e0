from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from accelerate import Accelerator
from accelerate.optimizer import AcceleratedOptimizer
from torch import nn

from nlu.config import TrainConfig
from nlu.training.adapters import NoAdapter
from nlu.training.batches import Item, collate
from nlu.training.encoders import load_encoder
from nlu.training.learner import LEAST_STEPS_TO_COMPILE, Learner, trained_parameters
from nlu.training.machine import build_accelerator
from nlu.training.network import JointNetwork

ITEMS = [
    Item((2, *range(5, 7 + number % 3), 3), number % 3, (-100,) * (4 + number % 3)) for number in range(8)
]


def network_without_dropout(encoder: Path) -> JointNetwork:
    torch.manual_seed(3)
    network = JointNetwork(load_encoder(str(encoder)).model, intents=3, tags=1, scale=20.0, dropout=0.0)
    network.freeze(0)
    for module in network.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    return network


def learner_of(network: JointNetwork, config: TrainConfig) -> Learner:
    return Learner(
        network, config, build_accelerator(config), steps=1, rate_at=lambda _: 1.0, adapter=NoAdapter()
    )


def test_batches_whose_gradients_are_added_make_the_step_of_one_large_batch(
    tiny_encoder: Path, tiny_config: TrainConfig
) -> None:
    whole, parts = network_without_dropout(tiny_encoder), network_without_dropout(tiny_encoder)
    loss = learner_of(whole, tiny_config).run_epoch([collate(ITEMS)])
    adding = replace(tiny_config, accumulation_steps=2)
    pieces = [collate(ITEMS[:5]), collate(ITEMS[5:])]
    assert learner_of(parts, adding).run_epoch(pieces) == pytest.approx(loss, rel=1e-5)
    before, after = trained_parameters(whole), trained_parameters(parts)
    # Adam's first step has the rate's size whatever the gradient's, so only those that are nearly zero may differ.
    close = [torch.isclose(before[name], after[name], atol=1e-4).float().mean() for name in before]
    assert min(close) > 0.95


@pytest.mark.parametrize(
    ("kind", "steps", "is_wanted", "is_compiled"),
    [
        ("cpu", LEAST_STEPS_TO_COMPILE, True, False),
        ("cuda", LEAST_STEPS_TO_COMPILE, True, True),
        ("cuda", LEAST_STEPS_TO_COMPILE - 1, True, False),
        ("cuda", LEAST_STEPS_TO_COMPILE, False, False),
    ],
)
def test_the_encoder_is_compiled_on_a_gpu_and_only_for_many_steps(
    tiny_encoder: Path,
    tiny_config: TrainConfig,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    steps: int,
    *,
    is_wanted: bool,
    is_compiled: bool,
) -> None:
    network, config = network_without_dropout(tiny_encoder), replace(tiny_config, compile=is_wanted)
    accelerator = build_accelerator(config)
    monkeypatch.setattr(Accelerator, "device", property(lambda _: torch.device(kind)))
    Learner(network, config, accelerator, steps=steps, rate_at=lambda _: 1.0, adapter=NoAdapter())
    assert (network.step_encoder is not None) == is_compiled


def test_step_encoder_stands_in_only_while_training(tiny_encoder: Path) -> None:
    network = network_without_dropout(tiny_encoder)
    batch, calls = collate(ITEMS), list[int]()
    plain = network.train()(batch.ids, batch.mask)

    def counted(**inputs: torch.Tensor) -> object:
        calls.append(1)
        return network.encoder(**inputs)

    network.step_encoder = torch.compile(counted, backend="eager", dynamic=True)
    compiled = network(batch.ids, batch.mask)
    assert torch.allclose(plain[0], compiled[0], atol=1e-5)
    assert calls
    network.eval()(batch.ids, batch.mask)
    assert len(calls) == 1


def test_steps_in_bf16_give_weights_and_outputs_in_fp32(tiny_encoder: Path, tiny_config: TrainConfig) -> None:
    network = network_without_dropout(tiny_encoder)
    learner = learner_of(network, replace(tiny_config, precision="bf16"))
    before = {name: p.detach().clone() for name, p in trained_parameters(network).items()}
    learner.run_epoch([collate(ITEMS)])
    outputs = network.train()(collate(ITEMS).ids, collate(ITEMS).mask)
    assert {output.dtype for output in outputs} == {torch.float32}
    assert {p.dtype for p in network.parameters()} == {torch.float32}
    assert any(not torch.equal(before[name], p) for name, p in trained_parameters(network).items())


def test_a_step_that_was_skipped_is_not_told(
    tiny_encoder: Path, tiny_config: TrainConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As fp16 does it where the numbers overflow: the first step, and the third."""
    skipped = iter([True, False, True, False])
    monkeypatch.setattr(AcceleratedOptimizer, "step_was_skipped", property(lambda _: next(skipped)))
    told: list[int] = []
    learner = Learner(
        network_without_dropout(tiny_encoder),
        tiny_config,
        build_accelerator(tiny_config),
        steps=4,
        rate_at=lambda _: 1.0,
        adapter=NoAdapter(),
        on_step=lambda step, _loss, _rate: told.append(step),
    )
    learner.run_epoch([collate(ITEMS[n : n + 2]) for n in range(0, 8, 2)])
    assert told == [1, 2]
