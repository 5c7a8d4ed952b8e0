"""The library on this machine: real articles, a real index, real processes."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from careline.library import FileLibrary
from desk.library import ArticleDraft, ArticleRefused
from desk.store.quoted import Quoted
from knowledge.base import KnowledgeBase
from knowledge.build import build
from knowledge.encoder_export import DEFAULT_ENCODER, ensure_encoder

RETURNS = """---
title: Returns
updated: 2026-10-01
---

You can return lamps within {days} days.

## Costs

Returning is free.
"""


@pytest.fixture
def library(tmp_path: Path, root: Path) -> FileLibrary:
    exported = ensure_encoder(DEFAULT_ENCODER, root / "var" / "knowledge" / "encoders")
    encoders = tmp_path / "knowledge" / "encoders"
    encoders.mkdir(parents=True)
    (encoders / exported.name).symlink_to(exported)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "returns.md").write_text(RETURNS.format(days=30), encoding="utf-8")
    (tmp_path / "data" / "bad.md").write_text("no front matter", encoding="utf-8")
    build(tmp_path / "data", tmp_path / "knowledge")
    return FileLibrary(tmp_path / "knowledge", tmp_path / "data", root)


def quoted_in_an_answer(tmp_path: Path) -> list[Quoted]:
    answer = KnowledgeBase.open(tmp_path / "knowledge").answer(
        "how long can I return lamps", min_confidence=0.0
    )
    assert answer is not None
    return [Quoted(one.document_id, one.passage_id, one.passage_hash) for one in answer.sources]


def wait_for(is_so: Callable[[], bool]) -> None:
    until = time.monotonic() + 600
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.05)


def test_what_an_answer_quotes_is_read_and_found_changed_after_the_next_build(
    library: FileLibrary, tmp_path: Path
) -> None:
    quoted = quoted_in_an_answer(tmp_path)
    texts = library.read_texts(quoted)
    assert set(texts) == {one.passage_hash for one in quoted}
    assert library.compare(quoted, texts).changed == []
    first = library.index_id()
    (tmp_path / "data" / "returns.md").write_text(RETURNS.format(days=14), encoding="utf-8")
    assert library.refresh()
    wait_for(lambda: library.index_id() != first and not library.work().is_busy)
    (change,) = library.compare(quoted, texts).changed
    assert texts[change.quoted.passage_hash].text == "You can return lamps within 30 days."
    assert change.now is not None
    assert change.now.text == "You can return lamps within 14 days."
    assert library.work().failure is None


def test_an_article_is_written_built_and_answers(library: FileLibrary, tmp_path: Path) -> None:
    with pytest.raises(ArticleRefused) as refused:
        library.save_article(ArticleDraft("Showroom", " "))
    assert refused.value.reason == "it has no text"
    draft = ArticleDraft("Our showroom", "The showroom is in Utrecht.", questions=["is there a showroom?"])
    assert library.save_article(draft) == "team/our-showroom"
    first = library.index_id()
    assert library.refresh()
    assert not library.refresh()  # it goes on already, and is done once more
    wait_for(lambda: library.index_id() != first and not library.work().is_busy)
    hits = KnowledgeBase.open(tmp_path / "knowledge").search("is there a showroom?", 1)
    assert (hits[0].document_id, hits[0].url) == ("team/our-showroom", "/help/our-showroom")


def test_a_changed_article_is_served_after_the_next_build_and_a_deleted_one_no_longer(
    library: FileLibrary, tmp_path: Path
) -> None:
    library.save_article(ArticleDraft("Our showroom", "The showroom is in Utrecht."))
    opened = library.read_article("our-showroom")
    changed = library.change_article(
        "our-showroom", ArticleDraft("Showrooms", "The showroom is in Gent."), opened.version
    )
    build(tmp_path / "data", tmp_path / "knowledge")
    (hit,) = KnowledgeBase.open(tmp_path / "knowledge").search("where is the showroom?", 1)
    assert (hit.document_id, hit.url, hit.text) == (
        "team/our-showroom",
        "/help/our-showroom",
        "The showroom is in Gent.",
    )
    assert library.delete_article("our-showroom", changed.version) == "team/our-showroom"
    build(tmp_path / "data", tmp_path / "knowledge")
    hits = KnowledgeBase.open(tmp_path / "knowledge").search("where is the showroom?", 5)
    assert {hit.document_id for hit in hits} == {"returns"}


def test_sources_tell_what_was_left_out_and_a_build_that_fails_says_why(
    library: FileLibrary, tmp_path: Path
) -> None:
    rows = {row.name: row for row in library.sources()}
    assert (rows["articles"].documents, rows["articles"].passages) == (1, 2)
    assert "bad.md" in rows["articles"].failures[0]
    assert rows["team"].documents == 0
    (tmp_path / "data" / "returns.md").unlink()
    (tmp_path / "data" / "bad.md").unlink()
    (tmp_path / "data").rmdir()
    assert library.refresh()
    wait_for(lambda: not library.work().is_busy)
    assert library.work().failure
    assert library.index_id() is not None


def test_questions_are_grouped_by_a_process_of_its_own(library: FileLibrary) -> None:
    asked = ["Is there a showroom?", "Do you take old sofas away?", "Where is your showroom?"]
    grouping = library.group(asked)
    assert list(grouping.labels) == [0, 1, 0]
    assert grouping.labels[grouping.speakers[1]] == 1


def test_contradictions_are_listed_with_both_sentences(library: FileLibrary, tmp_path: Path) -> None:
    assert library.conflicts() == []
    (tmp_path / "data" / "faq.md").write_text(
        RETURNS.format(days=14)
        .replace("Returns", "Questions about returns")
        .replace("2026-10-01", "2026-11-20"),
        encoding="utf-8",
    )
    build(tmp_path / "data", tmp_path / "knowledge")
    (conflict,) = library.conflicts()
    assert "14 days" in conflict["newer"]["text"]
    assert "30 days" in conflict["older"]["text"]
