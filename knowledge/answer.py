"""An answer is sentences of the best passage, quoted, with their source; or none."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from knowledge.abstain import Evidence
from knowledge.dense import MaskArray
from knowledge.documents import Passage, split_sentences
from knowledge.encoder import Encoder
from knowledge.index import KnowledgeIndex, Query, Ranked

MAX_ANSWER_CHARS = 600
# A passage this short is quoted whole: cutting it would only lose its thread.
WHOLE_PASSAGE_CHARS = 420
# A neighbour of the best sentence is quoted too when its cosine is at most this much below.
_SENTENCE_SLACK = 0.22
# Passages at the top of the ranking that are asked whether they are of the same document.
_AGREEING = 5


@dataclass(frozen=True, slots=True)
class Answer:
    """The sentences that answer, and where they stand.

    Attributes:
        text: plain text, whole sentences, one list item or table row a line, at most ``MAX_ANSWER_CHARS`` characters.
        score: of the passage in the ranking, in [0, 1].
        confidence: the rule's estimate that this answers, in (0, 1).
    """

    text: str
    passage_id: str
    title: str
    url: str
    section: str
    updated: str
    score: float
    confidence: float


@dataclass(frozen=True, slots=True)
class Found:
    """The best passage for a question, and what speaks for it."""

    passage: Passage
    ranked: Ranked
    evidence: Evidence


def gather_evidence(index: KnowledgeIndex, query: Query, mask: MaskArray | None) -> Found | None:
    """Find the best passage among the allowed ones and weigh it; None when nothing is allowed."""
    ranking = index.rank(query, mask)
    if not ranking:
        return None
    best = ranking[0]
    passage = index.passage(best.row)
    return Found(passage, best, _weigh(index, ranking, passage))


def compose_answer(found: Found, confidence: float, query: Query, encoder: Encoder) -> Answer:
    """Quote the sentences of the passage that answer."""
    passage = found.passage
    return Answer(
        text=answering_text(passage, query, encoder),
        passage_id=passage.passage_id,
        title=passage.title,
        url=passage.url,
        section=passage.section,
        updated=passage.updated,
        score=found.ranked.score,
        confidence=confidence,
    )


def answering_text(passage: Passage, query: Query, encoder: Encoder) -> str:
    """Quote a short passage whole, and of a long one the sentences nearest to the question."""
    if len(passage.text) <= WHOLE_PASSAGE_CHARS:
        return passage.text
    vectors = encoder.encode(split_sentences(passage.text))
    return quote(passage.text, (vectors @ query.vector).tolist())


def quote(text: str, cosines: Sequence[float]) -> str:
    """Pick whole, neighbouring sentences around the best one, at most ``MAX_ANSWER_CHARS`` characters.

    Args:
        text: a passage with at least one sentence.
        cosines: one for each of its sentences.
    """
    sentences = split_sentences(text)
    first = last = int(np.argmax(cosines))
    floor = cosines[first] - _SENTENCE_SLACK
    while True:
        before = cosines[first - 1] if first > 0 else -2.0
        after = cosines[last + 1] if last + 1 < len(sentences) else -2.0
        if max(before, after) < floor:
            break
        wider = (first - 1, last) if before > after else (first, last + 1)
        if len(_joined(text, sentences, *wider)) > MAX_ANSWER_CHARS:
            break
        first, last = wider
    return shorten(_joined(text, sentences, first, last), MAX_ANSWER_CHARS)


def shorten(text: str, limit: int) -> str:
    """Cut one overlong sentence between words, marked with an ellipsis."""
    if len(text) <= limit:
        return text
    return text[: limit - 1].rsplit(" ", 1)[0].rstrip(" ,;:") + "…"


def _joined(text: str, sentences: Sequence[str], first: int, last: int) -> str:
    """Cut the stretch from one sentence to another out of the passage, line ends kept."""
    start = 0
    for sentence in sentences[:first]:
        start = text.index(sentence, start) + len(sentence)
    start = text.index(sentences[first], start)
    end = start
    for sentence in sentences[first : last + 1]:
        end = text.index(sentence, end) + len(sentence)
    return text[start:end]


def _weigh(index: KnowledgeIndex, ranking: Sequence[Ranked], passage: Passage) -> Evidence:
    best = ranking[0]
    others = (
        ranked for ranked in ranking[1:] if index.passage(ranked.row).document_id != passage.document_id
    )
    rival = next(others, None)
    lead = best.score - (rival.score if rival else 0.0)
    top = [index.passage(ranked.row).document_id for ranked in ranking[:_AGREEING]]
    return Evidence(
        cosine=_unit(best.cosine),
        margin=_unit(lead) * _unit(best.cosine) ** 2,
        agreement=top.count(passage.document_id) / _AGREEING,
        coverage=_unit(best.coverage),
    )


def _unit(value: float) -> float:
    return float(np.clip(value, 0, 1))
