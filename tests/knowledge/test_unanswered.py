"""Questions that ask for the same."""

import subprocess
import sys
from pathlib import Path

import pytest

from knowledge.encoder import OnnxEncoder
from knowledge.encoder_export import DEFAULT_ENCODER, ensure_encoder
from knowledge.errors import IndexMissing
from knowledge.unanswered import MAX_DIFFERENT, Grouped, group_questions, served_encoder
from tests.knowledge.conftest import TinyEncoder

SHOWROOM = ["Is there a showroom?", "Where is your showroom?", "do you have a showroom I can visit"]
RENT = ["Can I rent a sofa?", "do you rent out sofas", "Is it possible to rent a couch?"]


@pytest.fixture(scope="module")
def encoder(root: Path) -> OnnxEncoder:
    return OnnxEncoder.load(ensure_encoder(DEFAULT_ENCODER, root / "var" / "knowledge" / "encoders"))


def test_questions_are_grouped_by_what_they_ask_for(encoder: OnnxEncoder) -> None:
    grouped = group_questions([*SHOWROOM, *RENT, "Do you have a job for me?"], encoder)
    assert grouped.labels == (0, 0, 0, 1, 1, 1, 2)
    assert [grouped.labels[place] for place in grouped.speakers] == [0, 1, 2]


def test_the_same_words_are_always_together_and_the_first_of_them_speaks(tiny: TinyEncoder) -> None:
    grouped = group_questions(["rent", "showroom", "rent", "rent"], tiny, max_distance=0.0)
    assert grouped == Grouped((0, 1, 0, 0), (0, 1))


@pytest.mark.parametrize("questions", [[], ["one"]])
def test_few_questions_need_no_clustering(tiny: TinyEncoder, questions: list[str]) -> None:
    grouped = group_questions(questions, tiny)
    assert len(grouped.labels) == len(questions)
    assert len(grouped.speakers) == len(set(grouped.labels))


def test_too_many_are_refused_before_they_take_the_memory(tiny: TinyEncoder) -> None:
    with pytest.raises(ValueError, match="different"):
        group_questions([f"q{number}" for number in range(MAX_DIFFERENT + 1)], tiny)


def test_without_an_index_there_is_no_encoder(tmp_path: Path) -> None:
    with pytest.raises(IndexMissing):
        served_encoder(tmp_path)


def test_the_process_loads_no_torch(root: Path) -> None:
    code = "import sys, knowledge.unanswered; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    modules = done.stdout.split()
    assert "onnxruntime" in modules
    assert "torch" not in modules
