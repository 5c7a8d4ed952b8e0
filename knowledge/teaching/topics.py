"""What there is to learn from: documents with the ways to ask for them, and which of them say the same."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from knowledge.documents import Document, plain_document
from knowledge.encoder import FloatArray
from knowledge.teaching.pairs import Pair

_BLOCK = 1024


@dataclass(frozen=True, slots=True)
class Material:
    """What a teaching is made of.

    Attributes:
        documents: of the knowledge base, then the answers of pairs, each with the questions that lead to it.
        unknown: ids that pairs name and the knowledge base does not have.
    """

    documents: tuple[Document, ...]
    unknown: tuple[str, ...]

    @property
    def questions(self) -> int:
        """Count the questions of all documents."""
        return sum(len(document.questions) for document in self.documents)


def gather_material(documents: Sequence[Document], pairs: Iterable[Pair]) -> Material:
    """Give every document the questions of the pairs that name it, and make a document of each answer that is a text."""
    by_id = {document.document_id: document for document in documents}
    asked: dict[str, list[str]] = {}
    unknown: dict[str, None] = {}
    for pair in pairs:
        if pair.answer:
            made = _document_of(pair.answer)
            by_id.setdefault(made.document_id, made)
            asked.setdefault(made.document_id, []).append(pair.question)
        elif pair.document_id in by_id:
            asked.setdefault(pair.document_id, []).append(pair.question)
        else:
            unknown[pair.document_id] = None
    taught = tuple(
        replace(document, questions=tuple(dict.fromkeys((*document.questions, *asked.get(name, ())))))
        for name, document in by_id.items()
    )
    return Material(taught, tuple(unknown))


def group_topics(documents: Sequence[Document], vectors: FloatArray, *, same_cosine: float) -> dict[str, int]:
    """Number the documents' topics: those that share a question, or whose vectors are as good as the same, share one.

    Args:
        documents: what is grouped.
        vectors: (documents, d) float32, unit rows: what each says.
        same_cosine: from which cosine on two say the same.

    Returns:
        The topic's number by document id.
    """
    pairs = np.asarray([*_sharing(documents), *_alike(vectors, same_cosine)], dtype=np.int64).reshape(-1, 2)
    links = coo_array((np.ones(len(pairs)), tuple(pairs.T)), shape=(len(documents), len(documents)))
    topics = connected_components(links, directed=False)[1].tolist()
    return {document.document_id: topic for document, topic in zip(documents, topics, strict=True)}


def _sharing(documents: Sequence[Document]) -> list[tuple[int, int]]:
    first: dict[str, int] = {}
    return [
        (first.setdefault(question.casefold(), row), row)
        for row, document in enumerate(documents)
        for question in document.questions
    ]


def _alike(vectors: FloatArray, same_cosine: float) -> list[tuple[int, int]]:
    pairs = []
    for start in range(0, len(vectors), _BLOCK):
        cosines = vectors[start : start + _BLOCK] @ vectors.T
        for left, right in np.argwhere(cosines > same_cosine):
            if start + left < right:
                pairs.append((start + int(left), int(right)))
    return pairs


def _document_of(answer: str) -> Document:
    made = plain_document("", "", answer)
    text = "\n".join(block.text for block in made.blocks)
    digest = hashlib.sha256(text.casefold().encode()).hexdigest()[:16]
    return replace(made, document_id=f"answer:{digest}")
