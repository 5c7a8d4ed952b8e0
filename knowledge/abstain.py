"""When to answer: a rule over what speaks for the best passage, fitted at build without labels."""

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

# Share of the made questions that may be answered wrongly. They are harder than customers' questions: on our tuning
# questions (2026-11-22) a limit of 0.10 here came out as 0.05.
MAX_WRONG = 0.10
# How many of the questions that customers ask are taken to have no answer here.
UNANSWERABLE_SHARE = 0.25
_RIDGE = 1e-3
_NEWTON_STEPS = 30
_FEWEST_QUESTIONS = 20


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for answering with the best passage; each number is in [0, 1].

    The cosine of the best sentence, the share of the question's words that the passage covers, and a vote of the two
    rankings were tried as well and did not help (docs/knowledge.md); the last two are in the fused score already.

    Attributes:
        cosine: of the question and the passage.
        margin: how far the passage's fused score is above that of any other document.
    """

    cosine: float
    margin: float


@dataclass(frozen=True, slots=True)
class MadeEvidence:
    """The evidence found for made questions, by what became of them.

    Attributes:
        right: the best passage was of the right document.
        misled: it was of another one, though the right document was there.
        unanswerable: the right document and its like had been taken away.
    """

    right: Sequence[Evidence]
    misled: Sequence[Evidence]
    unanswerable: Sequence[Evidence]


@dataclass(frozen=True, slots=True)
class AnswerRule:
    """A logistic rule: confidence from evidence, and the confidence from which on to answer."""

    weights: tuple[float, ...]
    bias: float
    threshold: float

    def confidence(self, evidence: Evidence) -> float:
        """Estimate how likely the best passage answers, in (0, 1)."""
        value = float(np.dot(self.weights, astuple(evidence))) + self.bias
        return float(1 / (1 + np.exp(-np.clip(value, -30, 30))))

    def to_json(self) -> dict[str, Any]:
        """Write the rule for the manifest."""
        return {"weights": list(self.weights), "bias": self.bias, "threshold": self.threshold}

    @classmethod
    def from_json(cls, data: Any) -> "AnswerRule":
        """Read what ``to_json`` wrote.

        Raises:
            ValueError: it is not of that form.
        """
        try:
            weights = tuple(float(weight) for weight in data["weights"])
            rule = cls(weights, float(data["bias"]), float(data["threshold"]))
        except (TypeError, KeyError) as error:
            raise ValueError("not a rule") from error
        if len(weights) != len(DEFAULT_RULE.weights):
            raise ValueError("not a rule of this evidence")
        return rule


# For a corpus too small to fit on: the fit on our help centre, rounded (2026-11-22).
DEFAULT_RULE = AnswerRule(weights=(6.0, 6.0), bias=-3.7, threshold=0.55)


def fit_rule(made: MadeEvidence, *, max_wrong: float = MAX_WRONG) -> AnswerRule:
    """Fit the rule on made questions; the default one when they are too few.

    Weights are kept at or above 0: more evidence never lowers the confidence. The threshold is the lowest confidence
    at which at most ``max_wrong`` of the questions are answered wrongly.
    """
    answerable = len(made.right) + len(made.misled)
    if min(len(made.right), len(made.unanswerable)) < _FEWEST_QUESTIONS:
        return DEFAULT_RULE
    evidence = (*made.right, *made.misled, *made.unanswerable)
    inputs = np.asarray([(*astuple(item), 1.0) for item in evidence])
    targets = np.r_[np.ones(len(made.right)), np.zeros(len(inputs) - len(made.right))]
    shares = np.r_[
        np.full(answerable, (1 - UNANSWERABLE_SHARE) / answerable),
        np.full(len(made.unanswerable), UNANSWERABLE_SHARE / len(made.unanswerable)),
    ]
    *weights, bias = _logistic(inputs, targets, shares * len(inputs))
    rule = AnswerRule(tuple(max(0.0, float(weight)) for weight in weights), float(bias), 0.5)
    confidences = np.asarray([rule.confidence(item) for item in evidence])
    wrong = targets == 0
    return AnswerRule(rule.weights, rule.bias, _threshold(confidences[wrong], shares[wrong], max_wrong))


def _threshold(
    confidences: npt.NDArray[np.float64], shares: npt.NDArray[np.float64], max_wrong: float
) -> float:
    """Find the lowest confidence above which wrong answers hold at most ``max_wrong`` of all questions."""
    order = np.argsort(-confidences)
    held = np.cumsum(shares[order])
    refused = int(np.searchsorted(held, max_wrong, side="right"))
    return float(np.nextafter(confidences[order[refused]], 1)) if refused < len(order) else 0.0


def _logistic(
    inputs: npt.NDArray[np.float64], targets: npt.NDArray[np.float64], importance: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Fit weights (the last one is the bias) by Newton steps with a light ridge."""
    weights = np.zeros(inputs.shape[1])
    ridge = _RIDGE * len(inputs) * np.eye(inputs.shape[1])
    for _ in range(_NEWTON_STEPS):
        likely = 1 / (1 + np.exp(-(inputs @ weights)))
        slope = inputs.T @ (importance * (likely - targets)) + ridge @ weights
        curvature = (inputs * (importance * likely * (1 - likely))[:, None]).T @ inputs + ridge
        weights = weights - np.linalg.solve(curvature, slope)
    return weights
