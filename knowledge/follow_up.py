"""Understands a question that goes on with the one before: "how much is delivery" – "and to Switzerland?".

Scores decide, not words: a question that finds something near by itself stands alone. Any other is looked up leaning on
the question before, and what that finds counts only if the question itself has something to do with it.
"""

from collections.abc import Sequence

from knowledge.allowed import Allowed
from knowledge.answer import Found, gather_evidence
from knowledge.encoder import Encoder
from knowledge.index import KnowledgeIndex, Query
from knowledge.vectors import lean

# Chosen 2026-11-25 on the 18 examples of tests/knowledge/follow_ups.jsonl that are marked for it: questions that stand
# alone find their passage at 0.69 or more, of 11 that lean one does so at 0.65 (and is right), the others below 0.6.
_STANDS_ALONE = 0.6
_LEAN = 0.5
# What answers follow-ups is at 0.29 or more from the question alone; what a foreign question is led to, at most at 0.06.
_HAS_TO_DO = 0.25


def find(
    index: KnowledgeIndex, encoder: Encoder, query: Query, before: Sequence[str], allowed: Allowed | None
) -> tuple[Found | None, Query]:
    """Find the best passage for a question, alone or with the one before it.

    Args:
        index: what is asked.
        encoder: of the index.
        query: the question, prepared by itself.
        before: what was asked before, the latest last; only that one counts.
        allowed: see ``KnowledgeIndex.rank``.

    Returns:
        What was found, and the query that found it.
    """
    alone = gather_evidence(index, query, allowed)
    former = next((text for text in reversed(before) if any(map(str.isalnum, text))), None)
    if former is None or (alone is not None and alone.evidence.cosine >= _STANDS_ALONE):
        return alone, query
    leaning = leaning_on(query, index.prepare(former, encoder))
    joined = gather_evidence(index, leaning, allowed)
    if joined is None or index.cosine(query, joined.ranked.row) < _HAS_TO_DO:
        return alone, query
    return joined, leaning


def leaning_on(query: Query, former: Query) -> Query:
    """Lean a question on the one before: half its vector is added, and its words."""
    words = (*query.words, *former.words)
    asked = f"{former.asked or former.text} {query.asked or query.text}"
    trust = min(query.trust, former.trust)
    return Query(query.text, lean(query.vector, former.vector, _LEAN), words, asked, trust)
