"""Looks for contradictions between the passages of an index: each with its nearest ones of other documents."""

from collections.abc import Iterator

from knowledge.conflicts import MAX_CONFLICTS, Conflict
from knowledge.contradiction import Verdict, judge
from knowledge.embeddings import Embeddings
from knowledge.index import KnowledgeIndex

# Passages looked at in one build, the newest first, and neighbours of each: 5,000 take a minute in an exact index of 100,000.
MAX_PASSAGES = 5_000
_NEIGHBOURS = 12
# Passages less alike than this are about different matters.
_LEAST_COSINE = 0.5


def find_conflicts(index: KnowledgeIndex, embeddings: Embeddings) -> list[Conflict]:
    """Find passages of different documents that contradict each other.

    Args:
        index: of the passages.
        embeddings: of their texts.

    Returns:
        At most ``MAX_CONFLICTS``, each pair of texts once.
    """
    newest = sorted(range(len(index)), key=lambda row: index.passage(row).updated, reverse=True)
    found: dict[frozenset[str], Conflict] = {}
    for row in newest[:MAX_PASSAGES]:
        for conflict in _conflicts_of(index, embeddings, row):
            found.setdefault(conflict.key, conflict)
        if len(found) >= MAX_CONFLICTS:
            break
    return list(found.values())[:MAX_CONFLICTS]


def _conflicts_of(index: KnowledgeIndex, embeddings: Embeddings, row: int) -> Iterator[Conflict]:
    passage = index.passage(row)
    vector = embeddings.of([passage.embedded_text])[0]
    for near, cosine in index.neighbours(vector, _NEIGHBOURS):
        if cosine < _LEAST_COSINE or index.document(near) == index.document(row):
            continue
        other = index.passage(near)
        judgement = judge(passage, other)
        if judgement.verdict is Verdict.CONTRADICT:
            yield Conflict.between(passage, judgement.sentence, other, judgement.other)
