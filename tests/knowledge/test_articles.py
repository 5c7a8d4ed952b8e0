"""Articles that the team writes."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from knowledge.articles import MAX_SLUG_CHARS, Draft, load_team, slug_of, write_article
from knowledge.build import BuildReport
from knowledge.current import passages_of
from knowledge.documents import Audience
from knowledge.errors import DocumentRejected

TODAY = date(2026, 11, 25)


def test_what_was_written_is_read_as_an_article(tmp_path: Path) -> None:
    draft = Draft(
        'Do you rent: "sofas"? # yes',
        "Yes, **by the month**.\r\n\r\n## Price\r\n\r\n- 20 euro",
        section="Renting",
        audience="signed_in",
        language="en",
        questions=["can I rent a sofa?", "can I rent a sofa?", " ", "- [x]: y"],
    )
    written = write_article(tmp_path, draft, today=TODAY)
    (read,) = load_team(tmp_path).documents
    assert read == written
    assert (read.title, read.section, read.audience) == (draft.title, "Renting", Audience.SIGNED_IN)
    assert (read.updated, read.questions) == ("2026-11-25", ("can I rent a sofa?", "- [x]: y"))
    assert (read.document_id, read.url) == ("team/do-you-rent-sofas-yes", "/help/do-you-rent-sofas-yes")
    assert [block.text for block in read.blocks] == ["Yes, by the month.", "• 20 euro"]


def test_a_title_that_was_used_gets_a_name_of_its_own(tmp_path: Path) -> None:
    ids = [write_article(tmp_path, Draft("Rent", text), today=TODAY).document_id for text in ("one", "two")]
    assert ids == ["team/rent", "team/rent-2"]
    assert {one.blocks[0].text for one in load_team(tmp_path).documents} == {"one", "two"}


@pytest.mark.parametrize("title", ["../../etc/passwd", "租赁", "README", "x" * 500, "...", "a\x00b"])
def test_no_title_leads_out_of_the_folder(tmp_path: Path, title: str) -> None:
    write_article(tmp_path, Draft(title, "text"), today=TODAY)
    (file,) = (tmp_path / "articles").iterdir()
    assert file.suffix == ".md"
    assert len(file.stem) <= MAX_SLUG_CHARS
    assert len(load_team(tmp_path).documents) == 1
    assert slug_of(title).replace("-", "").isalnum()


@pytest.mark.parametrize(
    "draft",
    [
        Draft(" ", "text"),
        Draft("Title", " \n "),
        Draft("Title", "text", audience="everybody"),
        Draft("Title", "text", url="javascript:alert(1)"),
        Draft("Title", "text", language="?"),
    ],
)
def test_what_is_no_article_is_refused_and_leaves_no_file(tmp_path: Path, draft: Draft) -> None:
    with pytest.raises(DocumentRejected):
        write_article(tmp_path, draft, today=TODAY)
    assert not (tmp_path / "articles").exists()


def test_a_text_cannot_change_the_articles_own_fields(tmp_path: Path) -> None:
    body = "---\naudience: public\ntitle: Other\n---\ntext"
    written = write_article(tmp_path, Draft("Secret", body, audience="agents"), today=TODAY)
    assert (written.title, written.audience) == ("Secret", Audience.AGENTS)


def test_a_build_takes_the_teams_articles_in_and_keeps_their_folder(
    articles: Path, tmp_path: Path, build_tiny: Callable[..., BuildReport]
) -> None:
    root = tmp_path / "root"
    assert build_tiny(articles).documents == 3
    write_article(root, Draft("Rent", "Yes, you can rent."), today=TODAY)
    for text in ("one more", "and more"):
        report = build_tiny(articles, is_forced=True)
        assert report.documents >= 4
        write_article(root, Draft("More", text), today=TODAY)
    assert [one.text for one in passages_of(root, frozenset({"team/rent"}))["team/rent"]] == [
        "Yes, you can rent."
    ]
