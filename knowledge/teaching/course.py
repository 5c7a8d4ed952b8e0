"""What one teaching learns from and what it is judged by."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from knowledge.assembly import embedded_texts
from knowledge.documents import Document, Passage, split_passages
from knowledge.embeddings import Embeddings
from knowledge.encoder import Encoder, FloatArray, Progress
from knowledge.errors import TooLittleToLearn
from knowledge.teaching.config import TeachConfig
from knowledge.teaching.judge import (
    Comparison,
    Trial,
    Verdict,
    compare_places,
    find_places,
    judge,
    question_trials,
    title_trial,
)
from knowledge.teaching.lessons import hold_out
from knowledge.teaching.topics import Material, group_topics
from knowledge.vectors import unit_rows

LEAST_TOPICS = 10
LEAST_HELD_OUT_QUESTIONS = 20
# Beyond this many documents the ones with most questions are taken.
MAX_DOCUMENTS = 10_000


@dataclass(frozen=True, slots=True)
class Course:
    """Documents to learn from and to be judged by, none of the same topic; ``passages`` and ``topics`` are by document id."""

    learned: tuple[Document, ...]
    held_out: tuple[Document, ...]
    topics: dict[str, int]
    passages: dict[str, list[Passage]]


def plan_course(
    material: Material,
    config: TeachConfig,
    encoder: Encoder,
    embeddings: Embeddings,
    *,
    progress: Progress | None = None,
) -> Course:
    """Cut documents into passages, group them into topics, and hold some topics out.

    Raises:
        TooLittleToLearn: there are too few topics.
    """
    documents = _bounded(material.documents)
    passages = {
        document.document_id: split_passages(
            document, passage_tokens=config.passage_tokens, count_tokens=encoder.count_tokens
        )
        for document in documents
    }
    embeddings.embed((passage.embedded_text for group in passages.values() for passage in group), progress)
    directions = _directions(documents, passages, embeddings)
    topics = group_topics(documents, directions, same_cosine=config.same_cosine)
    if len(set(topics.values())) < LEAST_TOPICS:
        raise TooLittleToLearn(f"fewer than {LEAST_TOPICS} different documents or answers")
    held = hold_out(documents, topics)
    return Course(
        learned=tuple(one for one in documents if topics[one.document_id] not in held),
        held_out=tuple(one for one in documents if topics[one.document_id] in held),
        topics=topics,
        passages=passages,
    )


def compare_encoders(
    course: Course, before: Embeddings, after: Embeddings, progress: Progress | None = None
) -> Verdict:
    """Ask both encoders what was held out, and for the titles of held-out documents.

    Raises:
        TooLittleToLearn: too little could be held out.
    """
    titles = _compare(course, before, after, progress, is_titles=True)
    questions = _compare(course, before, after, progress, is_titles=False)
    if questions is not None and questions.questions >= LEAST_HELD_OUT_QUESTIONS:
        return judge(questions, titles)
    if titles is not None and titles.questions >= LEAST_HELD_OUT_QUESTIONS:
        return judge(titles, None)
    raise TooLittleToLearn(f"fewer than {LEAST_HELD_OUT_QUESTIONS} questions could be held out to judge by")


def trials_of(
    documents: Sequence[Document], course: Course, embeddings: Embeddings, *, is_titles: bool
) -> list[Trial]:
    """Ask documents' questions, each while it is not listed; or their titles and headings, of bodies alone."""
    passages = [passage for group in course.passages.values() for passage in group]
    if is_titles:
        return [title_trial(documents, passages)]
    questions = {one.document_id: one.questions for one in (*course.learned, *course.held_out)}
    embeddings.embed(embedded_texts(passages))
    embeddings.embed(text for texts in questions.values() for text in texts)
    return question_trials(documents, passages, questions, embeddings)


def _compare(
    course: Course, before: Embeddings, after: Embeddings, progress: Progress | None, *, is_titles: bool
) -> Comparison | None:
    passages = [passage for group in course.passages.values() for passage in group]
    places = []
    for embeddings in (before, after):
        embeddings.embed(embedded_texts(passages), progress)
        trials = trials_of(course.held_out, course, embeddings, is_titles=is_titles)
        places.append(find_places(trials, embeddings))
    return compare_places(*places) if len(places[0]) else None


def _bounded(documents: Sequence[Document]) -> list[Document]:
    """Take the documents with most questions, in the order given."""
    if len(documents) <= MAX_DOCUMENTS:
        return list(documents)
    ranked = sorted(range(len(documents)), key=lambda row: (-len(documents[row].questions), row))
    return [documents[row] for row in sorted(ranked[:MAX_DOCUMENTS])]


def _directions(
    documents: Sequence[Document], passages: dict[str, list[Passage]], embeddings: Embeddings
) -> FloatArray:
    """Average the passages of each document: (documents, d) float32, unit rows."""
    means = [
        embeddings.of(passage.embedded_text for passage in passages[document.document_id]).mean(axis=0)
        for document in documents
    ]
    return unit_rows(np.asarray(means, dtype=np.float32).reshape(len(documents), embeddings.dimension))
