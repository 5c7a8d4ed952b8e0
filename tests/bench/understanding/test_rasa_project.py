from __future__ import annotations

from pathlib import Path

from bench.understanding.rasa_project import annotate, pipeline_config, training_yaml
from nlu.examples import Dataset, Entity, Example
from nlu.rasa_yaml import read_yaml


def test_what_is_written_for_rasa_reads_back_the_same(tmp_path: Path) -> None:
    examples = (
        Example(
            "send the lamp to Rome, please",
            "ship",
            (Entity(9, 13, "product", "lamp"), Entity(17, 21, "city", "Rome")),
        ),
        Example("- is this: a 'problem'? # no", "ask"),
        Example("你好 👍", "greet"),
    )
    file = tmp_path / "nlu.yml"
    file.write_text(training_yaml(Dataset(examples)), encoding="utf-8")
    assert {(e.text, e.intent, e.entities) for e in read_yaml(file).examples} == {
        (e.text, e.intent, e.entities) for e in examples
    }


def test_an_example_stands_on_one_line() -> None:
    assert annotate(Example("one\ntwo  three", "x", (Entity(4, 7, "n", "two"),))) == "one [two](n) three"


def test_texts_out_of_scope_are_no_class_for_rasa() -> None:
    assert "foreign" not in training_yaml(Dataset((Example("foreign", "oos"), Example("hello", "greet"))))


def test_the_pipeline_is_rasas_own() -> None:
    names = [component["name"] for component in pipeline_config(13)["pipeline"]]
    assert names == [
        "WhitespaceTokenizer",
        "RegexFeaturizer",
        "LexicalSyntacticFeaturizer",
        "CountVectorsFeaturizer",
        "CountVectorsFeaturizer",
        "DIETClassifier",
        "EntitySynonymMapper",
        "ResponseSelector",
        "FallbackClassifier",
    ]
