"""Puts an index together in memory from passages and their embeddings."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from knowledge.abstain import default_rule
from knowledge.documents import Passage
from knowledge.embeddings import Embeddings
from knowledge.encoder import FloatArray
from knowledge.filters import Facets
from knowledge.fusion import NEUTRAL_DENSE_WEIGHT
from knowledge.index import INDEX_FORMAT, INDEX_KIND, KnowledgeIndex
from knowledge.kinds import build_dense
from knowledge.sparse import WordIndex, WordSplitter
from knowledge.spread import Spread
from knowledge.vectors import passage_vectors, unit_rows

# Made-up questions that an approximate index is measured with.
PROBES = 300
_SEED = 20261125


def embedded_texts(passages: Sequence[Passage]) -> Iterator[str]:
    """Name every text of passages that wants a vector."""
    companions = Counter(passage.document_id for passage in passages)
    for passage in passages:
        yield passage.embedded_text
        yield passage.title
        if companions[passage.document_id] > 1:
            yield passage.text
        yield from passage.questions


def word_text(passage: Passage) -> str:
    """Name the words of a passage; its label counts twice (StackFAQ nDCG@10 of BM25: 0.710 -> 0.735)."""
    return " ".join((passage.label, passage.embedded_text, *passage.questions))


def with_questions(
    passages: Sequence[Passage], questions: dict[str, tuple[str, ...]], embeddings: Embeddings
) -> list[Passage]:
    """Give each document's questions to those of its passages that are nearest to them.

    Args:
        passages: their texts are embedded.
        questions: by document id, embedded.
        embeddings: holds both.
    """
    rows: dict[str, list[int]] = {}
    for row, passage in enumerate(passages):
        rows.setdefault(passage.document_id, []).append(row)
    given: dict[int, list[str]] = {}
    for document_id, texts in questions.items():
        group = rows[document_id]
        cosines = embeddings.of(texts) @ embeddings.of(passages[row].embedded_text for row in group).T
        for text, nearest in zip(texts, cosines.argmax(axis=1) if texts else [], strict=True):
            given.setdefault(group[int(nearest)], []).append(text)
    return [replace(passage, questions=tuple(given.get(row, ()))) for row, passage in enumerate(passages)]


def assemble(
    passages: Sequence[Passage], embeddings: Embeddings, manifest: dict[str, Any], *, kind: str | None = None
) -> KnowledgeIndex:
    """Build an index over passages whose texts are embedded.

    Args:
        passages: those of a document are neighbours.
        embeddings: of their texts.
        manifest: what the index is to say of itself; which kind of dense index it has is added.
        kind: of dense index; None takes the one that fits.
    """
    vectors = passage_vectors(
        embeddings.of(passage.embedded_text for passage in passages),
        embeddings.of(passage.title for passage in passages),
        [len(passage.title.split()) for passage in passages],
        _contexts(passages, embeddings),
    )
    starts = np.cumsum([0, *(1 + len(passage.questions) for passage in passages)], dtype=np.int64)
    entries = np.zeros((int(starts[-1]), embeddings.dimension), dtype=np.float32)
    asked = np.ones(len(entries), dtype=np.bool_)
    asked[starts[:-1]] = False
    entries[starts[:-1]] = vectors
    entries[asked] = unit_rows(embeddings.of(text for passage in passages for text in passage.questions))
    dense, report = build_dense(entries, lambda: probes(passages, embeddings), kind)
    return KnowledgeIndex(
        manifest={
            "kind": INDEX_KIND,
            "format_version": INDEX_FORMAT,
            "index_id": "",
            "encoder_id": "",
            "dense_weight": NEUTRAL_DENSE_WEIGHT,
            "rule": default_rule().to_json(),
            "dense": report.to_json(),
            **manifest,
        },
        passages=passages,
        dense=dense,
        starts=starts,
        words=WordIndex.build([word_text(passage) for passage in passages], WordSplitter()),
        facets=Facets.build(passages),
        spread=Spread.build(entries),
    )


def probes(passages: Sequence[Passage], embeddings: Embeddings) -> FloatArray:
    """Make up what might be asked, to see what an approximate index finds: (p, d) rows of unit length.

    Titles are short, like questions. Where there are few, passages are added that lean halfway to another one.
    """
    random = np.random.default_rng(_SEED)
    titles = sorted({passage.title for passage in passages if passage.title})
    sampled = [titles[i] for i in random.permutation(len(titles))[:PROBES]]
    pairs = random.integers(max(1, len(passages)), size=(2, PROBES - len(sampled) if len(passages) else 0))
    first, second = (embeddings.of(passages[row].embedded_text for row in rows) for rows in pairs)
    return unit_rows(np.concatenate((embeddings.of(sampled), first + second)))


def _contexts(passages: Sequence[Passage], embeddings: Embeddings) -> FloatArray:
    """Average the bodies of each passage's document; a passage that is alone in its document has no context."""
    rows: dict[str, list[int]] = {}
    for row, passage in enumerate(passages):
        rows.setdefault(passage.document_id, []).append(row)
    contexts = np.zeros((len(passages), embeddings.dimension), dtype=np.float32)
    for group in rows.values():
        if len(group) > 1:
            contexts[group] = embeddings.of(passages[row].text for row in group).mean(axis=0)
    return unit_rows(contexts)
