"""The sealed folder that a training leaves."""

from __future__ import annotations

import math
import shutil
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from nlu.config import TrainConfig
from nlu.examples import Dataset
from nlu.files import write_json
from nlu.model_folder import Labels, write_bank_examples, write_manifest
from nlu.progress import OnProgress, Progress
from nlu.tags import find_adjacent
from nlu.training.batches import IGNORED
from nlu.training.calibrate import Calibration
from nlu.training.export import Precision, export
from nlu.training.fit import Epoch
from nlu.training.identity import Identity
from nlu.training.parts import Parts
from nlu.training.sentences import precision_sentence
from nlu.training.stages import Call, Learned, Prepared


def write_folder(
    call: Call,
    identity: Identity,
    dataset: Dataset,
    prepared: Prepared,
    learned: Learned,
    config: TrainConfig,
) -> None:
    """Write the model's folder and put it in place, whole or not at all; one that stands there is replaced."""
    partial = call.folder.with_name(f".{call.folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        _write_files(partial, dataset, prepared, learned, config, call.progress)
        write_manifest(
            partial, model_id=identity.model_id, data_sha256=identity.data_sha256, versions=identity.versions
        )
    except OSError:  # a full disk is not to be kept full by half a model
        shutil.rmtree(partial, ignore_errors=True)
        raise
    shutil.rmtree(call.folder, ignore_errors=True)
    partial.replace(call.folder)


def _write_files(
    folder: Path,
    dataset: Dataset,
    prepared: Prepared,
    learned: Learned,
    config: TrainConfig,
    progress: OnProgress,
) -> None:
    parts, calibration = prepared.parts, learned.calibration
    assert calibration is not None  # noqa: S101 - the main process always calibrates
    exported = export(
        prepared.network,
        parts.learned + parts.watched,
        folder / "model.onnx",
        may_quantize=config.quantize,
    )
    progress(Progress(precision_sentence(exported.precision)))
    prepared.encoder.save(folder / "tokenizer.json")
    # What the exported graph gives, so that it compares with what it gives in service.
    bank = exported.embeddings[: len(learned.everything)]
    np.save(folder / "neighbours.npy", bank.astype(np.float16), allow_pickle=False)
    write_bank_examples(folder, parts.taught[: len(bank)])
    write_json(folder / "config.json", config.to_json())
    labels = _labels(dataset, parts, calibration, max_tokens=prepared.max_tokens)
    write_json(folder / "labels.json", asdict(labels))
    write_json(folder / "history.json", [_without_nan(asdict(epoch)) for epoch in learned.history])
    write_json(folder / "metrics.json", _metrics(parts, learned.history, exported.precision, calibration))


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
