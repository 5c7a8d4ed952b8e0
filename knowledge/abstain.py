"""When to answer: a rule over what speaks for the best passage, fitted at build without labels."""

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

# Share of all questions that may be answered wrongly, as far as the made questions tell.
MAX_WRONG_SHARE = 0.05
# How many of the questions that customers ask are taken to have no answer here.
UNANSWERABLE_SHARE = 0.25
# How many of the answerable ones are taken to find another document first, at most. Articles list questions that are
# unlike each other, so two thirds of those do; of our tuning questions one in eight (2026-11-22).
MISLED_SHARE = 0.5
_RIDGE = 1e-3
_NEWTON_STEPS = 30
_FEWEST_QUESTIONS = 20


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for answering with the best passage; each number is in [0, 1].

    The cosine of the best sentence, a vote of the two rankings, the leads in cosine and in coverage, how far the cosine
    stands out, and the score itself were tried as well; they help on made questions and harm the tuning questions.

    Attributes:
        cosine: of the question and the passage.
        margin: how far the passage's fused score is above that of any other document, times the cosine squared.
        agreement: the share of the five best passages that are of the passage's document.
        coverage: the share of the question's words, by idf, that the passage has; of a letter, of the words of its wish.
    """

    cosine: float
    margin: float
    agreement: float
    coverage: float


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


# For a corpus too small to fit on: the fit on our help centre, rounded (2026-11-25).
DEFAULT_RULE = AnswerRule(weights=(0.3, 3.0, 2.6, 2.2), bias=-3.0, threshold=0.5)


def fit_rule(made: MadeEvidence, *, max_wrong_share: float = MAX_WRONG_SHARE) -> AnswerRule:
    """Fit the rule on made questions; the default one when they are too few.

    Weights are kept at or above 0: more evidence never lowers the confidence. The threshold is the lowest confidence
    at which at most ``max_wrong_share`` of the questions are answered wrongly.
    """
    answerable = len(made.right) + len(made.misled)
    if min(len(made.right), len(made.unanswerable)) < _FEWEST_QUESTIONS:
        return DEFAULT_RULE
    evidence = (*made.right, *made.misled, *made.unanswerable)
    inputs = np.asarray([(*astuple(item), 1.0) for item in evidence])
    targets = np.r_[np.ones(len(made.right)), np.zeros(len(inputs) - len(made.right))]
    misled = min(MISLED_SHARE, len(made.misled) / answerable)
    shares = np.r_[
        _spread_over(made.right, (1 - UNANSWERABLE_SHARE) * (1 - misled)),
        _spread_over(made.misled, (1 - UNANSWERABLE_SHARE) * misled),
        _spread_over(made.unanswerable, UNANSWERABLE_SHARE),
    ]
    *weights, bias = _rising(inputs, targets, shares * len(inputs))
    rule = AnswerRule(tuple(float(weight) for weight in weights), float(bias), 0.5)
    confidences = np.asarray([rule.confidence(item) for item in evidence])
    wrong = targets == 0
    return AnswerRule(rule.weights, rule.bias, _threshold(confidences[wrong], shares[wrong], max_wrong_share))


def _spread_over(group: Sequence[Evidence], share: float) -> npt.NDArray[np.float64]:
    return np.full(len(group), share / max(1, len(group)))


def _threshold(
    confidences: npt.NDArray[np.float64], shares: npt.NDArray[np.float64], max_wrong: float
) -> float:
    """Find the lowest confidence above which wrong answers hold at most ``max_wrong`` of all questions."""
    order = np.argsort(-confidences)
    held = np.cumsum(shares[order])
    refused = int(np.searchsorted(held, max_wrong, side="right"))
    return float(np.nextafter(confidences[order[refused]], 1)) if refused < len(order) else 0.0


def _rising(
    inputs: npt.NDArray[np.float64], targets: npt.NDArray[np.float64], importance: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Fit weights at or above 0 (and a bias, the last one): leave out the most negative until there is none."""
    used = np.ones(inputs.shape[1], dtype=np.bool_)
    while True:
        fitted = np.zeros(len(used))
        fitted[used] = _logistic(inputs[:, used], targets, importance)
        if fitted[:-1].min() >= 0:
            return fitted
        used[fitted[:-1].argmin()] = False


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
