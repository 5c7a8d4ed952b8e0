"""Tunes an index on questions made of its own titles, without labels.

Asked against bodies alone, a title shows which side finds documents better, and what the evidence for right and wrong
answers looks like. Asked against everything but its own document and the documents most like it, it shows what the
evidence looks like when nothing answers.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from knowledge.abstain import AnswerRule, Evidence, MadeEvidence, fit_rule
from knowledge.answer import gather_evidence
from knowledge.assembly import assemble, embedded_texts
from knowledge.dense import MaskArray
from knowledge.documents import Passage
from knowledge.embeddings import Embeddings
from knowledge.fusion import dense_weight
from knowledge.index import KnowledgeIndex, Method, Query

MAX_QUESTIONS = 400
_MAX_POOL_PASSAGES = 800
_MIN_WORDS = 2
# Help centres have several articles on one matter; without the nearest ones a question is truly without an answer.
_LIKE_DOCUMENTS = 5
_SEED = 20261122


@dataclass(frozen=True, slots=True)
class MadeQuestion:
    """A title asked as a question, and the documents that carry it."""

    text: str
    document_ids: frozenset[str]


@dataclass(frozen=True, slots=True)
class Tuning:
    """What was found for an index."""

    dense_weight: float
    rule: AnswerRule
    questions: int
    dense_quality: float
    sparse_quality: float


def tune(index: KnowledgeIndex, passages: Sequence[Passage], embeddings: Embeddings) -> Tuning:
    """Choose the fusion weight and the answer rule of an index.

    Args:
        index: over all passages; its own weight and rule are not looked at.
        passages: those of the index, in its order.
        embeddings: of the index; texts that are missing are added.
    """
    pool = _pool(passages)
    made = make_questions(pool)
    bodies = [replace(passage, title="", headings=(), questions=()) for passage in pool]
    embeddings.embed(embedded_texts(bodies))
    embeddings.embed(question.text for question in made)
    bare = assemble(bodies, embeddings, {})
    dense = _quality(bare, made, embeddings, Method.DENSE)
    sparse = _quality(bare, made, embeddings, Method.BM25)
    weight = dense_weight(dense, sparse)
    index.dense_weight = bare.dense_weight = weight
    return Tuning(weight, fit_rule(_gather(index, bare, made, embeddings)), len(made), dense, sparse)


def make_questions(passages: Sequence[Passage]) -> list[MadeQuestion]:
    """Make questions of the distinct titles of at least ``_MIN_WORDS`` words."""
    carriers: dict[str, set[str]] = {}
    for passage in passages:
        carriers.setdefault(passage.title, set()).add(passage.document_id)
    questions = [
        MadeQuestion(text, frozenset(ids))
        for text, ids in carriers.items()
        if len(text.split()) >= _MIN_WORDS
    ]
    random.Random(_SEED).shuffle(questions)  # noqa: S311 - a sample, not a secret
    return questions[:MAX_QUESTIONS]


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


def _quality(
    bare: KnowledgeIndex, questions: Sequence[MadeQuestion], embeddings: Embeddings, method: Method
) -> float:
    """Average the reciprocal rank of the first right document; 0 without questions."""
    if not questions:
        return 0.0
    vectors = embeddings.of(question.text for question in questions)
    ranks = []
    for question, vector in zip(questions, vectors, strict=True):
        ranking = bare.rank(bare.prepared(question.text, vector), None, depth=20, method=method)
        seen = list(dict.fromkeys(bare.passage(ranked.row).document_id for ranked in ranking))
        hits = [place for place, name in enumerate(seen, start=1) if name in question.document_ids]
        ranks.append(1 / hits[0] if hits else 0.0)
    return float(np.mean(ranks))


def _gather(
    index: KnowledgeIndex, bare: KnowledgeIndex, questions: Sequence[MadeQuestion], embeddings: Embeddings
) -> MadeEvidence:
    """Ask the bodies alone, then everything without the right document and its like."""
    right: list[Evidence] = []
    misled: list[Evidence] = []
    unanswerable: list[Evidence] = []
    vectors = embeddings.of(question.text for question in questions)
    for question, vector in zip(questions, vectors, strict=True):
        found = gather_evidence(bare, bare.prepared(question.text, vector), None)
        if found is not None:
            is_right = found.passage.document_id in question.document_ids
            (right if is_right else misled).append(found.evidence)
        query = index.prepared(question.text, vector)
        other = gather_evidence(index, query, _without_its_like(index, query, question))
        if other is not None:
            unanswerable.append(other.evidence)
    return MadeEvidence(right, misled, unanswerable)


def _without_its_like(index: KnowledgeIndex, query: Query, question: MadeQuestion) -> MaskArray:
    """Allow all rows but those of the right document and of the documents that come next."""
    ranking = index.rank(query, None)
    near = list(dict.fromkeys(index.passage(ranked.row).document_id for ranked in ranking))[:_LIKE_DOCUMENTS]
    mask = np.ones(len(index), dtype=np.bool_)
    mask[index.rows_of(question.document_ids | set(near))] = False
    return mask
