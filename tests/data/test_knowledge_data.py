"""The help articles keep the form that the index, the citations and the help pages rely on."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

KNOWLEDGE = Path(__file__).resolve().parents[2] / "data" / "knowledge"
SECTIONS = {
    "Orders",
    "Delivery",
    "Returns & refunds",
    "Payments & invoices",
    "Account & privacy",
    "Products & care",
    "Warranty & repairs",
    "Gift cards & promotions",
    "About us & contact",
}
KEYS = ["title", "section", "url", "updated", "audience", "language"]
DATE_OF_CARD = dt.date(2026, 11, 22)


@dataclass(frozen=True)
class Article:
    slug: str
    fields: dict[str, str]
    questions: tuple[str, ...]
    body: str


def read_article(path: Path) -> Article:
    _, front, body = path.read_text(encoding="utf-8").split("---\n", 2)
    head, _, listed = front.partition("questions:\n")
    fields = dict(line.split(": ", 1) for line in head.splitlines())
    return Article(path.stem, fields, tuple(yaml.safe_load(listed) or ()), body.strip())


def _plain(text: str) -> str:
    """The words alone: what differs only in case and marks is the same question."""
    return " ".join(re.findall(r"\w+", text.casefold()))


ARTICLES = [read_article(path) for path in sorted(KNOWLEDGE.glob("*.md")) if path.name != "CARD.md"]
each_article = pytest.mark.parametrize("article", ARTICLES, ids=lambda article: article.slug)


def test_there_are_at_least_eighty_articles_in_all_sections() -> None:
    assert len(ARTICLES) >= 80
    assert {article.fields["section"] for article in ARTICLES} == SECTIONS


def test_titles_are_unique() -> None:
    titles = [article.fields["title"].casefold() for article in ARTICLES]
    assert len(set(titles)) == len(titles)


def test_card_states_the_true_number_of_articles() -> None:
    assert f"{len(ARTICLES)} articles" in (KNOWLEDGE / "CARD.md").read_text(encoding="utf-8")


def test_card_states_the_true_number_of_questions() -> None:
    count = sum(len(article.questions) for article in ARTICLES)
    assert f"{count:,} ways" in (KNOWLEDGE / "CARD.md").read_text(encoding="utf-8")


@each_article
def test_front_matter_is_complete_and_valid(article: Article) -> None:
    assert list(article.fields) == KEYS
    assert all(value.strip() == value != "" for value in article.fields.values())
    assert ":" not in article.fields["title"]
    assert article.fields["section"] in SECTIONS
    assert (article.fields["audience"], article.fields["language"]) == ("public", "en")


@each_article
def test_customers_ask_for_each_article_in_eight_to_fourteen_ways(article: Article) -> None:
    assert 8 <= len(article.questions) <= 14
    assert all(question.strip() == question for question in article.questions)
    assert all(2 <= len(question) <= 300 for question in article.questions)


def test_no_question_leads_to_two_articles_or_repeats_a_title() -> None:
    titles = {_plain(article.fields["title"]) for article in ARTICLES}
    questions = [_plain(question) for article in ARTICLES for question in article.questions]
    assert len(set(questions)) == len(questions)
    assert not titles & set(questions)


@each_article
def test_url_is_the_slug_and_the_slug_is_the_file_name(article: Article) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", article.slug)
    assert article.fields["url"] == f"/help/{article.slug}"


@each_article
def test_updated_is_an_iso_date_not_after_the_card(article: Article) -> None:
    updated = dt.date.fromisoformat(article.fields["updated"])
    assert updated.isoformat() == article.fields["updated"]
    assert dt.date(2025, 1, 1) <= updated <= DATE_OF_CARD


@each_article
def test_body_has_a_length_and_headings_that_can_be_quoted(article: Article) -> None:
    assert 120 <= len(re.findall(r"\w[\w'’.,-]*", article.body)) <= 300
    assert 2 <= len(re.findall(r"^## \S", article.body, re.MULTILINE)) <= 4
    assert not re.search(r"^#(?!# )", article.body, re.MULTILINE)


@each_article
def test_every_heading_and_the_title_are_followed_by_text(article: Article) -> None:
    parts = re.split(r"^## .*$", article.body, flags=re.MULTILINE)
    assert all(part.strip() for part in parts)
    assert article.body[0].isalpha()


@each_article
def test_table_rows_have_as_many_cells_as_their_header(article: Article) -> None:
    for table in re.findall(r"(?:^\|.*\|\n?)+", article.body, re.MULTILINE):
        rows = table.strip().splitlines()
        assert len({row.count("|") for row in rows}) == 1
        assert set(rows[1]) <= set("|- ")


@each_article
def test_article_holds_no_html_links_or_images(article: Article) -> None:
    assert not re.search(r"<[a-z/!]|!\[|\]\(|https?://", article.body)
