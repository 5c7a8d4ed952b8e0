"""One training, from examples to a sealed model folder."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import torch
from accelerate import Accelerator

from nlu.config import TrainConfig
from nlu.encoding import TextEncoder
from nlu.errors import TrainingDiverged
from nlu.examples import Dataset
from nlu.findings import describe
from nlu.progress import OnProgress, Progress
from nlu.scores import Bank
from nlu.tags import tag_names
from nlu.training.batches import Item
from nlu.training.calibrate import Calibration, Given, calibrate
from nlu.training.checkpoint import Checkpoint
from nlu.training.crew import Crew
from nlu.training.data_checks import find_encoder_faults
from nlu.training.directions import start_directions
from nlu.training.encoders import Pretrained, load_encoder
from nlu.training.fit import Epoch, Fitted, Listeners, fit, fold_in
from nlu.training.folder import write_folder
from nlu.training.identity import Identity
from nlu.training.learner import load_parameters
from nlu.training.machine import build_accelerator, make_alike
from nlu.training.network import JointNetwork
from nlu.training.parts import Parts, Varied, build_parts
from nlu.training.predict import predict
from nlu.training.refit import mean_of, plan_refits, wants_refit
from nlu.training.sentences import counts_sentence, resumed_sentence, tell_epoch, tell_pace
from nlu.training.split import find_split
from nlu.training.stages import Call, Learned, Prepared

LEAST_CONTRADICTING = 0.005
"""Share of texts under several intents from which on the weights' mean is taken. Of the public sets it was looked at on,
three have 1.4 to 2.5 % and gain by it; the others have none, and one that was tried, SNIPS, loses by it."""


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
        TrainingDiverged: a weight became no number; no model is written.
    """
    accelerator = build_accelerator(config)
    torch.manual_seed(config.seed + accelerator.process_index)
    checkpoint = Checkpoint(call.folder.with_name(f".{call.folder.name}.checkpoint"))
    if call.must_begin and accelerator.is_main_process:
        checkpoint.remove()
    accelerator.wait_for_everyone()
    prepared = _prepare(dataset, validation, config, accelerator, call.progress)
    try:
        learned = _learn(prepared, config, accelerator, checkpoint, call)
    except TrainingDiverged:
        # Gone on with, it would come apart again.
        if accelerator.is_main_process:
            checkpoint.remove()
        raise
    if accelerator.is_main_process:
        write_folder(call, identity, dataset, prepared, learned, config)
        checkpoint.remove()
    accelerator.wait_for_everyone()


def _prepare(
    dataset: Dataset,
    validation: Dataset | None,
    config: TrainConfig,
    accelerator: Accelerator,
    progress: OnProgress,
) -> Prepared:
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
    is_contradictory = dataset.contradicting > LEAST_CONTRADICTING * len(dataset.examples)
    return Prepared(encoder, parts, network, max_tokens, is_contradictory)


def _learn(
    prepared: Prepared, config: TrainConfig, accelerator: Accelerator, checkpoint: Checkpoint, call: Call
) -> Learned:
    """Fit, calibrate what is still unknown, then learn that too; the network ends on the processor, without adapters."""
    network, parts = prepared.network, prepared.parts
    refits = (
        plan_refits(network, parts, prepared.encoder, config, checkpoint)
        if wants_refit(parts, config)
        else []
    )
    telling = Listeners(on_pace=lambda standing: call.progress(tell_pace(standing)))
    with Crew(refits, accelerator, telling) as crew:
        fitted = _fit(prepared, config, accelerator, checkpoint, call)
        calibration = _calibrate(prepared, config) if accelerator.is_main_process else None
        everything = parts.learned
        if refits:
            call.progress(Progress("learning all examples from the start, the held-out ones too"))
            everything = parts.learned + parts.watched
            load_parameters(network, mean_of(crew.weights()))
        elif parts.is_split and parts.watched and config.fold_in_epochs:
            call.progress(Progress("learning the held-out part too"))
            everything = parts.learned + parts.watched
            fold_in(network, everything, config, accelerator, adapter=fitted.adapter, listeners=telling)
    fitted.adapter.merge(network)
    network.cpu()
    return Learned(fitted.history, calibration, everything)


def _fit(
    prepared: Prepared, config: TrainConfig, accelerator: Accelerator, checkpoint: Checkpoint, call: Call
) -> Fitted:
    parts = prepared.parts
    learned = parts.examples[: len(parts.learned)]
    with _listeners(call, accelerator) as listeners:
        return fit(
            prepared.network,
            Varied(learned, parts, prepared.encoder, config),
            parts.watched,
            config,
            accelerator,
            takes_mean=prepared.is_contradictory,
            checkpoint=checkpoint,
            listeners=listeners,
        )


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


def _calibrate(prepared: Prepared, config: TrainConfig) -> Calibration:
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
