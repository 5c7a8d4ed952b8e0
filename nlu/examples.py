"""What the model is taught: examples, and the readers of the two forms they are written in.

JSON Lines is the exchange form, one object a line:
``{"text", "intent", "entities": [{"start", "end", "entity", "value"}]}``. A text of several wishes has "intent": "a+b" or
"intents": ["a", "b"]. Two other lines may stand among them:
``{"synonym": surface, "value": canonical}`` and ``{"pattern": regular expression, "entity": name}``.
Rasa's YAML (`rasa_yaml`) is the form people write.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeVar

from nlu.errors import ExamplesUnreadable
from nlu.files import write_json_lines
from nlu.words import without_halves

COMPOUND = "+"
"""Joins the names of several intents where a text means all of them."""

OUT_OF_SCOPE_INTENTS = frozenset({"out_of_scope", "oos"})
"""Intent names that mark a text as none of the bot's business; never a class of the model."""


@dataclass(frozen=True)
class Entity:
    """A detail in a text: ``text[start:end]`` names an `entity`; `value` is its canonical form."""

    start: int
    end: int
    entity: str
    value: str


class Span(Protocol):
    """A stretch of a text."""

    @property
    def start(self) -> int:
        """Its first character."""

    @property
    def end(self) -> int:
        """One past its last character."""


S = TypeVar("S", bound=Span)


@dataclass(frozen=True)
class Example:
    """One text and what is to be understood from it; `source` says where it is written, for messages to people."""

    text: str
    intent: str
    entities: tuple[Entity, ...] = ()
    source: str = field(default="", compare=False)

    @property
    def is_out_of_scope(self) -> bool:
        """Whether the text belongs to no intent of the bot."""
        return self.intent in OUT_OF_SCOPE_INTENTS


@dataclass(frozen=True)
class Pattern:
    """A regular expression whose whole match is an entity, whatever the network thinks."""

    entity: str
    expression: str


@dataclass(frozen=True)
class Made:
    """An example that no person labelled; `origin` is the text of the example that it was made from, if there is one."""

    example: Example
    origin: str = ""


@dataclass(frozen=True)
class Dataset:
    """Examples, with the surface forms that stand for a canonical value and the patterns of exact entities.

    `made` examples are only learned: nothing is measured or calibrated by them, and one whose origin is held out is
    left out. `contradicting` counts the texts that stood under several intents before that was settled (nlu.settle).
    """

    examples: tuple[Example, ...] = ()
    synonyms: tuple[tuple[str, str], ...] = ()
    patterns: tuple[Pattern, ...] = ()
    made: tuple[Made, ...] = ()
    contradicting: int = 0

    @property
    def in_scope(self) -> tuple[Example, ...]:
        """The examples that have an intent of the bot."""
        return tuple(example for example in self.examples if not example.is_out_of_scope)

    @property
    def out_of_scope(self) -> tuple[Example, ...]:
        """The examples that have none."""
        return tuple(example for example in self.examples if example.is_out_of_scope)

    @property
    def intents(self) -> tuple[str, ...]:
        """The names of the classes, sorted."""
        return tuple(sorted({example.intent for example in self.in_scope}))

    @property
    def entity_names(self) -> tuple[str, ...]:
        """The names of the entities that are annotated, sorted."""
        return tuple(sorted({entity.entity for example in self.in_scope for entity in example.entities}))

    def synonym_table(self) -> dict[str, str]:
        """Case-folded surface form to canonical value, from the synonym lists and from the annotations."""
        table = {surface.casefold(): value for surface, value in self.synonyms}
        for example in self.in_scope:
            for entity in example.entities:
                surface = example.text[entity.start : entity.end]
                if surface != entity.value:
                    table[surface.casefold()] = entity.value
        return dict(sorted(table.items()))

    def fingerprint(self) -> str:
        """SHA-256 of what is taught; the order of the examples and the files they stand in do not matter."""
        lines = sorted({json.dumps(example_to_json(example), sort_keys=True) for example in self.examples})
        lines += [json.dumps(["synonym", *item]) for item in self.synonym_table().items()]
        lines += sorted(json.dumps(["pattern", p.entity, p.expression]) for p in self.patterns)
        lines += sorted(json.dumps(["made", example_to_json(m.example), m.origin]) for m in self.made)
        if self.contradicting:
            lines.append(json.dumps(["contradicting", self.contradicting]))
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def without_overlaps(spans: Iterable[S]) -> list[S]:
    """Keep the longest of spans that overlap, of equally long ones the first; in the order of the text."""
    kept: list[S] = []
    for span in sorted(spans, key=lambda one: (one.start - one.end, one.start)):
        if all(span.end <= other.start or span.start >= other.end for other in kept):
            kept.append(span)
    return sorted(kept, key=lambda one: one.start)


def example_to_json(example: Example) -> dict[str, Any]:
    """Write an example in the exchange form."""
    entities = [
        {"start": e.start, "end": e.end, "entity": e.entity, "value": e.value} for e in example.entities
    ]
    return {"text": example.text, "intent": example.intent, "entities": entities}


def read_dataset(path: Path) -> Dataset:
    """Read a JSONL file, a Rasa YAML file, or every such file of a folder (sorted by name).

    Raises:
        ExamplesUnreadable: the path holds nothing readable, or a file breaks its form.
    """
    from nlu.rasa_yaml import read_yaml

    if path.is_dir():
        files = sorted(p for p in path.rglob("*") if p.suffix in {".yml", ".yaml", ".jsonl"})
        if not files:
            raise ExamplesUnreadable(str(path), 0, "the folder holds no .yml, .yaml or .jsonl file")
        return merge(read_dataset(file) for file in files)
    if path.suffix == ".jsonl":
        return read_jsonl(path)
    if path.suffix in {".yml", ".yaml"}:
        return read_yaml(path)
    raise ExamplesUnreadable(str(path), 0, "expected a folder, a .jsonl file or a Rasa .yml file")


def merge(datasets: Iterable[Dataset]) -> Dataset:
    """Join datasets in their order. An example that stands twice counts twice, as it does within one file."""
    examples: list[Example] = []
    synonyms: list[tuple[str, str]] = []
    patterns: dict[Pattern, None] = {}
    for dataset in datasets:
        examples.extend(dataset.examples)
        synonyms.extend(dataset.synonyms)
        patterns.update(dict.fromkeys(dataset.patterns))
    return Dataset(tuple(examples), tuple(synonyms), tuple(patterns))


def read_jsonl(path: Path) -> Dataset:
    """Read the exchange form.

    Raises:
        ExamplesUnreadable: with the line, if a line is not JSON or breaks the form.
    """
    examples: list[Example] = []
    synonyms: list[tuple[str, str]] = []
    patterns: list[Pattern] = []
    for number, record in _records(path):
        where = f"{path}:{number}"
        try:
            if "synonym" in record:
                synonyms.append((_text_of(record, "synonym"), _text_of(record, "value")))
            elif "pattern" in record:
                patterns.append(parse_pattern(_text_of(record, "entity"), _text_of(record, "pattern")))
            else:
                examples.append(parse_example(record, source=where))
        except ValueError as error:
            raise ExamplesUnreadable(str(path), number, str(error)) from error
    return Dataset(tuple(examples), tuple(synonyms), tuple(patterns))


def read_texts(path: Path) -> list[str]:
    """Read messages that nobody labelled: JSON Lines with a text, or one message a line; each once, in their order.

    Raises:
        ExamplesUnreadable: the file cannot be read, or a line of a .jsonl file is no object with a text.
    """
    if path.suffix != ".jsonl":
        return list(dict.fromkeys(line.strip() for line in _lines(path) if line.strip()))
    return list(dict.fromkeys(_message(path, number, record) for number, record in _records(path)))


def write_jsonl(dataset: Dataset, path: Path) -> None:
    """Write a dataset in the exchange form, one object a line."""
    records = [example_to_json(example) for example in dataset.examples]
    records += [{"synonym": surface, "value": value} for surface, value in dataset.synonyms]
    records += [{"pattern": p.expression, "entity": p.entity} for p in dataset.patterns]
    write_json_lines(path, records)


def parse_example(record: dict[str, Any], *, source: str = "") -> Example:
    """Parse one object of the exchange form; keys that it does not have are passed over.

    Raises:
        ValueError: with a sentence, if a key is missing or a span does not fit the text.
    """
    text, intent = _text_of(record, "text"), _intent_of(record)
    entities = [] if record.get("entities") is None else record["entities"]
    if not isinstance(entities, list):
        raise ValueError("'entities' is not a list")
    parsed = sorted((_parse_entity(entity, text) for entity in entities), key=lambda e: (e.start, -e.end))
    return Example(text, intent.strip(), tuple(parsed), source)


def parse_pattern(entity: str, expression: str) -> Pattern:
    """Parse a pattern; ValueError if it is no regular expression or matches the empty text."""
    try:
        compiled = re.compile(expression)
    except re.error as error:
        raise ValueError(f"pattern of {entity!r} is no regular expression: {error}") from error
    if compiled.fullmatch(""):
        raise ValueError(f"pattern of {entity!r} matches the empty text")
    return Pattern(entity, expression)


def _lines(path: Path) -> list[str]:
    try:
        return path.read_bytes().decode("utf-8-sig").split("\n")
    except OSError as error:
        raise ExamplesUnreadable(str(path), 0, f"cannot be read: {error}") from error
    except UnicodeDecodeError as error:
        number = error.object[: error.start].count(b"\n") + 1
        raise ExamplesUnreadable(str(path), number, f"not UTF-8: {error.reason}") from error


def _message(path: Path, number: int, record: dict[str, Any]) -> str:
    try:
        return _text_of(record, "text").strip()
    except ValueError as error:
        raise ExamplesUnreadable(str(path), number, str(error)) from error


def _records(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, line in enumerate(_lines(path), start=1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except ValueError as error:
            raise ExamplesUnreadable(str(path), number, f"not a JSON object: {error}") from error
        except RecursionError as error:
            raise ExamplesUnreadable(str(path), number, "not a JSON object: nested too deeply") from error
        if not isinstance(record, dict):
            raise ExamplesUnreadable(str(path), number, "not a JSON object")
        yield number, record


def _parse_entity(record: Any, text: str) -> Entity:
    if not isinstance(record, dict):
        raise ValueError("an entity is not an object")
    start, end = record.get("start"), record.get("end")
    if not isinstance(start, int) or not isinstance(end, int) or not 0 <= start < end <= len(text):
        raise ValueError(f"entity span {start}..{end} does not lie in the text of {len(text)} characters")
    value = record.get("value")
    return Entity(
        start,
        end,
        _text_of(record, "entity"),
        text[start:end] if value is None else without_halves(str(value)),
    )


def _intent_of(record: dict[str, Any]) -> str:
    intents = record.get("intents")
    if "intent" in record or intents is None:
        return _text_of(record, "intent")
    if (
        not isinstance(intents, list)
        or not intents
        or not all(isinstance(i, str) and i.strip() for i in intents)
    ):
        raise ValueError("'intents' is not a list of names")
    return COMPOUND.join(without_halves(intent).strip() for intent in intents)


def _text_of(record: dict[str, Any], key: str) -> str:
    value = record.get(key)
    if value is None:
        raise ValueError(f"{key!r} is missing")
    if not isinstance(value, str):
        raise ValueError(f"{key!r} is not a text")
    whole = without_halves(value)
    if not whole.strip():
        raise ValueError(f"{key!r} is blank")
    return whole
