"""Search alone: the index that the build chooses, beside plain FAISS flat and plain BM25, of the same texts."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import bm25s
import faiss

from bench.knowledge.results import Figures, Stopwatch, time_each
from knowledge.dense import DENSE_FILE, DenseIndex, FlatIndex
from knowledge.encoder import FloatArray
from knowledge.kinds import KINDS, RECALL_AT, choose_kind, measure_recall, set_effort
from knowledge.sparse import WordIndex, WordSplitter

_QUESTIONS = 500
_RECALL_QUESTIONS = 300


@dataclass(frozen=True)
class Corpus:
    """What is searched and what is asked."""

    texts: Sequence[str]
    vectors: FloatArray
    questions: Sequence[str]
    asked: FloatArray
    probes: FloatArray


def measure_flat(corpus: Corpus) -> Figures:
    """Plain FAISS flat: each question by itself, and all in one batch (the most that exact search can do)."""
    watch = Stopwatch()
    index = faiss.IndexFlatIP(corpus.vectors.shape[1])
    index.add(corpus.vectors)
    built = watch.read("build")
    asked = corpus.asked[:_QUESTIONS]
    began, spent = time.perf_counter(), time.process_time()
    index.search(asked, RECALL_AT)
    batch: Figures = {
        "batch_queries_per_wall_s": round(len(asked) / (time.perf_counter() - began), 1),
        "batch_queries_per_cpu_s": round(len(asked) / (time.process_time() - spent), 1),
    }
    count = min(len(asked), max(50, 20_000_000 // len(corpus.vectors)))
    times = time_each(lambda i: index.search(corpus.asked[i : i + 1], RECALL_AT), count)
    return {
        "kind": "flat",
        "memory_mib": _mib(corpus.vectors.nbytes),
        "recall_at_10": 1.0,
        **built,
        **batch,
        **times,
    }


def measure_ours(corpus: Corpus, work: Path, kind: str | None = None) -> Figures:
    """Our index: built, saved, opened again and asked one question after the other, as it is served.

    Args:
        corpus: what is searched.
        work: folder for the index; one that lies there is opened, not built again.
        kind: of index; None takes the one that the build chooses.
    """
    chosen = kind or choose_kind(len(corpus.vectors))[0]
    folder = work / f"{chosen}-{len(corpus.vectors)}"
    told = folder / "build.json"
    if not told.is_file():
        watch = Stopwatch()
        built = KINDS[chosen].build(corpus.vectors)
        folder.mkdir(parents=True, exist_ok=True)
        built.save(folder)
        told.write_text(json.dumps(watch.read("build")), encoding="utf-8")
    sizes = [path.stat().st_size for path in folder.glob("dense.*")]
    index = KINDS[chosen].load(folder)
    watch = Stopwatch()
    recall = 1.0 if isinstance(index, FlatIndex) else set_effort(index, corpus.vectors, corpus.probes)
    figures: Figures = {
        "kind": chosen,
        "memory_mib": _mib((folder / DENSE_FILE).stat().st_size),
        "disk_mib": _mib(sum(sizes)),
        **json.loads(told.read_text(encoding="utf-8")),
        **watch.read("set_effort"),
        "recall_at_10_at_build": round(recall, 4),
        **_asked(index, corpus),
    }
    return figures


def _asked(index: DenseIndex, corpus: Corpus) -> Figures:
    """Ask for ten (the bar) and for a hundred and one (what a hybrid search takes)."""
    for question in corpus.asked[-100:]:
        index.search(question, RECALL_AT)
    count = min(_QUESTIONS, len(corpus.asked))
    ten = time_each(lambda i: index.search(corpus.asked[i], RECALL_AT), count)
    hundred = time_each(lambda i: index.search(corpus.asked[i], 101), count)
    return {
        "effort": 0 if isinstance(index, FlatIndex) else int(getattr(index, "effort", 0)),
        "recall_at_10": round(measure_recall(index, corpus.vectors, corpus.asked[:_RECALL_QUESTIONS]), 4),
        **ten,
        **{f"top101_{name}": value for name, value in hundred.items()},
    }


def measure_words(corpus: Corpus) -> Figures:
    """Our word search."""
    splitter = WordSplitter()
    watch = Stopwatch()
    index = WordIndex.build(corpus.texts, splitter)
    built = watch.read("build")
    split = [splitter.split(question) for question in corpus.questions[:_QUESTIONS]]
    return {"kind": "words", **built, **time_each(lambda i: index.search(split[i], 101), len(split))}


def measure_bm25(corpus: Corpus) -> Figures:
    """Plain bm25s, its own tokenizer and retrieval, numpy backend."""
    watch = Stopwatch()
    model = bm25s.BM25(method="lucene", k1=1.2, b=0.75)
    model.index(bm25s.tokenize(list(corpus.texts), stopwords="en", show_progress=False), show_progress=False)
    built = watch.read("build")

    def ask(number: int) -> None:
        tokens = bm25s.tokenize([corpus.questions[number]], stopwords="en", show_progress=False)
        model.retrieve(tokens, k=min(101, len(corpus.texts)), show_progress=False)

    return {"kind": "bm25s", **built, **time_each(ask, min(_QUESTIONS, len(corpus.questions)))}


def _mib(size: int) -> int:
    return round(size / 2**20)
