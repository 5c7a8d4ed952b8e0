import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.documents import (
    Audience,
    clean_text,
    load_documents,
    parse_document,
    plain_document,
    split_passages,
    split_sentences,
)
from knowledge.errors import DocumentRejected

FRONT = "---\ntitle: A lamp\n---\n"


def texts(body: str) -> list[str]:
    return [block.text for block in parse_document(FRONT + body, document_id="a").blocks]


def words(text: str) -> int:
    return len(text.split())


def test_paragraphs_lose_their_markup_and_keep_their_words() -> None:
    assert texts("Some **bold** and _slanted_ [words](https://x.y) `code` ~~old~~\nnext line.") == [
        "Some bold and slanted words code old next line."
    ]


def test_lists_keep_bullets_and_numbers() -> None:
    assert texts("- one\n- two\n\n3. three\n4. four") == ["• one", "• two", "3. three", "4. four"]


def test_nested_lists_return_to_the_outer_numbers() -> None:
    assert texts("1. a\n   - b\n2. c") == ["1. a", "• b", "2. c"]


def test_rows_of_a_wide_table_name_their_columns() -> None:
    table = (
        "| Country | Standard | Large |\n|---|---|---|\n| Austria | 3-5 | 10-15 |\n| | 4 | |\n| Malta | | |"
    )
    assert texts(table) == ["• Austria – Standard: 3-5; Large: 10-15", "• Standard: 4", "• Malta"]


def test_rows_of_a_table_of_two_columns_read_as_a_list() -> None:
    table = "| Method | Price |\n|---|---|\n| Express | 9.95 euro |\n| Pickup | |"
    assert texts(table) == ["• Express: 9.95 euro", "• Pickup"]


def test_a_column_that_asks_is_answered_without_a_colon() -> None:
    assert texts("| Item | Free? |\n|---|---|\n| Rug | yes |") == ["• Rug – Free? yes"]


def test_code_blocks_come_line_by_line() -> None:
    assert texts("```\nfirst\nsecond\n```") == ["first", "second"]


def test_html_does_not_come_through() -> None:
    body = "Hi <b onclick=x>you</b> &lt;img src=x onerror=y&gt;\n\n<script>alert(1)</script>\n\n`<iframe>`"
    assert texts(body) == ["Hi you ‹img src=x onerror=y›", "‹iframe›"]


def test_headings_make_a_path_and_close_at_their_level() -> None:
    document = parse_document(FRONT + "intro\n\n## A\n\na\n\n### B\n\nb\n\n## C\n\nc", document_id="x")
    assert [(block.headings, block.text) for block in document.blocks] == [
        ((), "intro"),
        (("A",), "a"),
        (("A", "B"), "b"),
        (("C",), "c"),
    ]


def test_a_first_heading_that_repeats_the_title_is_dropped() -> None:
    assert parse_document(FRONT + "# A lamp\n\ntext", document_id="x").blocks[0].headings == ()


def test_front_matter_fills_the_document() -> None:
    source = "---\ntitle: T\nsection: S\nurl: /help/t\nupdated: 2026-05-04\naudience: agents\nlanguage: de-AT\n---\nx"
    document = parse_document(source, document_id="t")
    assert (document.section, document.url, document.updated) == ("S", "/help/t", "2026-05-04")
    assert (document.audience, document.language) == (Audience.AGENTS, "de-AT")


@pytest.mark.parametrize(
    "field",
    [
        "audience: everybody",
        "url: javascript:alert(1)",
        "url: //evil.example/x",
        "updated: yesterday",
        "language: 7",
        "title: ''",
        "url: [1]",
        "section: [",
    ],
)
def test_a_bad_field_is_refused_by_name(field: str) -> None:
    name = field.split(":")[0]
    lines = [line for line in ("title: T", "section: S") if not line.startswith(name)]
    with pytest.raises(DocumentRejected) as refusal:
        parse_document("---\n" + "\n".join([*lines, field]) + "\n---\nx", document_id="t")
    assert refusal.value.path == "t"


def test_a_bad_file_does_not_stop_the_rest(tmp_path: Path, write_article: Callable[..., Path]) -> None:
    write_article(tmp_path, "good", "Good", "text")
    write_article(tmp_path, "secret", "Bad", "text", audience="nobody")
    (tmp_path / "latin.md").write_bytes(b"---\ntitle: caf\xe9\n---\n")
    (tmp_path / "CARD.md").write_text("about this folder")
    collection = load_documents(tmp_path)
    assert [document.document_id for document in collection.documents] == ["good"]
    assert {error.path for error in collection.rejected} == {"secret.md", "latin.md"}


def test_a_huge_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "huge.md").write_bytes(b"---\ntitle: x\n---\n" + b"word " * 500_000)
    assert "larger" in str(load_documents(tmp_path).rejected[0])


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DocumentRejected):
        load_documents(tmp_path / "nowhere")


def test_passages_follow_headings_and_keep_their_path() -> None:
    document = parse_document(FRONT + "intro\n\n## Costs\n\nfree\n\n## Time\n\nlong", document_id="lamp")
    passages = split_passages(document, passage_tokens=50, count_tokens=words)
    assert [(p.passage_id, p.label, p.text) for p in passages] == [
        ("lamp#0", "A lamp", "intro"),
        ("lamp#1", "A lamp – Costs", "free"),
        ("lamp#2", "A lamp – Time", "long"),
    ]
    assert passages[1].embedded_text == "A lamp – Costs. free"


def test_a_document_without_text_is_found_by_its_title() -> None:
    passages = split_passages(parse_document(FRONT, document_id="x"), passage_tokens=9, count_tokens=words)
    assert [passage.text for passage in passages] == ["A lamp"]


def test_long_text_is_cut_at_sentence_ends() -> None:
    document = plain_document("x", "T", "One two three. Four five six. Seven eight nine.")
    passages = split_passages(document, passage_tokens=6, count_tokens=words)
    assert [passage.text for passage in passages] == ["One two three. Four five six.", "Seven eight nine."]


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=400), st.integers(3, 40))
def test_no_word_is_lost_and_no_passage_is_too_long(text: str, limit: int) -> None:
    document = plain_document("x", "T", text)
    passages = split_passages(document, passage_tokens=limit, count_tokens=words)
    assert all(words(passage.text) <= limit for passage in passages)
    if document.blocks:
        kept = "".join("".join(passage.text for passage in passages).split())
        assert kept == "".join("".join(block.text for block in document.blocks).split())


@given(st.text(max_size=300))
def test_clean_text_is_one_inert_line(text: str) -> None:
    cleaned = clean_text(text)
    assert not re.search(r"<[a-zA-Z/!?]", cleaned)
    assert "\n" not in cleaned
    assert "\u202e" not in cleaned
    cleaned.encode("utf-8")


@given(st.text(alphabet=st.sampled_from("ab. A!?\n\"'1。"), max_size=120))
def test_sentences_hold_all_of_the_text(text: str) -> None:
    assert "".join("".join(split_sentences(text)).split()) == "".join(text.split())


def test_sentences_end_where_a_reader_ends_them() -> None:
    assert split_sentences('It costs 4.95 euro, e.g. Monday. Is it "new"? Yes!\n1. Open it. Wait.') == [
        "It costs 4.95 euro, e.g. Monday.",
        'Is it "new"?',
        "Yes!",
        "1. Open it.",
        "Wait.",
    ]
    assert split_sentences("退货免费。三十天内。") == ["退货免费。", "三十天内。"]
