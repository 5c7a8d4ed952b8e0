"""The reader of Rasa's YAML training form, as far as understanding needs it.

Read are ``intent`` (with ``examples``), ``synonym`` and ``regex`` blocks under the top key ``nlu``; top keys of other
rooms (``stories``, ``rules``, ``responses``, ...) are passed over. A ``regex`` block named like an entity makes its
matches entities; other ``regex`` blocks and ``lookup`` blocks only feed featurizers that Careline does not have, so
they are refused by name instead of being ignored.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from nlu.errors import ExamplesUnreadable
from nlu.examples import Dataset, Entity, Example, Pattern, parse_pattern
from nlu.words import without_halves

ANNOTATION = re.compile(
    r"\[(?P<surface>[^\[\]]+)\](?:"
    r"\((?P<name>[^():]+)(?::(?P<value>[^()]+))?\)|(?P<details>\{[^{}]*\}|\[\s*\{[^\[\]]*\}\s*\]))",
)
"""``[blue lamp](product)``, ``[settee](product:sofa)``, ``[settee]{"entity": "product", "value": "sofa"}``, or a list of
such details for a text that is several."""

_KINDS = ("intent", "synonym", "regex", "lookup")


def read_yaml(path: Path) -> Dataset:
    """Read one YAML file.

    Raises:
        ExamplesUnreadable: with the line of the block or example that breaks the form.
    """
    examples: list[Example] = []
    synonyms: list[tuple[str, str]] = []
    patterns: list[Pattern] = []
    for kind, name, line, items in _blocks(path):
        if kind == "synonym":
            synonyms += [(item, name) for _, item in items]
        elif kind == "intent":
            examples += [_example(path, number, item, name) for number, item in items]
        else:
            patterns += [_pattern(path, number, item, name) for number, item in items]
        if not items:
            raise ExamplesUnreadable(str(path), line, f"{kind} {name!r} has no examples")
    return Dataset(tuple(examples), tuple(synonyms), tuple(patterns))


def _example(path: Path, line: int, item: str, intent: str) -> Example:
    try:
        return parse_annotated(item, intent, source=f"{path}:{line}")
    except ValueError as error:
        raise ExamplesUnreadable(str(path), line, str(error)) from error


def _pattern(path: Path, line: int, item: str, entity: str) -> Pattern:
    try:
        return parse_pattern(entity, item)
    except ValueError as error:
        raise ExamplesUnreadable(str(path), line, str(error)) from error


def parse_annotated(line: str, intent: str, *, source: str = "") -> Example:
    """Take the annotations out of a line and keep them as entities of the plain text.

    Raises:
        ValueError: an annotation's details are not an object with a name under ``entity``.
    """
    line = without_halves(line)
    text, entities, position = "", [], 0
    for match in ANNOTATION.finditer(line):
        text += line[position : match.start()]
        surface = match["surface"]
        place = (len(text), len(text) + len(surface))
        entities += [Entity(*place, entity, value) for entity, value in _details(match, surface)]
        text += surface
        position = match.end()
    text += line[position:]
    if not text.strip():
        raise ValueError("the example is empty")
    return Example(text, intent, tuple(entities), source)


def _details(match: re.Match[str], surface: str) -> list[tuple[str, str]]:
    """Read (entity, value) of an annotation; a list of details gives several."""
    if match["name"] is not None:
        found: list[Any] = [{"entity": match["name"], "value": match["value"]}]
    else:
        try:
            details = json.loads(match["details"])
        except ValueError as error:
            raise ValueError(f"the annotation {match[0]!r} does not end in a JSON object: {error}") from error
        found = details if isinstance(details, list) else [details]
    return [_detail(match, record, surface) for record in found]


def _detail(match: re.Match[str], record: Any, surface: str) -> tuple[str, str]:
    entity = record.get("entity") if isinstance(record, dict) else None
    if not isinstance(entity, str) or not entity.strip():
        raise ValueError(f"the annotation {match[0]!r} names no entity")
    value = record.get("value")
    return entity.strip(), surface if value is None else str(value)


def _blocks(path: Path) -> Iterator[tuple[str, str, int, list[tuple[int, str]]]]:
    """Yield (kind, name, line, [(line, item), ...]) for every block under ``nlu``."""
    root = _compose(path)
    if root is None:
        return
    if not isinstance(root, yaml.MappingNode):
        raise ExamplesUnreadable(str(path), _line(root), "the file is not a mapping")
    section = next((value for key, value in root.value if key.value == "nlu"), None)
    if section is None or section.tag == "tag:yaml.org,2002:null":
        return
    if not isinstance(section, yaml.SequenceNode):
        raise ExamplesUnreadable(str(path), _line(section), "'nlu' is not a list")
    for node in section.value:
        yield _block(path, node)


def _block(path: Path, node: Any) -> tuple[str, str, int, list[tuple[int, str]]]:
    line = _line(node)
    if not isinstance(node, yaml.MappingNode):
        raise ExamplesUnreadable(str(path), line, "expected '- intent: name' with 'examples'")
    fields = {_name(path, key): value for key, value in node.value}
    kind = next((kind for kind in _KINDS if kind in fields), None)
    if kind is None:
        raise ExamplesUnreadable(
            str(path), line, f"expected one of {', '.join(_KINDS)}, got {sorted(fields)}"
        )
    if kind == "lookup":
        raise ExamplesUnreadable(str(path), line, "lookup tables are not read; annotate examples instead")
    unknown = sorted(set(fields) - {kind, "examples"})
    if unknown:
        raise ExamplesUnreadable(str(path), line, f"unknown key {unknown[0]!r}")
    if "examples" not in fields:
        raise ExamplesUnreadable(str(path), line, f"{kind} {fields[kind].value!r} has no examples")
    return kind, _name(path, fields[kind]), line, list(_items(path, fields["examples"]))


def _name(path: Path, node: Any) -> str:
    """Read a name, without spaces at its ends."""
    if not isinstance(node, yaml.ScalarNode) or not str(node.value).strip():
        raise ExamplesUnreadable(str(path), _line(node), "expected a name")
    return without_halves(str(node.value)).strip()


def _items(path: Path, node: Any) -> Iterator[tuple[int, str]]:
    """Yield (line, text) of a block's examples: a literal of "- text" lines, or a list."""
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield _line(item), _item_text(path, item)
        return
    # The content of a literal block starts on the line after its "|".
    first = _line(node) + (1 if node.style in {"|", ">"} else 0)
    for offset, line in enumerate(str(node.value).split("\n")):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        if not stripped.startswith("-"):
            raise ExamplesUnreadable(str(path), first + offset, f"expected '- text', got {stripped[:40]!r}")
        if stripped[1:].strip():
            yield first + offset, stripped[1:].strip()


def _item_text(path: Path, node: Any) -> str:
    if isinstance(node, yaml.MappingNode):
        texts = [value.value for key, value in node.value if key.value == "text"]
        if len(texts) == 1:
            return str(texts[0]).strip()
    if isinstance(node, yaml.ScalarNode):
        return str(node.value).strip()
    raise ExamplesUnreadable(str(path), _line(node), "expected a text")


def _compose(path: Path) -> Any:
    try:
        return yaml.compose(path.read_text(encoding="utf-8-sig"), Loader=yaml.SafeLoader)
    except (OSError, UnicodeDecodeError) as error:
        raise ExamplesUnreadable(str(path), 0, f"cannot be read as UTF-8 text: {error}") from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise ExamplesUnreadable(str(path), line, f"not YAML: {error.problem}") from error
    except (yaml.YAMLError, RecursionError) as error:
        reason = str(error).split("\n")[0] if isinstance(error, yaml.YAMLError) else "nested too deeply"
        raise ExamplesUnreadable(str(path), 0, f"not YAML: {reason}") from error


def _line(node: Any) -> int:
    return int(node.start_mark.line) + 1
