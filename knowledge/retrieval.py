"""Measures retrieval: every method on one set of corpus, queries and judgements, as customers would be served."""

import statistics
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from knowledge.answer import gather_evidence
from knowledge.build import ENCODERS, BuildConfig, EncoderLoader, build_documents
from knowledge.documents import Collection, Document
from knowledge.encoder import Encoder, OnnxEncoder, Progress
from knowledge.index import SERVED, KnowledgeIndex, Method, Query
from knowledge.metrics import Metrics, auroc, mean_metrics, rounded
from knowledge.reranker import RERANKED, Reranker, reranked
from knowledge.retrieval_set import RetrievalSet, read_retrieval_set
from nlu.binomial import share_interval

_PASSAGES = 300  # ranked to find _DOCUMENTS documents
_DOCUMENTS = 100
RERANKED_NAME = "reranked"
# Queries that are asked once more with their documents taken away, at most.
_MOST_UNANSWERABLE = 1_000


@dataclass(frozen=True, slots=True)
class RankedQuery:
    """What each method found for a query.

    Attributes:
        relevant: the grades of the relevant documents.
        rankings: document ids by method, best first.
    """

    query_id: str
    text: str
    relevant: dict[str, int]
    rankings: dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question put to the answer rule: was the first document right (never, where nothing answers), and how sure was it."""

    is_answerable: bool
    is_right: bool
    confidence: float


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds a query takes, the median and what 95 of 100 stay below; reranking 0 where nothing was."""

    embed_p50: float
    embed_p95: float
    search_p50: float
    search_p95: float
    rerank_p50: float = 0.0
    rerank_p95: float = 0.0


@dataclass(frozen=True, slots=True)
class RetrievalReport:
    """One set, every method, in one run.

    Attributes:
        titles: of the documents that the queries want or found first, by id.
        asked: the queries, and the same without their documents.
        threshold: the confidence from which on an answer is given.
        max_wrong_share: where the dial stood.
        notes: what is odd about the files.
    """

    name: str
    queries: tuple[RankedQuery, ...]
    metrics: dict[str, Metrics]
    asked: tuple[Asked, ...]
    titles: dict[str, str]
    threshold: float
    max_wrong_share: float
    documents: int
    passages: int
    dense_weight: float
    encoder_id: str
    latency: Latency
    notes: tuple[str, ...]

    @property
    def served(self) -> str:
        """The method that customers get."""
        return SERVED.value

    def to_json(self) -> dict[str, Any]:
        """One object per method, and ``served``: the name of the one that customers get."""
        return {
            **{name: rounded(asdict(values)) for name, values in self.metrics.items()},
            "served": self.served,
            "documents": self.documents,
            "passages": self.passages,
            "dense_weight": round(self.dense_weight, 4),
            "encoder": self.encoder_id,
            "answering": answering(self.asked, self.threshold, self.max_wrong_share),
            "latency_ms": rounded(asdict(self.latency)),
            "notes": list(self.notes),
        }


def evaluate_retrieval(
    corpus: Path,
    queries: Path,
    qrels: Path,
    work: Path,
    config: BuildConfig | None = None,
    *,
    progress: Progress | None = None,
    load_encoder: EncoderLoader | None = None,
    reranker: Reranker | None = None,
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
        reranker: is measured as well, on the first of the served ranking.

    Raises:
        RetrievalSetInvalid: a file is missing or not of that form.
    """
    judged = read_retrieval_set(corpus, queries, qrels)
    searched = replace(config or BuildConfig(), is_for_answers=False)
    report = build_documents(
        Collection(judged.documents, ()), work, searched, progress=progress, load_encoder=load_encoder
    )
    index = KnowledgeIndex.load(report.folder)
    loader = load_encoder or (lambda encoders: OnnxEncoder.load(encoders / index.encoder_id))
    return rank_queries(
        index, loader(work / ENCODERS), judged, name=corpus.resolve().parent.name, reranker=reranker
    )


def rank_queries(
    index: KnowledgeIndex,
    encoder: Encoder,
    judged: RetrievalSet,
    *,
    name: str,
    reranker: Reranker | None = None,
) -> RetrievalReport:
    """Rank every query with every method, and ask each with its documents and without."""
    prepared, embed_times = _prepare(index, encoder, [text for _, text in judged.queries])
    search_times: list[float] = []
    rerank_times: list[float] = []
    ranked: list[RankedQuery] = []
    for (query_id, text), query in zip(judged.queries, prepared, strict=True):
        rankings = {
            method.value: _rank(index, query, method, search_times if method is SERVED else [])
            for method in Method
        }
        if reranker is not None:
            rankings[RERANKED_NAME] = _rerank(index, query, reranker, rerank_times)
        ranked.append(RankedQuery(query_id, text, judged.relevant[query_id], rankings))
    metrics = {
        method: mean_metrics([one.rankings[method] for one in ranked], [one.relevant for one in ranked])
        for method in ranked[0].rankings
    }
    others, _ = _prepare(index, encoder, [text for _, text in judged.unanswerable])
    wanted = {doc for one in ranked for doc in (*one.relevant, *one.rankings[SERVED.value][:1])}
    documents = {document.document_id: document for document in judged.documents}
    return RetrievalReport(
        name=name,
        queries=tuple(ranked),
        metrics=metrics,
        asked=_ask_all(index, prepared, [one.relevant for one in ranked], others),
        titles={doc: _called(documents[doc]) for doc in wanted if doc in documents},
        threshold=index.rule.threshold,
        max_wrong_share=float(index.manifest.get("tuned_on", {}).get("max_wrong_share", 0.0)),
        documents=len(judged.documents),
        passages=len(index),
        dense_weight=index.dense_weight,
        encoder_id=index.encoder_id,
        latency=Latency(
            *_milliseconds(embed_times), *_milliseconds(search_times), *_milliseconds(rerank_times)
        ),
        notes=judged.notes,
    )


def answering(asked: Sequence[Asked], threshold: float, max_wrong_share: float) -> dict[str, Any]:
    """Sum up what the answer rule does: how well it tells, and what comes of the dial, with exact 95 % intervals."""
    known = [one for one in asked if one.is_answerable]
    unknown = [one.confidence for one in asked if not one.is_answerable]
    answered = [one for one in asked if one.confidence >= threshold]
    wrong = sum(not one.is_right for one in answered)
    low, high = share_interval(wrong, len(asked))
    values = {
        "answerable": len(known),
        "unanswerable": len(unknown),
        "answerable_auroc": auroc([one.confidence for one in known], unknown),
        "right_auroc": auroc(
            [one.confidence for one in asked if one.is_right],
            [one.confidence for one in asked if not one.is_right],
        ),
        "max_wrong_share": max_wrong_share,
        "threshold": threshold,
        "answered": len(answered) / len(asked) if asked else 0.0,
        "answered_right": sum(one.is_right for one in answered) / len(known) if known else 0.0,
        "wrong": wrong / len(asked) if asked else 0.0,
        "wrong_low": low,
        "wrong_high": high,
    }
    return {**rounded(values), "reject_curve": [list(point) for point in rejects(asked)]}


def rejects(asked: Sequence[Asked], steps: int = 20) -> list[tuple[float, float]]:
    """Answer the surest twentieth, tenth, ... of the questions: (share answered, share of these that is right)."""
    order = sorted(asked, key=lambda one: -one.confidence)
    ends = sorted({round(len(order) * step / steps) for step in range(1, steps + 1)} - {0})
    return [
        (round(end / len(order), 4), round(sum(one.is_right for one in order[:end]) / end, 4)) for end in ends
    ]


def _ask_all(
    index: KnowledgeIndex,
    prepared: Sequence[Query],
    relevant: Sequence[dict[str, int]],
    others: Sequence[Query],
) -> tuple[Asked, ...]:
    """Ask all queries, some of them again when what is relevant has been taken away, and those that nothing answers."""
    asked = []
    for place, (query, grades) in enumerate(zip(prepared, relevant, strict=True)):
        asked.append(_ask(index, query, grades))
        if place < _MOST_UNANSWERABLE:
            asked.append(_ask(index, query, grades, without=True))
    return (*asked, *(_ask(index, query, {}) for query in others))


def _ask(index: KnowledgeIndex, query: Query, relevant: dict[str, int], *, without: bool = False) -> Asked:
    found = gather_evidence(index, query, index.without(frozenset(relevant)) if without else None)
    confidence = index.rule.confidence(found.evidence) if found else 0.0
    is_right = found is not None and not without and found.passage.document_id in relevant
    return Asked(bool(relevant) and not without, is_right, confidence)


def _prepare(
    index: KnowledgeIndex, encoder: Encoder, texts: Sequence[str]
) -> tuple[list[Query], list[float]]:
    queries, times = [], []
    for text in texts:
        started = time.perf_counter()
        queries.append(index.prepare(text, encoder))
        times.append(time.perf_counter() - started)
    return queries, times


def _rank(index: KnowledgeIndex, query: Query, method: Method, times: list[float]) -> list[str]:
    started = time.perf_counter()
    ranking = index.rank(query, None, depth=_PASSAGES, method=method)
    times.append(time.perf_counter() - started)
    return index.documents_of(ranking)[:_DOCUMENTS]


def _rerank(index: KnowledgeIndex, query: Query, reranker: Reranker, times: list[float]) -> list[str]:
    """Rank as served, then let the reranker order the first passages anew."""
    ranking = index.rank(query, None, depth=_PASSAGES)
    started = time.perf_counter()
    texts = [index.passage(ranked.row).embedded_text for ranked in ranking[:RERANKED]]
    first = [ranking[place] for place in reranked(query.text, texts, reranker)]
    times.append(time.perf_counter() - started)
    return index.documents_of([*first, *ranking[RERANKED:]])[:_DOCUMENTS]


def _milliseconds(times: Sequence[float]) -> tuple[float, float]:
    if not times:
        return 0.0, 0.0
    return statistics.median(times) * 1000, sorted(times)[int(len(times) * 0.95)] * 1000


def _called(document: Document) -> str:
    """Name a document by its title, or by how it begins."""
    text = document.title or (document.blocks[0].text if document.blocks else "")
    return text if len(text) <= 80 else text[:79] + "…"
