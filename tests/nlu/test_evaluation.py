from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest

from nlu.errors import ExamplesRejected
from nlu.evaluation import evaluate
from nlu.examples import Dataset, Entity, Example
from nlu.models import Model
from nlu.report.background import gather
from nlu.report.files import write_report
from nlu.report.headline import headline
from nlu.report.record import to_json
from nlu.runtime import Understander
from tests.nlu.conftest import small_dataset

TOP_LEVEL = (
    "intent_accuracy",
    "intent_macro_f1",
    "entity_f1",
    "sentence_accuracy",
    "ece",
    "in_scope_accuracy",
    "oos_recall",
    "oos_precision",
    "oos_auroc",
    "mcc",
)


def measured(understander: Understander, *examples: Example) -> dict[str, object]:
    record = to_json(evaluate(understander, Dataset(examples), name="data")[0])
    json.dumps(record, allow_nan=False)
    return record


def test_every_figure_stands_at_the_top_as_a_share(understander: Understander) -> None:
    record = to_json(evaluate(understander, small_dataset(), name="data")[0])
    for key in TOP_LEVEL:
        value = record[key]
        assert value is not None, key
        assert -1 <= value <= 1 if key == "mcc" else 0 <= value <= 1, key
        if key != "ece":
            assert record["intervals"][key]["low"] <= value <= record["intervals"][key]["high"], key


def test_each_intent_and_entity_has_its_figures_with_an_interval(understander: Understander) -> None:
    record = to_json(evaluate(understander, small_dataset(), name="data")[0])
    assert set(record["per_intent"]) >= {"order_status", "cancel_order", "thank"}
    assert set(record["per_entity"]) >= {"order_number", "product"}
    for scores in (*record["per_intent"].values(), *record["per_entity"].values()):
        assert set(scores) == {"precision", "recall", "f1", "support", "f1_low", "f1_high"}
        assert scores["f1_low"] <= scores["f1"] <= scores["f1_high"]


def test_the_record_says_what_was_measured_with_what(understander: Understander) -> None:
    record = to_json(evaluate(understander, small_dataset(), name="data")[0])
    assert record["model_id"] == understander.model_id
    assert record["data_sha256"] == small_dataset().fingerprint()
    assert {"python", "numpy", "onnxruntime", "tokenizers"} <= set(record["versions"])
    assert record["model_versions"] == dict(understander.manifest.versions)
    assert 0 < record["latency"]["p50_ms"] <= record["latency"]["p95_ms"]


def test_the_dial_is_measured_at_each_of_its_points(understander: Understander) -> None:
    record = to_json(evaluate(understander, small_dataset(), name="data")[0])
    assert [point["max_wrong_share"] for point in record["dial"]] == [
        percent / 100 for percent in range(1, 21)
    ]
    for point in record["dial"]:
        assert point["answered"] + point["asked"] + point["passed_on"] == pytest.approx(1, abs=1e-5)
        assert point["wrong_low"] <= point["wrong"] <= point["wrong_high"]
        assert (point["texts"], point["foreign"]) == (33, 3)
    assert any(note.startswith("With the dial at 5 %: ") for note in record["notes"])
    assert record["dial"][0]["answered"] == 0.0  # six texts held out promise no 1 %


def test_an_intent_that_the_model_does_not_know_is_wrong_and_listed(understander: Understander) -> None:
    record = measured(
        understander,
        Example("my cat is blue", "cats"),
        Example("please cancel the blue lamp 1", "cancel_order"),
    )
    assert record["unknown_intents"] == {"cats": 1}
    assert record["intent_accuracy"] == 0.5
    assert any("does not know an intent of the data: cats (1)" in note for note in record["notes"])  # type: ignore[attr-defined]


def test_an_entity_that_the_model_does_not_know_is_listed(understander: Understander) -> None:
    record = measured(understander, Example("thank you Ann", "thank", (Entity(10, 13, "person", "Ann"),)))
    assert record["unknown_entities"] == {"person": 1}
    assert record["entity_f1"] == 0.0


def test_a_model_without_entities_has_an_entity_f1_of_zero_and_a_note(understander: Understander) -> None:
    blind = Understander(
        understander.manifest,
        replace(understander.labels, entities=(), adjacent=(), patterns=()),
        understander._encoder,
        understander._network,
        understander.bank,
        understander.bank_examples,
    )
    record = measured(blind, Example("where is 10", "order_status", (Entity(9, 11, "order_number", "10"),)))
    assert record["entity_f1"] == 0.0
    assert any("knows no entities" in note for note in record["notes"])  # type: ignore[attr-defined]


def test_data_without_entities_has_no_entity_f1(understander: Understander) -> None:
    record = measured(understander, Example("where is NL-12345", "order_status"))
    assert record["entity_f1"] is None
    assert record["sentence_accuracy"] == 0.0
    assert any("sentence accuracy counts them as wrong" in note for note in record["notes"])  # type: ignore[attr-defined]


@pytest.mark.parametrize("intent", ["oos", "out_of_scope"])
def test_data_out_of_scope_only_is_measured(
    understander: Understander, tiny_model: Model, tmp_path: Path, intent: str
) -> None:
    evaluation, predictions = evaluate(understander, Dataset((Example("so blue", intent),)), name="data")
    record = to_json(evaluation)
    assert (record["intent_accuracy"], record["mcc"]) == (None, None)
    assert record["oos_recall"] in {0.0, 1.0}
    assert record["per_intent"] == {}
    write_report(evaluation, predictions, gather(understander, predictions, tiny_model.folder), tmp_path)


def test_a_text_without_words_is_measured(
    understander: Understander, tiny_model: Model, tmp_path: Path
) -> None:
    evaluation, predictions = evaluate(understander, Dataset((Example("\u200b", "thank"),)), name="data")
    assert evaluation.metrics.intent_accuracy == 0.0
    write_report(evaluation, predictions, gather(understander, predictions, tiny_model.folder), tmp_path)


def test_no_example_is_refused(understander: Understander) -> None:
    with pytest.raises(ExamplesRejected, match="nothing to measure"):
        evaluate(understander, Dataset(), name="data")


def test_texts_that_were_taught_are_counted_apart(understander: Understander) -> None:
    record = measured(
        understander, Example("Please cancel the BLUE lamp 1", "cancel_order"), Example("so", "cats")
    )
    assert record["unseen"] == {"texts": 1, "intent_accuracy": 0.0}
    assert any(note.startswith("1 of 2 texts in scope stand in the training") for note in record["notes"])  # type: ignore[attr-defined]


def test_headline_leaves_out_what_was_not_measured(understander: Understander) -> None:
    evaluation, _ = evaluate(understander, Dataset((Example("thank you", "thank"),)), name="data")
    rows = headline(evaluation)
    assert not any(math.isnan(one.value) for one in rows)
    assert {one.key for one in rows}.isdisjoint({"oos_recall", "mcc", "entity_f1"})
    assert {one.texts for one in rows} == {1}


def test_precision_of_refusals_is_told_with_the_number_of_refusals(understander: Understander) -> None:
    evaluation, predictions = evaluate(understander, small_dataset(), name="data")
    told = {one.key: one.texts for one in headline(evaluation)}
    assert told["oos_precision"] == sum(one.is_out_of_scope for one in predictions)
    assert (told["oos_recall"], told["mcc"], told["in_scope_accuracy"]) == (3, 33, 30)


def test_messages_with_several_wishes_have_their_own_figures(understander: Understander) -> None:
    both = Example("where is my order 10204 and thank you so much", "order_status+thank")
    record = measured(understander, both, Example("thank you so much", "thank"))
    figures = record["multi"]
    assert isinstance(figures, dict)
    assert (figures["several"], figures["one"], figures["foreign"]) == (1, 1, 0)
    assert figures["right"] <= figures["cut"] <= 1
    assert any("several wishes" in str(note) for note in list(record["notes"]))  # type: ignore[call-overload]
