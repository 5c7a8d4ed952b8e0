"""Questions as the hybrid ranking answers them: what a reranker learns from, and what it is measured on."""

import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from knowledge.assembly import assemble, embedded_texts
from knowledge.embeddings import Embeddings
from knowledge.encoder import FloatArray, Progress
from knowledge.reranker import RERANKED, Reranker, blended
from knowledge.teaching.judge import Places, Trial, place_of, score

_DEPTH = 100
# The reranker's shares of the score that are tried.
WEIGHTS = (0.1, 0.2, 0.4, 0.6, 0.8)


@dataclass(frozen=True, slots=True)
class Asked:
    """A question and its ranking, before anything is read again.

    Attributes:
        document_id: of the document that is asked for.
        documents: of the ranked passages, best first.
        texts: of the passages, in the same order.
        scores: (n,) float32 in [0, 1].
    """

    question: str
    document_id: str
    documents: tuple[str, ...]
    texts: tuple[str, ...]
    scores: FloatArray


@dataclass(frozen=True, slots=True)
class Choice:
    """A question and the passages to choose from: the right one first."""

    question: str
    texts: tuple[str, ...]


def ask(trials: Sequence[Trial], embeddings: Embeddings, settings: dict[str, Any]) -> list[Asked]:
    """Rank for every question as for a customer's.

    Args:
        trials: the questions and what is searched.
        embeddings: of the encoder that serves; texts that are missing are added.
        settings: of the served index: its ``dense_weight`` and ``has_support``.
    """
    asked: list[Asked] = []
    for trial in trials:
        embeddings.embed(embedded_texts(trial.passages))
        index = assemble(trial.passages, embeddings, settings)
        for question, document_id in trial.questions:
            ranking = index.rank(index.prepare(question, embeddings.encoder), None, depth=_DEPTH)
            passages = [index.passage(ranked.row) for ranked in ranking]
            asked.append(
                Asked(
                    question=question,
                    document_id=document_id,
                    documents=tuple(passage.document_id for passage in passages),
                    texts=tuple(passage.embedded_text for passage in passages),
                    scores=np.asarray([ranked.score for ranked in ranking], dtype=np.float32),
                )
            )
    return asked


def draw_choices(
    asked: Sequence[Asked],
    topics: Mapping[str, int],
    learned: frozenset[str],
    *,
    wrong: int,
    seed: int,
) -> list[Choice]:
    """Draw for each question its document's best passage and wrong ones from the first that would be read again.

    Args:
        asked: questions with their rankings; one whose document was not found, or that has nothing wrong, is left out.
        topics: number of each document's topic; what shares the right document's is not wrong.
        learned: ids of documents that wrong passages may be of.
        wrong: how many wrong ones at most.
        seed: of what is drawn, and of the order.
    """
    chance = random.Random(seed)  # noqa: S311 - varies examples, keeps no secret
    choices = []
    for one in asked:
        if one.document_id not in one.documents:
            continue
        right = one.texts[one.documents.index(one.document_id)]
        others = [
            text
            for text, name in zip(one.texts[:RERANKED], one.documents, strict=False)
            if name in learned and topics[name] != topics[one.document_id]
        ]
        if others:
            drawn = chance.sample(others, min(wrong, len(others)))
            choices.append(Choice(one.question, (right, *drawn)))
    chance.shuffle(choices)
    return choices


def read_again(
    asked: Sequence[Asked], reranker: Reranker, progress: Progress | None = None
) -> tuple[list[FloatArray], list[float]]:
    """Let a reranker score the first passages of each ranking.

    Returns:
        Its scores, and the milliseconds that each question took.
    """
    scores, milliseconds = [], []
    for done, one in enumerate(asked, start=1):
        began = time.perf_counter()
        scores.append(reranker.scores(one.question, one.texts[:RERANKED]))
        milliseconds.append((time.perf_counter() - began) * 1000)
        if progress is not None:
            progress("examine", done, len(asked))
    return scores, milliseconds


def find_reread_places(asked: Sequence[Asked], reread: Sequence[FloatArray] | None, weight: float) -> Places:
    """Name the place of each question's document, from 1 on, infinite where it is not ranked; None reads nothing again."""
    places = []
    for row, one in enumerate(asked):
        scores = one.scores if reread is None else blended(one.scores, reread[row], weight)
        order = np.argsort(-scores, kind="stable")
        places.append(place_of(one.document_id, [one.documents[place] for place in order]))
    return np.asarray(places, dtype=np.float64)


def choose_weight(asked: Sequence[Asked], reread: Sequence[FloatArray]) -> float:
    """Choose the reranker's share that finds most; of equal ones the smallest."""
    return max(WEIGHTS, key=lambda weight: (score(find_reread_places(asked, reread, weight)).mrr, -weight))
