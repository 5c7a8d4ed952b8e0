from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlu.errors import ExamplesUnreadable
from nlu.examples import (
    Dataset,
    Entity,
    Example,
    Made,
    Pattern,
    parse_example,
    read_dataset,
    read_texts,
    write_jsonl,
)
from nlu.settle import settle

TEXT = st.text(st.characters(blacklist_categories=["Cs"]), min_size=1, max_size=40).filter(str.strip)


@st.composite
def an_example(draw: st.DrawFn) -> Example:
    text = draw(TEXT)
    edges = sorted(draw(st.sets(st.integers(0, len(text)), max_size=6)))
    pairs = list(zip(edges[::2], edges[1::2], strict=False))
    entities = tuple(
        Entity(start, end, draw(st.sampled_from(["product", "date"])), text[start:end])
        for start, end in pairs
    )
    return Example(text, draw(st.sampled_from(["return_item", "oos"])), entities)


@given(st.lists(an_example(), min_size=1, max_size=5))
def test_writing_and_reading_gives_the_same_examples(
    tmp_path_factory: pytest.TempPathFactory, examples: list[Example]
) -> None:
    path = tmp_path_factory.mktemp("jsonl") / "train.jsonl"
    dataset = Dataset(tuple(examples), (("sofa", "couch"),), (Pattern("order_number", r"NL-\d{5}"),))
    write_jsonl(dataset, path)
    assert read_dataset(path) == dataset


def test_both_names_mark_out_of_scope() -> None:
    assert [Example("x", name).is_out_of_scope for name in ("oos", "out_of_scope", "greet")] == [
        True,
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "not a JSON object"),
        ("[]", "not a JSON object"),
        ('{"intent": "greet"}', "'text' is missing"),
        ('{"text": " ", "intent": "greet"}', "'text' is blank"),
        ('{"text": "hi"}', "'intent' is missing"),
        ('{"text": "hi", "intent": null}', "'intent' is missing"),
        ('{"text": "hi", "intents": []}', "'intents' is not a list of names"),
        ('{"text": "hi", "intents": ["a", ""]}', "'intents' is not a list of names"),
        ('{"text": "hi", "intent": 3}', "'intent' is not a text"),
        ('{"text": "hi", "intent": "greet", "entities": [{"start": 0, "end": 3, "entity": "x"}]}', "0..3"),
        ('{"text": "hi", "intent": "greet", "entities": [{"start": 1, "end": 1, "entity": "x"}]}', "1..1"),
        ('{"text": "hi", "intent": "greet", "entities": {}}', "not a list"),
        ('{"text": "hi", "intent": "greet", "entities": ["x"]}', "not an object"),
        ('{"pattern": "(", "entity": "x"}', "no regular expression"),
        ('{"pattern": "a*", "entity": "x"}', "matches the empty text"),
    ],
)
def test_broken_line_is_named_with_its_number(tmp_path: Path, line: str, reason: str) -> None:
    path = tmp_path / "train.jsonl"
    path.write_text('{"text": "hello", "intent": "greet"}\n\n' + line + "\n")
    with pytest.raises(ExamplesUnreadable) as caught:
        read_dataset(path)
    assert caught.value.line == 3
    assert str(path) in str(caught.value)
    assert reason in str(caught.value)


def test_entities_that_overlap_are_read_outer_one_first() -> None:
    entities = [{"start": 3, "end": 6, "entity": "b"}, {"start": 0, "end": 4, "entity": "a"}]
    entities.append({"start": 0, "end": 6, "entity": "c"})
    example = parse_example({"text": "abcdef", "intent": "x", "entities": entities})
    assert [entity.entity for entity in example.entities] == ["c", "a", "b"]


@pytest.mark.parametrize("entities", ["null", "[]"])
def test_keys_of_other_programs_and_empty_ones_are_passed_over(tmp_path: Path, entities: str) -> None:
    line = f'{{"text": "hi", "intent": "greet", "category": "CHAT", "tags": 3, "entities": {entities}}}'
    (tmp_path / "train.jsonl").write_text(line, encoding="utf-8-sig")
    assert read_dataset(tmp_path / "train.jsonl").examples == (Example("hi", "greet"),)


def test_value_of_an_entity_may_be_left_out_or_null() -> None:
    entities = [{"start": 0, "end": 2, "entity": "a"}, {"start": 2, "end": 4, "entity": "a", "value": None}]
    example = parse_example({"text": "abcd", "intent": "x", "entities": entities})
    assert [entity.value for entity in example.entities] == ["ab", "cd"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.txt", "hello\r\n\n  bye \nhello\n"),
        ("a.jsonl", '{"text": "hello"}\n{"text": "bye", "intent": null}\n\n{"text": "hello"}'),
    ],
)
def test_messages_without_labels_are_read_once_each(tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8-sig", newline="")
    assert read_texts(tmp_path / name) == ["hello", "bye"]


def test_message_without_text_is_named_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"text": "hello"}\n{"text": " "}')
    with pytest.raises(ExamplesUnreadable, match=r"a\.jsonl:2: 'text' is blank"):
        read_texts(tmp_path / "a.jsonl")


def test_bytes_that_are_no_text_are_named_with_their_line(tmp_path: Path) -> None:
    path = tmp_path / "train.jsonl"
    path.write_bytes('{"text": "hé", "intent": "x"}\n'.encode() + b'{"text": "\xff')
    with pytest.raises(ExamplesUnreadable, match=r"train\.jsonl:2: not UTF-8"):
        read_dataset(path)


@pytest.mark.parametrize("name", ["train.csv", "nothing.jsonl", "nothing.yml"])
def test_path_that_cannot_be_read_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(ExamplesUnreadable, match=name):
        read_dataset(tmp_path / name)


def test_folder_without_examples_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ExamplesUnreadable, match=r"no \.yml"):
        read_dataset(tmp_path)


def test_folder_counts_a_repeated_example_as_its_files_do(tmp_path: Path) -> None:
    line = json.dumps({"text": "hello", "intent": "greet"})
    (tmp_path / "a.jsonl").write_text(line + "\n" + line)
    (tmp_path / "b.yml").write_text("nlu:\n- intent: greet\n  examples: |\n    - hello\n    - hey\n")
    assert [example.text for example in read_dataset(tmp_path).examples] == ["hello", "hello", "hello", "hey"]
    assert [example.text for example in settle(read_dataset(tmp_path)).examples] == ["hello", "hey"]


def test_half_of_a_character_becomes_a_space_and_spans_stay(tmp_path: Path) -> None:
    line = r'{"text": "\ud83d my lamp", "intent": "x", "entities": [{"start": 5, "end": 9, "entity": "a"}]}'
    (tmp_path / "a.jsonl").write_text(line)
    assert read_dataset(tmp_path / "a.jsonl").examples == (
        Example("  my lamp", "x", (Entity(5, 9, "a", "lamp"),)),
    )


def test_object_nested_beyond_measure_is_named_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text("[" * 100_000)
    with pytest.raises(ExamplesUnreadable, match=r"a\.jsonl:1: not a JSON object: nested too deeply"):
        read_dataset(tmp_path / "a.jsonl")


def test_file_that_is_not_there_is_named_without_a_line(tmp_path: Path) -> None:
    with pytest.raises(ExamplesUnreadable, match=r"a\.jsonl: cannot be read"):
        read_dataset(tmp_path / "a.jsonl")


def test_fingerprint_forgets_order_and_file_but_no_word() -> None:
    one, two = Example("hello", "greet", source="a:1"), Example("bye", "goodbye")
    same = Dataset((two, Example("hello", "greet", source="b:9"), two))
    assert Dataset((one, two)).fingerprint() == same.fingerprint()
    assert Dataset((one, two)).fingerprint() != Dataset((one, Example("bye!", "goodbye"))).fingerprint()
    assert Dataset((one,)).fingerprint() != Dataset((one,), made=(Made(two),)).fingerprint()
    assert Dataset((one,)).fingerprint() != Dataset((one,), patterns=(Pattern("x", "y"),)).fingerprint()


def test_synonym_of_an_annotation_equals_one_of_a_list() -> None:
    annotated = Dataset((Example("my Sofa", "x", (Entity(3, 7, "product", "couch"),)),))
    assert (
        annotated.synonym_table()
        == {"sofa": "couch"}
        == Dataset(synonyms=(("SOFA", "couch"),)).synonym_table()
    )


def test_a_list_of_intents_and_a_compound_name_are_the_same() -> None:
    listed = parse_example(
        {"text": "where is it and who are you", "intents": ["order_status", "company_info"]}
    )
    assert listed == parse_example(
        {"text": "where is it and who are you", "intent": "order_status+company_info"}
    )
    assert parse_example({"text": "hi", "intents": ["greet"]}).intent == "greet"
