"""The commands about sources, over the real encoder."""

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from careline.cli import app, main
from careline.errors import CarelineError
from careline.refreshing import refresh
from careline.settings import Settings
from knowledge.encoder_export import DEFAULT_ENCODER, ensure_encoder

runner = CliRunner()


@pytest.fixture
def folders(articles: Path, tmp_path: Path, root: Path) -> tuple[str, ...]:
    exported = ensure_encoder(DEFAULT_ENCODER, root / "var" / "knowledge" / "encoders")
    folder = tmp_path / "var" / "knowledge"
    (folder / "encoders").mkdir(parents=True)
    (folder / "encoders" / exported.name).symlink_to(exported)
    return "--data", str(articles), "--root", str(folder)


def call(*arguments: str) -> str:
    result = runner.invoke(app, ["knowledge", *arguments])
    assert result.exit_code == 0, (result.output, result.exception)
    return result.stdout


async def test_a_source_is_added_shown_refreshed_and_removed(
    folders: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("careline.refreshing.NICE", 0)  # other work on this machine would starve it
    file = tmp_path / "wall lamps.md"
    file.write_text("# Dimming wall lamps\n\nTurn the knob on the wall lamp to dim it.\n")
    told = call("add", str(file), str(tmp_path / "nowhere.pdf"), "--product", "Lamp", *folders)
    assert "read, 1 articles" in told
    assert "there is no such file or folder" in told
    (state,) = json.loads(call("sources", *folders[2:], "--json"))["sources"]
    assert (state["status"], state["passages"], state["product"]) == ("read", 1, "Lamp")
    found = json.loads(call("search", "dim the wall lamp", *folders[2:], "--json"))
    assert found["hits"][0]["title"] == "Dimming wall lamps"

    file.write_text("# Dimming wall lamps\n\nHold the switch of the wall lamp to dim it.\n")
    (tmp_path / "teach").mkdir()
    (tmp_path / "data").rename(tmp_path / "teach" / "knowledge")
    paths = {"var": tmp_path / "var", "data": tmp_path / "teach"}
    settings = Settings.model_validate({"paths": paths, "knowledge": {"refresh_minutes": 1}})
    assert await refresh(settings, tmp_path / "var" / "knowledge") == 0  # as the schedule does it
    log = (tmp_path / "var" / "logs" / "refresh.log").read_text()
    assert "wall-lamps-md" in log
    found = json.loads(call("search", "dim the wall lamp", *folders[2:], "--json"))
    assert "Hold the switch" in found["hits"][0]["text"]

    told = call("remove", str(file), "--data", str(tmp_path / "teach" / "knowledge"), *folders[2:])
    assert "3 articles" in told
    assert "No sources" in call("sources", *folders[2:])


def test_an_error_says_what_it_was_told_whatever_marks_that_holds(
    folders: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["careline", "knowledge", "remove", "[/b] sofa [red]", *folders])
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == 1
    assert "[/b] sofa [red]" in capsys.readouterr().err


def test_a_full_disk_ends_with_a_sentence(
    folders: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "documents.jsonl")

    monkeypatch.setattr("knowledge.refresh.save_source", refuse)
    (tmp_path / "a.md").write_text("# A\n\nText.")
    result = runner.invoke(app, ["knowledge", "add", str(tmp_path / "a.md"), *folders])
    assert isinstance(result.exception, CarelineError)
    assert str(result.exception) == "documents.jsonl: No space left on device"


def test_a_place_of_which_nothing_can_be_read_ends_with_an_error(folders: tuple[str, ...]) -> None:
    result = runner.invoke(app, ["knowledge", "add", "http://127.0.0.1:1/", *folders])
    assert result.exit_code == 1
    assert "not a public one" in result.stdout


def test_an_unknown_audience_is_refused_before_anything_is_read(folders: tuple[str, ...]) -> None:
    result = runner.invoke(app, ["knowledge", "add", "x", "--audience", "everybody", *folders])
    assert "public, signed_in, agents" in str(result.exception)


def test_listing_sources_loads_neither_vectors_nor_models(root: Path) -> None:
    heavy = "{'torch', 'faiss', 'onnxruntime', 'pdfplumber', 'bs4', 'httpx'}"
    script = f"import sys, knowledge.sources; print(sorted({heavy} & set(sys.modules)))"
    env = {**os.environ, "PYTHONPATH": str(root)}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=env, check=True)
    assert done.stdout.strip() == "[]"
