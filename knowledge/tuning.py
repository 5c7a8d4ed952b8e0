"""Tunes an index on questions made of its own titles and headings, without labels.

Asked against bodies alone (without titles and headings), a title shows which side finds documents better, and what the evidence
for a right answer looks like. Asked against everything but its own document, it shows what the evidence looks like when
nothing answers.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from knowledge.abstain import AnswerRule, Evidence, fit_rule
from knowledge.answer import gather_evidence
from knowledge.assembly import assemble, embedded_texts
from knowledge.documents import Passage
from knowledge.embeddings import Embeddings
from knowledge.fusion import dense_weight
from knowledge.index import KnowledgeIndex, Method

MAX_QUESTIONS = 400
_MAX_POOL_PASSAGES = 800
_MIN_WORDS = 2
_SEED = 20261122


@dataclass(frozen=True, slots=True)
class MadeQuestion:
    """A title or heading asked as a question, and the documents that carry it."""

    text: str
    document_ids: frozenset[str]
    is_title: bool


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
    bodies = [replace(passage, title="", headings=()) for passage in pool]
    embeddings.embed(text for passage in bodies for text in embedded_texts(passage))
    embeddings.embed(question.text for question in made)
    bare = assemble(bodies, embeddings, {})
    titles = [question for question in made if question.is_title]
    dense = _quality(bare, titles, embeddings, Method.DENSE)
    sparse = _quality(bare, titles, embeddings, Method.BM25)
    weight = dense_weight(dense, sparse)
    index.dense_weight = bare.dense_weight = weight
    right, wrong = _evidence(index, bare, made, embeddings)
    return Tuning(weight, fit_rule(right, wrong), len(made), dense, sparse)


def make_questions(passages: Sequence[Passage]) -> list[MadeQuestion]:
    """Make questions of the distinct titles, and of the headings together with their titles."""
    carriers: dict[tuple[str, bool], set[str]] = {}
    for passage in passages:
        carriers.setdefault((passage.title, True), set()).add(passage.document_id)
        if passage.headings:
            carriers.setdefault((passage.headings[-1], False), set()).add(passage.document_id)
    questions = [
        MadeQuestion(text, frozenset(ids), is_title)
        for (text, is_title), ids in carriers.items()
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


def _evidence(
    index: KnowledgeIndex, bare: KnowledgeIndex, questions: Sequence[MadeQuestion], embeddings: Embeddings
) -> tuple[list[Evidence], list[Evidence]]:
    """Gather evidence of right answers (bodies alone) and of wrong ones (everything but the right document)."""
    right: list[Evidence] = []
    wrong: list[Evidence] = []
    vectors = embeddings.of(question.text for question in questions)
    for question, vector in zip(questions, vectors, strict=True):
        found = gather_evidence(bare, bare.prepared(question.text, vector), None)
        if found is not None:
            is_right = found.passage.document_id in question.document_ids
            (right if is_right else wrong).append(found.evidence)
        mask = np.ones(len(index), dtype=np.bool_)
        mask[index.rows_of(question.document_ids)] = False
        other = gather_evidence(index, index.prepared(question.text, vector), mask)
        if other is not None:
            wrong.append(other.evidence)
    return right, wrong
