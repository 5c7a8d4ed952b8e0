"""The models at hand: train one if the examples, the config or the software changed, else use the one that is there.

Nothing here imports torch before a training really begins.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from nlu.checks import check_dataset
from nlu.config import TrainConfig
from nlu.errors import ModelMissing, ModelUnusable
from nlu.examples import Dataset
from nlu.files import replace_text
from nlu.findings import describe
from nlu.model_folder import CURRENT, MANIFEST, is_name, read_current, read_json, verify_folder
from nlu.one_trainer import only_one
from nlu.processes import is_main_process
from nlu.progress import OnProgress, Progress, say_nothing
from nlu.runtime import load
from nlu.settle import settle


@dataclass(frozen=True)
class Model:
    """A model folder that may be served; `is_reused` says that nothing had to be trained."""

    folder: Path
    model_id: str
    metrics: dict[str, Any]
    is_reused: bool


def train_model(
    dataset: Dataset,
    validation: Dataset | None,
    models: Path,
    config: TrainConfig,
    progress: OnProgress,
    *,
    is_strict: bool = False,
    must_train: bool = False,
    tensorboard: Path | None = None,
) -> Model:
    """Check the examples, then train unless the same model is in the store.

    Args:
        dataset: the examples.
        validation: for stopping and calibration; without it a part of the examples is held out.
        models: the store.
        config: the settings.
        progress: told what happens.
        is_strict: refuse examples that contradict each other, instead of learning what `nlu.settle` makes of them.
        must_train: train although the model is there, from the beginning.
        tensorboard: a folder for the course of the training.

    Raises:
        ExamplesRejected: the examples are at fault.
        EncoderNotFound: the encoder is not on this machine.
    """
    from nlu.training.identity import identify

    progress = progress if is_main_process() else say_nothing
    for line in describe(check_dataset(dataset, validation, is_strict=is_strict)):
        progress(Progress(line))
    dataset = _with_paraphrases(settle(dataset), validation, models, config, progress)
    identity = identify(dataset, validation, config)
    folder = models / identity.model_id
    is_there = not must_train and is_servable(folder)
    with only_one(folder, progress) as has_waited:
        is_there = is_there or (has_waited and not must_train and is_servable(folder))
        if not is_there:
            from nlu.training.run import train
            from nlu.training.stages import Call

            train(dataset, validation, config, identity, Call(folder, progress, must_train, tensorboard))
        if not is_main_process():
            return Model(folder, identity.model_id, {}, is_reused=is_there)
        point_to(models, identity.model_id)
    if is_there:
        progress(Progress(f"model {identity.model_id} is up to date"))
    return Model(folder, identity.model_id, read_json(folder, "metrics.json"), is_reused=is_there)


def train_with_unlabelled(
    dataset: Dataset,
    validation: Dataset | None,
    unlabelled: Sequence[str],
    models: Path,
    config: TrainConfig,
    progress: OnProgress,
    *,
    is_strict: bool = False,
    must_train: bool = False,
    tensorboard: Path | None = None,
) -> Model:
    """Train as `train_model` does, let the model label messages, and train again with those it is sure of.

    `unlabelled` are the messages; those that are learned are part of the second model's identity. Without messages, or
    if the first model is sure of none, that one is given.
    """
    first = train_model(
        dataset,
        validation,
        models,
        config,
        progress,
        is_strict=is_strict,
        must_train=must_train,
        tensorboard=tensorboard,
    )
    if not unlabelled:
        return first
    from nlu.training.pseudo import choose

    measured_by = validation.examples if validation else ()
    made = choose(
        load(first.folder).parse(unlabelled),
        [example.text for example in (*dataset.examples, *measured_by)],
        least_confidence=config.pseudo_confidence,
        most_per_intent=config.pseudo_per_intent,
    )
    progress = progress if is_main_process() else say_nothing
    progress(Progress(f"the model is sure of {len(made)} of {len(unlabelled)} unlabelled messages"))
    if not made:
        return first
    widened = replace(settle(dataset), made=dataset.made + made)
    return train_model(
        widened, validation, models, config, progress, must_train=must_train, tensorboard=tensorboard
    )


def _with_paraphrases(
    dataset: Dataset, validation: Dataset | None, models: Path, config: TrainConfig, progress: OnProgress
) -> Dataset:
    """Add what translating the examples out and back makes of them, if the config names models for it."""
    if not config.translation_model_out:
        return dataset
    from nlu.training.back_translation import back_translate

    others = dataset.out_of_scope + (validation.examples if validation else ())
    made = back_translate(dataset.in_scope, [example.text for example in others], config, models)
    count = len(dataset.in_scope)
    progress(
        Progress(f"translating {count} examples out and back gave {len(made)} paraphrases to learn from")
    )
    return replace(dataset, made=dataset.made + made)


def is_servable(folder: Path) -> bool:
    """Tell whether a model folder is whole and loads with the present program."""
    try:
        load(folder)
    except ModelUnusable:
        return False
    return True


def point_to(models: Path, model_id: str) -> None:
    """Make a model the current one of the store, at once or not at all."""
    replace_text(models / CURRENT, model_id + "\n")


@dataclass(frozen=True)
class StoredModel:
    """A model of the store; `fault` says why it cannot be served, empty when its files are whole."""

    model_id: str
    written_at: datetime
    is_current: bool
    held_out_accuracy: float | None
    kept_precision: str
    fault: str


def list_models(models: Path) -> list[StoredModel]:
    """List the store's models, newest first; one that is being written is not among them."""
    current_id = read_current(models)
    folders = [path for path in models.glob("*") if path.is_dir() and not path.name.startswith(".")]
    found = [_stored(folder, is_current=folder.name == current_id) for folder in folders]
    return sorted(found, key=lambda model: (model.written_at, model.model_id), reverse=True)


def promote_model(models: Path, model_id: str) -> str:
    """Make a model the current one of the store; return its id.

    Raises:
        ModelUnusable: it is not there, or cannot be served.
    """
    if not is_name(model_id) or not (models / model_id / MANIFEST).is_file():
        raise ModelMissing(str(models), f"holds no model {model_id!r}")
    load(models / model_id)
    point_to(models, model_id)
    return model_id


def _stored(folder: Path, *, is_current: bool) -> StoredModel:
    written = datetime.fromtimestamp(folder.stat().st_mtime, tz=timezone.utc)
    try:
        verify_folder(folder)
        metrics = read_json(folder, "metrics.json")
    except ModelUnusable as error:
        return StoredModel(folder.name, written, is_current, None, "", error.reason)
    accuracy = (metrics.get("held_out") or {}).get("accuracy")
    kept = str((metrics.get("precision") or {}).get("kept", ""))
    return StoredModel(folder.name, written, is_current, accuracy, kept, "")
