"""Builds the index from a folder of articles and makes it the current one."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import structlog

from knowledge.abstain import MAX_WRONG_SHARE
from knowledge.articles import ARTICLES, load_team
from knowledge.assembly import assemble, embedded_texts, with_questions
from knowledge.conflicts import write_conflicts
from knowledge.disagreement import find_conflicts
from knowledge.documents import Collection, Document, Passage, fields_of, load_documents, split_passages
from knowledge.embeddings import Embeddings
from knowledge.encoder import Encoder, OnnxEncoder, Progress
from knowledge.encoder_choice import TEACHINGS, ensure_wanted_encoder, wanted_encoder_id
from knowledge.encoder_export import DEFAULT_ENCODER
from knowledge.errors import KnowledgeIndexError
from knowledge.folders import clear_unfinished, new_folder, only_one, prune, read_pointer, replace_pointer
from knowledge.index import EMBEDDING_KEYS_FILE, EMBEDDINGS_FILE, INDEX_FORMAT, checked_manifest
from knowledge.kinds import DenseReport
from knowledge.reranker import RERANKERS, Reranking, promoted_reranking
from knowledge.sentences import quotable_sentences
from knowledge.source_store import SOURCES
from knowledge.sources import load_sources, without_repeats
from knowledge.tuning import Tuning, tune
from nlu.software import versions_of

ENCODERS = "encoders"
# Changes whenever the same sources would give another index.
_BUILD_REVISION = 14
_LIBRARIES = ("faiss-cpu", "bm25s", "onnxruntime", "tokenizers", "numpy")

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class BuildConfig:
    """How an index is built.

    Attributes:
        encoder: a sentence-transformers folder, or an installed package that carries one. An encoder that was taught
            from it and promoted takes its place.
        passage_tokens: upper bound of a passage without its label.
        keep: finished indexes left on disk, the current one among them.
        threads: threads of the encoder while it embeds.
        max_wrong_share: the operator's dial: the share of all questions that may be answered wrongly. Lower means fewer
            wrong answers and fewer answers.
        is_for_answers: also prepare what quoting needs, the sentences' vectors and the contradictions; an index that is
            only searched is built in half the time without.
        index_kind: of dense index (see ``knowledge.kinds``); None takes the one that fits the number of vectors.
    """

    encoder: str = DEFAULT_ENCODER
    passage_tokens: int = 200
    keep: int = 2
    threads: int = 2
    max_wrong_share: float = MAX_WRONG_SHARE
    index_kind: str | None = None
    is_for_answers: bool = True


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What a build did.

    Attributes:
        folder: of the current index.
        is_reused: nothing had changed, nothing was built.
        rejected: files that were left out, each with its reason.
        embedded: texts embedded now; ``reused`` ones were taken from the index before.
        dense: which kind of dense index there is, why, and what it finds of what the exact one would.
    """

    folder: Path
    index_id: str
    is_reused: bool
    documents: int
    passages: int
    embedded: int
    reused: int
    rejected: tuple[str, ...]
    dense: DenseReport


EncoderLoader = Callable[[Path], Encoder]


def build(
    data: Path,
    root: Path,
    config: BuildConfig | None = None,
    *,
    progress: Progress | None = None,
    is_forced: bool = False,
    load_encoder: EncoderLoader | None = None,
) -> BuildReport:
    """Build the index of a folder of articles, of those that the team wrote and of every source, and make it current.

    Args:
        data: folder with Markdown articles.
        root: where indexes and encoders live (``var/knowledge``).
        config: how to build; None takes the defaults.
        progress: called with (stage, done, total).
        is_forced: build although nothing changed.
        load_encoder: makes the encoder from the encoders' folder; for tests.

    Raises:
        DocumentRejected: the folder is not there. A single bad file only appears in the report.
        EncoderError: the encoder cannot be had.
    """
    with only_one(
        root
    ):  # what is read before that would put back an older state after a build that was waited for
        collection = load_collection(data, root)
        return _build_once(collection, root, config, progress, is_forced=is_forced, load_encoder=load_encoder)


def load_collection(data: Path, root: Path) -> Collection:
    """Read everything that is indexed: the articles of the folder, those that the team wrote, and every source's.

    Of equal ones the first counts.

    Raises:
        DocumentRejected: the folder is not there.
    """
    found = load_documents(data).beside(load_team(root)).beside(load_sources(root))
    return Collection(without_repeats(found.documents), found.rejected)


def build_documents(
    collection: Collection,
    root: Path,
    config: BuildConfig | None = None,
    *,
    progress: Progress | None = None,
    is_forced: bool = False,
    load_encoder: EncoderLoader | None = None,
) -> BuildReport:
    """Build the index of documents (see ``build``)."""
    with only_one(root):
        return _build_once(collection, root, config, progress, is_forced=is_forced, load_encoder=load_encoder)


def _build_once(
    collection: Collection,
    root: Path,
    config: BuildConfig | None,
    progress: Progress | None,
    *,
    is_forced: bool,
    load_encoder: EncoderLoader | None,
) -> BuildReport:
    """Build unless the current index is made of the same."""
    config = config or BuildConfig()
    clear_unfinished(root)
    rejected = tuple(str(error) for error in collection.rejected)
    encoder = load_encoder(root / ENCODERS) if load_encoder else None
    encoder_id = encoder.encoder_id if encoder else wanted_encoder_id(config.encoder, root / ENCODERS)
    reranking = promoted_reranking(root, threads=config.threads)
    data_hash = hash_documents(collection.documents, config, encoder_id, reranking)
    current = current_manifest(root)
    if current and current["data_hash"] == data_hash and not is_forced:
        return _reused(root, current, rejected)
    if encoder is None:
        folder = ensure_wanted_encoder(config.encoder, root / ENCODERS)
        encoder = OnnxEncoder.load(folder, threads=config.threads)
    return _build(
        collection.documents, root, config, encoder, reranking, data_hash, rejected, current, progress
    )


def hash_documents(
    documents: Sequence[Document],
    config: BuildConfig,
    encoder_id: str,
    reranking: Reranking | None = None,
) -> str:
    """Name what an index is made of: documents, settings, encoder, reranker, formats."""
    settings: list[object] = [
        config.passage_tokens,
        config.max_wrong_share,
        config.index_kind,
        config.is_for_answers,
        encoder_id,
        INDEX_FORMAT,
        _BUILD_REVISION,
    ]
    if reranking is not None:
        settings.append(reranking.reranker.reranker_id)
    digest = hashlib.sha256(json.dumps(settings).encode())
    for document in documents:
        digest.update(json.dumps(fields_of(document), sort_keys=True).encode())
    return digest.hexdigest()


def _build(
    documents: Sequence[Document],
    root: Path,
    config: BuildConfig,
    encoder: Encoder,
    reranking: Reranking | None,
    data_hash: str,
    rejected: tuple[str, ...],
    current: dict[str, Any] | None,
    progress: Progress | None,
) -> BuildReport:
    embeddings = Embeddings(encoder)
    if current and current["encoder_id"] == encoder.encoder_id:
        _remember(embeddings, root / str(current["index_id"]))
    passages = _embedded_passages(documents, config, embeddings, progress)
    tuning = tune(passages, embeddings, max_wrong_share=config.max_wrong_share, reranking=reranking)
    manifest = _manifest(documents, passages, config, encoder, data_hash, tuning)
    if reranking is not None and tuning.reranked_rule is not None:
        manifest["reranker"] = {
            "reranker_id": reranking.reranker.reranker_id,
            "rule": tuning.reranked_rule.to_json(),
        }
    index = assemble(passages, embeddings, manifest, kind=config.index_kind)
    folder = root / manifest["index_id"]
    conflicts = find_conflicts(index, embeddings) if config.is_for_answers else ()
    with new_folder(folder) as work:
        write_conflicts(work, conflicts)
        index.save(work, embeddings.keys, embeddings.vectors)
    replace_pointer(root, folder.name)
    prune(index_folders(root), config.keep, folder)
    log.info(
        "knowledge_built",
        index_id=folder.name,
        passages=len(passages),
        embedded=embeddings.embedded_count,
        conflicts=len(conflicts),
    )
    return BuildReport(
        folder=folder,
        index_id=folder.name,
        is_reused=False,
        documents=len(documents),
        passages=len(passages),
        embedded=embeddings.embedded_count,
        reused=embeddings.reused_count,
        rejected=rejected,
        dense=DenseReport(**index.manifest["dense"]),
    )


def _embedded_passages(
    documents: Sequence[Document], config: BuildConfig, embeddings: Embeddings, progress: Progress | None
) -> list[Passage]:
    """Cut documents into passages with the questions nearest to each, and make sure of every vector that is needed."""
    passages = [
        passage
        for document in documents
        for passage in split_passages(
            document, passage_tokens=config.passage_tokens, count_tokens=embeddings.encoder.count_tokens
        )
    ]
    questions = {document.document_id: document.questions for document in documents}
    asked = (question for group in questions.values() for question in group)
    quotable = quotable_sentences(passages) if config.is_for_answers else ()
    embeddings.embed((*embedded_texts(passages), *asked, *quotable), progress)
    return with_questions(passages, questions, embeddings)


def _manifest(
    documents: Sequence[Document],
    passages: Sequence[Passage],
    config: BuildConfig,
    encoder: Encoder,
    data_hash: str,
    tuning: Tuning,
) -> dict[str, Any]:
    built_at = datetime.now(UTC)
    return {
        "index_id": f"{built_at:%Y%m%dT%H%M%S%f}-{data_hash[:8]}",
        "built_at": built_at.isoformat(),
        "data_hash": data_hash,
        "encoder_id": encoder.encoder_id,
        "dimension": encoder.dimension,
        "passage_tokens": config.passage_tokens,
        "documents": len(documents),
        "passages": len(passages),
        "sources": _by_source(passages),
        "dense_weight": tuning.dense_weight,
        "has_support": tuning.has_support,
        "rule": tuning.rule.to_json(),
        "tuned_on": {
            "questions": tuning.questions,
            "max_wrong_share": config.max_wrong_share,
            "dense_quality": round(tuning.dense_quality, 4),
            "sparse_quality": round(tuning.sparse_quality, 4),
        },
        "versions": versions_of(_LIBRARIES),
    }


def _by_source(passages: Sequence[Passage]) -> dict[str, dict[str, int]]:
    """Count documents and passages by what stands before the first "/" of a document's id: its source."""
    found: dict[str, list[str]] = {}
    for passage in passages:
        name, slash, _ = passage.document_id.partition("/")
        if slash:
            found.setdefault(name, []).append(passage.document_id)
    return {name: {"documents": len(set(ids)), "passages": len(ids)} for name, ids in found.items()}


def index_folders(root: Path) -> list[Path]:
    """List the finished index folders."""
    return [
        path
        for path in root.iterdir()
        if path.is_dir()
        and path.name not in {ENCODERS, RERANKERS, ARTICLES, SOURCES, TEACHINGS}
        and path.name[0] != "."
    ]


def _remember(embeddings: Embeddings, folder: Path) -> None:
    try:
        checked_manifest(folder)
    except KnowledgeIndexError as error:
        log.warning("knowledge_embeddings_not_reused", code=error.code)
        return
    embeddings.remember(folder / EMBEDDING_KEYS_FILE, folder / EMBEDDINGS_FILE)


def current_manifest(root: Path) -> dict[str, Any] | None:
    """Read the manifest of the current index; None when there is none to be trusted."""
    name = read_pointer(root)
    if name is None:
        return None
    try:
        return checked_manifest(root / name)
    except KnowledgeIndexError as error:
        log.warning("knowledge_index_replaced", code=error.code)
        return None


def _reused(root: Path, manifest: dict[str, Any], rejected: tuple[str, ...]) -> BuildReport:
    return BuildReport(
        folder=root / str(manifest["index_id"]),
        index_id=str(manifest["index_id"]),
        is_reused=True,
        documents=int(manifest["documents"]),
        passages=int(manifest["passages"]),
        embedded=0,
        reused=0,
        rejected=rejected,
        dense=DenseReport(**manifest["dense"]),
    )
