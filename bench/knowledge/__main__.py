"""The knowledge base: what it finds, how fast it embeds, searches and answers, at three sizes.

    python -m bench.knowledge [--data ../shared/data] [--sizes 10000 100000 1000000] [--parts NAMES] [--texts 50000]
                              [--threads 2] [--note TEXT] [--force] [--report] [--out bench/results/knowledge]

Every measurement leaves one JSON file; one that is there is not made again, nor are vectors and indexes in the work
folder (var/bench/knowledge), so the benchmark goes on where it was interrupted. In the end, or with --report alone,
the results are written as one page of tables beside that folder. bench.knowledge.gpu is the same for a GPU.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from pathlib import Path

import faiss

from bench.knowledge.answering import measure_answers
from bench.knowledge.embedding import measure_embedding
from bench.knowledge.quality import HELP_CENTRE, measure_help_centre, measure_quality
from bench.knowledge.report import write_page
from bench.knowledge.results import Figures, make_result, read_results, write_result
from bench.knowledge.search import (
    Corpus,
    measure_bm25,
    measure_flat,
    measure_ours,
    measure_words,
)
from bench.knowledge.texts import RealText, missing_file, read_questions, read_texts
from bench.knowledge.vectors import embed_texts, grow
from knowledge.assembly import PROBES
from knowledge.encoder import FloatArray, OnnxEncoder
from knowledge.encoder_export import DEFAULT_ENCODER, ensure_encoder

ROOT = Path(__file__).resolve().parents[2]
SIZES = (10_000, 100_000, 1_000_000)
PARTS = ("embed", "search", "words", "answer", "quality")
SYSTEMS = ("ours", "flat", "ivf_pq", "words", "bm25")
# A million texts take word search half an hour and 10 GB to index; passages beyond this only have vectors.
MOST_WITH_WORDS = 100_000
_QUESTIONS = 1_000
_SEED = 20261125
EXIT_NO_DATA = 2


class Material:
    """Texts, questions and their vectors, made when they are first asked for."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options

    @cached_property
    def encoder(self) -> OnnxEncoder:
        """The served encoder."""
        return OnnxEncoder.load(
            ensure_encoder(DEFAULT_ENCODER, self._options.work / "encoders"), threads=self._options.threads
        )

    @cached_property
    def texts(self) -> list[RealText]:
        """The real texts."""
        return read_texts(self._options.data, self._options.texts)

    @cached_property
    def vectors(self) -> FloatArray:
        """Theirs."""
        return embed_texts([text.joined for text in self.texts], self.encoder, self._options.work, "texts")

    @cached_property
    def questions(self) -> list[str]:
        """What is asked."""
        return read_questions(self._options.data, _QUESTIONS)

    @cached_property
    def probes(self) -> FloatArray:
        """Vectors of titles, with which a build sets the effort of an approximate index."""
        titles = sorted({text.title for text in self.texts if text.title})
        random.Random(_SEED).shuffle(titles)  # noqa: S311 - a sample, not a secret
        return embed_texts(titles[:PROBES], self.encoder, self._options.work, "titles")

    def corpus(self, size: int, *, with_texts: bool = True) -> Corpus:
        """Make a corpus of a size; texts come again where the real ones do not last."""
        vectors = grow(self.vectors, size)
        asked = embed_texts(self.questions, self.encoder, self._options.work, "questions")
        count = size if with_texts and size <= MOST_WITH_WORDS else 0
        texts = [self.texts[row % len(self.texts)].joined for row in range(count)]
        return Corpus(texts, vectors, self.questions, asked, self.probes)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what is not done yet; return the exit code."""
    options = _parser().parse_args(arguments)
    missing = missing_file(options.data)
    if missing and not options.report:
        print(f"{missing} is missing. Name the folder with the data sets: --data FOLDER.", file=sys.stderr)
        return EXIT_NO_DATA
    if not options.report:
        faiss.omp_set_num_threads(options.threads)
        run(options, Material(options))
    page = write_page(read_results(options.out))
    options.out.with_suffix(".md").write_text(page, encoding="utf-8")
    print(page)
    return 0


def run(options: argparse.Namespace, material: Material) -> None:
    """Make the measurements that were asked for."""
    if "embed" in options.parts:
        _embed(options, material)
    for size in options.sizes:
        _at_size(options, material, size)
    if "quality" in options.parts:
        own = ROOT / "data"
        questions = own / "heldout" / "questions.jsonl"
        _keep(
            options, "quality", HELP_CENTRE, *measure_help_centre(own / "knowledge", questions, options.work)
        )
        for name, documents, figures in measure_quality(options.data, options.work):
            _keep(options, "quality", name, documents, figures)


def _embed(options: argparse.Namespace, material: Material) -> None:
    count = min(options.embedded, len(material.texts))
    if not _is_done(options, "embed", count, "int8"):
        texts = [text.joined for text in material.texts[:count]]
        for name, figures in measure_embedding(texts, options.work / "encoders", options.threads).items():
            _keep(options, "embed", name, count, figures)


def _at_size(options: argparse.Namespace, material: Material, size: int) -> None:
    """Measure every system at one size; the corpus is only made when something is open."""
    jobs = [one for one in _jobs(options, material, size) if not options.systems or one[1] in options.systems]
    open_ = [one for one in jobs if not _is_done(options, one[0], size, one[1])]
    corpus = material.corpus(size) if open_ else None
    for part, system, work in open_:
        if corpus is not None:
            print(f"running: {part} {system} at {size}", flush=True)
            _keep(options, part, system, size, work(corpus))


def _jobs(
    options: argparse.Namespace, material: Material, size: int
) -> Iterator[tuple[str, str, Callable[[Corpus], Figures]]]:
    if "search" in options.parts:
        yield "search", "ours", lambda corpus: measure_ours(corpus, options.work)
        yield "search", "flat", measure_flat
        if size > MOST_WITH_WORDS:
            yield "search", "ivf_pq", lambda corpus: measure_ours(corpus, options.work, "ivf_pq")
    if size <= MOST_WITH_WORDS:
        if "words" in options.parts:
            yield "words", "words", measure_words
            yield "words", "bm25", measure_bm25
        if "answer" in options.parts:
            yield (
                "answer",
                "ours",
                lambda corpus: measure_answers(corpus, material.texts, options.work, material.encoder),
            )


def _is_done(options: argparse.Namespace, part: str, size: int, system: str) -> bool:
    path = options.out / f"{part}-{size}-{system}-{options.threads}.json"
    return not options.force and path.is_file()


def _keep(options: argparse.Namespace, part: str, system: str, size: int, figures: Figures) -> None:
    note = (
        f"{min(size, options.texts):,} real texts. {options.note}".strip()
        if part in {"search", "answer"}
        else options.note
    )
    write_result(options.out, make_result(part, system, size, options.threads, figures, note))


def _parser() -> argparse.ArgumentParser:
    summary = (__doc__ or "").splitlines()[0]
    parser = argparse.ArgumentParser(prog="python -m bench.knowledge", description=summary)
    parser.add_argument(
        "--data", type=Path, default=ROOT.parent / "shared" / "data", help="folder with the data sets"
    )
    parser.add_argument(
        "--out", type=Path, default=ROOT / "bench" / "results" / "knowledge", help="folder for the results"
    )
    parser.add_argument(
        "--work", type=Path, default=ROOT / "var" / "bench" / "knowledge", help="for vectors and indexes"
    )
    parser.add_argument("--sizes", nargs="+", type=int, default=list(SIZES), help="numbers of passages")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS), help="only these")
    parser.add_argument("--systems", nargs="+", choices=SYSTEMS, default=[], help="of each size only these")
    parser.add_argument(
        "--texts", type=int, default=50_000, help="real texts to embed; the rest are jittered copies"
    )
    parser.add_argument("--embedded", type=int, default=2_000, help="texts to measure embedding with")
    parser.add_argument("--threads", type=int, default=2, help="threads of the encoder and of FAISS")
    parser.add_argument("--note", default="", help="kept with the results, for their reader")
    parser.add_argument("--force", action="store_true", help="measure again what is done already")
    parser.add_argument("--report", action="store_true", help="only write the tables from the results")
    return parser


if __name__ == "__main__":
    sys.exit(main())
