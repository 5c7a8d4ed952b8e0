"""The operator's dial: "at most x % wrong" becomes answer, ask among two or three, or pass on.

A message is *wrong* when it is acted on though it means something else, or nothing of ours; the share is of all
messages. The trainer finds, for each x, how sure the bot must be to act (`nlu.training.dial`); here that is read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

MOST_CHOICES = 3
"""A question back names at most this many intents, and two where there are two."""

LEAST_COVER = 0.5
"""A question back is worth asking only if it is likelier than not that the right intent is among its choices."""

DEFAULT_MAX_WRONG_SHARE = 0.05


class Kind(str, Enum):
    """What to do with a message."""

    ANSWER = "answer"
    ASK = "ask"
    PASS_ON = "pass_on"  # noqa: S105 - no password


@dataclass(frozen=True)
class Decision:
    """What to do, and with which intents: the one to act on, the two or three to ask about, or none."""

    kind: Kind
    intents: tuple[str, ...]


PASSED_ON = Decision(Kind.PASS_ON, ())


@dataclass(frozen=True)
class DialPoint:
    """How sure the bot must be so that at most `max_wrong_share` of all messages go wrong.

    Attributes:
        max_wrong_share: the dial, in (0, 1).
        answer_above: the best intent is acted on when its probability is greater; None: never, because too few texts
            were held out to promise so little.
        ask_above: the choices of a question back have a greater probability together; None: never asked.
    """

    max_wrong_share: float
    answer_above: float | None
    ask_above: float | None


def point_at(dial: Sequence[DialPoint], max_wrong_share: float) -> DialPoint:
    """Get the point of the dial that promises this much, or the next stricter one.

    Args:
        dial: by rising share; empty for a model whose dial was never fitted.
        max_wrong_share: what the operator wants.

    Returns:
        A point; where none is as strict, one at which nothing is acted on or asked.
    """
    kept = [point for point in dial if point.max_wrong_share <= max_wrong_share + 1e-9]
    return kept[-1] if kept else DialPoint(max_wrong_share, None, None)


def decide(ranking: Sequence[tuple[str, float]], point: DialPoint, *, is_foreign: bool) -> Decision:
    """Decide about a message.

    Args:
        ranking: intents with calibrated probabilities, best first.
        point: of the dial.
        is_foreign: whether the message is out of scope; then it is passed on.
    """
    if is_foreign or not ranking:
        return PASSED_ON
    if point.answer_above is not None and ranking[0][1] > point.answer_above:
        return Decision(Kind.ANSWER, (ranking[0][0],))
    if point.ask_above is None:
        return PASSED_ON
    for size in range(min(2, len(ranking)), min(MOST_CHOICES, len(ranking)) + 1):
        if sum(share for _, share in ranking[:size]) > point.ask_above:
            return Decision(Kind.ASK, tuple(intent for intent, _ in ranking[:size]))
    return PASSED_ON
