"""`python -m nlu.train`, `python -m nlu.evaluate` and `careline nlu …`."""

from __future__ import annotations

import errno
import json
import shutil
from functools import partial
from pathlib import Path

import pytest
from typer.testing import CliRunner

from careline.commands.nlu import app
from careline.errors import CarelineError
from nlu import evaluate, train
from nlu.examples import write_jsonl
from nlu.files import write_json
from nlu.model_folder import FILES, MANIFEST, read_json, verify_folder, write_manifest
from nlu.models import Model
from tests.nlu.conftest import small_dataset


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "examples.jsonl"
    write_jsonl(small_dataset(), path)
    return path


@pytest.fixture
def splitting_model(tmp_path: Path, tiny_model: Model) -> Path:
    """The tiny model, which cuts at any evidence at all."""
    folder = Path(shutil.copytree(tiny_model.folder, tmp_path / "splitting"))
    labels = read_json(folder, "labels.json")
    eager = {"split_threshold": -1e9, "out_of_scope_threshold": -1e9}
    write_json(folder / "labels.json", {**labels, **eager})
    manifest = verify_folder(tiny_model.folder)
    write_manifest(
        folder, model_id=manifest.model_id, data_sha256=manifest.data_sha256, versions=manifest.versions
    )
    return folder


def call(*arguments: object) -> str:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_trainer_ends_with_one_json_line(
    tmp_path: Path, data: Path, tiny_encoder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    settings = json.dumps({"encoder": str(tiny_encoder), "epochs": 1, "max_tokens": 48})
    assert train.main(["--data", str(data), "--out", str(tmp_path / "models"), "--config", settings]) == 0
    output = capfd.readouterr()
    result = json.loads(output.out.splitlines()[-1])
    assert (Path(result["folder"]) / MANIFEST).is_file()
    assert not result["is_reused"]
    assert "epoch 1/1" in output.err


def test_trainer_tells_faults_of_the_examples_by_its_exit_code(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bad.jsonl").write_text("{")
    assert train.main(["--data", str(tmp_path / "bad.jsonl"), "--out", str(tmp_path)]) == train.EXIT_EXAMPLES
    assert "bad.jsonl:1" in capfd.readouterr().err


def test_trainer_tells_a_missing_encoder_by_its_exit_code(tmp_path: Path, data: Path) -> None:
    settings = json.dumps({"encoder": str(tmp_path / "nowhere")})
    assert (
        train.main(["--data", str(data), "--out", str(tmp_path), "--config", settings]) == train.EXIT_FAILED
    )


def test_trainer_refuses_an_unknown_setting(tmp_path: Path, data: Path) -> None:
    with pytest.raises(SystemExit):
        train.main(["--data", str(data), "--out", str(tmp_path), "--config", '{"epoch": 1}'])


def test_evaluation_writes_its_report(tmp_path: Path, data: Path, tiny_model: Model) -> None:
    report = tmp_path / "report"
    assert (
        evaluate.main(["--model", str(tiny_model.folder), "--data", str(data), "--report", str(report)]) == 0
    )
    figures = json.loads((report / "metrics.json").read_text())
    assert figures["model_id"] == tiny_model.model_id
    assert (figures["texts"], figures["out_of_scope_texts"]) == (30, 3)
    assert figures["intent_accuracy"] > 0.9


def test_evaluation_of_a_missing_model_is_refused(tmp_path: Path, data: Path) -> None:
    assert evaluate.main(["--model", str(tmp_path), "--data", str(data), "--report", str(tmp_path)]) == 2


def test_command_parses_texts_as_plain_lines_in_a_pipe(tiny_model: Model) -> None:
    line = call("parse", "thank you so much", "--model", tiny_model.folder).splitlines()[0]
    assert line.split("\t")[0] == "thank you so much"
    assert "thank" in line.split("\t")[1]


def test_command_parses_texts_as_json(tiny_model: Model) -> None:
    records = json.loads(
        call("parse", "where is my order NL-10234", "", "--model", tiny_model.folder, "--json")
    )
    assert records[0]["entities"][-1]["value"] == "NL-10234"
    assert records[1]["intent"] is None


def test_command_shows_the_parts_of_two_wishes(splitting_model: Path) -> None:
    text = "thank you so much and where is my order NL-10234"
    arguments = ("parse", text, "--model", splitting_model)
    assert "order_status" in call(*arguments).splitlines()[0].split("\t")[-1]
    first, second = json.loads(call(*arguments, "--json"))[0]["parts"]
    assert (first["intent"], text[first["start"] : first["end"]]) == ("thank", "thank you so much")
    assert second["entities"][-1]["value"] == "NL-10234"


@pytest.mark.parametrize("source", ["file", "standard input"])
def test_command_parses_the_lines_of_a_file(tiny_model: Model, tmp_path: Path, source: str) -> None:
    lines = "thank you so much\r\n\nwhere is my order 10204"
    path = tmp_path / "texts.txt"
    path.write_text(lines)
    arguments = ["parse", "--file", str(path) if source == "file" else "-", "--model", str(tiny_model.folder)]
    result = CliRunner().invoke(app, [*arguments, "--json"], input=lines, catch_exceptions=False)
    records = json.loads(result.stdout)
    assert [record["text"] for record in records] == ["thank you so much", "", "where is my order 10204"]
    assert [record["intent"] for record in records] == ["thank", None, "order_status"]


def test_command_without_any_text_says_so(tiny_model: Model) -> None:
    with pytest.raises(CarelineError, match="--file"):
        call("parse", "--model", tiny_model.folder)


def test_command_measures(data: Path, tiny_model: Model, tmp_path: Path) -> None:
    arguments = ["evaluate", "--model", tiny_model.folder.parent, "--data", data]
    lines = call(*arguments, "--report", tmp_path / "report").splitlines()
    label, interval, texts = lines[0].split("\t")
    assert label.startswith("intent accuracy: ")
    assert " to " in interval
    assert texts == "n=30"
    assert [line for line in lines if line.startswith("Worst intents: ")]
    assert lines[-1] == f"Report: {tmp_path / 'report' / 'report.html'}"
    assert json.loads(call(*arguments, "--json"))["texts"] == 30


def test_command_refuses_a_setting_that_is_none(data: Path) -> None:
    with pytest.raises(CarelineError, match="--config: unknown key 'epoch'"):
        call("train", "--data", data, "--config", '{"epoch": 1}')


def test_command_trains_once(data: Path, tmp_path: Path, tiny_encoder: Path) -> None:
    settings = json.dumps({"encoder": str(tiny_encoder), "epochs": 1, "max_tokens": 48})
    arguments = ["train", "--data", data, "--out", tmp_path / "models", "--config", settings, "--json"]
    assert [json.loads(call(*arguments))["is_reused"] for _ in range(2)] == [False, True]


def check(data: Path, encoder: Path, *options: object) -> tuple[int, str]:
    settings = json.dumps({"encoder": str(encoder), "max_tokens": 48})
    result = CliRunner().invoke(app, ["check", "--data", str(data), "--config", settings, *map(str, options)])
    return result.exit_code, result.stdout


def test_command_checks_examples_and_tells_grave_faults_by_its_exit_code(
    data: Path, tmp_path: Path, tiny_encoder: Path
) -> None:
    exit_code, output = check(data, tiny_encoder)
    assert exit_code == 0, output
    assert "PROBLEM" not in output
    both = [{"text": "hello there", "intent": intent} for intent in ("thank", "order_status")]
    bad = tmp_path / "bad.jsonl"
    bad.write_text(data.read_text() + "\n".join(json.dumps(line) for line in both))
    exit_code, output = check(bad, tiny_encoder)
    assert exit_code == 1
    assert output.startswith("PROBLEM: 'hello there' is taught under 2 intents: thank (")
    records = json.loads(check(bad, tiny_encoder, "--valid", data, "--json")[1])
    assert records[0]["code"] == "two_intents"
    assert records[0]["severity"] == "grave"


def test_command_exports_a_checked_folder_once(tmp_path: Path, tiny_model: Model) -> None:
    call("export", tmp_path / "out", "--model", tiny_model.folder)
    assert {file.name for file in (tmp_path / "out").iterdir()} == {MANIFEST, *FILES}
    with pytest.raises(CarelineError, match="exists"):
        call("export", tmp_path / "out", "--model", tiny_model.folder)


def test_command_tells_a_missing_model_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(CarelineError, match="holds neither"):
        call("parse", "hello", "--model", tmp_path)


@pytest.mark.parametrize("command", ["evaluate", "compare", "export", "train", "promote"])
def test_command_tells_in_a_sentence_what_cannot_be_written(
    command: str,
    tmp_path: Path,
    data: Path,
    tiny_model: Model,
    tiny_encoder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "file").write_text("x")
    taken, model = tmp_path / "file" / "folder", tiny_model.folder
    store = tmp_path / "store"
    shutil.copytree(model, store / model.name)
    (store / "current").mkdir()
    settings = json.dumps({"encoder": str(tiny_encoder), "epochs": 1, "max_tokens": 48})
    arguments: dict[str, list[object]] = {
        "evaluate": ["--model", model, "--data", data, "--report", taken],
        "compare": [model, model, "--data", data, "--report", taken],
        "export": [taken, "--model", model],
        "train": ["--data", data, "--out", taken, "--config", settings],
        "promote": [model.name, "--store", store],
    }
    # Nothing is begun that cannot be kept.
    monkeypatch.setattr("nlu.evaluation.evaluate", None)
    monkeypatch.setattr("nlu.training.run.train", None)
    with pytest.raises(CarelineError, match=r"directory|exists"):
        call(command, *arguments[command])


def test_half_an_export_is_taken_away(
    tmp_path: Path, tiny_model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(source: str, target: str, **_: object) -> None:
        Path(target).write_text("half")
        raise OSError(errno.ENOSPC, "No space left on device", target)

    monkeypatch.setattr("shutil.copytree", partial(shutil.copytree, copy_function=full))
    with pytest.raises(CarelineError, match=r"cannot be copied to .*No space left"):
        call("export", tmp_path / "out", "--model", tiny_model.folder)
    assert list(tmp_path.iterdir()) == []


def test_file_of_texts_may_begin_with_a_mark_and_must_be_utf_8(tiny_model: Model, tmp_path: Path) -> None:
    path = tmp_path / "texts.txt"
    path.write_text("thank you", encoding="utf-8-sig")
    arguments = ("parse", "--file", path, "--model", tiny_model.folder)
    assert json.loads(call(*arguments, "--json"))[0]["text"] == "thank you"
    path.write_text("thank you", encoding="utf-16")
    with pytest.raises(CarelineError, match="not UTF-8"):
        call(*arguments)


@pytest.mark.parametrize("command", ["parse", "explain"])
def test_half_of_a_character_is_understood_as_a_space(command: str, tiny_model: Model) -> None:
    assert "thank" in call(command, "thank \ud83d you", "--model", tiny_model.folder)


@pytest.mark.parametrize("command", ["check", "train"])
@pytest.mark.parametrize("config", ["{", "[]", '{"epochs": 0}'])
def test_command_tells_what_is_wrong_with_its_config(command: str, config: str, data: Path) -> None:
    with pytest.raises(CarelineError, match="--config: "):
        call(command, "--data", data, "--config", config)


def test_store_without_models_is_said_to_have_none(tmp_path: Path) -> None:
    assert call("models", "--store", tmp_path) == f"No models in {tmp_path}\n"
    assert json.loads(call("models", "--store", tmp_path, "--json")) == []
