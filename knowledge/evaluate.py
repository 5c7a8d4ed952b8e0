"""Measures the answers to questions with a known article, as customers would get them."""

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from knowledge.answer import gather_evidence
from knowledge.encoder import Encoder
from knowledge.errors import RetrievalSetInvalid
from knowledge.filters import CUSTOMER
from knowledge.index import KnowledgeIndex
from knowledge.metrics import auroc, rounded
from knowledge.retrieval_set import read_lines, text_of
from nlu.binomial import share_interval

QUESTIONS_FORM = 'one JSON object a line: {"id": …, "text": …, "article": document id or null}'


@dataclass(frozen=True, slots=True)
class AnswerReport:
    """What became of questions with a known article (or none).

    Attributes:
        first, first_three: share of the answerable whose article was ranked first, or among the first three.
        right: share of the answerable that were answered from their article.
        wrong: share of all questions that were answered from another article, or at all when nothing answers;
            ``wrong_low`` and ``wrong_high`` hold the true share in 95 of 100 cases.
        abstained_right: share of the unanswerable that got no answer.
        right_at_5_percent_wrong: ``right`` at the threshold where ``wrong`` just stays within 0.05.
        answerable_auroc: how well confidence tells answerable from not; ``right_auroc``: what is right from what is not.
    """

    questions: int
    answerable: int
    first: float
    first_three: float
    right: float
    wrong: float
    wrong_low: float
    wrong_high: float
    abstained_right: float
    right_at_5_percent_wrong: float
    answerable_auroc: float
    right_auroc: float
    threshold: float
    answer_milliseconds_p50: float
    answer_milliseconds_p95: float

    def to_json(self) -> dict[str, Any]:
        """Write the report as an object."""
        return rounded(asdict(self))


@dataclass(frozen=True, slots=True)
class _Outcome:
    """One question: was the best article right, is there a right one, how sure, was it answered."""

    is_right: bool
    is_answerable: bool
    confidence: float
    is_answered: bool
    place: int | None
    milliseconds: float


def evaluate_answers(index: KnowledgeIndex, encoder: Encoder, questions: Path) -> AnswerReport:
    """Ask questions with a known article: lines of {"id", "text", "article": document id or null}.

    Raises:
        RetrievalSetInvalid: the file is missing or not of that form.
    """
    lines = list(read_lines(questions, QUESTIONS_FORM))
    outcomes = [
        _ask(index, encoder, text_of(questions, number, line, "text", QUESTIONS_FORM), line.get("article"))
        for number, line in lines
    ]
    if not outcomes:
        raise RetrievalSetInvalid(questions, "it holds no question")
    answerable = [outcome for outcome in outcomes if outcome.is_answerable]
    others = [outcome for outcome in outcomes if not outcome.is_answerable]
    wrong = sum(outcome.is_answered and not outcome.is_right for outcome in outcomes)
    low, high = share_interval(wrong, len(outcomes))
    times = sorted(outcome.milliseconds for outcome in outcomes)
    return AnswerReport(
        questions=len(outcomes),
        answerable=len(answerable),
        first=_share([outcome.is_right for outcome in answerable]),
        first_three=_share([outcome.place is not None and outcome.place < 3 for outcome in answerable]),
        right=_share([outcome.is_right and outcome.is_answered for outcome in answerable]),
        wrong=wrong / len(outcomes),
        wrong_low=low,
        wrong_high=high,
        abstained_right=_share([not outcome.is_answered for outcome in others]),
        right_at_5_percent_wrong=_right_at(outcomes, len(answerable), 0.05),
        answerable_auroc=auroc(
            [outcome.confidence for outcome in answerable], [outcome.confidence for outcome in others]
        ),
        right_auroc=auroc(
            [outcome.confidence for outcome in outcomes if outcome.is_right],
            [outcome.confidence for outcome in outcomes if not outcome.is_right],
        ),
        threshold=index.rule.threshold,
        answer_milliseconds_p50=times[len(times) // 2],
        answer_milliseconds_p95=times[int(len(times) * 0.95)],
    )


def _ask(index: KnowledgeIndex, encoder: Encoder, text: str, article: str | None) -> _Outcome:
    started = time.perf_counter()
    query = index.prepare(text, encoder)
    found = gather_evidence(index, query, index.allowed(CUSTOMER))
    milliseconds = (time.perf_counter() - started) * 1000
    ranking = index.documents_of(index.rank(query, index.allowed(CUSTOMER)))
    confidence = index.rule.confidence(found.evidence) if found else 0.0
    return _Outcome(
        is_right=found is not None and found.passage.document_id == article,
        is_answerable=article is not None,
        confidence=confidence,
        is_answered=found is not None and confidence >= index.rule.threshold,
        place=ranking.index(article) if article in ranking else None,
        milliseconds=milliseconds,
    )


def _right_at(outcomes: Sequence[_Outcome], answerable: int, max_wrong: float) -> float:
    """Go down the confidences as long as wrong answers stay within the limit."""
    right = wrong = best = 0
    for outcome in sorted(outcomes, key=lambda outcome: -outcome.confidence):
        right += outcome.is_right
        wrong += not outcome.is_right
        if wrong > max_wrong * len(outcomes):
            break
        best = right
    return best / answerable if answerable else 0.0


def _share(flags: Sequence[bool]) -> float:
    return sum(flags) / len(flags) if flags else 0.0
