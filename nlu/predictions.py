"""What was expected of each text and what was understood, as a record that outlives the model (`predictions.jsonl`)."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from nlu.errors import ReportUnusable
from nlu.examples import OUT_OF_SCOPE_INTENTS, Entity, Example
from nlu.files import write_json_lines
from nlu.runtime import FoundEntity, Parse

FILE = "predictions.jsonl"


@dataclass(frozen=True, order=True)
class Span:
    """``text[start:end]`` names an `entity`."""

    start: int
    end: int
    entity: str


@dataclass(frozen=True)
class Prediction:
    """One text, what was expected and what was understood.

    `understood` is the best intent whatever the familiarity says, None for a text without words;
    `is_out_of_scope` says that the model refuses the text. Spans are sorted.
    """

    text: str
    expected: str
    understood: str | None
    confidence: float
    is_out_of_scope: bool
    familiarity: float
    expected_entities: tuple[Span, ...] = ()
    entities: tuple[Span, ...] = ()

    @property
    def is_in_scope(self) -> bool:
        """Whether an intent is expected at all."""
        return self.expected not in OUT_OF_SCOPE_INTENTS

    @property
    def has_right_intent(self) -> bool:
        """Whether the text is in scope and its best intent is the expected one, refused or not."""
        return self.is_in_scope and self.understood == self.expected

    @property
    def is_exact(self) -> bool:
        """Whether intent and entities are right."""
        return self.has_right_intent and self.entities == self.expected_entities

    @property
    def is_right_decision(self) -> bool:
        """Whether the bot does the right thing: answers the right intent, or refuses what is out of scope."""
        if not self.is_in_scope:
            return self.is_out_of_scope
        return self.has_right_intent and not self.is_out_of_scope


def pair(examples: Sequence[Example], parses: Sequence[Parse]) -> tuple[Prediction, ...]:
    """Put together what was expected and what was understood; both in the same order."""
    return tuple(
        Prediction(
            text=example.text,
            expected=example.intent,
            understood=parse.intent,
            confidence=parse.confidence,
            is_out_of_scope=parse.is_out_of_scope,
            familiarity=parse.familiarity,
            expected_entities=_spans(example.entities),
            entities=_spans(parse.entities),
        )
        for example, parse in zip(examples, parses, strict=True)
    )


def write_predictions(predictions: Iterable[Prediction], path: Path) -> None:
    """Write one object a line; a familiarity that is no number is null."""
    write_json_lines(path, map(to_json, predictions))


def to_json(prediction: Prediction) -> dict[str, Any]:
    """Write one record."""
    familiarity = prediction.familiarity if math.isfinite(prediction.familiarity) else None
    return {**asdict(prediction), "familiarity": familiarity}


def read_predictions(path: Path) -> tuple[Prediction, ...]:
    """Read what `write_predictions` wrote.

    Raises:
        ReportUnusable: the file is missing or breaks the form.
    """
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise ReportUnusable(str(path), f"cannot be read: {error}") from error
    predictions: list[Prediction] = []
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                predictions.append(_parse(json.loads(line)))
            except (KeyError, TypeError, ValueError) as error:
                raise ReportUnusable(f"{path}:{number}", f"is no prediction: {error!r}") from error
    return tuple(predictions)


def _parse(record: dict[str, Any]) -> Prediction:
    familiarity = record["familiarity"]
    return Prediction(
        text=str(record["text"]),
        expected=str(record["expected"]),
        understood=None if record["understood"] is None else str(record["understood"]),
        confidence=float(record["confidence"]),
        is_out_of_scope=bool(record["is_out_of_scope"]),
        familiarity=-math.inf if familiarity is None else float(familiarity),
        expected_entities=tuple(Span(**span) for span in record["expected_entities"]),
        entities=tuple(Span(**span) for span in record["entities"]),
    )


def _spans(entities: Iterable[Entity | FoundEntity]) -> tuple[Span, ...]:
    return tuple(sorted({Span(e.start, e.end, e.entity) for e in entities}))
