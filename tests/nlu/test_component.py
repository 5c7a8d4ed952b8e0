"""The Rasa adapter in the real engine: a subprocess trains with Rasa, loads what it trained, and parses."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from nlu.config import TrainConfig
from nlu.examples import read_dataset
from nlu.explain import explain
from nlu.models import train_model
from nlu.runtime import INT8_ON_CPU, Understander, load

ROOT = Path(__file__).parents[2]
ENGINE = ROOT / ".venv-engine" / "bin" / "python"

pytestmark = [
    pytest.mark.engine,
    pytest.mark.skipif(not ENGINE.exists(), reason="the engine's environment is not installed"),
]

EXAMPLES = """version: "3.1"
nlu:
- intent: order_status
  examples: |
    - where is my order [10201](order_number)
    - where is my order [10202](order_number)
    - when will my order [10203](order_number) arrive
    - where is the [azure light]{"entity": "product", "value": "blue lamp"}
- intent: thank
  examples: |
    - thank you
    - thanks a lot
    - thank you a lot
- intent: out_of_scope
  examples: |
    - what is the weather
- regex: order_number
  examples: |
    - NL-\\d{5}
- synonym: blue lamp
  examples: |
    - lazuli lamp
"""
TEXTS = [
    "where is my order NL-10234",
    "thanks a lot",
    "",
    "   ",
    '/thank{"product": "lamp"}',
    "/thank",
    "é" * 50_000,
]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, tiny_encoder: Path) -> Path:
    folder = tmp_path_factory.mktemp("project")
    settings = {"encoder": str(tiny_encoder), "max_tokens": 48, "epochs": 2, "held_out_share": 0.0}
    (folder / "settings.json").write_text(json.dumps(settings))
    component = {
        "name": "nlu.component.Understanding",
        "fallback_threshold": 0.0,
        "follow": "store",
        "device": "cuda",
    }
    pipeline = [{**component, "training": settings}]
    config = {
        "recipe": "default.v1",
        "language": "en",
        "assistant_id": "test",
        "pipeline": pipeline,
        "policies": [],
    }
    (folder / "config.yml").write_text(json.dumps(config))  # JSON is YAML
    domain = {"version": "3.1", "intents": ["order_status", "thank"], "entities": ["order_number", "product"]}
    (folder / "domain.yml").write_text(json.dumps(domain))
    (folder / "data").mkdir()
    (folder / "data" / "nlu.yml").write_text(EXAMPLES)
    (folder / "texts.json").write_text(json.dumps(TEXTS))
    run_engine(folder)
    return folder


@pytest.fixture(scope="module")
def results(project: Path) -> dict[str, Any]:
    return dict(zip(TEXTS, json.loads((project / "results.json").read_text()), strict=True))


@pytest.fixture(scope="module")
def app_view(project: Path) -> Understander:
    return load(project / "var" / "models" / "nlu")


def run_engine(folder: Path) -> str:
    env = {
        **os.environ,
        "CARELINE_APP_PYTHON": sys.executable,
        "CARELINE_VAR": str(folder / "var"),
        "PYTHONPATH": str(ROOT),
        "RASA_TELEMETRY_ENABLED": "false",
    }
    command = [str(ENGINE), str(Path(__file__).with_name("engine_script.py")), str(folder)]
    done = subprocess.run(
        command, env=env, cwd=folder, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stderr


def test_engine_understands_the_same_as_the_application(
    results: dict[str, Any], app_view: Understander
) -> None:
    text = "thanks a lot"
    parse = app_view.parse([text])[0]
    found = results[text]
    names = [entry["name"] for entry in found["intent_ranking"]]
    assert found["understanding"]["model_id"] == app_view.model_id
    assert [name for name in names if name != "nlu_fallback"] == [name for name, _ in parse.ranking]
    assert found["intent_ranking"][-1]["confidence"] == pytest.approx(parse.ranking[-1][1], abs=1e-4)


def test_engine_serves_the_current_model_of_the_store_without_a_restart(
    project: Path, app_view: Understander
) -> None:
    served = json.loads((project / "served.json").read_text())
    assert served == [app_view.model_id, "f" * 16, app_view.model_id]


def test_engine_that_is_to_compute_int8_on_a_gpu_understands_and_says_why_it_does_not(project: Path) -> None:
    assert json.loads((project / "lack.json").read_text()) == INT8_ON_CPU


def test_evidence_stands_beside_what_was_understood(results: dict[str, Any], app_view: Understander) -> None:
    evidence = results["thanks a lot"]["understanding"]["evidence"]
    assert evidence["nearest"][0]["text"] == "thanks a lot"
    assert evidence["second"] == app_view.parse(["thanks a lot"])[0].ranking[1][0]


def test_engine_explains_what_it_serves_as_the_application_does(
    project: Path, app_view: Understander
) -> None:
    explained = json.loads((project / "explained.json").read_text())
    mine = explain(app_view, "🚚 thanks a lot")
    assert (explained["model_id"], explained["intent"]) == (app_view.model_id, mine.parse.intent)
    assert [(word["word"], word["is_spaced"]) for word in explained["words"]] == [
        ("🚚", False),
        ("thanks", True),
        ("a", True),
        ("lot", True),
    ]
    shares = [word["for_first"] for word in explained["words"]]
    assert shares == pytest.approx([word.for_first for word in mine.words], abs=1e-3)


def test_entities_come_with_their_places(results: dict[str, Any]) -> None:
    text = "where is my order NL-10234"
    entity = next(e for e in results[text]["entities"] if e["confidence_entity"] == 1.0)
    assert text[entity["start"] : entity["end"]] == entity["value"] == "NL-10234"
    assert (entity["entity"], entity["extractor"]) == ("order_number", "Understanding")


@pytest.mark.parametrize("text", ["", "   "])
def test_blank_text_becomes_the_fallback_with_a_ranking(results: dict[str, Any], text: str) -> None:
    if text not in results or "understanding" not in results[text]:
        pytest.skip("the engine answers a blank text before it asks any component")
    assert results[text]["intent"]["name"] == "nlu_fallback"
    assert len(results[text]["intent_ranking"]) > 2


@pytest.mark.parametrize("text", ['/thank{"product": "lamp"}', "/thank"])
def test_payload_stays_with_rasas_own_handler(results: dict[str, Any], text: str) -> None:
    assert results[text]["intent"] == {"name": "thank", "confidence": 1.0}
    assert "understanding" not in results[text]


def test_text_of_50_kb_is_understood(results: dict[str, Any]) -> None:
    assert len(results["é" * 50_000]["intent_ranking"]) >= 2


def test_component_and_command_find_the_same_model(project: Path, app_view: Understander) -> None:
    settings = TrainConfig(**json.loads((project / "settings.json").read_text()))
    store = project / "var" / "models" / "nlu"
    model = train_model(read_dataset(project / "data"), None, store, settings, lambda _: None)
    assert model.is_reused
    assert model.model_id == app_view.model_id


def test_second_training_takes_the_model_from_the_store(project: Path) -> None:
    told = run_engine(project)
    assert "epoch 1/" not in told


def test_rasas_cache_gives_no_model_of_another_trainer(project: Path) -> None:
    one, same, other = json.loads((project / "fingerprints.json").read_text())
    assert one == same != other


def test_synonyms_of_both_forms_are_read_alike(project: Path) -> None:
    table = read_dataset(project / "data").synonym_table()
    assert table == {"azure light": "blue lamp", "lazuli lamp": "blue lamp"}


def test_dial_turns_an_unsure_text_into_the_fallback_with_its_choices(project: Path) -> None:
    views = json.loads((project / "dialled.json").read_text())
    assert views["None"]["intent"]["name"] == "thank"
    assert "choices" not in views["None"]["understanding"]
    assert views["0.1"]["intent"]["name"] == "nlu_fallback"
    assert views["0.1"]["understanding"]["decision"] == "ask"
    assert views["0.1"]["understanding"]["choices"] == ["thank", "order_status"]
    assert views["foreign"]["understanding"]["decision"] == "pass_on"
    assert views["foreign, but no matter"]["understanding"]["decision"] == "ask"
    assert views["0"]["understanding"]["decision"] == "pass_on"
    assert views["0"]["understanding"]["choices"] == []


def test_parts_stand_beside_what_the_whole_text_means(results: dict[str, Any], project: Path) -> None:
    assert results["thanks a lot"]["understanding"]["parts"] == []
    found = json.loads((project / "dialled.json").read_text())["two wishes"]
    first, second = found["understanding"]["parts"]
    assert (first["intent"], first["start"], first["end"]) == ("thank", 0, 12)
    assert (second["intent"], second["start"], second["end"]) == ("order_status", 17, len(found["text"]))
    assert "NL-10234" in [entity["value"] for entity in second["entities"]]
    assert second["ranking"][0] == {"name": second["intent"], "confidence": second["confidence"]}
