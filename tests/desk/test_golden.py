from __future__ import annotations

import json
from pathlib import Path

import pytest

from desk.frames import parse_console_frame, parse_widget_frame
from tests.golden import build
from tests.golden.write import golden_text

GOLDEN = Path(__file__).parent.parent / "golden"
BUILT = {"widget": build.widget(), "console": build.console()}
CASES = [(folder, name) for folder, frames in BUILT.items() for name in frames]


@pytest.mark.parametrize(("folder", "name"), CASES)
def test_golden_file_is_what_the_desk_builds(folder: str, name: str) -> None:
    assert (GOLDEN / folder / f"{name}.json").read_text(encoding="utf-8") == golden_text(BUILT[folder][name])


@pytest.mark.parametrize("name", [n for n in BUILT["widget"] if n.startswith("client_")])
def test_widget_client_frame_is_accepted(name: str) -> None:
    frame = parse_widget_frame(json.dumps(BUILT["widget"][name]))
    assert BUILT["widget"][name]["type"] == frame.__struct_config__.tag


@pytest.mark.parametrize("name", [n for n in BUILT["console"] if n.startswith("client_")])
def test_console_client_frame_is_accepted(name: str) -> None:
    frame = parse_console_frame(json.dumps(BUILT["console"][name]))
    assert BUILT["console"][name]["type"] == frame.__struct_config__.tag


def test_no_golden_file_is_left_over() -> None:
    lying = {(path.parent.name, path.stem) for path in GOLDEN.glob("*/*.json")}
    assert lying == set(CASES)


def test_no_widget_frame_holds_what_is_for_agents() -> None:
    for name, frame in BUILT["widget"].items():
        text = json.dumps(frame)
        for secret in ("trace", "is_draft", '"note"', "/affirm", "desk:request_person", "intent_ranking"):
            assert secret not in text, name
        for secret in ("evidence", "nearest", "familiarity", "my parcel is late", "passage_id"):
            assert secret not in text, name
