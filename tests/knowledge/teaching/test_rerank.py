"""A reranker of two small layers learns which page answers; it serves only where that helps."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from knowledge.base import KnowledgeBase
from knowledge.build import BuildConfig, BuildReport, build_documents, index_folders
from knowledge.documents import Collection, Document, plain_document
from knowledge.errors import EncoderForeign, EncoderMissing, TooLittleToLearn
from knowledge.folders import read_pointer
from knowledge.index import KnowledgeIndex, Query
from knowledge.reranker import RERANKED, RERANKERS, blended, open_reranking
from knowledge.teaching.config import RerankConfig
from knowledge.teaching.rerank import RerankReport, train_reranker, use_reranker
from knowledge.teaching.reread import Asked, draw_choices, find_reread_places


@pytest.fixture(scope="module")
def world_of_two() -> list[Document]:
    """Pages with a name of their own, and for each one that only repeats the question: what a reranker has to tell apart."""
    names = [
        f"{first}{second}{third}"
        for first in ("ba", "ko", "mu", "ti")
        for second in "dfgklm"
        for third in "aeiou"
    ]
    right = [
        replace(
            plain_document(name, f"{name} lamp", f"This page tells about {name} lamp."),
            questions=(f"how is my {name} lamp?",),
        )
        for name in names
    ]
    return [
        *right,
        *(plain_document(f"{name}-echo", f"{name} lamp", f"How is my {name} lamp?") for name in names),
    ]


# With it an untrained head prefers the echoes, so that only learning can help.
SEED = 2


def settings(source: Path, **changes: object) -> RerankConfig:
    chosen: dict[str, object] = {
        "model": str(source), "encoder": str(source), "epochs": 6, "learning_rate": 1e-3,
        "same_cosine": 1.1, "max_tokens": 48, "wrong": 9, "seed": SEED,
    }  # fmt: skip
    return RerankConfig(**{**chosen, **changes})  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("root")


@pytest.fixture(scope="module")
def trained(world_of_two: list[Document], root: Path, tiny_source: Path) -> RerankReport:
    return train_reranker(world_of_two, (), root, settings(tiny_source), out=root.parent / "trained-out")


def built(documents: list[Document], root: Path, source: Path) -> BuildReport:
    return build_documents(
        Collection(tuple(documents), ()), root, BuildConfig(encoder=str(source), threads=1)
    )


def reads_again(base: KnowledgeBase) -> bool:
    return base.index.reranking is not None


def test_what_orders_held_out_questions_better_is_promoted(trained: RerankReport, root: Path) -> None:
    before, after = trained.held_out["before"], trained.held_out["after"]
    assert trained.is_better
    assert trained.held_out["questions"] == 24
    assert after["first"] > before["first"] + 0.2
    assert trained.held_out["p_first"] < 0.05
    assert read_pointer(root / RERANKERS) == trained.reranker_id
    reranking = open_reranking(root / RERANKERS / trained.reranker_id)
    assert reranking.weight == trained.weight
    assert len(reranking.held_out) == 24
    assert (root.parent / "trained-out" / "model.safetensors").is_file()
    assert not list(root.glob(".teaching-*"))


def test_the_next_build_serves_its_order_and_none_goes_back(
    trained: RerankReport, world_of_two: list[Document], root: Path, tiny_source: Path
) -> None:
    bare = [replace(document, questions=()) for document in world_of_two]
    use_reranker(root, None)
    plain = built(bare, root, tiny_source)
    base = KnowledgeBase.open(root)
    assert not reads_again(base)
    held_out = open_reranking(root / RERANKERS / trained.reranker_id).held_out
    questions = {one.document_id: one.questions[0] for one in world_of_two if one.document_id in held_out}
    before = sum(base.search(text, 1)[0].document_id == name for name, text in questions.items())
    use_reranker(root, trained.reranker_id)
    again = built(bare, root, tiny_source)
    assert again.index_id != plain.index_id
    assert (root / RERANKERS).is_dir()
    assert RERANKERS not in {folder.name for folder in index_folders(root)}
    assert built(bare, root, tiny_source).is_reused
    base.refresh()
    assert reads_again(base)
    hits = {name: base.search(text, 3) for name, text in questions.items()}
    assert sum(found[0].document_id == name for name, found in hits.items()) > before
    for found in hits.values():
        scores = [hit.score for hit in found]
        assert scores == sorted(scores, reverse=True)
        assert all(0 <= score <= 1 for score in scores)
    assert base.index.rule.to_json() == base.index.manifest["reranker"]["rule"]


def test_a_damaged_reranker_is_passed_over_and_the_order_before_is_served(
    trained: RerankReport, world_of_two: list[Document], root: Path, tiny_source: Path
) -> None:
    use_reranker(root, trained.reranker_id)
    bare = [replace(document, questions=()) for document in world_of_two]
    built(bare, root, tiny_source)
    model = root / RERANKERS / trained.reranker_id / "tokenizer.json"
    whole = model.read_bytes()
    model.write_bytes(b"{}")
    try:
        base = KnowledgeBase.open(root)
        assert not reads_again(base)
        assert base.index.rule.to_json() == base.index.manifest["rule"]
        assert base.search("lamp return")
        assert "reranker" not in KnowledgeIndex.load(built(bare, root, tiny_source).folder).manifest
    finally:
        model.write_bytes(whole)
    assert "reranker" in KnowledgeIndex.load(built(bare, root, tiny_source).folder).manifest


def test_what_learned_nothing_is_kept_and_not_promoted(
    world_of_two: list[Document], tmp_path: Path, tiny_source: Path
) -> None:
    """The same seed as above: by chance alone it begins on the wrong side, so what was promoted there was learned."""
    report = train_reranker(world_of_two, (), tmp_path, settings(tiny_source, epochs=1, learning_rate=0.0))
    assert not report.is_better
    assert read_pointer(tmp_path / RERANKERS) is None
    assert (tmp_path / RERANKERS / report.reranker_id / "manifest.json").is_file()


def test_a_model_of_ones_choice_is_measured_as_it_is(
    trained: RerankReport, world_of_two: list[Document], tmp_path: Path, tiny_source: Path, root: Path
) -> None:
    config = settings(tiny_source, model=str(root.parent / "trained-out"), epochs=0)
    report = train_reranker(world_of_two, (), tmp_path, config)
    assert report.held_out["after"] == trained.held_out["after"]
    assert report.seconds == 0
    with pytest.raises(EncoderForeign):
        train_reranker(world_of_two, (), tmp_path, settings(tiny_source, epochs=0))


def test_titles_are_learned_where_no_question_is_known(
    documents: list[Document], tmp_path: Path, tiny_source: Path
) -> None:
    bare = [replace(document, questions=()) for document in documents]
    report = train_reranker(bare, (), tmp_path, settings(tiny_source, epochs=1))
    assert report.is_titles
    assert report.questions > 0
    with pytest.raises(TooLittleToLearn):
        train_reranker(bare[:5], (), tmp_path, settings(tiny_source))


@pytest.mark.parametrize("name", ["", ".", "..", "../encoders", "gone"])
def test_only_a_kept_reranker_can_be_named(name: str, tmp_path: Path) -> None:
    (tmp_path / RERANKERS).mkdir()
    with pytest.raises(EncoderMissing):
        use_reranker(tmp_path, name)
    assert read_pointer(tmp_path / RERANKERS) is None


def test_a_blend_keeps_what_was_not_read_behind_what_was() -> None:
    scores = np.linspace(1, 0, RERANKED + 5, dtype=np.float32)
    reread = np.arange(RERANKED, dtype=np.float32) * 100
    mixed = blended(scores, reread, 0.8)
    assert mixed.argmax() == RERANKED - 1
    assert mixed[:RERANKED].min() >= mixed[RERANKED:].max()
    assert mixed.min() >= 0
    assert mixed.max() <= 1
    assert blended(scores[:0], reread[:0], 0.8).shape == (0,)


def test_wrong_passages_are_of_other_topics_and_of_learned_documents() -> None:
    asked = Asked(
        "q", "a", ("b", "a", "same", "held", "c"), ("B", "A", "S", "H", "C"), np.ones(5, dtype=np.float32)
    )
    topics = {"a": 1, "b": 2, "same": 1, "held": 3, "c": 4}
    learned = frozenset({"a", "b", "same", "c"})
    (choice,) = draw_choices([asked], topics, learned, wrong=5, seed=1)
    assert choice.texts[0] == "A"
    assert set(choice.texts[1:]) == {"B", "C"}
    gone = replace(asked, document_id="nowhere")
    assert draw_choices([gone], topics, learned, wrong=5, seed=1) == []
    assert find_reread_places([asked, gone], None, 0).tolist() == [2, np.inf]
    assert Query("q", np.zeros(2, dtype=np.float32), ()).asked == ""


def test_serving_a_reranker_imports_no_torch() -> None:
    code = "import sys, knowledge.base; print({'torch', 'transformers', 'onnx'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
