from __future__ import annotations

import dataclasses
import json
import math
import random
import shutil
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from queue import Queue

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from nlu.config import LIMITS, TrainConfig, parse_config, read_config
from nlu.encoding import TextEncoder
from nlu.errors import EncoderNotFound, ExamplesRejected, TrainingDiverged
from nlu.examples import Dataset, Entity, Example, read_dataset
from nlu.models import Model, train_model
from nlu.one_trainer import only_one
from nlu.progress import Progress
from nlu.runtime import Network
from nlu.training.batches import IGNORED, Item, build_items, ordered_batches, shuffled_batches
from nlu.training.directions import start_directions
from nlu.training.encoders import load_encoder
from nlu.training.export import Asked, export, export_fp32, quantize
from nlu.training.identity import identify
from nlu.training.network import JointNetwork
from nlu.training.parts import LEAST_EXAMPLES_TO_HOLD_OUT, hold_out
from nlu.training.predict import predict
from tests.nlu.conftest import small_dataset

INTENTS = st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=60)


@pytest.fixture(scope="module")
def network(tiny_encoder: Path) -> JointNetwork:
    torch.manual_seed(1)
    encoder = load_encoder(str(tiny_encoder)).model
    return JointNetwork(encoder, intents=3, tags=5, scale=20.0, dropout=0.1).eval()


@pytest.fixture(scope="module")
def items(tiny_encoder: Path) -> list[Item]:
    encoder = TextEncoder.load(tiny_encoder / "tokenizer.json", max_tokens=48)
    dataset = small_dataset()
    return build_items(dataset.in_scope, encoder, dataset.intents, dataset.entity_names)


def test_same_seed_gives_the_same_model_file_by_file(
    train_tiny: Callable[[Path], Model], tiny_model: Model, tmp_path: Path
) -> None:
    again = train_tiny(tmp_path)
    assert again.model_id == tiny_model.model_id
    for name in ("model.onnx", "neighbours.npy", "labels.json", "tokenizer.json", "config.json"):
        assert (again.folder / name).read_bytes() == (tiny_model.folder / name).read_bytes(), name


def test_model_that_is_there_is_not_trained_again(
    train_tiny: Callable[[Path], Model], tiny_model: Model
) -> None:
    again = train_tiny(tiny_model.folder.parent)
    assert again.is_reused
    assert again.metrics == tiny_model.metrics


def test_second_training_waits_for_the_first_and_takes_its_model(
    tiny_config: TrainConfig, tiny_model: Model, tmp_path: Path
) -> None:
    folder, told = tmp_path / "models" / tiny_model.model_id, Queue[str]()
    with ThreadPoolExecutor() as pool:
        with only_one(folder, lambda _: None) as has_waited:
            assert not has_waited
            second = pool.submit(
                train_model, small_dataset(), None, folder.parent, tiny_config, lambda p: told.put(p.message)
            )
            while "waiting" not in told.get(timeout=60):
                pass
            assert not second.done()
            shutil.copytree(tiny_model.folder, folder)
        assert second.result(60).is_reused
    assert {path.name for path in folder.parent.iterdir()} == {folder.name, "current"}


def test_damaged_model_is_trained_again(train_tiny: Callable[[Path], Model], tmp_path: Path) -> None:
    first = train_tiny(tmp_path)
    (first.folder / "labels.json").write_text("{}")
    assert not train_tiny(tmp_path).is_reused


def test_every_change_changes_the_model_id(tiny_config: TrainConfig) -> None:
    dataset = small_dataset()
    names = {
        identify(dataset, None, tiny_config).model_id,
        identify(dataset, dataset, tiny_config).model_id,
        identify(Dataset(dataset.examples[1:]), None, tiny_config).model_id,
        identify(dataset, None, dataclasses.replace(tiny_config, seed=14)).model_id,
    }
    assert len(names) == 4


def test_progress_tells_every_epoch_and_what_is_left(tiny_config: TrainConfig, tmp_path: Path) -> None:
    told: list[Progress] = []
    train_model(small_dataset(), None, tmp_path, dataclasses.replace(tiny_config, epochs=2), told.append)
    epochs = [progress for progress in told if progress.epochs]
    assert [(p.epoch, p.epochs) for p in epochs] == [(1, 2), (2, 2)]
    assert epochs[-1].seconds_left == 0


def test_metrics_say_what_int8_costs_and_what_was_kept(tiny_model: Model) -> None:
    metrics = json.loads((tiny_model.folder / "metrics.json").read_text())
    assert metrics["precision"]["kept"] in {"int8", "fp32"}
    assert metrics["examples"] == {"learned": 24, "held_out": 6, "out_of_scope": 3}


def test_contradicting_examples_stop_before_anything_is_loaded(
    tmp_path: Path, tiny_config: TrainConfig
) -> None:
    dataset = Dataset((*small_dataset().examples, Example("thank you much", "order_status")))
    contradiction = Dataset((*dataset.examples, Example("thank you much", "thank")))
    with pytest.raises(ExamplesRejected):
        train_model(contradiction, None, tmp_path, tiny_config, lambda _: None, is_strict=True)


def test_faulty_examples_are_told_and_learned_all_the_same(tmp_path: Path, tiny_config: TrainConfig) -> None:
    told: list[Progress] = []
    nested = (Entity(0, 4, "date", "late"), Entity(0, 9, "product", "late lamp"))
    faults = (
        Example("thank you much", "order_status"),
        Example("thank you much", "thank"),
        Example("late lamp", "thank", nested),
        Example("goodbye then", "goodbye"),
    )
    dataset = Dataset((*small_dataset().examples, *faults))
    model = train_model(dataset, None, tmp_path, dataclasses.replace(tiny_config, epochs=1), told.append)
    assert json.loads((model.folder / "labels.json").read_text())["intents"][1] == "goodbye"
    messages = [progress.message for progress in told]
    first_epoch = next(n for n, progress in enumerate(told) if progress.epochs)
    for fault in ("is taught under 2 intents", "overlap", "has 1 example;", "stands 2 times"):
        assert any(fault in message for message in messages[:first_epoch]), fault


def test_file_of_examples_can_be_ensured(tmp_path: Path, tiny_config: TrainConfig) -> None:
    lines = [{"text": f"{word} {n}", "intent": word} for word in ("thank", "order") for n in range(6)]
    (tmp_path / "a.jsonl").write_text("\n".join(json.dumps(line) for line in lines))
    config = dataclasses.replace(tiny_config, epochs=1)
    model = train_model(read_dataset(tmp_path / "a.jsonl"), None, tmp_path, config, lambda _: None)
    assert (model.folder.parent, model.is_reused) == (tmp_path, False)
    assert (tmp_path / "current").read_text().strip() == model.folder.name


def test_encoder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(EncoderNotFound, match="nowhere"):
        load_encoder(str(tmp_path / "nowhere"))


def test_exported_graph_agrees_with_torch(network: JointNetwork, items: list[Item], tmp_path: Path) -> None:
    export_fp32(network, tmp_path / "m.onnx")
    graph, expected = Network(tmp_path / "m.onnx"), predict(network, items)
    for place, item in enumerate(items):
        outputs = graph.run(item.ids)
        assert np.allclose(outputs.intent_logits, expected.intent_logits[place], atol=1e-4)
        assert np.allclose(outputs.tag_logits, expected.tag_logits[place], atol=1e-4)
        assert np.allclose(outputs.embedding, expected.embeddings[place], atol=1e-5)


def test_int8_graph_is_close_to_fp32_and_smaller(
    network: JointNetwork, items: list[Item], tmp_path: Path
) -> None:
    export_fp32(network, tmp_path / "fp32.onnx")
    quantize(tmp_path / "fp32.onnx", tmp_path / "int8.onnx")
    whole, small = Network(tmp_path / "fp32.onnx"), Network(tmp_path / "int8.onnx")
    gaps = [1 - float(whole.run(item.ids).embedding @ small.run(item.ids).embedding) for item in items]
    assert max(gaps) < 0.05
    assert (tmp_path / "int8.onnx").stat().st_size < (tmp_path / "fp32.onnx").stat().st_size


@pytest.mark.parametrize(("int8", "kept"), [(89.69, "fp32"), (89.71, "int8"), (95.0, "int8")])
def test_int8_is_kept_unless_it_costs_more_than_allowed(
    network: JointNetwork,
    items: list[Item],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    int8: float,
    kept: str,
) -> None:
    figures = iter([(90.0, 95.0), (int8, 95.0)])
    monkeypatch.setattr(
        "nlu.training.export._ask", lambda *_: Asked(*next(figures), np.zeros((0, 0), dtype=np.float32))
    )
    assert export(network, items, tmp_path / "model.onnx", may_quantize=True).precision.kept == kept
    assert [file.name for file in tmp_path.iterdir()] == ["model.onnx"]


def test_untrained_network_is_a_nearest_mean_classifier(network: JointNetwork, items: list[Item]) -> None:
    assert not start_directions(network, items, (), name_weight=1.0)
    outputs = predict(network, items)
    intents = np.array([item.intent for item in items])
    means = np.stack([outputs.embeddings[intents == n].mean(axis=0) for n in range(3)])
    means /= np.linalg.norm(means, axis=1, keepdims=True)
    assert np.allclose(outputs.intent_logits, outputs.embeddings @ means.T * 20, atol=1e-3)


def test_frozen_parts_are_the_word_vectors_and_the_lowest_layers(tiny_encoder: Path) -> None:
    network = JointNetwork(load_encoder(str(tiny_encoder)).model, intents=2, tags=1, scale=20.0, dropout=0.0)
    network.freeze(1)
    frozen = {
        name.split(".")[2]
        for name, p in network.named_parameters()
        if not p.requires_grad and "layer" in name
    }
    assert not network.word_vectors.requires_grad
    assert frozen == {"layer"}
    assert all(p.requires_grad for name, p in network.named_parameters() if "layer.1." in name)
    assert not any(p.requires_grad for name, p in network.named_parameters() if "layer.0." in name)


@given(intents=INTENTS, share=st.sampled_from([0.0, 0.1, 0.3]))
def test_held_out_part_has_every_intent_and_loses_none(intents: list[str], share: float) -> None:
    examples = [Example(f"text {n}", intent) for n, intent in enumerate(intents)]
    learned, watched = hold_out(examples, share, seed=1)
    assert sorted(e.text for e in [*learned, *watched]) == sorted(e.text for e in examples)
    counts = Counter(intents)
    enough = {intent for intent in counts if counts[intent] >= LEAST_EXAMPLES_TO_HOLD_OUT and share > 0}
    assert {e.intent for e in watched} == enough
    assert {e.intent for e in learned} == set(intents)


def test_batches_hold_every_item_once_in_like_lengths(items: list[Item]) -> None:
    batches = list(shuffled_batches(items, size=4, generator=random.Random(1)))
    assert sum(len(batch.ids) for batch in batches) == len(items)
    assert sorted(place for places, _ in ordered_batches(items, size=7) for place in places) == list(
        range(len(items))
    )
    padding = sum(int((batch.mask == 0).sum()) for batch in batches)
    assert padding < 0.2 * sum(batch.mask.numel() for batch in batches)


def test_only_the_first_token_of_a_word_carries_a_tag(tiny_encoder: Path) -> None:
    encoder = TextEncoder.load(tiny_encoder / "tokenizer.json", max_tokens=48)
    dataset = small_dataset()
    item = build_items(dataset.in_scope[:1], encoder, dataset.intents, dataset.entity_names)[0]
    assert [tag for tag in item.tags if tag != IGNORED] == [0, 0, 0, 0, 1]
    assert item.tags[0] == item.tags[-1] == IGNORED


@pytest.mark.parametrize(
    "record", [{"epoch": 3}, {"epochs": "3"}, {"epochs": 3.0}, {"quantize": 1}, {"epochs": True}]
)
def test_config_with_an_unknown_key_or_a_wrong_type_is_refused(record: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(record))):
        parse_config(record)


def test_every_number_of_the_config_has_limits_and_keeps_to_them() -> None:
    defaults = TrainConfig().to_json()
    assert LIMITS.keys() == {key for key, value in defaults.items() if type(value) in {int, float}}
    assert parse_config(defaults) == TrainConfig()


@pytest.mark.parametrize(
    "text",
    [
        '{"epochs": 0}',
        '{"batch_size": -1}',
        '{"threads": 0}',
        '{"learning_rate": NaN}',
        '{"learning_rate": 2}',
    ],
)
def test_config_beyond_its_limits_is_refused_before_anything_is_trained(text: str) -> None:
    key = text.split('"')[1]
    with pytest.raises(ValueError, match=f"'{key}' must be"):
        read_config(text)


@pytest.mark.parametrize("text", ["", "{", "[]", "3", "[" * 100_000])
def test_config_that_is_no_object_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a JSON object"):
        read_config(text)


def test_training_that_comes_apart_leaves_no_model(tiny_config: TrainConfig, tmp_path: Path) -> None:
    good = train_model(small_dataset(), None, tmp_path, replace(tiny_config, epochs=1), lambda _: None)
    with pytest.raises(TrainingDiverged, match="epoch 1"):
        train_model(
            small_dataset(), None, tmp_path, replace(tiny_config, learning_rate=math.nan), lambda _: None
        )
    assert {path.name for path in tmp_path.iterdir()} == {good.model_id, "current"}
    assert (tmp_path / "current").read_text().strip() == good.model_id


def test_config_takes_whole_numbers_for_fractions() -> None:
    assert parse_config({"scale": 16}).scale == 16.0
