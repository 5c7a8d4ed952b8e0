"""What went wrong, worst first: confident and wrong before doubtful, a wrong intent before a wrong detail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import Enum
from typing import Any

from nlu.evidence import Nearest
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
    examples = [understander.bank_examples[best] for best in cosines.argmax(axis=1).tolist()]
    nearest = {
        text: Nearest(example.text, example.intent, float(row.max()))
        for text, row, example in zip(texts, cosines, examples, strict=True)
    }
    return (
        *(Mistake(one.prediction, one.kind, nearest.get(one.prediction.text)) for one in head),
        *rest,
    )


def mistake_to_json(mistake: Mistake) -> dict[str, Any]:
    """Write one line of `errors.jsonl`."""
    nearest = asdict(mistake.nearest) if mistake.nearest else None
    return {"kind": mistake.kind.value, **to_json(mistake.prediction), "nearest": nearest}


_SURE = (Kind.WRONG_INTENT, Kind.ANSWERED_OUT_OF_SCOPE)


def _badness(mistake: Mistake) -> tuple[int, float, str]:
    rank = 0 if mistake.kind in _SURE else list(Kind).index(mistake.kind)
    return rank, -mistake.prediction.confidence, mistake.prediction.text
