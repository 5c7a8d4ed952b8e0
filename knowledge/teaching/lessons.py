"""Which topics are learned and which judged, and the examples of every epoch: pure, and the same for the same input."""

import hashlib
import random
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from knowledge.documents import Document, Passage, split_sentences
from knowledge.embeddings import Embeddings

HELD_OUT_SHARE = 0.2
MAX_HELD_OUT_QUESTIONS = 500
# Nearest sentences of its own document that may stand for the answer to a question.
_VIEWS = 3
# How many of the nearest foreign passages hard negatives are drawn from.
_HARD_DEPTH = 10
_SIBLING_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class NearMiss:
    """A document of another topic that looks alike: a sentence of it with its title, and its questions."""

    view: str
    questions: tuple[str, ...]
    topic: int


@dataclass(frozen=True, slots=True)
class Lesson:
    """A way to ask, and what is right and nearly right.

    Attributes:
        topic: number of the question's topic.
        siblings: other questions of the same document.
        views: what answers, each with its title: the nearest sentences of the document.
        near_misses: what of other topics is nearest to the question, the nearest first.
    """

    question: str
    topic: int
    siblings: tuple[str, ...]
    views: tuple[str, ...]
    near_misses: tuple[NearMiss, ...]


@dataclass(frozen=True, slots=True)
class Example:
    """One row of a batch: the question, what is right, what is wrong, and the topics of both.

    Without a near miss ``wrong`` is empty and its topic -1.
    """

    question: str
    right: str
    wrong: str
    topic: int
    wrong_topic: int


def hold_out(documents: Sequence[Document], topics: Mapping[str, int]) -> frozenset[int]:
    """Choose whole topics to judge by, about a fifth of all questions (of documents, where none are listed).

    The choice is by the hash of what a topic is called: chance, but the same for the same documents in any order.
    """
    sizes: dict[int, int] = {}
    names: dict[int, str] = {}
    for document in documents:
        topic = topics[document.document_id]
        sizes[topic] = sizes.get(topic, 0) + len(document.questions)
        names[topic] = min(names.get(topic, document.document_id), document.document_id)
    if not any(sizes.values()):
        sizes = dict.fromkeys(sizes, 1)
    wanted = min(MAX_HELD_OUT_QUESTIONS, HELD_OUT_SHARE * sum(sizes.values()))
    chosen: set[int] = set()
    held = 0
    for topic in sorted(names, key=lambda topic: hashlib.sha256(names[topic].encode()).digest()):
        if held >= wanted:
            break
        if sizes[topic]:
            chosen.add(topic)
            held += sizes[topic]
    return frozenset(chosen)


def build_lessons(
    documents: Sequence[Document],
    passages: Mapping[str, Sequence[Passage]],
    topics: Mapping[str, int],
    embeddings: Embeddings,
) -> list[Lesson]:
    """Make a lesson of every question, and of every title and heading: who learns questions alone forgets those.

    Args:
        documents: to learn from; what is judged by is not among them.
        passages: of each document, by its id.
        topics: number of each document's topic.
        embeddings: of the encoder as it is; texts that are missing are added.
    """
    sentences = {document.document_id: _sentences(passages[document.document_id]) for document in documents}
    asked = [(text, document) for document in documents for text in ways_to_ask(document, passages)]
    heads = [
        NearMiss(_head(passage), document.questions, topics[document.document_id])
        for document in documents
        for passage in passages[document.document_id]
    ]
    embeddings.embed(text for group in sentences.values() for text in group)
    embeddings.embed(text for text, _ in asked)
    embeddings.embed(head.view for head in heads)
    return [
        Lesson(
            question=text,
            topic=topics[document.document_id],
            siblings=tuple(other for other in document.questions if other != text),
            views=_nearest(text, sentences[document.document_id], embeddings),
            near_misses=misses,
        )
        for (text, document), misses in zip(
            asked, _near_misses(asked, heads, topics, embeddings), strict=True
        )
        if sentences[document.document_id]
    ]


def ways_to_ask(document: Document, passages: Mapping[str, Sequence[Passage]]) -> tuple[str, ...]:
    """Name a document's questions, its title and its labels."""
    labels = (passage.label for passage in passages[document.document_id])
    return tuple(dict.fromkeys(text for text in (*document.questions, document.title, *labels) if text))


def draw_examples(lessons: Sequence[Lesson], seed: int, *, has_near_misses: bool) -> list[Example]:
    """Draw one example of each lesson, for one epoch: the right text is another question or a sentence that answers.

    A near miss is of the same form as the right text, else the form would tell them apart.
    """
    chance = random.Random(seed)  # noqa: S311 - varies examples, keeps no secret
    examples = []
    for lesson in lessons:
        is_sibling = bool(lesson.siblings) and chance.random() < _SIBLING_SHARE
        right = chance.choice(lesson.siblings if is_sibling else lesson.views)
        alike = [miss for miss in lesson.near_misses if miss.questions or not is_sibling]
        if has_near_misses and alike:
            miss = chance.choice(alike)
            wrong = chance.choice(miss.questions) if is_sibling else miss.view
            examples.append(Example(lesson.question, right, wrong, lesson.topic, miss.topic))
        else:
            examples.append(Example(lesson.question, right, "", lesson.topic, -1))
    chance.shuffle(examples)
    return examples


def draw_batches(examples: Sequence[Example], size: int) -> Iterator[list[Example]]:
    """Put examples into batches in which no text that counts as wrong for a question is of that question's topic.

    What is left when most topics are used up would make batches with little to be told from; it is left out.
    """
    waiting = deque(examples)
    least = max(2, min(size, len({one.topic for one in examples})) // 4)
    while waiting:
        batch: list[Example] = []
        later: list[Example] = []
        topics: set[int] = set()
        wrong_topics: set[int] = set()
        while waiting and len(batch) < size:
            one = waiting.popleft()
            if one.topic in topics or one.topic in wrong_topics or one.wrong_topic in topics:
                later.append(one)
                continue
            batch.append(one)
            topics.add(one.topic)
            wrong_topics.add(one.wrong_topic)
        waiting.extendleft(reversed(later))
        if len(batch) < least:
            return
        yield batch


def _sentences(passages: Sequence[Passage]) -> list[str]:
    """List what a document says, each sentence with its title."""
    return [
        f"{passage.title}. {sentence}" if passage.title else sentence
        for passage in passages
        for sentence in split_sentences(passage.text)
    ]


def _head(passage: Passage) -> str:
    """Take a passage's first sentence with its title; a passage is never without text."""
    return (_sentences([passage]) or [passage.text])[0]


def _nearest(text: str, sentences: Sequence[str], embeddings: Embeddings) -> tuple[str, ...]:
    cosines = embeddings.of(sentences) @ embeddings.of([text])[0] if sentences else np.zeros(0)
    return tuple(sentences[row] for row in np.argsort(-cosines, kind="stable")[:_VIEWS])


def _near_misses(
    asked: Sequence[tuple[str, Document]],
    heads: Sequence[NearMiss],
    topics: Mapping[str, int],
    embeddings: Embeddings,
) -> Iterator[tuple[NearMiss, ...]]:
    """Find for each question the heads of other topics that are nearest to it (see ``_HARD_DEPTH``)."""
    vectors = embeddings.of(head.view for head in heads)
    of_heads = np.asarray([head.topic for head in heads])
    for text, document in asked:
        cosines = vectors @ embeddings.of([text])[0]
        cosines[of_heads == topics[document.document_id]] = -np.inf
        depth = min(_HARD_DEPTH, len(cosines))
        nearest = np.argpartition(-cosines, depth - 1)[:depth] if depth else np.zeros(0, dtype=np.int64)
        nearest = nearest[np.lexsort((nearest, -cosines[nearest]))]
        yield tuple(heads[row] for row in nearest if np.isfinite(cosines[row]))
