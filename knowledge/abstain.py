"""When to answer: a rule over what speaks for the best passage, fitted at build without labels."""

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

# Share of wrong answers, among all questions, that the threshold aims at on the questions made at build.
MAX_WRONG = 0.05
_RIDGE = 1.0
_STEPS = 2000
_RATE = 0.5


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for answering with the best passage; every number is in [0, 1].

    Attributes:
        cosine: of the question and the passage.
        sentence: the highest cosine of the question and one of the passage's sentences.
        coverage: the share of the question's content words, by idf, that the passage has.
        margin: how far the passage's score is above that of any other document.
        agreement: 1 when meaning and words put the same document first.
    """

    cosine: float
    sentence: float
    coverage: float
    margin: float
    agreement: float


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


# For a corpus too small to calibrate on; the fit on our help centre, rounded (2026-11-22).
DEFAULT_RULE = AnswerRule(weights=(7.0, 3.0, 4.0, 1.0, 0.5), bias=-7.0, threshold=0.5)


def fit_rule(
    right: Sequence[Evidence], wrong: Sequence[Evidence], *, max_wrong: float = MAX_WRONG
) -> AnswerRule:
    """Fit the rule on questions whose best passage answers them (right) and others (wrong).

    Weights are kept at or above 0: more evidence never lowers the confidence. The threshold is the lowest one at
    which at most max_wrong of all questions would be answered wrongly.
    """
    if len(right) < 5 or len(wrong) < 5:
        return DEFAULT_RULE
    inputs = np.asarray([astuple(evidence) for evidence in (*right, *wrong)])
    targets = np.r_[np.ones(len(right)), np.zeros(len(wrong))]
    weights, bias = _logistic(inputs, targets)
    rule = AnswerRule(tuple(float(w) for w in weights), bias, 0.5)
    confidences = [rule.confidence(evidence) for evidence in wrong]
    return AnswerRule(rule.weights, rule.bias, _threshold(confidences, len(targets), max_wrong))


def _threshold(wrong: Sequence[float], questions: int, max_wrong: float) -> float:
    tolerated = int(max_wrong * questions)
    ordered = sorted(wrong, reverse=True)
    return float(np.nextafter(ordered[tolerated], 1)) if tolerated < len(ordered) else 0.0


def _logistic(
    inputs: npt.NDArray[np.float64], targets: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.float64], float]:
    """Fit by projected gradient descent; both classes weigh alike."""
    sizes = np.where(targets > 0, targets.sum(), len(targets) - targets.sum())
    importance = len(targets) / (2 * sizes)
    weights, bias = np.ones(inputs.shape[1]), 0.0
    for _ in range(_STEPS):
        errors = importance * (1 / (1 + np.exp(-(inputs @ weights + bias))) - targets)
        weights = np.maximum(
            0, weights - _RATE * (inputs.T @ errors + _RIDGE * 0.01 * weights) / len(targets) * 10
        )
        bias -= _RATE * errors.mean() * 10
    return weights, float(bias)
