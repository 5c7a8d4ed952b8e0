"""One training, from examples to a sealed model folder."""

from __future__ import annotations

import math
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator

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
from nlu.training.checkpoint import Checkpoint
from nlu.training.data_checks import find_encoder_faults
from nlu.training.directions import start_directions
from nlu.training.encoders import Pretrained, load_encoder
from nlu.training.export import Precision, export
from nlu.training.fit import Epoch, Listeners, fit, fold_in
from nlu.training.identity import Identity
from nlu.training.learner import copy_parameters, load_parameters
from nlu.training.machine import build_accelerator, make_alike
from nlu.training.network import JointNetwork
from nlu.training.parts import Parts, Varied, build_parts
from nlu.training.predict import predict
from nlu.training.refit import refit, wants_refit
from nlu.training.sentences import (
    counts_sentence,
    precision_sentence,
    resumed_sentence,
    tell_epoch,
    tell_pace,
)
from nlu.training.split import find_split


@dataclass(frozen=True)
class Call:
    """What a training is called with that is no part of the model: where it stands, and who watches it.

    `folder` is where the model will stand, `must_begin` passes over what a training that was cut off left, and
    `tensorboard` is a folder for the course of the training.
    """

    folder: Path
    progress: OnProgress
    must_begin: bool = False
    tensorboard: Path | None = None


def train(
    dataset: Dataset, validation: Dataset | None, config: TrainConfig, identity: Identity, call: Call
) -> None:
    """Train a model and put its folder in place, whole or not at all.

    Every process of an ``accelerate launch`` calls this; only the main one writes. A training that was cut off is gone
    on with after its last whole epoch.

    Args:
        dataset: checked examples. Those out of scope only calibrate.
        validation: for stopping and calibration; without it a part of the examples is held out.
        config: the settings.
        identity: the name that examples, config and software give the model.
        call: where the model will stand, and who is told. A model that stands there is replaced.

    Raises:
        EncoderNotFound: the encoder is not on this machine, or is of a kind that cannot be used.
    """
    accelerator = build_accelerator(config)
    torch.manual_seed(config.seed + accelerator.process_index)
    checkpoint = Checkpoint(call.folder.with_name(f".{call.folder.name}.checkpoint"))
    if call.must_begin and accelerator.is_main_process:
        checkpoint.remove()
    accelerator.wait_for_everyone()
    prepared = _prepare(dataset, validation, config, accelerator, call.progress)
    learned = _learn(prepared, config, accelerator, checkpoint, call)
    if accelerator.is_main_process:
        _write_folder(call, identity, dataset, prepared, learned, config)
        checkpoint.remove()
    accelerator.wait_for_everyone()


@dataclass(frozen=True)
class _Prepared:
    """What is there before the first step."""

    encoder: TextEncoder
    parts: Parts
    network: JointNetwork
    max_tokens: int


@dataclass(frozen=True)
class _Learned:
    """What came of the steps; `calibration` is None in a process that only computes."""

    history: Sequence[Epoch]
    calibration: Calibration | None
    everything: tuple[Item, ...]


def _prepare(
    dataset: Dataset,
    validation: Dataset | None,
    config: TrainConfig,
    accelerator: Accelerator,
    progress: OnProgress,
) -> _Prepared:
    pretrained = load_encoder(config.encoder)
    max_tokens = pretrained.tokens_read(config.max_tokens)
    if max_tokens < config.max_tokens:
        progress(Progress(f"note: this encoder reads {max_tokens} tokens at most, not {config.max_tokens}"))
    if accelerator.is_main_process:
        for line in describe(find_encoder_faults(dataset, pretrained, config)):
            progress(Progress(line))
    encoder = TextEncoder(pretrained.tokenizer, max_tokens=max_tokens)
    parts = build_parts(dataset, validation, encoder, config)
    network = _build_network(pretrained, parts, config).to(accelerator.device)
    progress(Progress(counts_sentence(parts)))
    if not start_directions(network, parts.learned, parts.named, name_weight=config.name_weight):
        parts = replace(parts, named=())
    make_alike(network, accelerator)
    return _Prepared(encoder, parts, network, max_tokens)


def _learn(
    prepared: _Prepared, config: TrainConfig, accelerator: Accelerator, checkpoint: Checkpoint, call: Call
) -> _Learned:
    """Fit, calibrate what is still unknown, then learn that too; the network ends on the processor, without adapters."""
    network, parts = prepared.network, prepared.parts
    start = copy_parameters(network)
    learned = parts.examples[: len(parts.learned)]
    with _listeners(call, accelerator) as listeners:
        fitted = fit(
            network,
            Varied(learned, parts, prepared.encoder, config),
            parts.watched,
            config,
            accelerator,
            checkpoint=checkpoint,
            listeners=listeners,
        )
    calibration = _calibrate(prepared, config) if accelerator.is_main_process else None
    everything = parts.learned
    telling = Listeners(on_pace=lambda standing: call.progress(tell_pace(standing)))
    has_more = parts.is_split and bool(parts.watched)
    if has_more and wants_refit(parts, config):
        call.progress(Progress("learning all examples from the start, the held-out ones too"))
        everything = parts.learned + parts.watched
        load_parameters(network, start)
        refit(network, parts, prepared.encoder, config, accelerator, checkpoint, telling)
    elif has_more and config.fold_in_epochs:
        call.progress(Progress("learning the held-out part too"))
        everything = parts.learned + parts.watched
        fold_in(network, everything, config, accelerator, adapter=fitted.adapter, listeners=telling)
    fitted.adapter.merge(network)
    network.cpu()
    return _Learned(fitted.history, calibration, everything)


@contextmanager
def _listeners(call: Call, accelerator: Accelerator) -> Iterator[Listeners]:
    """Open who hears of the training: people, and TensorBoard if it is wanted."""
    tell = Listeners(
        on_epoch=lambda epoch: call.progress(tell_epoch(epoch)),
        on_pace=lambda standing: call.progress(tell_pace(standing)),
        on_resumed=lambda epoch: call.progress(Progress(resumed_sentence(epoch))),
    )
    if call.tensorboard is None or not accelerator.is_main_process:
        yield tell
        return
    from nlu.training.tracking import Tracker

    tracker = Tracker(call.tensorboard / call.folder.name)

    def on_epoch(epoch: Epoch) -> None:
        tell.on_epoch(epoch)
        tracker.epoch_ended(epoch)

    try:
        yield replace(tell, on_epoch=on_epoch, on_step=tracker.stepped)
    finally:
        tracker.close()


def _write_folder(
    call: Call,
    identity: Identity,
    dataset: Dataset,
    prepared: _Prepared,
    learned: _Learned,
    config: TrainConfig,
) -> None:
    partial = call.folder.with_name(f".{call.folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    _write_files(partial, dataset, prepared, learned, config, call.progress)
    write_manifest(
        partial, model_id=identity.model_id, data_sha256=identity.data_sha256, versions=identity.versions
    )
    shutil.rmtree(call.folder, ignore_errors=True)
    partial.replace(call.folder)


def _write_files(
    folder: Path,
    dataset: Dataset,
    prepared: _Prepared,
    learned: _Learned,
    config: TrainConfig,
    progress: OnProgress,
) -> None:
    parts, calibration = prepared.parts, learned.calibration
    assert calibration is not None  # noqa: S101 - the main process always calibrates
    precision = export(
        prepared.network,
        parts.learned + parts.watched,
        folder / "model.onnx",
        may_quantize=config.quantize,
    )
    progress(Progress(precision_sentence(precision)))
    prepared.encoder.save(folder / "tokenizer.json")
    _save_neighbours(folder, learned.everything, parts.taught[: len(learned.everything)])
    write_json(folder / "config.json", config.to_json())
    labels = _labels(dataset, parts, calibration, max_tokens=prepared.max_tokens)
    write_json(folder / "labels.json", asdict(labels))
    write_json(folder / "history.json", [_without_nan(asdict(epoch)) for epoch in learned.history])
    write_json(folder / "metrics.json", _metrics(parts, learned.history, precision, calibration))


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


def _calibrate(prepared: _Prepared, config: TrainConfig) -> Calibration:
    """Calibrate on the watched part while it is still unknown to the network."""
    network, parts = prepared.network, prepared.parts
    learned = predict(network, parts.learned).embeddings
    bank = Bank.build(learned, [item.intent for item in parts.learned], count=len(parts.intents))
    calibration = calibrate(
        _given(network, parts.watched),
        [item.intent for item in parts.watched],
        _given(network, parts.foreign),
        bank,
        max_false_alarm=config.max_false_alarm,
    )
    split = find_split(network, prepared.encoder, parts, bank, calibration, seed=config.seed)
    return replace(calibration, split=split)


def _given(network: JointNetwork, items: Sequence[Item]) -> Given:
    predictions = predict(network, items)
    return Given(predictions.intent_logits, predictions.embeddings)


def _save_neighbours(folder: Path, items: Sequence[Item], taught: Sequence[BankExample]) -> None:
    """Keep the embeddings that the exported graph gives, so that they compare with what it gives in service."""
    graph = Network(folder / "model.onnx")
    bank: FloatArray = np.stack([graph.run(item.ids).embedding for item in items])
    np.save(folder / "neighbours.npy", bank.astype(np.float16), allow_pickle=False)
    write_bank_examples(folder, taught)


def _labels(dataset: Dataset, parts: Parts, calibration: Calibration, *, max_tokens: int) -> Labels:
    tagged = ([tag for tag in item.tags if tag != IGNORED] for item in parts.learned + parts.watched)
    return Labels(
        intents=parts.intents,
        entities=parts.entities,
        adjacent=find_adjacent(tagged, parts.entities),
        synonyms=tuple(dataset.synonym_table().items()),
        patterns=tuple((pattern.entity, pattern.expression) for pattern in dataset.patterns),
        max_tokens=max_tokens,
        temperature=calibration.temperature,
        score=calibration.score,
        out_of_scope_threshold=calibration.threshold,
        dial=calibration.dial,
        split_threshold=calibration.split.threshold,
        asides=calibration.split.asides,
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


def _without_nan(record: dict[str, Any]) -> dict[str, Any]:
    """Write what could not be measured as null: NaN is no JSON."""
    return {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in record.items()}
