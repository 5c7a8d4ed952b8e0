"""One training from examples to a sealed model folder."""

from __future__ import annotations

import math
import random
import shutil
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch

from nlu.config import TrainConfig
from nlu.encoding import TextEncoder
from nlu.examples import Dataset, Example
from nlu.model_folder import Labels, write_json, write_manifest
from nlu.progress import OnProgress, Progress
from nlu.runtime import Network
from nlu.scores import FloatArray
from nlu.tags import find_adjacent, tag_names
from nlu.training.batches import IGNORED, Item, build_items
from nlu.training.calibrate import Calibration, Given, calibrate
from nlu.training.encoders import load_encoder
from nlu.training.export import Precision, export
from nlu.training.fit import Epoch, fit, start_directions
from nlu.training.identity import Identity
from nlu.training.network import JointNetwork
from nlu.training.vary import collect_surfaces, vary

LEAST_EXAMPLES_TO_HOLD_OUT = 5
"""An intent with fewer examples gives none to the held-out part."""


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


def hold_out(examples: Sequence[Example], share: float, *, seed: int) -> tuple[list[Example], list[Example]]:
    """Split examples into (to learn, to watch), the same share of each intent and at least one of it.

    Intents with fewer than `LEAST_EXAMPLES_TO_HOLD_OUT` examples are learned whole. With a share of 0 nothing is watched.
    """
    if share <= 0:
        return list(examples), []
    by_intent: dict[str, list[Example]] = defaultdict(list)
    for example in sorted(examples, key=lambda e: (e.intent, e.text)):
        by_intent[example.intent].append(example)
    generator = random.Random(seed)  # noqa: S311 - shuffles examples, keeps no secret
    learned: list[Example] = []
    watched: list[Example] = []
    for group in by_intent.values():
        generator.shuffle(group)
        count = max(1, round(len(group) * share)) if len(group) >= LEAST_EXAMPLES_TO_HOLD_OUT else 0
        watched += group[:count]
        learned += group[count:]
    return learned, watched


def _train_into(
    folder: Path,
    dataset: Dataset,
    validation: Dataset | None,
    config: TrainConfig,
    progress: OnProgress,
) -> None:
    torch.set_num_threads(config.threads)
    torch.manual_seed(config.seed)
    pretrained = load_encoder(config.encoder)
    encoder = TextEncoder(pretrained.tokenizer, max_tokens=config.max_tokens)
    names = dataset.intents, dataset.entity_names
    learned, watched = _parts(dataset, validation, config)
    items, held_out = (build_items(part, encoder, *names) for part in (learned, watched))
    foreign_texts = dataset.out_of_scope + (validation.out_of_scope if validation else ())
    foreign = build_items(foreign_texts, encoder, *names)
    network = JointNetwork(
        pretrained.model,
        intents=len(names[0]),
        tags=len(tag_names(names[1])),
        scale=config.scale,
        dropout=config.dropout,
    )
    network.freeze(config.frozen_layers)
    counts = (
        f"{len(items)} examples, {len(held_out)} held out, {len(names[0])} intents, {len(names[1])} entities"
    )
    progress(Progress(f"training on {counts}"))
    start_directions(network, items)
    history = fit(
        network,
        _varied(learned, encoder, names, config),
        held_out,
        config,
        on_epoch=lambda epoch: progress(_told(epoch)),
    )
    precision = export(network, held_out, folder / "model.onnx", may_quantize=config.quantize)
    progress(Progress(_precision_sentence(precision)))
    graph = Network(folder / "model.onnx")
    bank = _given(graph, items).embeddings
    watched_or_learned = held_out or items
    calibration = calibrate(
        _given(graph, watched_or_learned),
        [item.intent for item in watched_or_learned],
        _given(graph, foreign),
        bank,
        max_false_alarm=config.max_false_alarm,
    )
    encoder.save(folder / "tokenizer.json")
    np.save(folder / "neighbours.npy", bank.astype(np.float16), allow_pickle=False)
    write_json(folder / "config.json", config.to_json())
    write_json(folder / "labels.json", asdict(_labels(dataset, items, config, calibration)))
    write_json(folder / "history.json", [_without_nan(asdict(epoch)) for epoch in history])
    counted = {"learned": len(items), "held_out": len(held_out), "out_of_scope": len(foreign)}
    write_json(folder / "metrics.json", _metrics(counted, history, precision, calibration))


def _varied(
    examples: Sequence[Example],
    encoder: TextEncoder,
    names: tuple[Sequence[str], Sequence[str]],
    config: TrainConfig,
) -> Callable[[int], Sequence[Item]]:
    """Give the items of each epoch, varied anew by the seed and the epoch's number."""
    surfaces = collect_surfaces(examples)

    def items_of(epoch: int) -> Sequence[Item]:
        generator = random.Random(config.seed * 1000 + epoch)  # noqa: S311 - varies examples, keeps no secret
        shares = {"swap_share": config.swap_share, "slip_share": config.slip_share}
        return build_items([vary(e, surfaces, generator, **shares) for e in examples], encoder, *names)

    return items_of


def _told(epoch: Epoch) -> Progress:
    held_out = None if math.isnan(epoch.held_out_accuracy) else epoch.held_out_accuracy
    watched = "" if held_out is None else f", held-out accuracy {100 * held_out:.1f} %"
    message = f"epoch {epoch.number}/{epoch.epochs}: loss {epoch.loss:.3f}{watched}, {epoch.seconds_left:.0f} s left"
    return Progress(message, epoch.number, epoch.epochs, epoch.loss, held_out, epoch.seconds_left)


def _precision_sentence(precision: Precision) -> str:
    intents = f"intents {precision.fp32_intents:.1f} % -> {precision.int8_intents:.1f} %"
    tags = f"tags {precision.fp32_tags:.1f} % -> {precision.int8_tags:.1f} %"
    return f"fp32 -> int8 on the held-out part: {intents}, {tags}; kept {precision.kept}"


def _parts(
    dataset: Dataset, validation: Dataset | None, config: TrainConfig
) -> tuple[list[Example], list[Example]]:
    if validation is None:
        return hold_out(dataset.in_scope, config.held_out_share, seed=config.seed)
    known = set(dataset.intents)
    return list(dataset.in_scope), [example for example in validation.in_scope if example.intent in known]


def _given(graph: Network, items: Sequence[Item]) -> Given:
    outputs = [graph.run(item.ids) for item in items]
    if not outputs:
        empty: FloatArray = np.zeros((0, 1), dtype=np.float32)
        return Given(empty, empty)
    return Given(np.stack([o.intent_logits for o in outputs]), np.stack([o.embedding for o in outputs]))


def _labels(dataset: Dataset, items: Sequence[Item], config: TrainConfig, calibration: Calibration) -> Labels:
    tagged = ([tag for tag in item.tags if tag != IGNORED] for item in items)
    return Labels(
        intents=dataset.intents,
        entities=dataset.entity_names,
        adjacent=find_adjacent(tagged, dataset.entity_names),
        synonyms=tuple(dataset.synonym_table().items()),
        patterns=tuple((pattern.entity, pattern.expression) for pattern in dataset.patterns),
        max_tokens=config.max_tokens,
        temperature=calibration.temperature,
        score=calibration.score,
        out_of_scope_threshold=calibration.threshold,
    )


def _metrics(
    counts: dict[str, int], history: Sequence[Epoch], precision: Precision, calibration: Calibration
) -> dict[str, Any]:
    best = min(history, key=lambda epoch: epoch.held_out_loss, default=None)
    return {
        "examples": counts,
        "epochs": len(history),
        "seconds": round(history[-1].seconds, 1) if history else 0.0,
        "held_out": _without_nan({"accuracy": best.held_out_accuracy, "loss": best.held_out_loss})
        if best
        else {},
        "precision": _without_nan(asdict(precision)),
        "calibration": _without_nan(asdict(calibration)),
    }


def _without_nan(record: dict[str, Any]) -> dict[str, Any]:
    """Write what could not be measured as null: NaN is no JSON."""
    return {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in record.items()}
