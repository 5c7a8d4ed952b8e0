"""The sets: which files each is made of, and how they are read."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from nlu.examples import Dataset, Example, read_dataset

FEW_SHOT_SEEDS = (13, 14, 15)
FULL_SEEDS = (13,)


@dataclass(frozen=True)
class BenchSet:
    """One set of the benchmark; files are relative to the folder of data sets.

    Attributes:
        title: as the table calls it.
        valid: for stopping and calibration; None where a user of such a set would have none.
        seeds: one training each.
        has_oos: whether the texts out of scope of the test file are asked too. They are never trained on.
        has_entities: whether the details are measured.
        has_repeats: whether many test texts stand in train, word for word, so that the others are told apart.
        is_few_shot: whether there are only a few examples an intent.
        is_optional: whether it is run only when named.
    """

    name: str
    title: str
    train: str
    test: str
    valid: str | None = None
    seeds: tuple[int, ...] = FULL_SEEDS
    has_oos: bool = False
    has_entities: bool = False
    has_repeats: bool = False
    is_few_shot: bool = False
    is_optional: bool = False


def _few_shot(name: str, title: str, folder: str, shots: int) -> BenchSet:
    train = f"{folder}/train_{shots}shot.jsonl"
    return BenchSet(name, title, train, f"{folder}/test.jsonl", seeds=FEW_SHOT_SEEDS, is_few_shot=True)


def _dogo(domain: str) -> BenchSet:
    folder = f"multidogo/{domain}"
    return BenchSet(
        f"multidogo-{domain}",
        f"MultiDoGO {domain}",
        f"{folder}/train.jsonl",
        f"{folder}/test.jsonl",
        f"{folder}/valid.jsonl",
        has_entities=True,
        has_repeats=True,
    )


SETS: tuple[BenchSet, ...] = (
    _few_shot("banking77-5", "BANKING77 5-shot", "banking77", 5),
    _few_shot("banking77-10", "BANKING77 10-shot", "banking77", 10),
    BenchSet("banking77", "BANKING77 full", "banking77/train.jsonl", "banking77/test.jsonl"),
    _few_shot("clinc150-5", "CLINC150 5-shot", "clinc150", 5),
    _few_shot("clinc150-10", "CLINC150 10-shot", "clinc150", 10),
    BenchSet(
        "clinc150",
        "CLINC150 full",
        "clinc150/train.jsonl",
        "clinc150/test.jsonl",
        "clinc150/valid.jsonl",
        has_oos=True,
    ),
    BenchSet(
        "snips",
        "SNIPS",
        "snips/train.jsonl",
        "snips/test.jsonl",
        "snips/valid.jsonl",
        has_entities=True,
    ),
    _dogo("airline"),
    _dogo("insurance"),
    _dogo("media"),
    BenchSet(
        "bitext",
        "Bitext",
        "bitext_customer_service/train.jsonl",
        "bitext_customer_service/test.jsonl",
        "bitext_customer_service/valid.jsonl",
        has_entities=True,
    ),
    BenchSet(
        "crosswoz",
        "CrossWOZ (Chinese)",
        "crosswoz_zh/train.jsonl",
        "crosswoz_zh/test.jsonl",
        has_entities=True,
        has_repeats=True,
        is_optional=True,
    ),
)


@dataclass(frozen=True)
class Split:
    """A set in memory: what is trained on, what may stop and calibrate, what is asked once in the end."""

    train: Dataset
    valid: Dataset | None
    test: Dataset

    def unseen(self) -> tuple[bool, ...]:
        """Tell for each test example whether its text, lower-cased, stands nowhere in train."""
        known = {example.text.lower() for example in self.train.examples}
        return tuple(example.text.lower() not in known for example in self.test.examples)


def find_set(name: str) -> BenchSet:
    """Return the set of this name.

    Raises:
        KeyError: there is none.
    """
    return {one.name: one for one in SETS}[name]


def files(one: BenchSet, data: Path) -> list[Path]:
    """List the set's files."""
    return [data / name for name in (one.train, one.valid, one.test) if name is not None]


def load_split(one: BenchSet, data: Path) -> Split:
    """Read a set; texts out of scope leave train always, and test where they are not asked.

    Raises:
        ExamplesUnreadable: a file is missing or breaks its form.
    """
    train, test = read_dataset(data / one.train), read_dataset(data / one.test)
    return Split(
        train=_with(train, train.in_scope),
        valid=read_dataset(data / one.valid) if one.valid else None,
        test=test if one.has_oos else _with(test, test.in_scope),
    )


def data_sha256(one: BenchSet, data: Path) -> str:
    """Hash the set's files, 16 hex digits: results of other data are other results."""
    digest = hashlib.sha256()
    for file in files(one, data):
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()[:16]


def _with(dataset: Dataset, examples: tuple[Example, ...]) -> Dataset:
    return Dataset(examples, dataset.synonyms, dataset.patterns)
