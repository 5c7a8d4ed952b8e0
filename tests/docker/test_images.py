"""The images can't be built here; what can be known without an engine is."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

DOCKERFILES = ("desk", "actions", "engine", "trainer")


def text_of(root: Path, name: str) -> str:
    return (root / "docker" / f"{name}.Dockerfile").read_text().replace("\\\n", " ")


@pytest.mark.parametrize("name", DOCKERFILES)
def test_hadolint_finds_nothing(root: Path, name: str) -> None:
    hadolint = Path(sys.executable).parent / "hadolint"
    assert hadolint.exists() or shutil.which("hadolint"), (
        "the test tools are not installed: `make check` does it"
    )
    file = root / "docker" / f"{name}.Dockerfile"
    done = subprocess.run([hadolint, file], capture_output=True, text=True, check=False)
    assert done.stdout + done.stderr == ""


@pytest.mark.parametrize("name", DOCKERFILES)
def test_every_copied_path_exists_and_is_let_in(root: Path, name: str) -> None:
    allowed = [line[1:] for line in (root / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    for words in re.findall(r"^COPY (?!--from)(.+)$", text_of(root, name), re.MULTILINE):
        for source in words.split()[:-1]:
            assert (root / source).exists(), source
            assert any(source.rstrip("/") == one or source.startswith(f"{one}/") for one in allowed), source


@pytest.mark.parametrize("name", DOCKERFILES)
def test_images_are_pinned_and_run_without_root(root: Path, name: str) -> None:
    text = text_of(root, name)
    assert re.findall(r"^FROM (\S+)", text, re.MULTILINE)
    for image in re.findall(r"^FROM (\S+)", text, re.MULTILINE):
        assert re.search(r":\d+\.\d+\.\d+-", image), image
    assert re.findall(r"^USER (\S+)", text, re.MULTILINE)[-1] == "10001"
    assert "HEALTHCHECK" in text


@pytest.mark.parametrize("name", DOCKERFILES)
def test_every_started_module_exists(root: Path, name: str) -> None:
    command = " ".join(
        re.findall(r'"([^"]+)"', re.findall(r"^CMD (.+)$", text_of(root, name), re.MULTILINE)[-1])
    )
    for module in re.findall(r"-m (\S+)", command):
        if module != "rasa":
            assert (root / f"{module.replace('.', '/')}.py").is_file(), module
    for path in re.findall(r"\bbot/\S+\.yml", command):
        assert (root / path).is_file(), path


def compose(root: Path) -> dict[str, dict[str, dict[str, object]]]:
    loaded: dict[str, dict[str, dict[str, object]]] = yaml.safe_load(
        (root / "docker" / "compose.yml").read_text()
    )
    return loaded


def test_compose_builds_from_files_that_exist(root: Path) -> None:
    builds = [service["build"] for service in compose(root)["services"].values() if "build" in service]
    assert len(builds) == len(DOCKERFILES)
    for build in builds:
        assert isinstance(build, dict)
        assert (root / build["dockerfile"]).is_file()


def test_only_the_desk_is_reachable_from_outside(root: Path) -> None:
    services = compose(root)["services"]
    assert [name for name, service in services.items() if "ports" in service] == ["desk"]
    assert [name for name, service in services.items() if "public" in str(service.get("networks"))] == [
        "desk"
    ]
    assert compose(root)["networks"]["inside"] == {"internal": True}


def test_compose_sets_only_settings_that_exist(
    root: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from careline.settings import INTERNAL_VARIABLES, Section, Settings

    monkeypatch.setenv("CARELINE_CONFIG", str(tmp_path / "none.toml"))
    for service in compose(root)["services"].values():
        environment = service.get("environment", {})
        assert isinstance(environment, dict)
        for name in environment:
            if name.startswith("CARELINE_") and name not in INTERNAL_VARIABLES:
                section, setting = name.removeprefix("CARELINE_").lower().split("__")
                model = Settings.model_fields[section].annotation
                assert isinstance(model, type)
                assert issubclass(model, Section)
                assert setting in model.model_fields, name


def test_every_secret_that_compose_asks_for_stands_in_the_example(root: Path) -> None:
    asked = set(re.findall(r"\$\{([A-Z_]+):\?", (root / "docker" / "compose.yml").read_text()))
    given = set(re.findall(r"^#?([A-Z_]+)=", (root / "docker" / "env.example").read_text(), re.MULTILINE))
    assert asked
    assert asked <= given
