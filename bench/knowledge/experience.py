"""What spoke for wrong answers on other corpora: writes knowledge/experience.json.

    python -m bench.knowledge.experience [--data ../shared/data] [--out knowledge/experience.json]

A corpus whose documents have neither titles nor listed questions cannot show at its build what the evidence for a wrong
answer looks like, and one whose titles are easily found shows too little of it. Here real questions are put to corpora
of several kinds, each once as it is and once with its answers taken away, and the evidence for what would have been
answered wrongly is kept (numbers, no texts). Printed is the rule that tells right from wrong over all of them.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from bench.knowledge.texts import read_rows
from knowledge.abstain import UNANSWERABLE_SHARE, Evidence, MadeEvidence, fit_together
from knowledge.answer import gather_evidence
from knowledge.build import ENCODERS, BuildConfig, build_documents
from knowledge.documents import Collection, Document, plain_document
from knowledge.encoder import OnnxEncoder
from knowledge.index import KnowledgeIndex
from knowledge.retrieval_set import read_retrieval_set

ROOT = Path(__file__).resolve().parents[2]
QUESTIONS = 120
"""What is kept of each corpus stands for so many questions."""

_ASKED = 200
_RESPONSES = 20
_UTTERANCES = 10
_FAQ_SMALL = 20
_DISTRACTORS = 300
_SEED = 20261126

Row = Mapping[str, Any]
T = TypeVar("T")


@dataclass(frozen=True)
class Corpus:
    """Documents, and questions with those that answer each."""

    name: str
    documents: Sequence[Document]
    questions: Sequence[tuple[str, frozenset[str]]]

    def without_titles(self, name: str) -> Corpus:
        """The same with bodies alone."""
        return replace(self, name=name, documents=[replace(one, title="") for one in self.documents])


def read_corpora(data: Path) -> Iterator[Corpus]:
    """Make corpora of several kinds from the sets of the data folder; no test part of them is read."""
    faq = _stackfaq(data / "stackfaq")
    small = _first_of_each_thread(faq)
    scifact = _scifact(data / "scifact")
    yield faq
    yield faq.without_titles("faq-bodies")
    yield small
    yield small.without_titles("faq-small-bodies")
    yield scifact
    yield scifact.without_titles("abstract-bodies")
    yield from _bitext(data / "bitext_customer_service")
    yield _banking(data / "banking77")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.knowledge.experience", description=__doc__)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--out", type=Path, default=ROOT / "knowledge" / "experience.json")
    parser.add_argument("--work", type=Path, default=ROOT / "var" / "bench" / "experience")
    options = parser.parse_args(arguments)
    if not (options.data / "stackfaq").is_dir():
        sys.stderr.write(f"There is no data folder {options.data}: name one with --data.\n")
        return 2
    found = [_ask(corpus, options.work) for corpus in read_corpora(options.data)]
    rule = fit_together(found)
    kept = [[_rounded(item) for item in _wrong_ones(made)] for made in found]
    record = {
        "rule": {"weights": [round(weight, 2) for weight in rule.weights], "bias": round(rule.bias, 2)},
        "questions": QUESTIONS,
        "wrong": kept,
    }
    options.out.write_text(json.dumps(record).replace("], [", "],\n[") + "\n", encoding="utf-8")
    sys.stdout.write(f"{[len(corpus) for corpus in kept]} wrong of {QUESTIONS} each: {options.out}\n")
    return 0


def _rounded(item: Evidence) -> list[float]:
    return [round(number, 3) for number in astuple(item)]


def _ask(corpus: Corpus, work: Path) -> MadeEvidence:
    """Put a sample of the questions to the corpus, as they are and with their answers taken away."""
    config = BuildConfig(is_for_answers=False)
    index = KnowledgeIndex.load(
        build_documents(Collection(tuple(corpus.documents), ()), work / corpus.name, config).folder
    )
    encoder = OnnxEncoder.load(work / corpus.name / ENCODERS / index.encoder_id)
    made: dict[str, list[Evidence]] = {"right": [], "misled": [], "unanswerable": []}
    for text, relevant in _sample(corpus.questions, _ASKED):
        query = index.prepare(text, encoder)
        found = gather_evidence(index, query, None)
        if found is not None:
            made["right" if found.passage.document_id in relevant else "misled"].append(found.evidence)
        other = gather_evidence(index, query, index.without(relevant))
        if other is not None:
            made["unanswerable"].append(other.evidence)
    sys.stdout.write(f"{corpus.name}: {', '.join(f'{len(items)} {name}' for name, items in made.items())}\n")
    return MadeEvidence(**made)


def _wrong_ones(made: MadeEvidence) -> list[Evidence]:
    """Sample as many misled and unanswerable ones as `QUESTIONS` questions would have."""
    misled = (1 - UNANSWERABLE_SHARE) * len(made.misled) / max(1, len(made.right) + len(made.misled))
    return [
        *_sample(made.misled, round(QUESTIONS * misled)),
        *_sample(made.unanswerable, round(QUESTIONS * UNANSWERABLE_SHARE)),
    ]


def _sample(items: Sequence[T], most: int) -> list[T]:
    return random.Random(_SEED).sample(list(items), min(most, len(items)))  # noqa: S311 - keeps no secret


def _read(name: str, folder: Path, queries: str, qrels: str) -> Corpus:
    judged = read_retrieval_set(folder / "corpus.jsonl", folder / queries, folder / qrels)
    questions = [(text, frozenset(judged.relevant[key])) for key, text in judged.queries]
    return Corpus(name, judged.documents, questions)


def _stackfaq(folder: Path) -> Corpus:
    """Every second thread of StackFAQ asks; all of it is there to be found."""
    faq = _read("faq", folder, "queries.jsonl", "qrels.tsv")
    asking = set(sorted({_thread(one.document_id) for one in faq.documents})[::2])
    return replace(faq, questions=[one for one in faq.questions if _thread(min(one[1])) in asking])


def _thread(document_id: str) -> str:
    return document_id.split("_", maxsplit=1)[0]


def _first_of_each_thread(faq: Corpus) -> Corpus:
    """Keep one answer of each of the first threads that ask: a help page of twenty questions."""
    threads = sorted({_thread(min(relevant)) for _, relevant in faq.questions})[:_FAQ_SMALL]
    first = {_thread(one.document_id): one for one in reversed(faq.documents)}
    documents = [first[thread] for thread in threads]
    known = frozenset(one.document_id for one in documents)
    questions = [(text, relevant & known) for text, relevant in faq.questions if relevant & known]
    return Corpus("faq-small", documents, questions)


def _scifact(folder: Path) -> Corpus:
    """Claims of SciFact's training part, and the abstracts about them among others."""
    whole = _read("abstracts", folder, "train_queries.jsonl", "train_qrels.tsv")
    asked = _sample(whole.questions, _ASKED)
    wanted = frozenset[str]().union(*(relevant for _, relevant in asked))
    about = [one for one in whole.documents if one.document_id in wanted]
    others = [one for one in whole.documents if one.document_id not in wanted]
    return replace(whole, documents=[*about, *_sample(others, _DISTRACTORS)], questions=asked)


def _bitext(folder: Path) -> Iterator[Corpus]:
    """A model answer an intent, twenty that are nearly alike, and questions without an answer's text."""
    answers = _by_intent(read_rows(folder / "responses.jsonl"), "response")
    asked = [row for row in read_rows(folder / "valid.jsonl") if row["intent"] in answers]
    yield _about_intents("answers", _some(answers, 1), asked, as_title=False)
    yield _about_intents("answers-alike", _some(answers, _RESPONSES), asked, as_title=False)
    questions = _by_intent(read_rows(folder / "train.jsonl"), "text")
    yield _about_intents("questions", _some(questions, _UTTERANCES), asked, as_title=True)


def _banking(folder: Path) -> Corpus:
    """Five questions an intent, and others of the training part to find them by."""
    few = _by_intent(read_rows(folder / "train_5shot.jsonl"), "text")
    known = {text for texts in few.values() for text in texts}
    asked = [row for row in read_rows(folder / "train.jsonl") if row["text"] not in known]
    return _about_intents("banking", few, asked, as_title=False)


def _by_intent(rows: Sequence[Row], key: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        found[row["intent"]].append(row[key])
    return found


def _some(texts: Mapping[str, list[str]], most: int) -> dict[str, list[str]]:
    return {intent: _sample(of_intent, most) for intent, of_intent in sorted(texts.items())}


def _about_intents(
    name: str, texts: Mapping[str, Sequence[str]], asked: Sequence[Row], *, as_title: bool
) -> Corpus:
    """Make a document of each text; those of a question's own intent answer it."""
    keys = {intent: [f"{intent}-{number}" for number in range(len(own))] for intent, own in texts.items()}
    documents = [
        plain_document(key, text, "") if as_title else plain_document(key, "", text)
        for intent, own in texts.items()
        for key, text in zip(keys[intent], own, strict=True)
    ]
    return Corpus(name, documents, [(row["text"], frozenset(keys[row["intent"]])) for row in asked])


if __name__ == "__main__":
    sys.exit(main())
