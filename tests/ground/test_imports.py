"""Imports run from shells to cores; this names the file that breaks it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOMS = ("bot", "nlu", "knowledge", "actions", "desk", "careline")
MAY_IMPORT = {
    "bot": {"nlu"},  # the channel finds our component in the engine's graph
    "nlu": set[str](),
    "knowledge": {"nlu"},  # the export of a transformer to ONNX is written once
    "desk": set[str](),
    "actions": {"knowledge", "desk"},
    "careline": {"nlu", "knowledge", "actions", "desk"},
}
# The frames of the link are one file, pure, that both of its ends read.
LINK_FRAMES = {"desk.link_protocol", "desk.link_codec", "desk.link_errors"}


def imported(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.module


def modules(root: Path, room: str) -> Iterator[tuple[Path, str]]:
    for file in (root / room).rglob("*.py"):
        for name in imported(file):
            yield file.relative_to(root), name


def test_rooms_import_only_what_lies_further_in(root: Path) -> None:
    wrong = [
        f"{file} imports {name}"
        for room in ROOMS
        for file, name in modules(root, room)
        if name.split(".")[0] in set(ROOMS) - {room} - MAY_IMPORT[room]
    ]
    assert wrong == []


def test_actions_know_of_the_desk_only_the_frames_of_the_link(root: Path) -> None:
    wrong = [
        f"{file} imports {name}"
        for file, name in modules(root, "actions")
        if name.split(".")[0] == "desk" and name not in LINK_FRAMES
    ]
    assert wrong == []


def test_only_the_adapters_know_rasa(root: Path) -> None:
    wrong = [
        f"{file} imports {name}"
        for room in ROOMS
        for file, name in modules(root, room)
        if name.split(".")[0] == "rasa" and room != "bot" and file != Path("nlu/component.py")
    ]
    assert wrong == []


def test_only_the_settings_read_the_environment(root: Path) -> None:
    allowed = {
        Path("careline/settings.py"),
        Path("careline/bootstrap.py"),  # runs before anything is installed
        Path("careline/supervisor.py"),  # hands its own on to its children
        Path("careline/commands/rasa.py"),  # likewise
        Path("careline/commands/train.py"),  # likewise
        Path("nlu/processes.py"),  # where `accelerate launch` tells each process its number
    }
    in_engine = ("bot/", "nlu/component.py")  # the engine's adapters get their settings as variables
    wrong = [
        str(file.relative_to(root))
        for room in ROOMS
        for file in (root / room).rglob("*.py")
        if ("os.environ" in file.read_text() or "os.getenv" in file.read_text())
        and file.relative_to(root) not in allowed
        and not str(file.relative_to(root)).startswith(in_engine)
    ]
    assert wrong == []
