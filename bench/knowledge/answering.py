"""From a question to its answer inside `knowledge`: embed, search both ways, fuse, quote; each question is asked once."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import psutil

from bench.knowledge.results import Figures, Stopwatch, time_each
from bench.knowledge.search import Corpus
from bench.knowledge.texts import RealText
from knowledge.abstain import default_rule
from knowledge.answer import gather_evidence
from knowledge.base import KnowledgeBase
from knowledge.documents import Audience, Passage
from knowledge.encoder import OnnxEncoder
from knowledge.filters import CUSTOMER, Facets
from knowledge.folders import MANIFEST, replace_pointer
from knowledge.fusion import NEUTRAL_DENSE_WEIGHT
from knowledge.index import INDEX_FORMAT, INDEX_KIND, KnowledgeIndex
from knowledge.kinds import build_dense
from knowledge.sparse import WordIndex, WordSplitter
from knowledge.spread import Spread

_QUESTIONS = 300
_PASSAGES_PER_DOCUMENT = 3
# So many passages are for agents only, so that every search is a filtered one, as it is with real articles.
_FOR_AGENTS = 20


def measure_answers(corpus: Corpus, real: Sequence[RealText], work: Path, encoder: OnnxEncoder) -> Figures:
    """Ask a knowledge base of the corpus' size, whole and step by step."""
    root = work / f"base-{len(corpus.vectors)}"
    built = _build(root, corpus, real, encoder)
    before = psutil.Process().memory_info().rss
    watch = Stopwatch()
    base = KnowledgeBase(root, load_encoder=lambda _: encoder)
    opened = watch.read("open")
    count = min(_QUESTIONS, len(corpus.questions) // 2)
    questions = corpus.questions[:count]
    for question in corpus.questions[-count:][:50]:
        base.answer(question, min_confidence=0)
    whole = time_each(lambda i: base.answer(questions[i], min_confidence=0), count)
    grown = round((psutil.Process().memory_info().rss - before) / 2**20)
    index = base.index
    prepared = [index.prepare(question, encoder) for question in questions]
    allowed = index.allowed(CUSTOMER)
    embed = time_each(lambda i: encoder.encode([questions[i]]), count)
    rank = time_each(lambda i: gather_evidence(index, prepared[i], allowed), count)
    return {
        "kind": index.dense.kind,
        "resident_mib": grown,
        **built,
        **opened,
        **whole,
        **{f"embed_{name}": value for name, value in embed.items()},
        **{f"rank_{name}": value for name, value in rank.items()},
    }


def _build(root: Path, corpus: Corpus, real: Sequence[RealText], encoder: OnnxEncoder) -> Figures:
    """Write an index folder and make it current; one that lies there is taken."""
    name = f"bench-{len(corpus.vectors)}"
    folder = root / name
    if (folder / MANIFEST).is_file():
        return {}
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    watch = Stopwatch()
    passages = [_passage(row, real[row % len(real)]) for row in range(len(corpus.vectors))]
    dense, report = build_dense(corpus.vectors, lambda: corpus.probes)
    index = KnowledgeIndex(
        manifest={
            "kind": INDEX_KIND,
            "format_version": INDEX_FORMAT,
            "index_id": name,
            "encoder_id": encoder.encoder_id,
            "dense_weight": NEUTRAL_DENSE_WEIGHT,
            "rule": default_rule().to_json(),
            "dense": report.to_json(),
        },
        passages=passages,
        dense=dense,
        starts=np.arange(len(passages) + 1),
        words=WordIndex.build([passage.embedded_text for passage in passages], WordSplitter()),
        facets=Facets.build(passages),
        spread=Spread.build(corpus.vectors),
    )
    index.save(
        folder, np.zeros((0, 16), dtype=np.uint8), np.zeros((0, corpus.vectors.shape[1]), dtype=np.float16)
    )
    replace_pointer(root, name)
    return watch.read("build_without_embedding")


def _passage(row: int, real: RealText) -> Passage:
    document = row // _PASSAGES_PER_DOCUMENT
    return Passage(
        passage_id=f"d{document}#{row % _PASSAGES_PER_DOCUMENT}",
        document_id=f"d{document}",
        title=real.title,
        section="",
        url="",
        updated="",
        audience=Audience.AGENTS if row % _FOR_AGENTS == 0 else Audience.PUBLIC,
        language="en",
        headings=(),
        text=real.text,
    )
