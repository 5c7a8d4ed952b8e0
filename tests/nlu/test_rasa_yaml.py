from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlu.errors import ExamplesUnreadable
from nlu.examples import Entity, Pattern
from nlu.rasa_yaml import parse_annotated, read_yaml

PLAIN = st.text(
    st.characters(blacklist_categories=["Cs", "Cc"], blacklist_characters="[](){}"), min_size=1, max_size=12
)

FILE = """version: "3.1"

rules:
- rule: greet
  steps: []

nlu:
# the shop's own
- intent: return_item
  examples: |
    - send back the [blue lamp](product)
    # a comment
    - return [NL-10234]{"entity": "order_number"}

    - the [couch]{"entity": "product", "value": "sofa"} is too big
- synonym: sofa
  examples: |
    - settee
- regex: order_number
  examples: |
    - NL-\\d{5}
- intent: greet
  examples:
  - hello
  - text: |
      good morning
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "nlu.yml"
    path.write_text(text)
    return path


def test_every_form_of_annotation_and_block_is_read(tmp_path: Path) -> None:
    dataset = read_yaml(write(tmp_path, FILE))
    assert [(e.text, e.intent) for e in dataset.examples] == [
        ("send back the blue lamp", "return_item"),
        ("return NL-10234", "return_item"),
        ("the couch is too big", "return_item"),
        ("hello", "greet"),
        ("good morning", "greet"),
    ]
    assert dataset.examples[0].entities == (Entity(14, 23, "product", "blue lamp"),)
    assert dataset.examples[2].entities == (Entity(4, 9, "product", "sofa"),)
    assert dataset.patterns == (Pattern("order_number", r"NL-\d{5}"),)
    assert dataset.synonym_table() == {"couch": "sofa", "settee": "sofa"}


def test_examples_know_their_lines(tmp_path: Path) -> None:
    path = write(tmp_path, FILE)
    lines = path.read_text().splitlines()
    for example in read_yaml(path).examples[:3]:
        line = int(example.source.rsplit(":", 1)[1])
        assert example.text.split()[0] in lines[line - 1]


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("nlu: 3", 1, "not a list"),
        ("- a\n- b", 1, "not a mapping"),
        ("nlu:\n- intent: x\n", 2, "no examples"),
        ("nlu:\n- intent: x\n  examples: |\n", 2, "no examples"),
        ("nlu:\n- intent: x\n  examples: |\n    - a\n    b\n", 5, "expected '- text'"),
        ("nlu:\n- intent: x\n  exmaples: |\n    - a\n", 2, "unknown key 'exmaples'"),
        ("nlu:\n- purpose: x\n", 2, "expected one of intent"),
        ("nlu:\n- just text\n", 2, "expected '- intent: name'"),
        ("nlu:\n- lookup: x\n  examples: |\n    - a\n", 2, "lookup tables are not read"),
        ('nlu:\n- intent: x\n  examples: |\n    - fine\n    - [a]{"entity: 1}\n', 5, "JSON object"),
        ('nlu:\n- intent: x\n  examples: |\n    - [a]{"value": "b"}\n', 4, "names no entity"),
        ("nlu:\n- regex: x\n  examples: |\n    - (\n", 4, "no regular expression"),
        ("nlu:\n- intent: [x\n", 3, "not YAML"),
        ("nlu:\n- intent: x\n  examples:\n  - [a]\n", 4, "expected a text"),
        ("nlu:\n- intent: [x]\n  examples: |\n    - a\n", 2, "expected a name"),
        ("nlu:\n- intent:\n  examples: |\n    - a\n", 2, "expected a name"),
        ("nlu:\n- ? [a, b]\n  : c\n", 2, "expected a name"),
        ("nlu:\n- intent: x\n  examples: |\n    - a\x07\n", 0, "special characters are not allowed"),
        ("nlu: " + "[" * 5000, 0, "nested too deeply"),
        ('nlu:\n- intent: x\n  examples: |\n    - [a][{"value": "b"}]\n', 4, "names no entity"),
        ("nlu:\n- intent: x\n  examples: |\n    - [a]( )\n", 4, "names no entity"),
    ],
)
def test_fault_is_told_with_file_and_line(tmp_path: Path, text: str, line: int, reason: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(ExamplesUnreadable) as caught:
        read_yaml(path)
    assert (caught.value.path, caught.value.line) == (str(path), line)
    assert reason in caught.value.reason


@pytest.mark.parametrize(
    ("line", "text", "entities"),
    [
        ("a [settee](product:sofa)", "a settee", [("product", "sofa")]),
        (
            'a [settee]{"entity": "product", "role": "old", "value": null}',
            "a settee",
            [("product", "settee")],
        ),
        (
            '[May][{"entity": "month"}, {"entity": "name", "value": "M"}]',
            "May",
            [("month", "May"), ("name", "M")],
        ),
        ("see [1] and [2][3]", "see [1] and [2][3]", []),
    ],
)
def test_every_annotation_that_rasa_reads_is_read(
    line: str, text: str, entities: list[tuple[str, str]]
) -> None:
    example = parse_annotated(line, "x")
    assert (example.text, [(e.entity, e.value) for e in example.entities]) == (text, entities)


@pytest.mark.parametrize("text", ["", "version: '3.1'\n", "nlu:\n", "stories: []\n"])
def test_file_without_examples_is_empty(tmp_path: Path, text: str) -> None:
    assert read_yaml(write(tmp_path, text)).examples == ()


@given(st.lists(st.tuples(PLAIN, PLAIN), min_size=1, max_size=4))
def test_annotated_text_is_the_text_without_its_marks(parts: list[tuple[str, str]]) -> None:
    line = "".join(f"{before}[{surface}](product)" for before, surface in parts)
    example = parse_annotated(line, "x") if "".join(a + b for a, b in parts).strip() else None
    if example is None:
        return
    assert example.text == "".join(before + surface for before, surface in parts)
    assert [example.text[e.start : e.end] for e in example.entities] == [surface for _, surface in parts]
