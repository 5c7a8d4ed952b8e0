"""One training, from examples to a sealed model folder."""

from __future__ import annotations

import math
import shutil
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch

from nlu.config import TrainConfig
from nlu.encoding import TextEncoder
from nlu.examples import Dataset
from nlu.findings import describe
from nlu.model_folder import BankExample, Labels, write_bank_examples, write_json, write_manifest
from nlu.progress import OnProgress, Progress
from nlu.runtime import Network
from nlu.scores import Bank, FloatArray
from nlu.tags import find_adjacent, tag_names
from nlu.training.batches import IGNORED, Item
from nlu.training.calibrate import Calibration, Given, calibrate
from nlu.training.data_checks import find_encoder_faults
from nlu.training.encoders import Pretrained, load_encoder
from nlu.training.export import Precision, export
from nlu.training.fit import Epoch, fit, fold_in, predict, start_directions
from nlu.training.identity import Identity
from nlu.training.network import JointNetwork
from nlu.training.parts import Parts, build_parts


def train(
    dataset: Dataset,
    validation: Dataset | None,
    config: TrainConfig,
    identity: Identity,
    folder: Path,
    progress: OnProgress,
) -> None:
    """Train a model and put its folder in place, whole or not at all.

    Args:
        dataset: checked examples. Those out of scope only calibrate.
        validation: for stopping and calibration; without it a part of the examples is held out.
        config: the settings.
        identity: the name that examples, config and software give the model.
        folder: where the model will stand; one that stands there is replaced.
        progress: told what happens.

    Raises:
        EncoderNotFound: the encoder is not on this machine.
    """
    partial = folder.with_name(f".{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    _train_into(partial, dataset, validation, config, progress)
    write_manifest(
        partial, model_id=identity.model_id, data_sha256=identity.data_sha256, versions=identity.versions
    )
    shutil.rmtree(folder, ignore_errors=True)
    partial.replace(folder)


def _train_into(
    folder: Path, dataset: Dataset, validation: Dataset | None, config: TrainConfig, progress: OnProgress
) -> None:
    torch.set_num_threads(config.threads)
    torch.manual_seed(config.seed)
    pretrained = load_encoder(config.encoder)
    for line in describe(find_encoder_faults(dataset, pretrained, config)):
        progress(Progress(line))
    encoder = TextEncoder(pretrained.tokenizer, max_tokens=config.max_tokens)
    parts, varied = build_parts(dataset, validation, encoder, config)
    network = _build_network(pretrained, parts, config)
    progress(Progress(_counts_sentence(parts)))
    start_directions(network, parts.learned)
    history = fit(network, varied, parts.watched, config, on_epoch=lambda epoch: progress(_told(epoch)))
    calibration = _calibrate(network, parts, config)
    everything = parts.learned
    if parts.is_split and parts.watched and config.fold_in_epochs:
        progress(Progress("learning the held-out part too"))
        everything = parts.learned + parts.watched
        fold_in(network, everything, config)
    precision = export(
        network, parts.learned + parts.watched, folder / "model.onnx", may_quantize=config.quantize
    )
    progress(Progress(_precision_sentence(precision)))
    encoder.save(folder / "tokenizer.json")
    _save_neighbours(folder, everything, parts.taught[: len(everything)])
    write_json(folder / "config.json", config.to_json())
    write_json(folder / "labels.json", asdict(_labels(dataset, parts, config, calibration)))
    write_json(folder / "history.json", [_without_nan(asdict(epoch)) for epoch in history])
    write_json(folder / "metrics.json", _metrics(parts, history, precision, calibration))


def _build_network(pretrained: Pretrained, parts: Parts, config: TrainConfig) -> JointNetwork:
    network = JointNetwork(
        pretrained.model,
        intents=len(parts.intents),
        tags=len(tag_names(parts.entities)),
        scale=config.scale,
        dropout=config.dropout,
    )
    network.freeze(config.frozen_layers)
    return network


def _calibrate(network: JointNetwork, parts: Parts, config: TrainConfig) -> Calibration:
    """Calibrate on the watched part while it is still unknown to the network."""
    learned = predict(network, parts.learned).embeddings
    return calibrate(
        _given(network, parts.watched),
        [item.intent for item in parts.watched],
        _given(network, parts.foreign),
        Bank.build(learned, [item.intent for item in parts.learned], count=len(parts.intents)),
        max_false_alarm=config.max_false_alarm,
    )


def _given(network: JointNetwork, items: Sequence[Item]) -> Given:
    predictions = predict(network, items)
    return Given(predictions.intent_logits, predictions.embeddings)


def _save_neighbours(folder: Path, items: Sequence[Item], taught: Sequence[BankExample]) -> None:
    """Keep the embeddings that the exported graph gives, so that they compare with what it gives in service."""
    graph = Network(folder / "model.onnx")
    bank: FloatArray = np.stack([graph.run(item.ids).embedding for item in items])
    np.save(folder / "neighbours.npy", bank.astype(np.float16), allow_pickle=False)
    write_bank_examples(folder, taught)


def _labels(dataset: Dataset, parts: Parts, config: TrainConfig, calibration: Calibration) -> Labels:
    tagged = ([tag for tag in item.tags if tag != IGNORED] for item in parts.learned + parts.watched)
    return Labels(
        intents=parts.intents,
        entities=parts.entities,
        adjacent=find_adjacent(tagged, parts.entities),
        synonyms=tuple(dataset.synonym_table().items()),
        patterns=tuple((pattern.entity, pattern.expression) for pattern in dataset.patterns),
        max_tokens=config.max_tokens,
        temperature=calibration.temperature,
        score=calibration.score,
        out_of_scope_threshold=calibration.threshold,
        dial=calibration.dial,
    )


def _metrics(
    parts: Parts, history: Sequence[Epoch], precision: Precision, calibration: Calibration
) -> dict[str, Any]:
    best = max(history, key=lambda epoch: epoch.held_out_accuracy + epoch.held_out_tag_accuracy, default=None)
    return {
        "examples": {
            "learned": len(parts.learned),
            "held_out": len(parts.watched),
            "out_of_scope": len(parts.foreign),
        },
        "epochs": len(history),
        "seconds": round(history[-1].seconds, 1) if history else 0.0,
        "held_out": _without_nan(_held_out(best)) if best else {},
        "precision": _without_nan(asdict(precision)),
        "calibration": _without_nan(asdict(calibration)),
    }


def _held_out(epoch: Epoch) -> dict[str, Any]:
    figures = (epoch.held_out_accuracy, epoch.held_out_tag_accuracy, epoch.held_out_loss)
    return dict(zip(("accuracy", "tag_accuracy", "loss"), figures, strict=True))


def _counts_sentence(parts: Parts) -> str:
    names = f"{len(parts.intents)} intents, {len(parts.entities)} entities"
    return f"training on {len(parts.learned)} examples, {len(parts.watched)} held out, {names}"


def _told(epoch: Epoch) -> Progress:
    held_out = None if math.isnan(epoch.held_out_accuracy) else epoch.held_out_accuracy
    watched = "" if held_out is None else f", held-out accuracy {100 * held_out:.1f} %"
    message = f"epoch {epoch.number}/{epoch.epochs}: loss {epoch.loss:.3f}{watched}, {epoch.seconds_left:.0f} s left"
    return Progress(message, epoch.number, epoch.epochs, epoch.loss, held_out, epoch.seconds_left)


def _precision_sentence(precision: Precision) -> str:
    if math.isnan(precision.int8_intents):
        return f"weights kept in {precision.kept}"
    intents = f"intents {precision.fp32_intents:.1f} % -> {precision.int8_intents:.1f} %"
    tags = f"tags {precision.fp32_tags:.1f} % -> {precision.int8_tags:.1f} %"
    return f"fp32 -> int8 on all examples: {intents}, {tags}; kept {precision.kept}"


def _without_nan(record: dict[str, Any]) -> dict[str, Any]:
    """Write what could not be measured as null: NaN is no JSON."""
    return {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in record.items()}
