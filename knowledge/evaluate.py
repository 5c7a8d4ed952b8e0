"""Measures the served path: retrieval on folders of corpus, queries and judgements; answers on our own questions."""

import statistics
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from knowledge.answer import gather_evidence
from knowledge.build import ENCODERS, BuildConfig, EncoderLoader, build_documents
from knowledge.documents import Audience, Collection
from knowledge.encoder import Encoder, OnnxEncoder, Progress
from knowledge.errors import RetrievalSetInvalid
from knowledge.filters import CUSTOMER
from knowledge.index import SERVED, KnowledgeIndex, Method, Query
from knowledge.metrics import Metrics, mean_metrics
from knowledge.retrieval_set import RetrievalSet, read_lines, read_retrieval_set, text_of

_DEPTH = 300  # passages ranked to find 100 documents
QUESTIONS_FORM = 'one JSON object a line: {"id": …, "text": …, "article": document id or null}'
EVERYBODY = frozenset(Audience)


@dataclass(frozen=True, slots=True)
class RetrievalReport:
    """One set, every method, in one run."""

    metrics: dict[Method, Metrics]
    documents: int
    passages: int
    dense_weight: float
    embed_milliseconds: float
    search_milliseconds: float
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """One object per method, and ``served``: the name of the one that customers get."""
        return {
            **{method.value: _rounded(asdict(values)) for method, values in self.metrics.items()},
            "served": SERVED.value,
            "documents": self.documents,
            "passages": self.passages,
            "dense_weight": round(self.dense_weight, 4),
            "embed_ms_p50": round(self.embed_milliseconds, 2),
            "search_ms_p50": round(self.search_milliseconds, 2),
            "notes": list(self.notes),
        }


@dataclass(frozen=True, slots=True)
class AnswerReport:
    """What became of questions with a known article (or none).

    Attributes:
        first, first_three: share of the answerable whose article was ranked first, or among the first three.
        right: share of the answerable that were answered from their article.
        wrong: share of all questions that were answered from another article, or at all when nothing answers.
        abstained_right: share of the unanswerable that got no answer.
        right_at_5_percent_wrong: ``right`` at the threshold where ``wrong`` just stays within 0.05.
        answerable_auroc: how well confidence tells answerable from not.
    """

    questions: int
    answerable: int
    first: float
    first_three: float
    right: float
    wrong: float
    abstained_right: float
    right_at_5_percent_wrong: float
    answerable_auroc: float
    threshold: float
    answer_milliseconds_p50: float
    answer_milliseconds_p95: float

    def to_json(self) -> dict[str, Any]:
        """Write the report as an object."""
        return _rounded(asdict(self))


@dataclass(frozen=True, slots=True)
class _Outcome:
    """One question: was the best article right, is there a right one, how sure, was it answered."""

    is_right: bool
    is_answerable: bool
    confidence: float
    is_answered: bool
    place: int | None
    milliseconds: float


def evaluate_retrieval(
    corpus: Path,
    queries: Path,
    qrels: Path,
    work: Path,
    config: BuildConfig | None = None,
    *,
    progress: Progress | None = None,
    load_encoder: EncoderLoader | None = None,
) -> RetrievalReport:
    """Index a corpus as the product would and rank its queries with every method.

    Args:
        corpus: lines of {"id", "title", "text"}.
        queries: lines of {"id", "text"}.
        qrels: tab-separated query-id, doc-id, relevance, with a header.
        work: folder for the index; what is embedded there already is used again.
        config: how to build.
        progress: called with (stage, done, total).
        load_encoder: makes the encoder; for tests.

    Raises:
        RetrievalSetInvalid: a file is missing or not of that form.
    """
    judged = read_retrieval_set(corpus, queries, qrels)
    report = build_documents(
        Collection(judged.documents, ()), work, config, progress=progress, load_encoder=load_encoder
    )
    index = KnowledgeIndex.load(report.folder)
    encoder = (
        load_encoder(work / ENCODERS)
        if load_encoder
        else OnnxEncoder.load(work / ENCODERS / index.encoder_id)
    )
    return rank_queries(index, encoder, judged)


def rank_queries(index: KnowledgeIndex, encoder: Encoder, judged: RetrievalSet) -> RetrievalReport:
    """Rank every query with every method."""
    started = time.perf_counter()
    embed_times: list[float] = []
    search_times: list[float] = []
    prepared: list[Query] = []
    for _, text in judged.queries:
        started = time.perf_counter()
        prepared.append(index.prepare(text, encoder))
        embed_times.append(time.perf_counter() - started)
    relevant = [judged.relevant[name] for name, _ in judged.queries]
    metrics: dict[Method, Metrics] = {}
    for method in Method:
        rankings = []
        for query in prepared:
            started = time.perf_counter()
            ranking = index.rank(query, None, depth=_DEPTH, method=method)
            if method is SERVED:
                search_times.append(time.perf_counter() - started)
            rankings.append(_documents(index, [ranked.row for ranked in ranking]))
        metrics[method] = mean_metrics(rankings, relevant)
    return RetrievalReport(
        metrics=metrics,
        documents=len(judged.documents),
        notes=judged.notes,
        passages=len(index),
        dense_weight=index.dense_weight,
        embed_milliseconds=_median_ms(embed_times),
        search_milliseconds=_median_ms(search_times),
    )


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
    times = sorted(outcome.milliseconds for outcome in outcomes)
    return AnswerReport(
        questions=len(outcomes),
        answerable=len(answerable),
        first=_share(answerable, [outcome.is_right for outcome in answerable]),
        first_three=_share(
            answerable, [outcome.place is not None and outcome.place < 3 for outcome in answerable]
        ),
        right=_share(answerable, [outcome.is_right and outcome.is_answered for outcome in answerable]),
        wrong=_share(outcomes, [outcome.is_answered and not outcome.is_right for outcome in outcomes]),
        abstained_right=_share(others, [not outcome.is_answered for outcome in others]),
        right_at_5_percent_wrong=_right_at(outcomes, len(answerable), 0.05),
        answerable_auroc=_auroc(
            [outcome.confidence for outcome in answerable], [outcome.confidence for outcome in others]
        ),
        threshold=index.rule.threshold,
        answer_milliseconds_p50=times[len(times) // 2],
        answer_milliseconds_p95=times[int(len(times) * 0.95)],
    )


def _documents(index: KnowledgeIndex, rows: Sequence[int]) -> list[str]:
    names = index.document_ids
    return list(dict.fromkeys(names[row] for row in rows))[:100]


def _ask(index: KnowledgeIndex, encoder: Encoder, text: str, article: str | None) -> _Outcome:
    started = time.perf_counter()
    query = index.prepare(text, encoder)
    found = gather_evidence(index, query, index.allowed(CUSTOMER))
    milliseconds = (time.perf_counter() - started) * 1000
    ranking = _documents(index, [ranked.row for ranked in index.rank(query, index.allowed(CUSTOMER))])
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


def _auroc(positives: Sequence[float], negatives: Sequence[float]) -> float:
    """Probability that a positive scores above a negative, ties counting half."""
    if not positives or not negatives:
        return 0.5
    wins = sum((p > n) + (p == n) / 2 for p in positives for n in negatives)
    return wins / (len(positives) * len(negatives))


def _share(group: Sequence[object], flags: Sequence[bool]) -> float:
    return sum(flags) / len(group) if group else 0.0


def _median_ms(times: Sequence[float]) -> float:
    return statistics.median(times) * 1000 if times else 0.0


def _rounded(values: dict[str, Any]) -> dict[str, Any]:
    return {name: round(value, 4) if isinstance(value, float) else value for name, value in values.items()}
