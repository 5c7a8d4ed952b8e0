"""The operator's dial: "at most x % wrong" becomes answer, ask among two or three, or pass on.

A message is *wrong* when it is acted on though it means something else, or nothing of ours; the share is of all
messages. The trainer finds, for each x, how sure the bot must be to act (`nlu.training.dial`); here that is read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from nlu.binomial import share_interval

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


@dataclass(frozen=True)
class DialFigures:
    """What came of the dial on texts of which the meaning is known; shares in [0, 1] of all texts.

    `wrong_low` and `wrong_high` hold the true share of wrong ones in 95 of 100 cases. `asked_right` is the share of
    the questions back (not of all texts) that name the right intent; None when nothing was asked. `foreign` texts are
    those out of scope, of which `foreign_answered` were acted on.
    """

    max_wrong_share: float
    texts: int
    foreign: int
    wrong: float
    wrong_low: float
    wrong_high: float
    answered: float
    asked: float
    passed_on: float
    asked_right: float | None
    foreign_answered: int

    def __str__(self) -> str:
        """Say it in a sentence."""
        named = (
            ""
            if self.asked_right is None
            else f" ({_percent(self.asked_right)} of these name the right intent)"
        )
        return (
            f"With the dial at {100 * self.max_wrong_share:.0f} %: {_percent(self.wrong)} acted on wrongly"
            f" (95 % interval {_percent(self.wrong_low)} to {_percent(self.wrong_high)}), {_percent(self.answered)}"
            f" answered, {_percent(self.asked)} asked about{named}, {_percent(self.passed_on)} passed on."
        )


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


def measure_dial(
    decisions: Sequence[Decision], expected: Sequence[str | None], *, max_wrong_share: float
) -> DialFigures:
    """Compare decisions with what was meant.

    Args:
        decisions: one per text, at least one.
        expected: the right intent of each; None for a text out of scope.
        max_wrong_share: where the dial stood.
    """
    pairs = list(zip(decisions, expected, strict=True))
    answered = [(d.intents[0], right) for d, right in pairs if d.kind is Kind.ANSWER]
    asked = [right in d.intents for d, right in pairs if d.kind is Kind.ASK]
    wrong = sum(intent != right for intent, right in answered)
    low, high = share_interval(wrong, len(pairs))
    return DialFigures(
        max_wrong_share=max_wrong_share,
        texts=len(pairs),
        foreign=sum(right is None for right in expected),
        wrong=wrong / len(pairs),
        wrong_low=low,
        wrong_high=high,
        answered=len(answered) / len(pairs),
        asked=len(asked) / len(pairs),
        passed_on=1 - (len(answered) + len(asked)) / len(pairs),
        asked_right=sum(asked) / len(asked) if asked else None,
        foreign_answered=sum(right is None for _, right in answered),
    )


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
