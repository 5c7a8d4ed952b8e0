"""Trains a reranker on questions with known documents, and promotes it if the order it gives is better."""

import shutil
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import structlog

from knowledge.build import ENCODERS, current_manifest, index_folders
from knowledge.documents import Document
from knowledge.embeddings import Embeddings
from knowledge.encoder import FloatArray, OnnxEncoder
from knowledge.encoder_choice import ensure_wanted_encoder
from knowledge.encoder_export import resolve_source
from knowledge.errors import EncoderMissing, TooLittleToLearn
from knowledge.folders import (
    CURRENT,
    MANIFEST,
    FolderInvalid,
    prune,
    read_manifest,
    read_pointer,
    replace_pointer,
    seal,
)
from knowledge.index import INDEX_FORMAT, INDEX_KIND
from knowledge.reranker import RERANKER_FORMAT, RERANKER_KIND, RERANKERS, open_reranking
from knowledge.reranker_export import ensure_reranker
from knowledge.teaching.config import RerankConfig
from knowledge.teaching.course import LEAST_HELD_OUT_QUESTIONS, Course, plan_course, trials_of
from knowledge.teaching.judge import compare_places, judge
from knowledge.teaching.lessons import hold_out
from knowledge.teaching.pairs import Pair
from knowledge.teaching.reread import (
    Asked,
    ask,
    choose_weight,
    draw_choices,
    find_reread_places,
    read_again,
)
from knowledge.teaching.teach import LEAST_QUESTIONS, Listeners, only_teacher, work_folder
from knowledge.teaching.topics import gather_material

# The promoted one and those before it.
KEPT_RERANKERS = 3
_TRAINED = "trained"

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class RerankReport:
    """What came of a training; the same stands in the reranker's manifest.

    Attributes:
        reranker_id: names its folder; it is kept whether it is promoted or not.
        is_better: it was promoted; ``reason`` says why or why not.
        is_titles: there were too few questions, so titles and headings were learned and asked.
        weight: the reranker's share of a passage's score, chosen on questions that were neither learned nor held out.
        questions: how many were learned from.
        seconds: what training took.
        milliseconds_p50, milliseconds_p95: what reading again takes, a question.
        held_out: the measurements before and after.
        unknown: documents that pairs name and that are not there.
    """

    reranker_id: str
    trained_at: str
    is_better: bool
    reason: str
    is_titles: bool
    weight: float
    questions: int
    seconds: float
    milliseconds_p50: float
    milliseconds_p95: float
    held_out: dict[str, Any]
    unknown: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Write it as an object."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class _Questions:
    """Rankings to learn from, to choose the weight on, and to be judged by; none share a topic."""

    learned: list[Asked]
    choosing: list[Asked]
    held_out: list[Asked]
    is_titles: bool


def train_reranker(
    documents: Sequence[Document],
    pairs: Sequence[Pair],
    root: Path,
    config: RerankConfig | None = None,
    *,
    out: Path | None = None,
    listeners: Listeners | None = None,
) -> RerankReport:
    """Train a reranker; the next build takes it if it makes the served order better.

    Args:
        documents: of the knowledge base, with the questions they list.
        pairs: past questions with their answers.
        root: where indexes and rerankers live (``var/knowledge``).
        config: how to train; None takes the defaults.
        out: folder for the trained model in Hugging Face's form, promoted or not.
        listeners: who is told.

    Raises:
        TooLittleToLearn: there are too few questions, titles or topics.
        TeachingBusy: another teaching is under way below root.
        EncoderError: the model cannot be had, is none that gives one score, or cannot be exported.
    """
    config = config or RerankConfig()
    listeners = listeners or Listeners()
    (root / RERANKERS).mkdir(parents=True, exist_ok=True)
    with only_teacher(root), work_folder(root) as work:
        material = gather_material(documents, pairs)
        encoder = OnnxEncoder.load(ensure_wanted_encoder(config.encoder, root / ENCODERS))
        embeddings = Embeddings(encoder)
        course = plan_course(material, config.course(), encoder, embeddings, progress=listeners.progress)
        asked = _gather(course, embeddings, root, is_titles=material.questions < LEAST_QUESTIONS)
        listeners.tell(
            f"Learning from {len(asked.learned)} {'titles' if asked.is_titles else 'questions'}; "
            f"held out to judge by: {len(asked.held_out)}."
        )
        began = time.monotonic()
        source = _train(asked, course, work, config, listeners)
        seconds = time.monotonic() - began if config.epochs else 0.0
        listeners.tell("Exporting it, and reading the first passages of held-out questions again.")
        folder = ensure_reranker(str(source), work / RERANKERS)
        report = _examine(folder, asked, round(seconds, 1), material.unknown, listeners)
        if out is not None:
            shutil.copytree(source, out, dirs_exist_ok=True)
        _keep(folder, report, course, root)
    log.info("knowledge_reranker_trained", reranker_id=report.reranker_id, is_better=report.is_better)
    return report


def use_reranker(root: Path, reranker_id: str | None) -> None:
    """Let the next build take a kept reranker, or, with None, none.

    Raises:
        EncoderError: it is not kept, or its folder was changed.
    """
    rerankers = root / RERANKERS
    if reranker_id is None:
        (rerankers / CURRENT).unlink(missing_ok=True)
        return
    if reranker_id in {"", ".", ".."} or Path(reranker_id).name != reranker_id:
        raise EncoderMissing(reranker_id, "no reranker of this name is kept")
    open_reranking(rerankers / reranker_id)
    replace_pointer(rerankers, reranker_id)


def _gather(course: Course, embeddings: Embeddings, root: Path, *, is_titles: bool) -> _Questions:
    choosing = hold_out(course.learned, course.topics)
    groups = (
        [one for one in course.learned if course.topics[one.document_id] not in choosing],
        [one for one in course.learned if course.topics[one.document_id] in choosing],
        course.held_out,
    )
    manifest = current_manifest(root) or {}
    settings: dict[str, Any] = {
        name: manifest[name] for name in ("dense_weight", "has_support") if name in manifest
    }
    learned, chosen, held_out = (
        ask(trials_of(group, course, embeddings, is_titles=is_titles), embeddings, settings)
        for group in groups
    )
    if len(held_out) < LEAST_HELD_OUT_QUESTIONS:
        raise TooLittleToLearn(
            f"fewer than {LEAST_HELD_OUT_QUESTIONS} questions could be held out to judge by"
        )
    return _Questions(learned, chosen, held_out, is_titles)


def _train(asked: _Questions, course: Course, work: Path, config: RerankConfig, listeners: Listeners) -> Path:
    from knowledge.teaching.rerank_fit import (
        train_cross_encoder,
    )  # torch is imported when there is work for it

    learned = frozenset(one.document_id for one in course.learned)
    passes = [
        draw_choices(asked.learned, course.topics, learned, wrong=config.wrong, seed=config.seed + epoch)
        for epoch in range(config.epochs)
    ]
    if config.epochs and not any(passes):
        raise TooLittleToLearn("no question has both a right and a wrong passage to choose from")
    out = work / (_TRAINED if config.epochs else Path(config.model).name)
    train_cross_encoder(resolve_source(config.model), passes, out, config, listeners.progress)
    return out


def _examine(
    folder: Path, asked: _Questions, seconds: float, unknown: tuple[str, ...], listeners: Listeners
) -> RerankReport:
    """Choose the reranker's weight, then ask what was held out, with it and without."""
    reranker = open_reranking(folder).reranker
    weight = choose_weight(asked.choosing, read_again(asked.choosing, reranker, listeners.progress)[0])
    reread, milliseconds = read_again(asked.held_out, reranker, listeners.progress)
    comparison = compare_places(*_both(asked.held_out, reread, weight))
    verdict = judge(comparison, None)
    return RerankReport(
        reranker_id=folder.name,
        trained_at=datetime.now(UTC).isoformat(),
        is_better=verdict.is_better,
        reason=verdict.reason,
        is_titles=asked.is_titles,
        weight=weight,
        questions=len(asked.learned),
        seconds=seconds,
        milliseconds_p50=round(float(np.percentile(milliseconds, 50)), 1),
        milliseconds_p95=round(float(np.percentile(milliseconds, 95)), 1),
        held_out=comparison.to_json(),
        unknown=unknown,
    )


def _both(asked: Sequence[Asked], reread: Sequence[FloatArray], weight: float) -> tuple[Any, Any]:
    return find_reread_places(asked, None, 0), find_reread_places(asked, reread, weight)


def _keep(folder: Path, report: RerankReport, course: Course, root: Path) -> None:
    """Put the reranker beside the others with what was measured, and name it if it is better."""
    manifest = read_manifest(folder, kind=RERANKER_KIND, version=RERANKER_FORMAT)
    (folder / MANIFEST).unlink()
    held_out = sorted(one.document_id for one in course.held_out)
    seal(
        folder,
        {**manifest, "weight": report.weight, "held_out_documents": held_out, "trained": report.to_json()},
    )
    rerankers = root / RERANKERS
    target = rerankers / folder.name
    shutil.rmtree(target, ignore_errors=True)
    folder.replace(target)
    if report.is_better:
        replace_pointer(rerankers, target.name)
    _prune(root, target)


def _prune(root: Path, newest: Path) -> None:
    """Remove rerankers but the latest ones, the promoted one and those that an index on disk was built with."""
    used = {_reranker_of(folder) for folder in index_folders(root)} | {read_pointer(root / RERANKERS)}
    folders = [path for path in (root / RERANKERS).iterdir() if path.is_dir() and path.name not in used]
    for folder in prune(folders, KEPT_RERANKERS, newest):
        log.info("knowledge_reranker_removed", reranker_id=folder.name)


def _reranker_of(index: Path) -> str:
    try:
        reranker = read_manifest(index, kind=INDEX_KIND, version=INDEX_FORMAT).get("reranker")
        return str(reranker["reranker_id"]) if reranker else ""
    except (FolderInvalid, KeyError, TypeError):
        return ""
