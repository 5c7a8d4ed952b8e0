"""What went wrong, worst first: confident and wrong before doubtful, a wrong intent before a wrong detail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np

from nlu.predictions import Prediction, to_json
from nlu.runtime import Understander

_LOOKED_UP = 500
"""Mistakes whose nearest training example is looked up; each costs as much as understanding a text."""


class Kind(Enum):
    """How a text went wrong, in the order of harm."""

    WRONG_INTENT = "wrong_intent"
    ANSWERED_OUT_OF_SCOPE = "answered_out_of_scope"
    REFUSED_IN_SCOPE = "refused_in_scope"
    WRONG_ENTITIES = "wrong_entities"


@dataclass(frozen=True)
class Nearest:
    """The training example whose embedding is nearest to a text's, and the cosine of the two."""

    text: str
    intent: str
    cosine: float


@dataclass(frozen=True)
class Mistake:
    """One text that was not understood as expected."""

    prediction: Prediction
    kind: Kind
    nearest: Nearest | None = None


def find_mistakes(predictions: Sequence[Prediction]) -> tuple[Mistake, ...]:
    """List the texts that went wrong, worst first."""
    found = [Mistake(one, kind) for one in predictions if (kind := kind_of(one)) is not None]
    return tuple(sorted(found, key=_badness))


def kind_of(one: Prediction) -> Kind | None:
    """Say how a text went wrong; None if it did not."""
    if not one.is_in_scope:
        return None if one.is_out_of_scope else Kind.ANSWERED_OUT_OF_SCOPE
    if one.is_out_of_scope:
        return Kind.REFUSED_IN_SCOPE
    if not one.has_right_intent:
        return Kind.WRONG_INTENT
    return None if one.is_exact else Kind.WRONG_ENTITIES


def look_up(understander: Understander, mistakes: Sequence[Mistake]) -> tuple[Mistake, ...]:
    """Add the nearest training example to the worst mistakes."""
    head, rest = mistakes[:_LOOKED_UP], mistakes[_LOOKED_UP:]
    texts = [one.prediction.text for one in head if one.prediction.understood is not None]
    if not texts or not understander.bank_examples:
        return tuple(mistakes)
    cosines = understander.embed(texts) @ understander.bank.T
    nearest = {
        text: Nearest(
            understander.bank_examples[best].text, understander.bank_examples[best].intent, float(row[best])
        )
        for text, row, best in zip(texts, cosines, np.argmax(cosines, axis=1).tolist(), strict=True)
    }
    return (
        *(Mistake(one.prediction, one.kind, nearest.get(one.prediction.text)) for one in head),
        *rest,
    )


def mistake_to_json(mistake: Mistake) -> dict[str, Any]:
    """Write one line of `errors.jsonl`."""
    nearest = mistake.nearest
    near = {"text": nearest.text, "intent": nearest.intent, "cosine": nearest.cosine} if nearest else None
    return {"kind": mistake.kind.value, **to_json(mistake.prediction), "nearest": near}


_SURE = (Kind.WRONG_INTENT, Kind.ANSWERED_OUT_OF_SCOPE)


def _badness(mistake: Mistake) -> tuple[int, float, str]:
    rank = 0 if mistake.kind in _SURE else list(Kind).index(mistake.kind)
    return rank, -mistake.prediction.confidence, mistake.prediction.text
