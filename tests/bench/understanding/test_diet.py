from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from careline.bootstrap import ENGINE, ROOT, python_in
from nlu.examples import Dataset, Entity, Example, write_jsonl
from tests.bench.conftest import toy_dataset


@pytest.mark.engine
def test_rasas_pipeline_learns_intents_and_details(tmp_path: Path) -> None:
    examples = [
        Example(
            e.text, e.intent, (Entity(18, 27, "product", "blue lamp"),) if e.intent == "cancel_order" else ()
        )
        for e in toy_dataset(range(10)).examples
    ]
    write_jsonl(Dataset(tuple(examples)), tmp_path / "train.jsonl")
    command: list[str | Path] = [python_in(ENGINE), "tests/bench/diet_script.py", tmp_path / "train.jsonl"]
    env = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "RASA_TELEMETRY_ENABLED": "false",
    }
    output = subprocess.run(command, cwd=ROOT, env=env, check=True, capture_output=True, text=True).stdout
    order, lamp = json.loads(output.splitlines()[-1])
    assert (order["intent"], lamp["intent"]) == ("order_status", "cancel_order")
    assert [(e["start"], e["end"], e["entity"]) for e in lamp["entities"]] == [(18, 27, "product")]
    assert all("nlu_fallback" not in dict(parse["ranking"]) for parse in (order, lamp))
