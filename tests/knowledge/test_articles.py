"""Articles that the team writes."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from knowledge.articles import (
    MAX_SLUG_CHARS,
    PREFIX,
    Article,
    Draft,
    delete_article,
    load_team,
    read_article,
    rewrite_article,
    slug_of,
    write_article,
)
from knowledge.build import BuildReport
from knowledge.current import passages_of
from knowledge.documents import Audience
from knowledge.errors import ArticleChanged, ArticleUnknown, DocumentRejected

TODAY = date(2026, 11, 25)
LATER = date(2026, 11, 26)


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


def written(root: Path, title: str = "Our showroom") -> Article:
    draft = Draft(title, "In **Utrecht**.\n\n## Hours\n\n- 10 to 18", "Visits", questions=("a showroom?",))
    name = write_article(root, draft, today=TODAY).document_id.removeprefix(PREFIX)
    return read_article(root, name)


def test_an_article_is_read_as_it_was_written(tmp_path: Path) -> None:
    read = written(tmp_path)
    assert read.document == load_team(tmp_path).documents[0]
    assert read.draft == Draft(
        "Our showroom",
        "In **Utrecht**.\n\n## Hours\n\n- 10 to 18",
        "Visits",
        questions=("a showroom?",),
        url="/help/our-showroom",
    )
    assert rewritten(tmp_path, read).draft == read.draft


def rewritten(root: Path, read: Article, **changed: Any) -> Article:
    draft = replace(read.draft, **changed)
    return rewrite_article(root, "our-showroom", draft, version=read.version, today=LATER)


def test_a_changed_article_keeps_its_name_its_address_and_what_the_console_does_not_show(
    tmp_path: Path,
) -> None:
    path = tmp_path / "articles" / "our-showroom.md"
    written(tmp_path)
    path.write_text(path.read_text().replace("---\n", "---\nproduct: sofas\ncolour: [red]\n", 1))
    read = read_article(tmp_path, "our-showroom")
    now = rewritten(tmp_path, read, title="Showrooms", body="In Gent.", audience="agents", url="")
    assert now.version != read.version
    assert load_team(tmp_path).documents == (now.document,)
    assert (now.document.document_id, now.document.url) == ("team/our-showroom", "/help/our-showroom")
    assert (now.document.title, now.document.updated) == ("Showrooms", "2026-11-26")
    assert (now.document.product, now.others["colour"]) == ("sofas", ["red"])
    assert (now.document.audience, now.draft.body) == (Audience.AGENTS, "In Gent.")
    assert {one.name for one in path.parent.iterdir()} == {".lock", "our-showroom.md"}


def test_of_two_editors_the_second_one_is_told_and_nothing_is_lost(tmp_path: Path) -> None:
    read = written(tmp_path)
    first = rewritten(tmp_path, read, body="first")
    with pytest.raises(ArticleChanged) as refused:
        rewritten(tmp_path, read, body="second")
    with pytest.raises(ArticleChanged):
        delete_article(tmp_path, "our-showroom", version=read.version)
    assert (refused.value.code, refused.value.version) == ("article_changed", first.version)
    assert read_article(tmp_path, "our-showroom") == first


def test_of_editors_at_the_same_moment_one_wins(tmp_path: Path) -> None:
    read = written(tmp_path)

    def change(number: int) -> bool:
        try:
            rewritten(tmp_path, read, body=f"text {number}")
        except ArticleChanged:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(change, range(8)))
    assert sum(won) == 1
    assert read_article(tmp_path, "our-showroom").draft.body == f"text {won.index(True)}"


@pytest.mark.parametrize("changed", [{"title": " "}, {"body": "\n"}, {"url": "javascript:alert(1)"}])
def test_a_change_that_is_no_article_is_refused_and_the_old_one_stays(
    tmp_path: Path, changed: dict[str, str]
) -> None:
    read = written(tmp_path)
    with pytest.raises(DocumentRejected):
        rewritten(tmp_path, read, **changed)
    assert read_article(tmp_path, "our-showroom") == read


def test_a_write_that_fails_leaves_the_old_text_and_no_other_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = written(tmp_path)

    def full(_: int) -> None:
        raise OSError(28, "no space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="no space"):
        rewritten(tmp_path, read, body="other")
    assert read_article(tmp_path, "our-showroom") == read
    assert {one.name for one in (tmp_path / "articles").iterdir()} == {".lock", "our-showroom.md"}


def test_a_deleted_article_is_gone_and_cannot_be_changed(tmp_path: Path) -> None:
    read = written(tmp_path)
    assert delete_article(tmp_path, "our-showroom", version=read.version) == read.document
    assert load_team(tmp_path).documents == ()
    with pytest.raises(ArticleUnknown):
        rewritten(tmp_path, read, body="back again")
    with pytest.raises(ArticleUnknown):
        delete_article(tmp_path, "our-showroom", version=read.version)
    assert load_team(tmp_path).documents == ()


@pytest.mark.parametrize(
    "name", ["../secret", "/etc/passwd", "..", "", ".", "*", "README", "our-showroom.md", "our-showroom\x00"]
)
def test_no_name_leads_out_of_the_teams_folder(tmp_path: Path, name: str) -> None:
    read = written(tmp_path)
    for path in (tmp_path / "secret.md", tmp_path / "articles" / "README.md"):
        path.write_text("---\ntitle: Secret\n---\n\ntext\n")
    with pytest.raises(ArticleUnknown):
        read_article(tmp_path, name)
    with pytest.raises(ArticleUnknown):
        rewrite_article(tmp_path, name, read.draft, version=read.version, today=LATER)
    with pytest.raises(ArticleUnknown):
        delete_article(tmp_path, name, version=read.version)
    assert "Secret" in (tmp_path / "secret.md").read_text()
