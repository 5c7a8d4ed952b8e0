"""A Rasa project for understanding: its configuration and its training data. Imports no Rasa."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Any

import yaml

from bench.rasa_pipeline import default_pipeline
from nlu.examples import Dataset, Example

EPOCHS = 100
"""Of Rasa's default pipeline."""


def pipeline_config(seed: int, epochs: int = EPOCHS) -> dict[str, Any]:
    """Return Rasa's default configuration for understanding, with its seed."""
    learned = {"epochs": epochs, "constrain_similarities": True, "random_seed": seed}
    return {
        "recipe": "default.v1",
        "language": "en",
        "assistant_id": "bench-understanding",
        "pipeline": default_pipeline(learned),
    }


def annotate(example: Example) -> str:
    """Write an example as Rasa's YAML has it, on one line."""
    text, done = "", 0
    for entity in example.entities:
        text += (
            f"{example.text[done : entity.start]}[{example.text[entity.start : entity.end]}]({entity.entity})"
        )
        done = entity.end
    return re.sub(r"\s+", " ", text + example.text[done:]).strip()


def training_yaml(train: Dataset) -> str:
    """Write the training data in Rasa's form."""
    by_intent: dict[str, list[str]] = defaultdict(list)
    for example in train.in_scope:
        by_intent[example.intent].append(f"- {annotate(example)}\n")
    blocks = [{"intent": intent, "examples": "".join(lines)} for intent, lines in by_intent.items()]
    return yaml.safe_dump({"version": "3.1", "nlu": blocks}, allow_unicode=True, sort_keys=False, width=10**6)
