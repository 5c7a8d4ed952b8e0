"""Teaches the encoder from questions with known answers, and promotes it if it is better than the one that serves."""

import fcntl
import hashlib
import json
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import structlog

from knowledge.build import ENCODERS, index_folders
from knowledge.documents import Document, fields_of
from knowledge.embeddings import Embeddings
from knowledge.encoder import OnnxEncoder, Progress
from knowledge.encoder_choice import (
    Teaching,
    choose_encoder,
    ensure_wanted_encoder,
    list_teachings,
    record_teaching,
)
from knowledge.encoder_export import (
    encoder_id_of,
    ensure_encoder,
    export_encoder,
    resolve_source,
)
from knowledge.errors import TeachingBusy, TooLittleToLearn
from knowledge.folders import FolderInvalid, prune, read_manifest
from knowledge.index import INDEX_FORMAT, INDEX_KIND
from knowledge.teaching.config import TeachConfig
from knowledge.teaching.course import Course, compare_encoders, plan_course
from knowledge.teaching.lessons import Lesson, build_lessons
from knowledge.teaching.pairs import Pair
from knowledge.teaching.topics import Material, gather_material
from nlu.software import versions_of

LEAST_QUESTIONS = 50
# The promoted one and those before it, to go back to.
KEPT_ENCODERS = 3
_WORK_PREFIX = ".teaching-"
# Changes whenever the same input would make another encoder.
_REVISION = 2
_LIBRARIES = ("torch", "transformers", "sentence-transformers", "onnxruntime", "tokenizers", "numpy")

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class TeachReport:
    """What a teaching did.

    Attributes:
        is_reused: the same was taught before; nothing was trained.
        unknown: documents that pairs name and that are not there.
    """

    teaching: Teaching
    is_reused: bool
    unknown: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Listeners:
    """Who hears of a teaching: (stage, done, total), and sentences for people."""

    progress: Progress | None = None
    tell: Callable[[str], None] = lambda _: None


def teach(
    documents: Sequence[Document],
    pairs: Sequence[Pair],
    root: Path,
    config: TeachConfig | None = None,
    *,
    out: Path | None = None,
    is_forced: bool = False,
    listeners: Listeners | None = None,
) -> TeachReport:
    """Train an encoder on the questions of documents and pairs; the next build takes it if it is the better one.

    Nothing that serves is touched here. The same input is not taught twice.

    Args:
        documents: of the knowledge base, with the questions they list.
        pairs: past questions with their answers.
        root: where indexes and encoders live (``var/knowledge``).
        config: how to train; None takes the defaults.
        out: folder for the trained encoder in sentence-transformers' form, promoted or not.
        is_forced: train although the same was taught before.
        listeners: who is told.

    Raises:
        TooLittleToLearn: there are too few questions or topics.
        TeachingBusy: another teaching is under way below root.
        EncoderError: the encoder cannot be had, or what was trained cannot be exported.
    """
    config = config or TeachConfig()
    encoders = root / ENCODERS
    encoders.mkdir(parents=True, exist_ok=True)
    with only_teacher(root):
        material = gather_material(documents, pairs)
        if material.questions < LEAST_QUESTIONS:
            raise TooLittleToLearn(f"{material.questions} questions, and {LEAST_QUESTIONS} are the least")
        data_hash = hash_material(material, config)
        former = [one for one in list_teachings(encoders) if one.data_hash == data_hash]
        if former and not is_forced and out is None:
            return TeachReport(former[-1], True, material.unknown)
        with work_folder(root) as work:
            teaching = _teach(material, data_hash, encoders, config, work, listeners or Listeners())
            if out is not None:
                shutil.copytree(work / _name_of(data_hash), out, dirs_exist_ok=True)
            _settle(teaching, work, encoders)
    log.info("knowledge_taught", encoder_id=teaching.encoder_id, is_better=teaching.is_better)
    return TeachReport(teaching, False, material.unknown)


def hash_material(material: Material, config: TeachConfig) -> str:
    """Name what a teaching is made of: documents, questions, settings, the encoder it begins with, libraries."""
    versions = versions_of(_LIBRARIES)
    settings = [config.to_json(), encoder_id_of(config.encoder), versions, _REVISION]
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode())
    for document in material.documents:
        digest.update(json.dumps(fields_of(document), sort_keys=True).encode())
    return digest.hexdigest()


def _teach(
    material: Material,
    data_hash: str,
    encoders: Path,
    config: TeachConfig,
    work: Path,
    listeners: Listeners,
) -> Teaching:
    base = OnnxEncoder.load(ensure_encoder(config.encoder, encoders))
    embeddings = Embeddings(base)
    course = plan_course(material, config, base, embeddings, progress=listeners.progress)
    lessons = build_lessons(course.learned, course.passages, course.topics, embeddings)
    listeners.tell(_plan_sentence(course, lessons))
    began = time.monotonic()
    folder = work / _name_of(data_hash)
    _train(config, lessons, folder, listeners)
    seconds = time.monotonic() - began
    listeners.tell(f"Trained in {seconds:.0f} s. Comparing it with the encoder that serves.")
    encoder_id = encoder_id_of(str(folder))
    export_encoder(str(folder), work / encoder_id)
    served = OnnxEncoder.load(ensure_wanted_encoder(config.encoder, encoders))
    before = embeddings if served.encoder_id == base.encoder_id else Embeddings(served)
    after = Embeddings(OnnxEncoder.load(work / encoder_id))
    verdict = compare_encoders(course, before, after, listeners.progress)
    return Teaching(
        encoder_id=encoder_id,
        base_id=base.encoder_id,
        data_hash=data_hash,
        taught_at=datetime.now(UTC).isoformat(),
        is_better=verdict.is_better,
        reason=verdict.reason,
        questions=len(lessons),
        documents=len(course.learned),
        seconds=round(seconds, 1),
        compared_with=served.encoder_id,
        held_out=verdict.held_out.to_json(),
        guard=verdict.guard.to_json() if verdict.guard else {},
    )


def _train(config: TeachConfig, lessons: Sequence[Lesson], folder: Path, listeners: Listeners) -> None:
    from knowledge.teaching.fit import train_encoder  # torch is imported when there is something to train

    train_encoder(resolve_source(config.encoder), lessons, folder, config, listeners.progress)


def _plan_sentence(course: Course, lessons: Sequence[Lesson]) -> str:
    asked = sum(len(document.questions) for document in course.held_out)
    return (
        f"Learning from {len(lessons)} questions of {len(course.learned)} documents; "
        f"held out to judge by: {asked} questions of {len(course.held_out)} documents."
    )


def _settle(teaching: Teaching, work: Path, encoders: Path) -> None:
    """Keep the export and name it if it is better; the record comes first, so that a named one is always known."""
    if teaching.is_better:
        target = encoders / teaching.encoder_id
        shutil.rmtree(target, ignore_errors=True)
        (work / teaching.encoder_id).replace(target)
    record_teaching(encoders, teaching)
    if teaching.is_better:
        choose_encoder(encoders, teaching.encoder_id)
        _prune(encoders.parent, encoders, teaching.encoder_id)


def _prune(root: Path, encoders: Path, current: str) -> None:
    """Remove taught encoders but the latest ones and those that an index on disk was made with."""
    indexed = {_encoder_of(folder) for folder in index_folders(root)}
    taught = [encoders / one.encoder_id for one in list_teachings(encoders)]
    free = [folder for folder in taught if folder.is_dir() and folder.name not in indexed]
    for folder in prune(free, KEPT_ENCODERS, encoders / current):
        log.info("knowledge_encoder_removed", encoder_id=folder.name)


def _encoder_of(index: Path) -> str:
    try:
        return str(read_manifest(index, kind=INDEX_KIND, version=INDEX_FORMAT)["encoder_id"])
    except (FolderInvalid, KeyError):
        return ""


def _name_of(data_hash: str) -> str:
    return f"taught-{data_hash[:8]}"


@contextmanager
def only_teacher(root: Path) -> Iterator[None]:
    """Let one teaching at a time work below root.

    Raises:
        TeachingBusy: another one does.
    """
    with (root / ".teaching.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise TeachingBusy(root) from error
        yield


@contextmanager
def work_folder(root: Path) -> Iterator[Path]:
    """Make a folder to work in, and remove it afterwards; and what a teaching that was killed left behind."""
    for left in root.glob(f"{_WORK_PREFIX}*/"):
        shutil.rmtree(left, ignore_errors=True)
    work = Path(tempfile.mkdtemp(prefix=_WORK_PREFIX, dir=root))
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)
