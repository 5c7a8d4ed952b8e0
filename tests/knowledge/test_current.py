"""What was quoted beside the articles of today."""

from collections.abc import Callable
from pathlib import Path

from knowledge.build import BuildReport
from knowledge.current import QuotedPassage, compare, passages_of
from knowledge.documents import Passage


def quoted(passage: Passage, *, is_text_kept: bool = True) -> QuotedPassage:
    text = passage.text if is_text_kept else ""
    return QuotedPassage(passage.document_id, passage.passage_id, passage.content_hash, text)


def all_passages(root: Path) -> dict[str, Passage]:
    documents = passages_of(root, frozenset({"returns", "delivery", "warranty"}))
    return {one.passage_id: one for group in documents.values() for one in group}


def test_nothing_changed_nothing_is_old(
    articles: Path, tmp_path: Path, build_tiny: Callable[..., BuildReport]
) -> None:
    build_tiny(articles)
    root = tmp_path / "root"
    found = compare(root, [quoted(one) for one in all_passages(root).values()])
    assert len(found) == 6
    assert all(one.is_current and one.now is None for one in found)


def test_a_changed_text_is_found_with_what_stands_there_now_and_its_neighbours_are_not(
    articles: Path, tmp_path: Path, build_tiny: Callable[..., BuildReport], write_article: Callable[..., Path]
) -> None:
    build_tiny(articles)
    root = tmp_path / "root"
    before = [quoted(one) for one in all_passages(root).values()]
    write_article(
        articles,
        "returns",
        "How to return an item",
        "# News\n\nNew words that push the others down.\n\n## Time\n\nYou can return lamps within 14 days.\n\n"
        "## Costs\n\nReturning is free.",
    )
    build_tiny(articles)
    changed = [one for one in compare(root, before) if not one.is_current]
    assert [one.quoted.text for one in changed] == ["You can return lamps within 30 days."]
    assert changed[0].now is not None
    assert changed[0].now.text == "You can return lamps within 14 days."


def test_of_an_article_that_is_gone_nothing_is_left(
    articles: Path, tmp_path: Path, build_tiny: Callable[..., BuildReport]
) -> None:
    build_tiny(articles)
    root = tmp_path / "root"
    before = [
        quoted(one, is_text_kept=False) for one in passages_of(root, frozenset({"warranty"}))["warranty"]
    ]
    (articles / "warranty.md").unlink()
    build_tiny(articles)
    assert [(one.is_current, one.now) for one in compare(root, before)] == [(False, None)] * 2


def test_a_text_that_was_not_kept_is_followed_by_its_place(
    articles: Path, tmp_path: Path, build_tiny: Callable[..., BuildReport], write_article: Callable[..., Path]
) -> None:
    build_tiny(articles)
    root = tmp_path / "root"
    before = [
        quoted(one, is_text_kept=False) for one in passages_of(root, frozenset({"delivery"}))["delivery"]
    ]
    write_article(
        articles,
        "delivery",
        "What delivery costs",
        "Delivery is free.\n\n## Express\n\nExpress costs 9.95 euro.",
    )
    build_tiny(articles)
    first, second = compare(root, before)
    assert first.now is not None
    assert first.now.text == "Delivery is free."
    assert second.is_current


def test_without_an_index_nothing_is_read(tmp_path: Path) -> None:
    assert passages_of(tmp_path, frozenset({"returns"})) == {}
