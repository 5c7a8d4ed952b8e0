# ruff: noqa: ARG003 - the engine names what it passes
"""An understanding that knows its lines: for testing the dialogue, whatever the trained model would think.

Runs inside the engine (Python 3.10). The file named in its config maps a text to what it means.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.training_data.message import Message

UNKNOWN = {"intent": "nlu_fallback", "confidence": 0.3}


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=False)
class Scripted(GraphComponent):  # type: ignore[misc]  # the engine is not typed here
    """Looks the text up."""

    def __init__(self, path: str) -> None:
        self._path = Path(path)

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> Scripted:
        return cls(config["lines"])

    def process(self, messages: list[Message]) -> list[Message]:
        lines = json.loads(self._path.read_text(encoding="utf-8"))
        for message in messages:
            self._understand(message, lines.get(message.get("text"), UNKNOWN))
        return messages

    def _understand(self, message: Message, line: dict[str, Any]) -> None:
        text = message.get("text")
        intent = {"name": line["intent"], "confidence": line.get("confidence", 0.95)}
        others = line.get("ranking", [["smalltalk", 0.02], ["greet", 0.01]])
        ranking = [intent, *({"name": name, "confidence": share} for name, share in others)]
        entities = []
        for name, value in line.get("entities", {}).items():
            start = max(text.find(value), 0)
            entities.append({"entity": name, "value": value, "start": start, "end": start + len(value)})
        message.set("intent", intent, add_to_output=True)
        message.set("intent_ranking", ranking, add_to_output=True)
        message.set("entities", entities, add_to_output=True)
        parts = [self._part(text, part) for part in line.get("parts", [])]
        message.set("understanding", {"parts": parts}, add_to_output=True)

    def _part(self, text: str, part: dict[str, Any]) -> dict[str, Any]:
        start = text.index(part["text"])
        ranking = [{"name": part["intent"], "confidence": 0.95}, {"name": "smalltalk", "confidence": 0.02}]
        entities = [
            {
                "entity": name,
                "value": value,
                "start": text.index(value),
                "end": text.index(value) + len(value),
            }
            for name, value in part.get("entities", {}).items()
        ]
        return {
            "intent": part["intent"],
            "confidence": 0.95,
            "start": start,
            "end": start + len(part["text"]),
            "entities": entities,
            "ranking": ranking,
        }
