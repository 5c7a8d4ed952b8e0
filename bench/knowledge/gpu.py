"""What a GPU makes of it: passages a second in bf16, and search on it at 1 and 10 million vectors beside the processor.

    python -m bench.knowledge.gpu [--data ../shared/data] [--sizes 1000000 10000000] [--texts 50000]
                                  [--out bench/results/knowledge-gpu]

Needs faiss-gpu and a CUDA build of torch. Without a GPU it runs the same on the processor, in small, and says so: such
figures show that the script runs, no more. The index beside it is the one that the build chooses for the size, set to
the effort that finds 0.98 of the ten nearest; the recall of both is told.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import faiss
import numpy as np
import torch

from bench.knowledge.__main__ import EXIT_NO_DATA, ROOT, Material
from bench.knowledge.results import Figures, Result, Stopwatch, make_result, time_each, write_result
from bench.understanding.results import warm_rate
from knowledge.dense import DenseIndex
from knowledge.encoder import FloatArray
from knowledge.encoder_export import DEFAULT_ENCODER, resolve_source
from knowledge.gpu import copy_to_gpu, count_gpus, to_gpu
from knowledge.kinds import RECALL_AT, build_dense, measure_recall

NO_GPU = "No GPU is there: these are figures of the processor, in small, and only show that the script runs."
SIZES_ON_GPU = (1_000_000, 10_000_000)
SIZES_WITHOUT = (300, 600)
_BATCHES_ON_GPU = (64, 256, 1024, 4096)
_BATCHES_WITHOUT = (8,)
_TEXTS_WITHOUT = 64
_ASKED = 300


def measure_ingestion(texts: Sequence[str], device: str, batches: Sequence[int]) -> dict[int, Figures]:
    """Embed texts in bf16: by batch size."""
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(
        str(resolve_source(DEFAULT_ENCODER)), device=device, model_kwargs={"dtype": torch.bfloat16}
    )
    found: dict[int, Figures] = {}
    for batch in batches:
        model.encode(list(texts[:batch]), batch_size=batch)
        began = time.perf_counter()
        model.encode(list(texts), batch_size=batch, normalize_embeddings=True)
        found[batch] = {"passages_per_wall_s": round(len(texts) / (time.perf_counter() - began), 1)}
    return found


def measure_search(
    vectors: FloatArray, asked: FloatArray, probes: FloatArray, *, has_gpu: bool, threads: int
) -> dict[str, Figures]:
    """Search the same vectors on the processor, by the kind that the build chooses, and on the GPU.

    One question after the other as they are served, and all of them together: on the processor on all threads, on the
    GPU in one batch.
    """
    watch = Stopwatch()
    below, report = build_dense(vectors, lambda: probes)
    built = {**watch.read("build"), "effort": report.effort}
    watch = Stopwatch()
    held: list[Any] = []

    def move(dimension: int, chunks: Iterator[FloatArray]) -> Any:
        held.append((copy_to_gpu if has_gpu else _stand_in)(dimension, chunks))
        return held[0]

    above = to_gpu(below, move=move) if has_gpu else to_gpu(below, gpus=1, move=move)
    moved = watch.read("move")
    by_all = warm_rate(lambda: _ask_side_by_side(below, asked, threads), len(asked))
    served = {**built, "together_queries_per_wall_s": by_all, **_searched(below, vectors, asked)}
    found: dict[str, Figures] = {below.kind: {"kind": below.kind, **served}}
    if above is below:
        print(f"{len(vectors)} vectors do not fit on the GPU", flush=True)
        return found
    at_once = warm_rate(lambda: held[0].search(asked, RECALL_AT), len(asked))
    served = {**moved, "together_queries_per_wall_s": at_once, **_searched(above, vectors, asked)}
    return {**found, "gpu": {"kind": "exact, half precision", **served}}


def _ask_side_by_side(index: DenseIndex, asked: FloatArray, threads: int) -> None:
    """Ask every question, as many at once as there are threads, each on one core."""
    faiss.omp_set_num_threads(1)
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(lambda question: index.search(question, RECALL_AT), asked))
    faiss.omp_set_num_threads(threads)


def _searched(index: DenseIndex, vectors: FloatArray, asked: FloatArray) -> Figures:
    index.search(asked[0], RECALL_AT)
    times = time_each(lambda i: index.search(asked[i % len(asked)], RECALL_AT), _ASKED)
    return {"recall_at_10": round(measure_recall(index, vectors, asked[:_ASKED]), 4), **times}


def _stand_in(dimension: int, chunks: Iterator[FloatArray]) -> Any:
    """What lies on the GPU elsewhere, on the processor."""
    index = faiss.IndexFlatIP(dimension)
    for chunk in chunks:
        index.add(np.ascontiguousarray(chunk))
    return index


def run(options: argparse.Namespace) -> Iterator[Result]:
    """Measure everything, each result as it comes; without a GPU in small."""
    has_gpu = torch.cuda.is_available() and count_gpus() > 0
    options.texts = options.texts if has_gpu else min(options.texts, _TEXTS_WITHOUT)
    sizes = options.sizes or (SIZES_ON_GPU if has_gpu else SIZES_WITHOUT)
    material = Material(options)
    note = "" if has_gpu else NO_GPU
    texts = [text.joined for text in material.texts]
    device, batches = ("cuda", _BATCHES_ON_GPU) if has_gpu else ("cpu", _BATCHES_WITHOUT)
    for batch, figures in measure_ingestion(texts, device, batches).items():
        yield make_result("ingest", f"bf16-batch-{batch}", len(texts), options.threads, figures, note)
    for size in sizes:
        corpus = material.corpus(size, with_texts=False)
        found = measure_search(
            corpus.vectors, corpus.asked, corpus.probes, has_gpu=has_gpu, threads=options.threads
        )
        for system, figures in found.items():
            yield make_result("search", system, size, options.threads, figures, note)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run and keep the results; return the exit code."""
    options = _parser().parse_args(arguments)
    if not options.data.is_dir():
        print(
            f"{options.data} is missing. Name the folder with the data sets: --data FOLDER.", file=sys.stderr
        )
        return EXIT_NO_DATA
    faiss.omp_set_num_threads(options.threads)
    for result in run(options):
        write_result(options.out, result)
        print(f"{result.name}: {result.figures}. {result.note}", flush=True)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench.knowledge.gpu", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument(
        "--data", type=Path, default=ROOT.parent / "shared" / "data", help="folder with the data sets"
    )
    parser.add_argument(
        "--out", type=Path, default=ROOT / "bench" / "results" / "knowledge-gpu", help="for the results"
    )
    parser.add_argument("--work", type=Path, default=ROOT / "var" / "bench" / "knowledge", help="for vectors")
    parser.add_argument("--sizes", nargs="+", type=int, default=[], help="numbers of vectors")
    parser.add_argument("--texts", type=int, default=50_000, help="real texts to embed")
    parser.add_argument("--threads", type=int, default=16, help="threads of FAISS on the processor")
    return parser


if __name__ == "__main__":
    sys.exit(main())
