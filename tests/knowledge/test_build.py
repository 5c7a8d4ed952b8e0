import json
from collections.abc import Callable
from pathlib import Path

import pytest

from knowledge.build import BuildConfig, BuildReport, build_documents, index_folders
from knowledge.documents import load_documents
from knowledge.errors import IndexForeign, IndexMissing, IndexTampered
from knowledge.folders import MANIFEST, read_pointer, seal
from knowledge.index import KnowledgeIndex
from tests.knowledge.conftest import TinyEncoder

Build = Callable[..., BuildReport]
Write = Callable[..., Path]


def test_a_build_becomes_current_and_loads(articles: Path, build_tiny: Build, tmp_path: Path) -> None:
    report = build_tiny(articles)
    index = KnowledgeIndex.load(report.folder)
    assert (report.documents, report.passages, len(index)) == (3, 6, 6)
    assert read_pointer(tmp_path / "root") == report.index_id == index.index_id
    manifest = json.loads((report.folder / MANIFEST).read_text())
    assert manifest["encoder_id"] == "tiny"
    assert manifest["dimension"] == 32
    assert {"data_hash", "versions", "files", "format_version"} <= manifest.keys()


def test_nothing_is_built_when_nothing_changed(articles: Path, build_tiny: Build) -> None:
    first, second = build_tiny(articles), build_tiny(articles)
    assert second.is_reused
    assert second.folder == first.folder
    assert not build_tiny(articles, is_forced=True).is_reused


def test_only_changed_articles_are_embedded_again(
    articles: Path, build_tiny: Build, write_article: Write, tiny: object
) -> None:
    build_tiny(articles)
    tiny.encoded.clear()  # type: ignore[attr-defined]
    write_article(
        articles, "delivery", "What delivery costs", "Delivery costs 5.95 euro now.\n\n## Express\n\nSoon."
    )
    report = build_tiny(articles)
    assert report.reused > report.embedded > 0
    assert not any("lamps" in text for text in tiny.encoded)  # type: ignore[attr-defined]


def test_an_index_that_is_only_searched_embeds_no_sentences(
    articles: Path, tmp_path: Path, tiny: TinyEncoder, write_article: Write
) -> None:
    write_article(
        articles,
        "legs",
        "Legs",
        "Turn them in. Stop when they hold.\n\n## Tools\n\nA hex key. It is in the box.",
    )
    collection = load_documents(articles)

    def texts_of(config: BuildConfig, root: str) -> set[str]:
        tiny.encoded.clear()
        build_documents(collection, tmp_path / root, config, load_encoder=lambda _: tiny)
        return set(tiny.encoded)

    searched = texts_of(BuildConfig(passage_tokens=60, is_for_answers=False), "searched")
    assert searched < texts_of(BuildConfig(passage_tokens=60), "answering")


def test_a_deleted_article_leaves_the_index(articles: Path, build_tiny: Build) -> None:
    build_tiny(articles)
    (articles / "delivery.md").unlink()
    index = KnowledgeIndex.load(build_tiny(articles).folder)
    assert set(index.document_ids) == {"returns", "warranty"}


def test_bad_files_are_reported_and_the_rest_is_built(articles: Path, build_tiny: Build) -> None:
    (articles / "broken.md").write_text("no front matter")
    report = build_tiny(articles)
    assert report.documents == 3
    assert report.rejected == ("broken.md: its front matter has no title",)


def test_two_indexes_are_kept_and_the_current_one_is_among_them(
    articles: Path, build_tiny: Build, tmp_path: Path
) -> None:
    reports = [build_tiny(articles, is_forced=True) for _ in range(4)]
    kept = {folder.name for folder in index_folders(tmp_path / "root")}
    assert kept == {reports[2].index_id, reports[3].index_id}


def test_what_a_killed_build_left_is_removed_by_the_next(
    articles: Path, build_tiny: Build, write_article: Write
) -> None:
    root = build_tiny(articles).folder.parent
    (root / ".writing-abc").mkdir()
    (root / ".writing-abc" / "half").write_text("x")
    write_article(articles, "new", "New", "Something new.")
    build_tiny(articles)
    assert not list(root.glob(".writing-*"))


def test_progress_is_told(articles: Path, build_tiny: Build) -> None:
    told: list[tuple[str, int, int]] = []
    build_tiny(articles, progress=lambda *step: told.append(step))
    assert told
    assert all(done <= total for _, done, total in told)


@pytest.mark.parametrize("count", [0, 1])
def test_an_empty_and_a_single_article_corpus_build(
    count: int, tmp_path: Path, build_tiny: Build, write_article: Write
) -> None:
    data = tmp_path / "few"
    data.mkdir()
    for number in range(count):
        write_article(data, f"a{number}", "Only one", "It is here.")
    assert len(KnowledgeIndex.load(build_tiny(data).folder)) == count


def test_every_file_is_guarded(articles: Path, build_tiny: Build) -> None:
    folder = build_tiny(articles).folder
    for path in sorted(p for p in folder.iterdir() if p.name != MANIFEST):
        good = path.read_bytes()
        for bad in (good[:-1], good[: len(good) // 2], bytes([good[0] ^ 1]) + good[1:] if good else b"x"):
            path.write_bytes(bad)
            with pytest.raises(IndexTampered) as refusal:
                KnowledgeIndex.load(folder)
            assert path.name in refusal.value.reason
        path.unlink()
        with pytest.raises(IndexTampered):
            KnowledgeIndex.load(folder)
        path.write_bytes(good)
    KnowledgeIndex.load(folder)


def change(folder: Path, **fields: object) -> None:
    manifest = json.loads((folder / MANIFEST).read_text())
    (folder / MANIFEST).write_text(json.dumps({**manifest, **fields}))


@pytest.mark.parametrize(
    "fields", [{"kind": "careline-encoder"}, {"format_version": 99}, {"format_version": None}]
)
def test_a_foreign_index_is_refused(fields: dict[str, object], articles: Path, build_tiny: Build) -> None:
    folder = build_tiny(articles).folder
    change(folder, **fields)
    with pytest.raises(IndexForeign, match="build it anew: careline knowledge build"):
        KnowledgeIndex.load(folder)


@pytest.mark.parametrize(
    "fields",
    [
        {"files": {}},
        {"files": None},
        {"files": {"../../etc/passwd": "0"}},
        {"rule": {}},
        {"rule": {"weights": [1]}},
    ],
)
def test_a_doctored_manifest_is_refused(fields: dict[str, object], articles: Path, build_tiny: Build) -> None:
    folder = build_tiny(articles).folder
    change(folder, **fields)
    with pytest.raises(IndexTampered):
        KnowledgeIndex.load(folder)


def test_a_folder_without_or_with_a_broken_manifest_is_refused(articles: Path, build_tiny: Build) -> None:
    folder = build_tiny(articles).folder
    (folder / MANIFEST).write_text("{")
    with pytest.raises(IndexTampered):
        KnowledgeIndex.load(folder)
    (folder / MANIFEST).unlink()
    with pytest.raises(IndexForeign):
        KnowledgeIndex.load(folder)
    with pytest.raises(IndexMissing):
        KnowledgeIndex.load(folder / "nowhere")


def test_files_of_two_indexes_do_not_mix(articles: Path, build_tiny: Build, write_article: Write) -> None:
    old = build_tiny(articles).folder
    write_article(articles, "more", "More", "More text.")
    new = build_tiny(articles).folder
    (new / "dense.faiss").write_bytes((old / "dense.faiss").read_bytes())
    manifest = json.loads((new / MANIFEST).read_text())
    seal(new, {name: value for name, value in manifest.items() if name != "files"})
    with pytest.raises(IndexTampered, match="do not belong together"):
        KnowledgeIndex.load(new)


def test_a_broken_current_index_is_rebuilt(articles: Path, build_tiny: Build) -> None:
    first = build_tiny(articles)
    (first.folder / "facets.npz").unlink()
    second = build_tiny(articles)
    assert not second.is_reused
    KnowledgeIndex.load(second.folder)
