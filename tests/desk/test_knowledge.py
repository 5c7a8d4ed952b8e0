"""The console's knowledge pages over HTTP: who may, what they show, what they change."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from desk.librarian import Librarian, group_questions
from desk.library import ArticleDraft, ArticleRefused, Change, Comparison, NoLibrary, SourceRow, Work
from desk.log import Customer
from desk.privacy import question_key, without_personal_details
from desk.service import votes
from desk.service.unanswered import Grouping
from desk.store.quoted import PassageText, Quoted
from tests.contracts.test_answers import RETURNS, answering, ask, turn_of
from tests.desk.browser import Running, running_desk
from tests.desk.house import House
from tests.desk.test_console import API, signed_in

OLD = PassageText("Returns", "/help/returns", "2026-10-01", "You have 30 days.")
NEW = PassageText("Returns", "/help/returns", "2026-11-20", "You have 14 days.")


@dataclass
class Shelf(NoLibrary):
    """A library that says what it was told to say."""

    index: str | None = "index-1"
    texts: dict[str, PassageText] = field(default_factory=lambda: {"hash-of-30-days": OLD})
    written: list[ArticleDraft] = field(default_factory=list)
    refreshed: int = 0
    has_read_sources: bool = False

    def index_id(self) -> str | None:
        return self.index

    def read_texts(self, quoted: Sequence[Quoted]) -> Mapping[str, PassageText]:
        return {
            one.passage_hash: self.texts[one.passage_hash] for one in quoted if one.passage_hash in self.texts
        }

    def compare(self, quoted: Sequence[Quoted], texts: Mapping[str, PassageText]) -> Comparison:
        changed = [one for one in quoted if one.passage_hash not in self.texts]
        return Comparison(
            [Change(one, "hash-of-14-days", NEW) for one in changed],
            [one for one in quoted if one.passage_hash in self.texts],
        )

    def group(self, questions: Sequence[str]) -> Grouping:
        labels = [0 if "showroom" in question else 1 for question in questions]
        return Grouping(labels, {label: labels.index(label) for label in set(labels)})

    def save_article(self, draft: ArticleDraft) -> str:
        if draft.title == "bad":
            raise ArticleRefused("document_rejected", "it has no text")
        self.written.append(draft)
        return "team/showroom"

    def refresh(self, *, reads_sources: bool = False) -> bool:
        self.has_read_sources |= reads_sources
        self.refreshed += 1
        return True

    def work(self) -> Work:
        return Work(self.index, "2026-11-25T10:00:00Z", 3, 7)

    def sources(self) -> Sequence[SourceRow]:
        return [
            SourceRow(
                "articles", "folder", "ok", "2026-11-25T10:00:00Z", 3, 7, ("x.md: no title",), ("returns",)
            )
        ]

    def conflicts(self) -> Sequence[Mapping[str, Any]]:
        return [{"older": {"text": "30 days"}, "newer": {"text": "14 days"}}]


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
async def running(house: House, shelf: Shelf) -> AsyncIterator[Running]:
    async with running_desk(house, library=shelf, takes_turns=False) as started:
        yield started


READS = (
    "/knowledge/overview",
    "/knowledge/unanswered",
    "/knowledge/unanswered/export",
    "/knowledge/unanswered/any",
    "/knowledge/outdated",
    "/knowledge/sources",
)
CHANGES = (
    "/knowledge/unanswered/any/status",
    "/knowledge/articles",
    "/knowledge/outdated/done",
    "/knowledge/refresh",
)


async def test_only_agents_read_and_only_the_console_changes(running: Running, shelf: Shelf) -> None:
    async with running.client() as nobody:
        assert {(await nobody.get(f"{API}{path}")).status_code for path in READS} == {401}
        assert {(await nobody.post(f"{API}{path}", json={})).status_code for path in CHANGES} == {401}
    async with signed_in(running, "Sam") as sam:
        sam.client.headers["X-CSRF-Token"] = "guessed"
        refused = [await sam.post(path, {}, status=403) for path in CHANGES]
        sam.client.headers["Origin"] = "https://evil.example"
        assert {one["code"] for one in refused} == {"csrf_failed"}
        assert {(await sam.post(path, {}, status=403))["code"] for path in CHANGES} == {"origin_refused"}
    assert shelf.refreshed == 0
    assert shelf.written == []


async def test_groups_are_listed_by_how_often_they_were_asked_with_what_came_near(running: Running) -> None:
    conversation = await ask(running.house, "Do you rent?", "Is there a showroom", "Where is the showroom")
    assert await group_questions(running.desk, Shelf())
    async with signed_in(running, "Sam") as sam:
        first, second = (await sam.get("/knowledge/unanswered"))["items"]
        opened = await sam.get(f"/knowledge/unanswered/{first['id']}")
        await sam.get("/knowledge/unanswered/nothing", status=404)
        counts = await sam.get("/knowledge/overview")
    assert (first["asked"], second["asked"], counts["open"]) == (2, 1, 2)
    assert first["nearest"][0]["title"] == "Returns"
    assert {one["question"] for one in opened["questions"]} == {
        "Is there a showroom",
        "Where is the showroom",
    }
    assert {one["conversation_id"] for one in opened["questions"]} == {conversation}


async def test_pages_follow_each_other_and_a_strange_cursor_is_refused(running: Running) -> None:
    await ask(running.house, "one", "two", "three")
    async with signed_in(running, "Sam") as sam:
        first = await sam.get("/knowledge/unanswered?limit=2")
        rest = await sam.client.get(
            f"{API}/knowledge/unanswered", params={"limit": 2, "cursor": first["next_cursor"]}
        )
        for path in ("/knowledge/unanswered", "/knowledge/outdated"):
            assert (await sam.get(f"{path}?cursor=x", status=400))["code"] == "bad_request"
    assert [one["question"] for one in first["items"] + rest.json()["items"]] == ["three", "two", "one"]
    assert rest.json()["next_cursor"] is None


async def test_writing_the_article_settles_its_questions_and_builds_anew(
    running: Running, shelf: Shelf
) -> None:
    await ask(running.house, "Is there a showroom")
    async with signed_in(running, "Sam") as sam:
        (group,) = (await sam.get("/knowledge/unanswered"))["items"]
        body = {
            "title": "Showroom",
            "body": "In Utrecht.",
            "questions": ["is there one?"],
            "group_id": group["id"],
        }
        assert await sam.post("/knowledge/articles", body, status=201) == {"document_id": "team/showroom"}
        assert (await sam.get("/knowledge/unanswered"))["items"] == []
        (written,) = (await sam.get("/knowledge/unanswered?status=written"))["items"]
    assert (written["document_id"], written["done_by"]) == ("team/showroom", "Sam")
    assert not shelf.has_read_sources
    assert (shelf.refreshed, shelf.written[0].questions) == (1, ["is there one?"])


async def test_an_article_that_is_none_is_refused_and_its_questions_stay_open(
    running: Running, shelf: Shelf
) -> None:
    await ask(running.house, "Is there a showroom")
    async with signed_in(running, "Sam") as sam:
        (group,) = (await sam.get("/knowledge/unanswered"))["items"]
        refused = await sam.post(
            "/knowledge/articles", {"title": "bad", "body": "x", "group_id": group["id"]}, 400
        )
        for body in ({"title": "t"}, {"title": "", "body": "x"}, {"title": "t", "body": "x" * 40_001}):
            await sam.post("/knowledge/articles", body, status=400)
        await sam.post("/knowledge/articles", {"title": "t", "body": "x", "group_id": "nothing"}, status=404)
        assert len((await sam.get("/knowledge/unanswered"))["items"]) == 1
    assert refused == {
        "code": "document_rejected",
        "message": "The article was not taken: it has no text.",
        "details": {},
    }
    assert (shelf.refreshed, shelf.written) == (0, [])


async def test_a_group_is_dismissed_and_brought_back(running: Running) -> None:
    await ask(running.house, "Are you a robot?")
    async with signed_in(running, "Sam") as sam:
        (group,) = (await sam.get("/knowledge/unanswered"))["items"]
        path = f"/knowledge/unanswered/{group['id']}/status"
        assert (await sam.post(path, {"status": "dismissed"}))["done_by"] == "Sam"
        assert (await sam.get("/knowledge/overview"))["dismissed"] == 1
        assert (await sam.post(path, {"status": "open"}))["done_by"] is None
        await sam.post(path, {"status": "written"}, status=400)


async def test_the_download_holds_every_group_and_no_formula(running: Running) -> None:
    await ask(running.house, "=HYPERLINK(1)", "Do you rent, or sell?")
    async with signed_in(running, "Sam") as sam:
        table = await sam.client.get(f"{API}/knowledge/unanswered/export?format=csv")
        lines = await sam.client.get(f"{API}/knowledge/unanswered/export?format=jsonl")
        await sam.get("/knowledge/unanswered/export?format=xls", status=400)
    rows = list(csv.DictReader(io.StringIO(table.text.removeprefix("\ufeff"))))
    assert {row["question"] for row in rows} == {"'=HYPERLINK(1)", "Do you rent, or sell?"}
    assert rows[0]["nearest_url"] == "/help/returns"
    assert "attachment" in table.headers["content-disposition"]
    assert {json.loads(line)["question"] for line in lines.text.splitlines()} == {
        "=HYPERLINK(1)",
        "Do you rent, or sell?",
    }


async def outdated(running: Running, shelf: Shelf) -> str:
    """Answer from a text that is changed afterwards; gives the conversation."""
    conversation = await running.house.conversation(Customer("maya", "Maya Jansen", "maya@example.com"))
    await turn_of(running.house, conversation, "c1", answering(RETURNS))
    librarian = Librarian(running.desk, shelf)
    await librarian.look_around()
    shelf.index, shelf.texts = "index-2", {}
    await librarian.look_around()
    return conversation


async def test_when_an_article_changes_the_answers_from_its_old_text_are_listed(
    running: Running, shelf: Shelf
) -> None:
    conversation = await outdated(running, shelf)
    async with signed_in(running, "Sam") as sam:
        (one,) = (await sam.get("/knowledge/outdated"))["items"]
        assert (await sam.get("/knowledge/overview"))["outdated"] == 1
    assert (one["conversation_id"], one["customer"]["name"]) == (conversation, "Maya Jansen")
    assert (one["question"], one["answer"]) == ("a question", "You have 30 days.")
    assert (one["old"]["text"], one["new"]["text"]) == (OLD.text, NEW.text)


async def test_a_corrected_answer_is_ticked_off_with_who_and_when_and_can_be_brought_back(
    running: Running, shelf: Shelf
) -> None:
    conversation = await outdated(running, shelf)
    place = {"conversation_id": conversation, "seq": 2, "passage_id": "returns#0"}
    async with signed_in(running, "Sam") as sam:
        assert await sam.post("/knowledge/outdated/done", {"items": [place]}) == {"count": 1}
        assert (await sam.get("/knowledge/outdated"))["items"] == []
        (done,) = (await sam.get("/knowledge/outdated?is_done=true"))["items"]
        assert done["done_by"] == "Sam"
        assert done["done_at"] is not None
        await sam.post("/knowledge/outdated/done", {"items": [place], "is_done": False})
        assert len((await sam.get("/knowledge/outdated"))["items"]) == 1
        await sam.post("/knowledge/outdated/done", {"items": [place | {"seq": 1}]}, status=404)
        await sam.post("/knowledge/outdated/done", {"items": []}, status=400)


async def test_a_text_that_is_true_again_leaves_the_list(running: Running, shelf: Shelf) -> None:
    await outdated(running, shelf)
    shelf.index, shelf.texts = "index-3", {"hash-of-30-days": OLD}
    await Librarian(running.desk, shelf).look_around()
    async with signed_in(running, "Sam") as sam:
        assert (await sam.get("/knowledge/outdated"))["items"] == []


async def test_sources_show_their_state_and_how_their_answers_were_taken(
    running: Running, shelf: Shelf
) -> None:
    conversation = await running.house.conversation()
    seq = await turn_of(running.house, conversation, "c1", answering(RETURNS))
    await votes.rate_answer(running.desk, conversation, seq, is_helpful=False)
    async with signed_in(running, "Sam") as sam:
        page = await sam.get("/knowledge/sources")
        assert await sam.post("/knowledge/refresh", {}, status=202) == {"has_begun": True}
    assert shelf.has_read_sources
    (source,) = page["items"]
    assert (source["state"], source["helpful"], source["unhelpful"], source["answers"]) == ("ok", 0, 1, 1)
    assert source["failures"] == ["x.md: no title"]
    assert page["conflicts"] == shelf.conflicts()
    assert page["index"]["index_id"] == "index-1"
    assert page["unhelpful"][0] == {
        "passage_id": "returns#0",
        "document_id": "returns",
        "helpful": 0,
        "unhelpful": 1,
    }


async def test_the_document_of_the_api_describes_the_knowledge_pages(running: Running) -> None:
    async with running.client() as client:
        document = (await client.get(f"{API}/openapi.json")).json()
    paths = {path for path in document["paths"] if "/knowledge/" in path}
    assert len(paths) == 11
    assert "ArticleRequest" in document["components"]["schemas"]


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("my order NL-10245 is late", "my order <number> is late"),
        ("call +31 6 1234 5678 or maya.j@example.com", "call <number> or <email>"),
        ("IBAN NL91 ABNA 0417 1643 00?", "IBAN <number>?"),
        ("Do you deliver to 12 Baker Street?", "Do you deliver to <address>?"),
        ("Kerkstraat 12, 1017 GP Amsterdam", "<address>, <address> Amsterdam"),
        ("see https://x.example/?token=1", "see <link>"),
        ("hi, this is maya jansen", "hi, this is <name>"),
        ("my name is Ada Byron, do you rent", "my name is <name>, do you rent"),
        ("我叫张伟，怎么退货？", "我叫<name>，怎么退货？"),
        ("２０２６１１２３４５ 订单", "<number> 订单"),
        ("bought in 2024, 30 days, 10% off, size 200 cm", "bought in 2024, 30 days, 10% off, size 200 cm"),
    ],
)
def test_personal_details_are_taken_out_and_the_question_stays(text: str, clean: str) -> None:
    assert without_personal_details(text, "Maya Jansen") == clean


def test_the_key_of_a_question_does_not_hear_capitals_and_marks() -> None:
    assert question_key(" Is there a SHOWROOM?! ") == question_key("is there a showroom")
    assert question_key("?!") == ""


async def test_the_teams_public_articles_have_a_page_with_and_without_the_demo(
    house: House, tmp_path: Path
) -> None:
    article = "---\ntitle: {title}\nurl: /help/{slug}\naudience: {audience}\n---\n\nIn <b>Utrecht</b>.\n"
    for slug, audience in (("showroom", "public"), ("inside", "agents")):
        text = article.format(title=slug.title(), slug=slug, audience=audience)
        (tmp_path / f"{slug}.md").write_text(text, encoding="utf-8")
    for demo in (True, False):
        async with running_desk(house, demo=demo, team_root=tmp_path) as running, running.client() as client:
            page = await client.get("/help/showroom")
            assert page.status_code == 200
            assert "In &lt;b&gt;Utrecht" in page.text
            assert (await client.get("/help/inside")).status_code == 404


@pytest.mark.parametrize(
    ("document_id", "is_held"), [("returns", True), ("shop/a", True), ("shopping/a", False)]
)
def test_a_source_knows_its_documents_by_id_or_by_what_it_begins_with(
    document_id: str, is_held: bool
) -> None:
    row = SourceRow("s", "page", "ok", None, 1, 1, (), ("returns",), "shop/")
    assert row.holds(document_id) is is_held
