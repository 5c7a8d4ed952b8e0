"""What came of the operator's dial on texts of which the meaning is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nlu.binomial import share_interval
from nlu.dial import Decision, Kind
from nlu.findings import percent


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
            else f" ({percent(self.asked_right)} of these name the right intent)"
        )
        return (
            f"With the dial at {100 * self.max_wrong_share:.0f} %: {percent(self.wrong)} acted on wrongly"
            f" (95 % interval {percent(self.wrong_low)} to {percent(self.wrong_high)}), {percent(self.answered)}"
            f" answered, {percent(self.asked)} asked about{named}, {percent(self.passed_on)} passed on."
        )


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
