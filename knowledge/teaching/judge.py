"""Asks two encoders the same held-out questions, on the path that customers are served by: is the new one better."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from knowledge.assembly import assemble, embedded_texts, with_questions
from knowledge.documents import Document, Passage
from knowledge.embeddings import Embeddings
from knowledge.encoder import Encoder
from knowledge.index import KnowledgeIndex
from nlu.report.compare import mcnemar

# A question is asked of an index in which the other groups' questions stay.
_GROUPS = 5
_RESAMPLES = 10_000
_SEED = 20261125
MAX_P_VALUE = 0.05
# What the guard set may lose in mean reciprocal rank.
MAX_FORGOTTEN = 0.03
_DEPTH = 100
_LEAST_TITLE_WORDS = 2

Places = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Trial:
    """Questions with the document that each asks for, and the passages among which it is looked for."""

    questions: tuple[tuple[str, str], ...]
    passages: tuple[Passage, ...]


@dataclass(frozen=True, slots=True)
class Score:
    """How an encoder does: shares and mean reciprocal rank, in [0, 1]."""

    first: float
    first_three: float
    mrr: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two encoders on the same questions.

    Attributes:
        p_first, p_first_three: exact McNemar test, two-sided.
        p_mrr: chance of so large a gain in mean reciprocal rank if both were alike (paired, signs drawn, one-sided).
    """

    questions: int
    before: Score
    after: Score
    p_first: float
    p_first_three: float
    p_mrr: float

    def to_json(self) -> dict[str, Any]:
        """Write it as an object."""
        return {
            name: {key: round(number, 4) for key, number in value.items()}
            if isinstance(value, dict)
            else round(value, 4)
            for name, value in asdict(self).items()
        }


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is held out, what guards against forgetting (None: nothing to ask), and whether the new one is to serve."""

    held_out: Comparison
    guard: Comparison | None
    is_better: bool
    reason: str


def question_trials(
    held_out: Sequence[Document],
    passages: Sequence[Passage],
    questions: dict[str, tuple[str, ...]],
    embeddings: Embeddings,
) -> list[Trial]:
    """Ask the held-out documents' questions, each of passages that do not list it but most others."""
    asked = sorted(
        (question, document.document_id) for document in held_out for question in document.questions
    )
    trials = []
    for group in (asked[start::_GROUPS] for start in range(_GROUPS)):
        left_out = {question for question, _ in group}
        kept = {
            name: tuple(text for text in texts if text not in left_out) for name, texts in questions.items()
        }
        if group:
            trials.append(Trial(tuple(group), tuple(with_questions(passages, kept, embeddings))))
    return trials


def title_trial(held_out: Sequence[Document], passages: Sequence[Passage]) -> Trial:
    """Ask the held-out documents' titles, and those with their headings, of all bodies alone."""
    names = {document.document_id for document in held_out}
    texts = {
        (text, passage.document_id): None
        for passage in passages
        if passage.document_id in names
        for text in (passage.title, passage.label)
        if len(text.split()) >= _LEAST_TITLE_WORDS
    }
    bodies = tuple(replace(passage, title="", headings=(), questions=()) for passage in passages)
    return Trial(tuple(texts), bodies)


def place_of(document_id: str, documents: Sequence[str]) -> float:
    """Find the place of a document among others, each of which counts once, from 1; infinite where it is not among them."""
    names = list(dict.fromkeys(documents))
    return float(names.index(document_id) + 1) if document_id in names else float("inf")


def find_places(trials: Sequence[Trial], embeddings: Embeddings) -> Places:
    """Rank for every question as for a customer's; the place of its document, from 1 on, infinite beyond the candidates."""
    places: list[float] = []
    for trial in trials:
        embeddings.embed(embedded_texts(trial.passages))
        index = assemble(trial.passages, embeddings, {})
        places += [_place(index, embeddings.encoder, text, wanted) for text, wanted in trial.questions]
    return np.asarray(places, dtype=np.float64)


def compare_places(before: Places, after: Places) -> Comparison:
    """Compare the places that two encoders give the same questions."""
    return Comparison(
        questions=len(before),
        before=score(before),
        after=score(after),
        p_first=_mcnemar(before <= 1, after <= 1),
        p_first_three=_mcnemar(before <= 3, after <= 3),
        p_mrr=_p_of_gain(1 / after - 1 / before),
    )


def judge(held_out: Comparison, guard: Comparison | None) -> Verdict:
    """Say whether the new encoder is better: a gain beyond chance, and nothing forgotten."""
    gain = held_out.after.mrr - held_out.before.mrr
    if gain <= 0:
        return Verdict(held_out, guard, False, "it finds held-out questions no better")
    if held_out.p_mrr > MAX_P_VALUE:
        return Verdict(held_out, guard, False, f"the gain may be chance (p = {held_out.p_mrr:.3f})")
    if guard is not None and guard.before.mrr - guard.after.mrr > MAX_FORGOTTEN:
        return Verdict(held_out, guard, False, "it forgets: titles lead less often to their documents")
    return Verdict(held_out, guard, True, f"it finds held-out questions better (p = {held_out.p_mrr:.3f})")


def score(places: Places) -> Score:
    """Average over questions."""
    if not len(places):
        return Score(0.0, 0.0, 0.0)
    return Score(float(np.mean(places <= 1)), float(np.mean(places <= 3)), float(np.mean(1 / places)))


def _place(index: KnowledgeIndex, encoder: Encoder, text: str, document_id: str) -> float:
    ranking = index.rank(index.prepare(text, encoder), None, depth=_DEPTH)
    return place_of(document_id, index.documents_of(ranking))


def _mcnemar(before: npt.NDArray[np.bool_], after: npt.NDArray[np.bool_]) -> float:
    return mcnemar(int(np.sum(after & ~before)), int(np.sum(before & ~after)))


def _p_of_gain(gains: Places) -> float:
    """Test a mean gain above 0 by drawing signs (paired randomisation test; the drawn ones count the real one)."""
    changed = gains[gains != 0]
    if not len(changed):
        return 1.0
    signs = np.random.default_rng(_SEED).choice(np.asarray([-1.0, 1.0]), size=(_RESAMPLES, len(changed)))
    return float((np.sum(signs @ changed >= changed.sum() - 1e-12) + 1) / (_RESAMPLES + 1))
