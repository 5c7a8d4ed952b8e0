"""Rasa's default pipeline, as Rasa 3.6 falls back to in a new project. Runs in the engine environment.

Differences from a project as it is written: DIET's seed is set, and intents are read from the ranking without
`nlu_fallback`, which stands first in it where the FallbackClassifier refuses.
"""

from __future__ import annotations

import asyncio
import logging
import os
import tempfile
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import yaml
from rasa.core.agent import Agent
from rasa.model_training import train_nlu
from rasa.utils.log_utils import configure_structlog

from bench.understanding.rasa_project import EPOCHS, pipeline_config, training_yaml
from nlu.examples import Dataset
from nlu.runtime import FoundEntity, Parse

FALLBACK = "nlu_fallback"


class FittedDiet:
    """A loaded Rasa model; its folder goes with it."""

    def __init__(self, folder: tempfile.TemporaryDirectory[str], model: str) -> None:
        self._folder = folder
        self._agent = Agent.load(model)
        self._loop = asyncio.new_event_loop()

    def parse(self, text: str) -> Parse:
        """Run the whole pipeline on one message."""
        parsed = self._loop.run_until_complete(self._agent.parse_message(text))
        ranking = tuple(
            (one["name"], float(one["confidence"]))
            for one in parsed["intent_ranking"]
            if one["name"] != FALLBACK
        )
        best = ranking[0] if ranking else (None, 0.0)
        return Parse(
            text=text,
            intent=best[0],
            confidence=best[1],
            ranking=ranking,
            entities=tuple(_found(entity, text) for entity in parsed["entities"]),
            is_out_of_scope=parsed["intent"]["name"] == FALLBACK,
            familiarity=best[1],
        )


class Diet:
    """The pipeline, to be trained."""

    def __init__(self, seed: int, *, epochs: int = EPOCHS) -> None:
        self._config = pipeline_config(seed, epochs)
        configure_structlog(logging.WARNING)  # a line for every message would be timed too

    def fit(self, train: Dataset, valid: Dataset | None) -> FittedDiet:  # noqa: ARG002 - it has no use for one
        """Train in a folder of its own, without what earlier trainings left in Rasa's cache."""
        temporary = tempfile.TemporaryDirectory(prefix="bench-diet-")
        folder = Path(temporary.name)
        os.environ["RASA_CACHE_DIRECTORY"] = str(folder / "cache")
        (folder / "config.yml").write_text(yaml.safe_dump(self._config, sort_keys=False))
        (folder / "nlu.yml").write_text(training_yaml(train), encoding="utf-8")
        model = train_nlu(str(folder / "config.yml"), str(folder / "nlu.yml"), str(folder))
        if model is None:
            raise RuntimeError("Rasa trained no model; its log says why")
        return FittedDiet(temporary, model)

    def versions(self) -> Mapping[str, str]:
        """Name the software."""
        return {package: version(package) for package in ("rasa", "tensorflow", "numpy")}


def _found(entity: Mapping[str, Any], text: str) -> FoundEntity:
    start, end = int(entity["start"]), int(entity["end"])
    confidence = float(entity.get("confidence_entity", 1.0))
    return FoundEntity(
        start, end, str(entity["entity"]), str(entity.get("value", text[start:end])), confidence
    )
