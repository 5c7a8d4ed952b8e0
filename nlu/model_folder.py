"""The model on disk: a folder with a manifest that names every file with its SHA-256. Nothing in it is executable.

manifest.json    format, model id, hash of the data, versions it was made with, SHA-256 of every other file
config.json      what the training was told
labels.json      intents, entities, which of them may stand side by side, synonyms, patterns, and how to read the
                 outputs: longest length, temperature, the familiarity score and its threshold,
                 the operator's dial (nlu.dial), when a text is cut into several wishes (nlu.multi)
tokenizer.json   the encoder's tokenizer
model.onnx       ids and mask in; intent logits, tag logits and the sentence's embedding out
neighbours.npy   embeddings of the training texts
neighbours.json  those texts with their intents, in the same order
metrics.json     what was measured on the held-out part
history.json     what each epoch measured
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from nlu.dial import DialPoint
from nlu.errors import ModelForeign, ModelMissing, ModelTampered, ModelUnusable
from nlu.files import write_json

FORMAT = "careline-nlu"
FORMAT_VERSION = 2
MANIFEST = "manifest.json"
CURRENT = "current"
_NAME = re.compile(r"\w[\w.-]{0,199}")
FILES = (
    "config.json",
    "labels.json",
    "tokenizer.json",
    "model.onnx",
    "neighbours.npy",
    "neighbours.json",
    "metrics.json",
    "history.json",
)


@dataclass(frozen=True)
class Labels:
    """What the numbers that the network gives mean."""

    intents: tuple[str, ...]
    entities: tuple[str, ...]
    adjacent: tuple[str, ...]
    synonyms: tuple[tuple[str, str], ...]
    patterns: tuple[tuple[str, str], ...]
    max_tokens: int
    temperature: float
    score: str
    out_of_scope_threshold: float
    dial: tuple[DialPoint, ...] = ()
    split_threshold: float | None = None
    asides: tuple[str, ...] = ()


@dataclass(frozen=True)
class BankExample:
    """A training text and its intent; its embedding is the row of the same number in `neighbours.npy`."""

    text: str
    intent: str


@dataclass(frozen=True)
class Manifest:
    """Which model this is and what its files must be."""

    model_id: str
    data_sha256: str
    versions: Mapping[str, str]
    files: Mapping[str, str]


def write_manifest(folder: Path, *, model_id: str, data_sha256: str, versions: Mapping[str, str]) -> None:
    """Seal a folder: hash every file and write the manifest last."""
    files = {name: file_sha256(folder / name) for name in FILES}
    manifest = Manifest(model_id, data_sha256, dict(versions), files)
    write_json(folder / MANIFEST, {"format": FORMAT, "format_version": FORMAT_VERSION, **asdict(manifest)})


def verify_folder(folder: Path) -> Manifest:
    """Read a folder's manifest and compare every file with it.

    Raises:
        ModelMissing: there is no folder, no manifest or not every file.
        ModelForeign: the manifest is of another format or version.
        ModelTampered: a file is not the one that was written.
    """
    manifest = _read_manifest(folder)
    for name in FILES:
        if not (folder / name).is_file():
            raise ModelMissing(str(folder), f"{name} is missing")
        if name not in manifest.files:
            raise ModelForeign(str(folder), f"the manifest does not name {name}")
        if file_sha256(folder / name) != manifest.files[name]:
            raise ModelTampered(str(folder), f"{name} is not the file that was written")
    return manifest


def resolve_model(path: Path) -> Path:
    """Find the model folder: the path itself, or the one that the file `current` in it names.

    Raises:
        ModelMissing: neither is there.
    """
    if (path / MANIFEST).is_file():
        return path
    name = read_current(path)
    if name is None:
        raise ModelMissing(str(path), f"holds neither {MANIFEST} nor a file {CURRENT!r} that names a model")
    return path / name


def read_current(store: Path) -> str | None:
    """Read which model of a store is current; None where the file is missing or holds no name of a folder."""
    try:
        name = (store / CURRENT).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return None
    return name if is_name(name) else None


def is_name(text: str) -> bool:
    """Tell whether a text can be the name of a model's folder: nothing that leads out of the store."""
    return _NAME.fullmatch(text) is not None


def read_labels(folder: Path) -> Labels:
    """Read `labels.json`; ModelForeign if its form is another one."""
    record = read_json(folder, "labels.json")
    try:
        return Labels(
            intents=tuple(record["intents"]),
            entities=tuple(record["entities"]),
            adjacent=tuple(record.get("adjacent", record["entities"])),
            synonyms=tuple((str(s), str(v)) for s, v in record["synonyms"]),
            patterns=tuple((str(e), str(p)) for e, p in record["patterns"]),
            max_tokens=int(record["max_tokens"]),
            temperature=float(record["temperature"]),
            score=str(record["score"]),
            out_of_scope_threshold=float(record["out_of_scope_threshold"]),
            dial=tuple(DialPoint(**point) for point in record.get("dial", ())),
            split_threshold=_optional_number(record.get("split_threshold")),
            asides=tuple(str(intent) for intent in record.get("asides", ())),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ModelForeign(str(folder), f"labels.json has another form: {error!r}") from error


def write_bank_examples(folder: Path, examples: Sequence[BankExample]) -> None:
    """Write `neighbours.json`, in the order of the rows of `neighbours.npy`."""
    write_json(folder / "neighbours.json", [asdict(example) for example in examples])


def read_bank_examples(folder: Path) -> tuple[BankExample, ...]:
    """Read `neighbours.json`; ModelForeign if its form is another one."""
    records = read_json(folder, "neighbours.json")
    try:
        return tuple(BankExample(str(record["text"]), str(record["intent"])) for record in records)
    except (KeyError, TypeError) as error:
        raise ModelForeign(str(folder), f"neighbours.json has another form: {error!r}") from error


def _optional_number(value: Any) -> float | None:
    return None if value is None else float(value)


def read_json(folder: Path, name: str) -> Any:
    """Read one JSON file of the folder; ModelUnusable if it is none."""
    try:
        return json.loads((folder / name).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelUnusable(str(folder), f"{name} cannot be read: {error}") from error


def file_sha256(path: Path) -> str:
    """Hash a file without holding it in memory."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        for chunk in iter(lambda: stream.read(1 << 20), b""):
            digest.update(chunk)
    return digest.hexdigest()


def _read_manifest(folder: Path) -> Manifest:
    if not (folder / MANIFEST).is_file():
        raise ModelMissing(str(folder), f"{MANIFEST} is missing")
    record = read_json(folder, MANIFEST)
    if not isinstance(record, dict) or record.get("format") != FORMAT:
        raise ModelForeign(str(folder), f"the manifest is not of the format {FORMAT}")
    if record.get("format_version") != FORMAT_VERSION:
        found = record.get("format_version")
        raise ModelForeign(str(folder), f"format version {found}, this program reads {FORMAT_VERSION}")
    try:
        return Manifest(
            str(record["model_id"]),
            str(record["data_sha256"]),
            dict(record["versions"]),
            dict(record["files"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ModelForeign(str(folder), f"the manifest has another form: {error!r}") from error
