"""Tunes an index on questions that its articles list and on questions made of its titles, without labels.

A listed question is asked of an index that does not hold it (but the article's other ones); the title of an article
that lists none is asked of bodies alone. That shows which side finds documents better, and what the evidence for right
and wrong answers looks like. Asked against everything but its own document and the documents most like it, a question
shows what the evidence looks like when nothing answers.
"""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from knowledge.abstain import MAX_WRONG_SHARE, AnswerRule, Evidence, MadeEvidence, fit_rule
from knowledge.allowed import Allowed
from knowledge.answer import gather_evidence
from knowledge.assembly import assemble, embedded_texts
from knowledge.documents import Passage
from knowledge.embeddings import Embeddings
from knowledge.fusion import dense_weight
from knowledge.index import KnowledgeIndex, Method, Query
from knowledge.metrics import reciprocal_rank
from knowledge.reranker import Reranking

MAX_TITLES = 400
MAX_LISTED = 600
# Listed questions are left out and asked in so many groups, so that most of an article's others stay.
_GROUPS = 6
_MAX_POOL_PASSAGES = 800
_MIN_WORDS = 2
# Reading again takes long, so a rule for it is fitted on fewer questions; on what the reranker did not learn from, if
# that is enough: it is surer of what it learned.
MAX_REREAD = 150
_LEAST_UNSEEN = 40
# Help centres have several articles on one matter; without the nearest ones a question is truly without an answer.
_LIKE_DOCUMENTS = 5
# Less is chance. Where documents are of one passage or of several, those of one lose: StackFAQ nDCG@10 0.962 -> 0.931.
_SUPPORT_GAIN = 0.005
_SEED = 20261122


@dataclass(frozen=True, slots=True)
class MadeQuestion:
    """A question whose documents are known."""

    text: str
    document_ids: frozenset[str]


@dataclass(frozen=True, slots=True)
class Trial:
    """Questions, an index that does not hold them, and the index to ask when their documents are taken away."""

    questions: Sequence[MadeQuestion]
    index: KnowledgeIndex
    whole: KnowledgeIndex


@dataclass(frozen=True, slots=True)
class Tuning:
    """What was found for an index: the dense side's weight, and whether passages of a document support one another.

    ``reranked_rule`` is the rule where a reranker takes part; None without one.
    """

    dense_weight: float
    has_support: bool
    rule: AnswerRule
    questions: int
    dense_quality: float
    sparse_quality: float
    reranked_rule: AnswerRule | None = None


def tune(
    passages: Sequence[Passage],
    embeddings: Embeddings,
    *,
    max_wrong_share: float = MAX_WRONG_SHARE,
    reranking: Reranking | None = None,
) -> Tuning:
    """Choose the fusion weight and the answer rule of an index over some passages.

    Args:
        passages: of the index.
        embeddings: of them; texts that are missing are added.
        max_wrong_share: the share of all questions that may be answered wrongly.
        reranking: a reranker that takes part when customers ask.
    """
    pool = _pool(passages)
    trials = [*_listed_trials(pool, embeddings), *_title_trials(pool, embeddings)]
    dense = _quality(trials, embeddings, Method.DENSE)
    sparse = _quality(trials, embeddings, Method.BM25)
    weight = dense_weight(dense, sparse)
    for trial in trials:
        trial.index.dense_weight = trial.whole.dense_weight = weight
    has_support = _choose_support(trials, embeddings)
    rule = fit_rule(_gather(trials, embeddings), max_wrong_share=max_wrong_share)
    reranked_rule = None
    if reranking is not None:
        reread = _reread_trials(trials, reranking)
        reranked_rule = fit_rule(_gather(reread, embeddings), max_wrong_share=max_wrong_share)
    asked = sum(len(trial.questions) for trial in trials)
    return Tuning(weight, has_support, rule, asked, dense, sparse, reranked_rule)


def _reread_trials(trials: Sequence[Trial], reranking: Reranking) -> list[Trial]:
    """Let the reranker take part in the trials, which keep a sample of their questions."""
    unseen = [
        replace(trial, questions=[one for one in trial.questions if one.document_ids <= reranking.held_out])
        for trial in trials
    ]
    if sum(len(trial.questions) for trial in unseen) < _LEAST_UNSEEN:
        unseen = list(trials)
    each = -(-MAX_REREAD // max(1, len(unseen)))
    for trial in unseen:
        trial.index.reranking = trial.whole.reranking = reranking
    return [replace(trial, questions=trial.questions[:each]) for trial in unseen if trial.questions]


def _choose_support(trials: Sequence[Trial], embeddings: Embeddings) -> bool:
    """Let passages of a document support one another only where that finds more of the made questions' documents."""
    quality = {}
    for has_support in (True, False):
        for trial in trials:
            trial.index.has_support = trial.whole.has_support = has_support
        quality[has_support] = _quality(trials, embeddings, Method.HYBRID)
    chosen = quality[True] > quality[False] + _SUPPORT_GAIN
    for trial in trials:
        trial.index.has_support = trial.whole.has_support = chosen
    return chosen


def title_questions(passages: Sequence[Passage]) -> list[MadeQuestion]:
    """Make questions of the distinct titles, of at least ``_MIN_WORDS`` words, of documents that list none."""
    listing = {passage.document_id for passage in passages if passage.questions}
    pairs = ((passage.title, passage.document_id) for passage in passages)
    made = _made((text, name) for text, name in pairs if name not in listing)
    return [question for question in made if len(question.text.split()) >= _MIN_WORDS][:MAX_TITLES]


def listed_questions(passages: Sequence[Passage]) -> list[MadeQuestion]:
    """Sample the questions that documents list."""
    pairs = ((text, passage.document_id) for passage in passages for text in passage.questions)
    return _made(pairs)[:MAX_LISTED]


def without_questions(passages: Sequence[Passage], questions: Sequence[MadeQuestion]) -> list[Passage]:
    """Leave questions out of the passages that list them."""
    texts = {question.text for question in questions}
    return [
        replace(passage, questions=tuple(text for text in passage.questions if text not in texts))
        for passage in passages
    ]


def _made(pairs: Iterable[tuple[str, str]]) -> list[MadeQuestion]:
    """Join the documents that share a question, and shuffle."""
    carriers: dict[str, set[str]] = {}
    for text, name in pairs:
        carriers.setdefault(text, set()).add(name)
    questions = [MadeQuestion(text, frozenset(ids)) for text, ids in carriers.items()]
    random.Random(_SEED).shuffle(questions)  # noqa: S311 - a sample, not a secret
    return questions


def _title_trials(pool: Sequence[Passage], embeddings: Embeddings) -> list[Trial]:
    questions = title_questions(pool)
    if not questions:
        return []
    bodies = [replace(passage, title="", headings=(), questions=()) for passage in pool]
    embeddings.embed(embedded_texts(bodies))
    embeddings.embed(question.text for question in questions)
    return [Trial(questions, assemble(bodies, embeddings, {}), assemble(pool, embeddings, {}))]


def _listed_trials(pool: Sequence[Passage], embeddings: Embeddings) -> list[Trial]:
    questions = listed_questions(pool)
    trials = []
    for group in (questions[start::_GROUPS] for start in range(_GROUPS)):
        if group:
            index = assemble(without_questions(pool, group), embeddings, {})
            trials.append(Trial(group, index, index))
    return trials


def _pool(passages: Sequence[Passage]) -> list[Passage]:
    """Sample whole documents until there are enough passages."""
    by_document: dict[str, list[Passage]] = {}
    for passage in passages:
        by_document.setdefault(passage.document_id, []).append(passage)
    names = list(by_document)
    random.Random(_SEED).shuffle(names)  # noqa: S311 - a sample, not a secret
    pool: list[Passage] = []
    for name in names:
        if len(pool) >= _MAX_POOL_PASSAGES:
            break
        pool.extend(by_document[name])
    return pool


def _quality(trials: Sequence[Trial], embeddings: Embeddings, method: Method) -> float:
    """Average the reciprocal rank of the first right document; 0 without questions."""
    ranks = []
    for trial in trials:
        for question, query in _prepared(trial, embeddings):
            ranking = trial.index.rank(query, None, depth=20, method=method)
            ranks.append(reciprocal_rank(trial.index.documents_of(ranking), question.document_ids))
    return float(np.mean(ranks)) if ranks else 0.0


def _gather(trials: Sequence[Trial], embeddings: Embeddings) -> MadeEvidence:
    """Ask every question as it is, then without its documents and their like."""
    right: list[Evidence] = []
    misled: list[Evidence] = []
    unanswerable: list[Evidence] = []
    for trial in trials:
        for question, query in _prepared(trial, embeddings):
            found = gather_evidence(trial.index, query, None)
            if found is not None:
                is_right = found.passage.document_id in question.document_ids
                (right if is_right else misled).append(found.evidence)
            allowed = _without_its_like(trial.whole, query, question)
            other = gather_evidence(trial.whole, query, allowed)
            if other is not None:
                unanswerable.append(other.evidence)
    return MadeEvidence(right, misled, unanswerable)


def _prepared(trial: Trial, embeddings: Embeddings) -> list[tuple[MadeQuestion, Query]]:
    vectors = embeddings.of(question.text for question in trial.questions)
    known = embeddings.encoder.known_share
    return [
        (question, trial.index.prepared(question.text, vector, known(question.text)))
        for question, vector in zip(trial.questions, vectors, strict=True)
    ]


def _without_its_like(index: KnowledgeIndex, query: Query, question: MadeQuestion) -> Allowed:
    """Allow all rows but those of the right document and of the documents that come next."""
    ranking = index.rank(query, None)
    near = index.documents_of(ranking)[:_LIKE_DOCUMENTS]
    return index.without(question.document_ids | set(near))
