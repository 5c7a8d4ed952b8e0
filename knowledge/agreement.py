"""What other documents say to an answer: those that agree are cited with it, a newer one that contradicts it wins."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from knowledge.answer import Answer, Found, Source, answering_text
from knowledge.conflicts import Conflict, is_newer
from knowledge.contradiction import Judgement, Verdict, judge
from knowledge.documents import Passage
from knowledge.index import KnowledgeIndex, Query, Ranked
from knowledge.sentences import SentenceVectors

# Best passages of so many other documents are heard, from so deep in the ranking.
_MOST_HEARD = 4
_HEARD_DEPTH = 12
# Documents cited beside the one that is quoted.
MOST_AGREEING = 2


@dataclass(frozen=True, slots=True)
class Settled:
    """An answer, the passages of its sources, and the contradictions that it ran into."""

    answer: Answer
    passages: tuple[Passage, ...]
    conflicts: tuple[Conflict, ...] = ()


@dataclass(frozen=True, slots=True)
class _Voice:
    """Another document's passage beside the answer."""

    passage: Passage
    ranked: Ranked


@dataclass(frozen=True, slots=True)
class _Heard:
    """What a voice says to a passage that is quoted; the judgement's sentence is in the quotation."""

    quoted: Passage
    voice: _Voice
    judgement: Judgement


def settle(
    index: KnowledgeIndex, found: Found, confidence: float, query: Query, vectors: SentenceVectors
) -> Settled:
    """Quote the sentences that answer, of the newest document where documents contradict each other about them.

    Only passages of the ranking take part, so nobody is cited whom the asker may not read.
    """
    voices = _voices(index, found)
    text, passages = answering_text(found, query, vectors)
    heard = _hear(text, passages, voices)
    against = [one for one in heard if one.judgement.verdict is Verdict.CONTRADICT]
    conflicts = tuple(_conflict(one) for one in against)
    newer = [one for one in against if is_newer(one.voice.passage, one.quoted)]
    ranked = found.ranked
    if newer:
        voice = max(newer, key=lambda one: one.voice.passage.updated).voice
        ranked = voice.ranked
        taken = replace(found, passage=voice.passage, quotable=(voice.passage,), ranked=ranked)
        text, passages = answering_text(taken, query, vectors)
        heard = _hear(text, passages, [one for one in voices if one is not voice])
    agreeing = [one.voice.passage for one in heard if one.judgement.verdict is Verdict.AGREE]
    cited = (*passages, *agreeing[:MOST_AGREEING])
    sources = tuple(Source.of(passage) for passage in cited)
    return Settled(Answer(text, sources, score=ranked.score, confidence=confidence), cited, conflicts)


def _voices(index: KnowledgeIndex, found: Found) -> list[_Voice]:
    """Name the best passages of the next documents of the ranking."""
    own = index.document(found.ranked.row)
    best = index.best_of_documents(found.ranking[:_HEARD_DEPTH])
    others = [ranked for ranked in best if index.document(ranked.row) != own]
    return [_Voice(index.passage(ranked.row), ranked) for ranked in others[:_MOST_HEARD]]


def _hear(text: str, passages: Sequence[Passage], voices: Sequence[_Voice]) -> list[_Heard]:
    """Judge each voice by the sentences that are quoted."""
    pairs = ((quoted, voice) for voice in voices for quoted in passages)
    judged = (_Heard(quoted, voice, judge(quoted, voice.passage)) for quoted, voice in pairs)
    return [
        one
        for one in judged
        if one.judgement.verdict is not Verdict.DIFFERENT and one.judgement.sentence in text
    ]


def _conflict(heard: _Heard) -> Conflict:
    judgement = heard.judgement
    return Conflict.between(heard.quoted, judgement.sentence, heard.voice.passage, judgement.other)
