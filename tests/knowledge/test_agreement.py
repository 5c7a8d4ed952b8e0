"""Several documents about one question: cited together, or the newer one against the older."""

from collections.abc import Callable
from pathlib import Path

import pytest

from knowledge.answer import MAX_ANSWER_CHARS, quote
from knowledge.base import KnowledgeBase
from knowledge.build import BuildReport
from knowledge.conflicts import CONFLICTS_FILE, list_conflicts
from knowledge.documents import split_sentences
from knowledge.encoder import Encoder

Build = Callable[..., BuildReport]
Write = Callable[..., Path]
QUESTION = "you can return an item within 14 days"
OLD = "You can return an item within 14 days."
NEW = "You can return an item within 30 days."


@pytest.fixture
def answer_from(
    tmp_path: Path, write_article: Write, build_tiny: Build, tiny: Encoder
) -> Callable[..., KnowledgeBase]:
    def run(*articles: tuple[str, str, str], **fields: str) -> KnowledgeBase:
        for number, (title, text, updated) in enumerate(articles):
            write_article(tmp_path / "data", f"a{number}", title, text, updated=updated, **fields)
        write_article(tmp_path / "data", "lamps", "Lamps", "A lamp shines brightly.")
        build_tiny(tmp_path / "data")
        return KnowledgeBase(tmp_path / "root", load_encoder=lambda _: tiny)

    return run


def ask(base: KnowledgeBase) -> tuple[str, list[str]]:
    answer = base.answer(QUESTION, min_confidence=0)
    assert answer is not None
    return answer.text, [source.document_id for source in answer.sources]


def test_documents_that_agree_are_cited_together(answer_from: Callable[..., KnowledgeBase]) -> None:
    base = answer_from(
        ("Returns", OLD, "2026-01-01"), ("Returning", "Items can be returned within two weeks.", "2025-01-01")
    )
    text, documents = ask(base)
    assert (text, documents) == (OLD, ["a0", "a1"])


def test_a_newer_document_wins_over_an_older_one_that_it_contradicts(
    answer_from: Callable[..., KnowledgeBase],
) -> None:
    base = answer_from(("Returns", OLD, "2025-01-01"), ("Returning", NEW, "2026-01-01"))
    assert ask(base) == (NEW, ["a1"])


def test_an_older_document_that_contradicts_is_not_cited(answer_from: Callable[..., KnowledgeBase]) -> None:
    base = answer_from(("Returns", OLD, "2026-01-01"), ("Returning", NEW, "2025-01-01"))
    assert ask(base) == (OLD, ["a0"])


def test_of_two_that_are_as_new_the_best_found_is_quoted_alone(
    answer_from: Callable[..., KnowledgeBase],
) -> None:
    base = answer_from(("Returns", OLD, "2026-01-01"), ("Returning", NEW, "2026-01-01"))
    assert ask(base) == (OLD, ["a0"])


def test_those_that_agree_with_the_newer_one_are_cited_with_it(
    answer_from: Callable[..., KnowledgeBase],
) -> None:
    agreeing = "Items can be returned within 30 days."
    base = answer_from(
        ("Returns", OLD, "2025-01-01"),
        ("Returning", NEW, "2026-01-01"),
        ("Return policy", agreeing, "2024-01-01"),
    )
    assert ask(base) == (NEW, ["a1", "a2"])


def test_a_conflict_met_while_answering_is_listed(
    answer_from: Callable[..., KnowledgeBase], tmp_path: Path
) -> None:
    base = answer_from(("Returns", OLD, "2025-01-01"), ("Returning", NEW, "2026-01-01"))
    (tmp_path / "root" / base.index_id / CONFLICTS_FILE).unlink()
    assert list_conflicts(tmp_path / "root") == []
    ask(base)
    ask(base)
    (conflict,) = list_conflicts(tmp_path / "root")
    assert (conflict.newer.document_id, conflict.older.document_id) == ("a1", "a0")


def test_what_agents_alone_may_read_neither_wins_nor_is_cited(
    tmp_path: Path, write_article: Write, build_tiny: Build, tiny: Encoder
) -> None:
    data = tmp_path / "data"
    write_article(data, "a", "Returns", OLD, updated="2025-01-01")
    write_article(data, "b", "Returning", NEW, updated="2026-01-01", audience="agents")
    write_article(data, "c", "Return policy", "Items can be returned within 14 days.", audience="agents")
    build_tiny(data)
    assert ask(KnowledgeBase(tmp_path / "root", load_encoder=lambda _: tiny)) == (OLD, ["a"])


def test_items_of_a_list_keep_the_line_that_leads_it_in() -> None:
    items = [f"• Item {letter} " + "word " * 25 + "end." for letter in "abcdef"]
    text = "\n".join(["You get no money back for:", *items])
    quoted = quote(text, [0.0, 0.0, 0.0, 0.9, 0.0, 0.0, 0.0])
    assert quoted == f"You get no money back for:\n…\n{items[2]}"
    assert quote(text, [0.0, 0.9, 0.0, 0.0, 0.0, 0.0, 0.0]) == f"You get no money back for:\n{items[0]}"
    assert len(quote(text, [0.0, *[0.9] * 6])) <= MAX_ANSWER_CHARS


def test_a_sentence_outside_a_list_is_led_in_by_nothing() -> None:
    text = "Mind this: it is long. " + "word " * 100 + "end.\nAnother line."
    assert quote(text, [0.0] * (len(split_sentences(text)) - 1) + [0.9]) == "Another line."
