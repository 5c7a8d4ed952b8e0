"""An answer is sentences of the best passage, quoted, with their source; or none."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from knowledge.abstain import Evidence
from knowledge.allowed import Allowed
from knowledge.documents import Passage, split_sentences
from knowledge.fusion import SUPPORT_DEPTH
from knowledge.index import KnowledgeIndex, Query, Ranked
from knowledge.sentences import WHOLE_PASSAGE_CHARS, SentenceVectors

MAX_ANSWER_CHARS = 600
# A neighbour of the best sentence is quoted too when its cosine is at most this much below.
_SENTENCE_SLACK = 0.22
# Passages at the top of the ranking that are asked whether they are of the same document.
_AGREEING = 5
_FIRST_BONUS = 0.15
_MOST_QUOTABLE = 4
_LIST_ITEM = re.compile(r"(?:• |\d{1,2}[.)] )")
# Documents named when there is no answer.
MOST_NEAREST = 3


@dataclass(frozen=True, slots=True)
class Source:
    """A passage that was quoted, as it was then.

    Attributes:
        passage_hash: 16 hex digits of the sha256 of the passage's text; another text has another one.
    """

    passage_id: str
    document_id: str
    passage_hash: str
    title: str
    url: str
    section: str
    updated: str

    @classmethod
    def of(cls, passage: Passage) -> "Source":
        """Name a passage."""
        return cls(
            passage_id=passage.passage_id,
            document_id=passage.document_id,
            passage_hash=passage.content_hash,
            title=passage.title,
            url=passage.url,
            section=passage.section,
            updated=passage.updated,
        )


@dataclass(frozen=True, slots=True)
class Answer:
    """The sentences that answer, and where they stand.

    Attributes:
        text: plain text, whole sentences, one list item or table row a line, at most ``MAX_ANSWER_CHARS`` characters.
        sources: the passages that say so, at least one, the main one first.
        score: of the main document's best passage in the ranking, in [0, 1].
        confidence: the rule's estimate that this answers, in (0, 1).
    """

    text: str
    sources: tuple[Source, ...]
    score: float
    confidence: float

    @property
    def source(self) -> Source:
        """The passage that the answer begins with."""
        return self.sources[0]


@dataclass(frozen=True, slots=True)
class Near:
    """A passage near to a question that it may not answer; ``score`` is in [0, 1]."""

    passage: Passage
    score: float


@dataclass(frozen=True, slots=True)
class Response:
    """What the knowledge base has to say to a question.

    Attributes:
        answer: None when nothing is sure enough.
        confidence: of the best there is, in [0, 1); 0 when there is nothing.
        quoted: the passages of the answer's sources, in their order.
        nearest: where there is no answer, the best passages of at most ``MOST_NEAREST`` documents, best first.
    """

    answer: Answer | None
    confidence: float
    nearest: tuple[Near, ...] = ()
    quoted: tuple[Passage, ...] = ()


NOTHING = Response(None, 0.0)


@dataclass(frozen=True, slots=True)
class Found:
    """The best passage for a question, what speaks for it, and the document's passages that may be quoted.

    Attributes:
        quotable: the first passage of the document, then its best ones; ``passage`` is among them.
        ranking: the head of the ranking, the passage first.
    """

    passage: Passage
    ranked: Ranked
    evidence: Evidence
    quotable: tuple[Passage, ...]
    ranking: tuple[Ranked, ...] = ()


def gather_evidence(index: KnowledgeIndex, query: Query, allowed: Allowed | None) -> Found | None:
    """Find the best passage among the allowed ones and weigh it; None when nothing is allowed."""
    ranking = index.rank(query, allowed)
    if not ranking:
        return None
    best = ranking[0]
    passages = _quotable(index, ranking)
    wanted = index.passage(best.row)
    passage = next(passage for passage in passages if passage == wanted)
    return Found(passage, best, _weigh(index, query, ranking), passages, tuple(ranking[:SUPPORT_DEPTH]))


def nearest_passages(index: KnowledgeIndex, found: Found) -> tuple[Near, ...]:
    """Name the best passage of each of the best documents."""
    head = index.best_of_documents(found.ranking)[:MOST_NEAREST]
    return tuple(Near(index.passage(ranked.row), ranked.score) for ranked in head)


def answering_text(found: Found, query: Query, vectors: SentenceVectors) -> tuple[str, tuple[Passage, ...]]:
    """Quote the passage that has the nearest sentence, and after it the best-ranked one if that is near too.

    The first passage of a document gets a bonus: articles answer first and tell exceptions later.

    Returns:
        The text, and the passages that it is of, in order.
    """
    if len(found.quotable) == 1 and len(found.passage.text) <= WHOLE_PASSAGE_CHARS:
        return found.passage.text, found.quotable  # there is nothing to choose, so nothing to embed
    cosines: dict[Passage, list[float]] = {
        passage: (vectors(passage) @ query.vector).tolist() for passage in found.quotable
    }
    first = found.quotable[0]
    nearest = max(cosines, key=lambda passage: max(cosines[passage]) + _FIRST_BONUS * (passage is first))
    text = _quoted(nearest, cosines[nearest])
    if nearest is found.passage or max(cosines[found.passage]) < max(cosines[nearest]) - _SENTENCE_SLACK:
        return text, (nearest,)
    longer = f"{text}\n{_quoted(found.passage, cosines[found.passage])}"
    return (longer, (nearest, found.passage)) if len(longer) <= MAX_ANSWER_CHARS else (text, (nearest,))


def _quoted(passage: Passage, cosines: Sequence[float]) -> str:
    """Quote a short passage whole, and of a long one the sentences nearest to the question."""
    return passage.text if len(passage.text) <= WHOLE_PASSAGE_CHARS else quote(passage.text, cosines)


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
    return _led_in(sentences, first, shorten(_joined(text, sentences, first, last), MAX_ANSWER_CHARS))


def _led_in(sentences: Sequence[str], first: int, quoted: str) -> str:
    """Put the line that leads a list in before items of it; a line of dots stands for items in between."""
    lead = first
    while lead > 0 and _LIST_ITEM.match(sentences[lead]):
        lead -= 1
    if lead == first or not sentences[lead].endswith(":"):
        return quoted
    gap = "\n" if lead == first - 1 else "\n…\n"
    longer = f"{sentences[lead]}{gap}{quoted}"
    return longer if len(longer) <= MAX_ANSWER_CHARS else quoted


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


def _weigh(index: KnowledgeIndex, query: Query, ranking: Sequence[Ranked]) -> Evidence:
    best = ranking[0]
    document = index.document(best.row)
    rival = next((ranked for ranked in ranking[1:] if index.document(ranked.row) != document), None)
    lead = best.score - (rival.score if rival else 0.0)
    top = [index.document(ranked.row) for ranked in ranking[:_AGREEING]]
    cosine = _unit(best.cosine) * query.trust
    return Evidence(
        cosine=cosine,
        margin=_unit(lead) * cosine**2,
        agreement=top.count(document) / _AGREEING,
        coverage=_unit(best.coverage),
    )


def _quotable(index: KnowledgeIndex, ranking: Sequence[Ranked]) -> tuple[Passage, ...]:
    """Name the first passage of the best document, and its best ones; a document's rows are neighbours."""
    first = ranking[0].row
    document = index.document(first)
    while first > 0 and index.document(first - 1) == document:
        first -= 1
    head = (ranked.row for ranked in ranking[:SUPPORT_DEPTH])
    best = [row for row in head if index.document(row) == document]
    rows = list(dict.fromkeys((first, *best)))[:_MOST_QUOTABLE]
    return tuple(index.passage(row) for row in rows)


def _unit(value: float) -> float:
    return float(np.clip(value, 0, 1))
