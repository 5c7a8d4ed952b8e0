"""When to answer: a rule over what speaks for the best passage, fitted at build without labels."""

import json
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields, replace
from functools import cache
from math import ceil
from pathlib import Path
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
# On so many of the corpora that the experience is of the dial holds; on the others a little more is answered wrongly.
_KEPT = 0.8
# Written by bench/knowledge/experience.py.
_EXPERIENCE = Path(__file__).with_name("experience.json")


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for answering with the best passage; each number is in [0, 1].

    The cosine of the best sentence, a vote of the two rankings, the leads in cosine and in coverage, how far the cosine
    stands out, and the score itself were tried as well; they help on made questions and harm the tuning questions.

    Attributes:
        cosine: of the question and the passage, less where the encoder knows few of the question's tokens.
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
        if len(weights) != len(fields(Evidence)):
            raise ValueError("not a rule of this evidence")
        return rule


@dataclass(frozen=True, slots=True)
class Experience:
    """What real questions to other corpora taught; the evidence is by the encoder that Careline brings along.

    Attributes:
        rule: tells right from wrong over all of them.
        questions: how many each corpus was asked, a quarter of them with nothing there to answer.
        wrong: by corpus, the evidence for the best passage of those that it does not answer.
    """

    rule: AnswerRule
    questions: int
    wrong: tuple[tuple[Evidence, ...], ...]

    def threshold(self, rule: AnswerRule, max_wrong_share: float) -> float:
        """Find the confidence of a rule at which ``_KEPT`` of these corpora answer at most so many questions wrongly."""
        found = []
        for wrong in self.wrong:
            shares = np.full(len(wrong), 1 / self.questions)
            found.append(_threshold(_confidences(rule, wrong), shares, max_wrong_share))
        return sorted(found)[ceil(_KEPT * len(found)) - 1]


@cache
def experience() -> Experience:
    """Read what is known from other corpora."""
    record = json.loads(_EXPERIENCE.read_text(encoding="utf-8"))
    wrong = tuple(tuple(Evidence(*numbers) for numbers in corpus) for corpus in record["wrong"])
    return Experience(AnswerRule.from_json({**record["rule"], "threshold": 0.5}), record["questions"], wrong)


def default_rule(max_wrong_share: float = MAX_WRONG_SHARE) -> AnswerRule:
    """Give the rule for a corpus that is too small to fit one on, or has no questions: that of other corpora."""
    known = experience()
    return replace(known.rule, threshold=known.threshold(known.rule, max_wrong_share))


def fit_rule(made: MadeEvidence, *, max_wrong_share: float = MAX_WRONG_SHARE) -> AnswerRule:
    """Fit the rule on made questions; the default one when they are too few.

    Weights are kept at or above 0: more evidence never lowers the confidence. The threshold is the lowest confidence
    at which at most ``max_wrong_share`` of the questions are answered wrongly, of the made ones and of those that other
    corpora were asked: titles may be found more easily than what customers ask.
    """
    if min(len(made.right), len(made.unanswerable)) < _FEWEST_QUESTIONS:
        return default_rule(max_wrong_share)
    rule = fit_together([made])
    confidences = _confidences(rule, (*made.misled, *made.unanswerable))
    own = _threshold(confidences, _shares(made)[len(made.right) :], max_wrong_share)
    return replace(rule, threshold=max(own, experience().threshold(rule, max_wrong_share)))


def fit_together(corpora: Sequence[MadeEvidence]) -> AnswerRule:
    """Fit one rule on the evidence of some corpora, each of them counting the same; its threshold is 0.5."""
    inputs = np.asarray([(*astuple(item), 1.0) for made in corpora for item in _all_of(made)])
    targets = np.concatenate([np.arange(len(_all_of(made))) < len(made.right) for made in corpora])
    shares = np.concatenate([_shares(made) for made in corpora]) / len(corpora)
    *weights, bias = _rising(inputs, targets.astype(np.float64), shares * len(inputs))
    return AnswerRule(tuple(float(weight) for weight in weights), float(bias), 0.5)


def _confidences(rule: AnswerRule, evidence: Sequence[Evidence]) -> npt.NDArray[np.float64]:
    return np.asarray([rule.confidence(item) for item in evidence])


def _all_of(made: MadeEvidence) -> tuple[Evidence, ...]:
    return (*made.right, *made.misled, *made.unanswerable)


def _shares(made: MadeEvidence) -> npt.NDArray[np.float64]:
    """Tell what part of all questions each piece of evidence stands for, in the order of ``_all_of``."""
    answerable = len(made.right) + len(made.misled)
    misled = min(MISLED_SHARE, len(made.misled) / max(1, answerable))
    return np.concatenate(
        [
            _spread_over(made.right, (1 - UNANSWERABLE_SHARE) * (1 - misled)),
            _spread_over(made.misled, (1 - UNANSWERABLE_SHARE) * misled),
            _spread_over(made.unanswerable, UNANSWERABLE_SHARE),
        ]
    )


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
