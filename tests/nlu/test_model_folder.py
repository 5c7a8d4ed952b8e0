from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from nlu.errors import ModelForeign, ModelMissing, ModelTampered, ModelUnusable
from nlu.model_folder import FILES, MANIFEST, file_sha256, resolve_model, verify_folder
from nlu.models import Model
from nlu.runtime import load


@pytest.fixture
def copy(tiny_model: Model, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_model.folder, tmp_path / "copy"))


def edit(path: Path, **changes: object) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def test_folder_holds_what_the_manifest_says_and_no_more(copy: Path) -> None:
    assert {file.name for file in copy.iterdir()} == {MANIFEST, *FILES}
    assert set(verify_folder(copy).files) == set(FILES)


@pytest.mark.parametrize("name", FILES)
def test_changed_file_is_refused_by_name(copy: Path, name: str) -> None:
    (copy / name).write_bytes((copy / name).read_bytes() + b" ")
    with pytest.raises(ModelTampered, match=name):
        load(copy)


@pytest.mark.parametrize("name", [MANIFEST, *FILES])
def test_missing_file_is_refused_by_name(copy: Path, name: str) -> None:
    (copy / name).unlink()
    with pytest.raises(ModelMissing, match=name if name != MANIFEST else "manifest"):
        load(copy)


@pytest.mark.parametrize(
    "changes", [{"format": "other"}, {"format_version": 1}, {"files": {}}, {"files": 3}, {"versions": None}]
)
def test_foreign_manifest_is_refused(copy: Path, changes: dict[str, object]) -> None:
    edit(copy / MANIFEST, **changes)
    with pytest.raises(ModelForeign):
        load(copy)


@pytest.mark.parametrize("text", ["", "[]", "{"])
def test_manifest_that_is_none_is_refused(copy: Path, text: str) -> None:
    (copy / MANIFEST).write_text(text)
    with pytest.raises(ModelUnusable):
        load(copy)


def test_folder_of_models_gives_the_current_one(tiny_model: Model) -> None:
    assert resolve_model(tiny_model.folder.parent) == tiny_model.folder


def test_folder_without_any_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match=str(tmp_path)):
        load(tmp_path)


def test_current_that_names_no_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "current").write_text("0123456789abcdef\n")
    with pytest.raises(ModelMissing, match="0123456789abcdef"):
        load(tmp_path)


@pytest.mark.parametrize("records", [[], [{"text": "thank you"}], 3])
def test_training_texts_that_do_not_fit_their_embeddings_are_refused(copy: Path, records: object) -> None:
    (copy / "neighbours.json").write_text(json.dumps(records))
    manifest = json.loads((copy / MANIFEST).read_text())
    edit(
        copy / MANIFEST,
        files={**manifest["files"], "neighbours.json": file_sha256(copy / "neighbours.json")},
    )
    with pytest.raises(ModelForeign):
        load(copy)
