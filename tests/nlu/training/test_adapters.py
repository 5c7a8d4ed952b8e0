from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from nlu.config import TrainConfig
from nlu.encoding import TextEncoder
from nlu.runtime import Network
from nlu.training.batches import Item, build_items
from nlu.training.encoders import load_encoder
from nlu.training.export import export_fp32
from nlu.training.fit import fit
from nlu.training.learner import trained_parameters
from nlu.training.machine import build_accelerator
from nlu.training.network import JointNetwork
from nlu.training.predict import predict
from tests.nlu.conftest import small_dataset


@pytest.fixture(scope="module")
def items(tiny_encoder: Path) -> list[Item]:
    encoder = TextEncoder.load(tiny_encoder / "tokenizer.json", max_tokens=48)
    dataset = small_dataset()
    return build_items(dataset.in_scope, encoder, dataset.intents, dataset.entity_names)


@pytest.mark.parametrize("adapter", ["lora", "adalora"])
def test_adapter_learns_beside_the_encoder_and_merges_into_the_exported_graph(
    tiny_config: TrainConfig, tiny_encoder: Path, items: list[Item], adapter: str, tmp_path: Path
) -> None:
    config = replace(tiny_config, adapter=adapter, adapter_rank=2, epochs=6)
    torch.manual_seed(config.seed)
    network = JointNetwork(load_encoder(str(tiny_encoder)).model, intents=3, tags=5, scale=20.0, dropout=0.1)
    network.freeze(0)
    before = {name: p.clone() for name, p in network.encoder.named_parameters()}
    fitted = fit(network, lambda _: items, [], config, build_accelerator(config))
    assert all("lora_" in name for name in trained_parameters(network) if name.startswith("encoder."))
    assert fitted.history[-1].loss < fitted.history[0].loss
    beside = predict(network, items)
    fitted.adapter.merge(network)
    merged = predict(network, items)
    assert not any("lora_" in name for name, _ in network.named_parameters())
    assert np.allclose(beside.intent_logits, merged.intent_logits, atol=1e-3)
    after = dict(network.encoder.named_parameters())
    assert after.keys() == before.keys()
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert changed
    assert all(".layer." in name and name.endswith(".weight") for name in changed)
    export_fp32(network, tmp_path / "m.onnx")
    graph = Network(tmp_path / "m.onnx")
    for place, item in enumerate(items):
        assert np.allclose(graph.run(item.ids).intent_logits, merged.intent_logits[place], atol=1e-4)


def test_adalora_ends_with_the_ranks_that_were_asked_for(
    tiny_config: TrainConfig, tiny_encoder: Path, items: list[Item]
) -> None:
    config = replace(tiny_config, adapter="adalora", adapter_rank=2, epochs=10)
    network = JointNetwork(load_encoder(str(tiny_encoder)).model, intents=3, tags=5, scale=20.0, dropout=0.1)
    network.freeze(0)
    fit(network, lambda _: items, [], config, build_accelerator(config))
    values = [p for name, p in network.named_parameters() if ".lora_E." in name]
    kept = sum(int((value != 0).sum()) for value in values)
    assert sum(len(value) for value in values) == 3 * len(values)
    assert 0 < kept <= 2 * len(values)
