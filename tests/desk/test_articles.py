"""The team's articles over HTTP, on real files: listed, opened, changed, taken back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog
from structlog.testing import capture_logs

from careline.team_articles import TeamArticles
from desk.api import articles
from desk.api.articles import MAX_BODY_CHARS, MAX_REQUEST_BYTES
from desk.library import ArticleDraft, ArticleRefused, NoLibrary
from knowledge.articles import load_team
from tests.contracts.test_answers import ask
from tests.desk.browser import Running, running_desk
from tests.desk.house import House
from tests.desk.test_console import API, Console, signed_in

PATH = "/knowledge/articles/our-showroom"
NEW = ArticleDraft("Our showroom", "In **Utrecht**.", "Visits", questions=["a showroom?"])


class Shelf(TeamArticles, NoLibrary):
    """The team's folder, and an index whose builds are counted."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.root, self.refreshed = root, 0

    def refresh(self, *, reads_sources: bool = False) -> bool:
        assert not reads_sources
        self.refreshed += 1
        return True


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    shelf = Shelf(tmp_path)
    shelf.save_article(NEW)
    return shelf


@pytest.fixture
async def running(house: House, shelf: Shelf) -> AsyncIterator[Running]:
    async with running_desk(house, library=shelf, takes_turns=False) as started:
        yield started


async def put(console: Console, body: dict[str, Any], path: str = PATH) -> httpx.Response:
    return await console.client.put(f"{API}{path}", json=body)


async def delete(console: Console, version: str, path: str = PATH) -> httpx.Response:
    return await console.client.delete(f"{API}{path}", params={"version": version})


async def test_only_agents_read_and_only_the_console_changes(running: Running, shelf: Shelf) -> None:
    version = shelf.read_article("our-showroom").version
    body = {"title": "t", "body": "x", "version": version}
    async with running.client() as nobody:
        for path in ("/knowledge/articles", PATH):
            assert (await nobody.get(f"{API}{path}")).status_code == 401
        assert (await nobody.put(f"{API}{PATH}", json=body)).status_code == 401
        assert (await nobody.delete(f"{API}{PATH}?version={version}")).status_code == 401
    async with signed_in(running, "Sam") as sam:
        sam.client.headers["X-CSRF-Token"] = "guessed"
        codes = [(await answer).json()["code"] for answer in (put(sam, body), delete(sam, version))]
        sam.client.headers["Origin"] = "https://evil.example"
        codes += [(await answer).json()["code"] for answer in (put(sam, body), delete(sam, version))]
    assert codes == ["csrf_failed"] * 2 + ["origin_refused"] * 2
    assert (shelf.read_article("our-showroom").version, shelf.refreshed) == (version, 0)


async def test_articles_are_listed_page_by_page_and_opened(running: Running, shelf: Shelf) -> None:
    shelf.save_article(ArticleDraft("Renting", "By the month.", audience="agents"))
    async with signed_in(running, "Sam") as sam:
        first = await sam.get("/knowledge/articles?limit=1")
        rest = await sam.get(f"/knowledge/articles?limit=1&cursor={first['next_cursor']}")
        opened = await sam.get(PATH)
        await sam.get("/knowledge/articles?limit=0", status=400)
    assert [one["name"] for one in first["items"] + rest["items"]] == ["renting", "our-showroom"]
    assert [one["questions"] for one in first["items"] + rest["items"]] == [0, 1]
    assert (first["items"][0]["audience"], rest["next_cursor"]) == ("agents", None)
    assert (opened["document_id"], opened["url"]) == ("team/our-showroom", "/help/our-showroom")
    assert (opened["body"], opened["questions"], opened["section"]) == (NEW.body, ["a showroom?"], "Visits")


async def test_a_change_is_written_and_the_index_built_anew(running: Running, shelf: Shelf) -> None:
    async with signed_in(running, "Sam") as sam:
        opened = await sam.get(PATH)
        body = {"title": "Showrooms", "body": "In Gent.", "version": opened["version"]}
        changed = await put(sam, body)
        assert changed.status_code == 200, changed.text
        assert changed.json() == await sam.get(PATH)
    assert (changed.json()["title"], changed.json()["url"]) == ("Showrooms", "/help/our-showroom")
    assert changed.json()["version"] != opened["version"]
    assert shelf.refreshed == 1


async def test_who_read_an_older_text_is_told_and_overwrites_nothing(running: Running, shelf: Shelf) -> None:
    async with signed_in(running, "Sam") as sam, signed_in(running, "Kim") as kim:
        version = (await sam.get(PATH))["version"]
        first = await put(sam, {"title": "Showrooms", "body": "Sam's text", "version": version})
        late = await put(kim, {"title": "Showrooms", "body": "Kim's text", "version": version})
        too_late = await delete(kim, version)
    assert [late.status_code, too_late.status_code] == [409, 409]
    assert late.json()["code"] == too_late.json()["code"] == "article_changed"
    assert late.json()["details"] == {"version": first.json()["version"]}
    assert shelf.read_article("our-showroom").draft.body == "Sam's text"
    assert shelf.refreshed == 1


async def test_the_log_tells_who_wrote_changed_and_deleted_an_article(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(articles, "log", structlog.get_logger())
    path = "/knowledge/articles/parking"
    async with signed_in(running, "Sam") as sam:
        me = (await sam.get("/me"))["agent"]["id"]
        with capture_logs() as lines:
            await sam.post("/knowledge/articles", {"title": "Parking", "body": "Behind it."}, status=201)
            version = (await sam.get(path))["version"]
            changed = await put(sam, {"title": "Parking", "body": "In front.", "version": version}, path)
            await delete(sam, changed.json()["version"], path)
    told = [line for line in lines if line["event"].startswith("article_")]
    assert [line["event"] for line in told] == ["article_written", "article_changed", "article_deleted"]
    assert {(line["document_id"], line["agent_id"]) for line in told} == {("team/parking", me)}


async def test_a_deleted_article_opens_its_questions_again(running: Running, shelf: Shelf) -> None:
    await ask(running.house, "Is there parking")
    async with signed_in(running, "Sam") as sam:
        (group,) = (await sam.get("/knowledge/unanswered"))["items"]
        new = {"title": "Parking", "body": "Behind the house.", "group_id": group["id"]}
        await sam.post("/knowledge/articles", new, status=201)
        assert (await sam.get("/knowledge/unanswered"))["items"] == []
        path = "/knowledge/articles/parking"
        gone = await delete(sam, (await sam.get(path))["version"], path)
        assert gone.json() == {"document_id": "team/parking", "reopened": 1}
        (again,) = (await sam.get("/knowledge/unanswered"))["items"]
        await sam.get(path, status=404)
        assert (await delete(sam, "0", path)).status_code == 404
        assert (await put(sam, {"title": "t", "body": "x", "version": "0"}, path)).status_code == 404
    assert (again["id"], again["document_id"], again["done_by"]) == (group["id"], None, None)
    assert [one.document_id for one in load_team(shelf.root).documents] == ["team/our-showroom"]
    assert shelf.refreshed == 2


async def test_what_is_no_article_is_refused_and_the_old_one_stays(running: Running, shelf: Shelf) -> None:
    version = shelf.read_article("our-showroom").version
    good = {"title": "t", "body": "x", "version": version}
    wrong = (
        {"title": "", "version": version},
        {"body": "x" * 40_001},
        {"questions": ["q"] * 51},
        {"version": ""},
        {"audience": "everybody"},
        {"url": "javascript:alert(1)"},
        {"body": " "},
    )
    async with signed_in(running, "Sam") as sam:
        assert {(await put(sam, good | fields)).status_code for fields in wrong} == {400}
        assert (await put(sam, {"title": "t", "body": "x"})).status_code == 400
        assert (await sam.client.delete(f"{API}{PATH}")).status_code == 400
        refused = (await put(sam, good | {"body": " "})).json()
    assert (refused["code"], refused["message"]) == (
        "document_rejected",
        "The article was not taken: it has no text.",
    )
    assert (shelf.read_article("our-showroom").version, shelf.refreshed) == (version, 0)


async def test_a_long_text_is_taken_in_every_script_and_more_than_that_is_not(
    running: Running, shelf: Shelf
) -> None:
    async with signed_in(running, "Sam") as sam:
        version = (await sam.get(PATH))["version"]
        for text in ("沙" * MAX_BODY_CHARS, "🛋" * MAX_BODY_CHARS):
            changed = await put(sam, {"title": "t", "body": text, "version": version})
            assert changed.status_code == 200, changed.text
            version = changed.json()["version"]
        await sam.post("/knowledge/articles", {"title": "Sofas", "body": "沙" * MAX_BODY_CHARS}, status=201)
        huge = await put(sam, {"title": "t", "body": "x" * MAX_REQUEST_BYTES, "version": version})
    assert huge.status_code == 413
    assert shelf.read_article("our-showroom").draft.body == "🛋" * MAX_BODY_CHARS


@pytest.mark.parametrize(
    "name", ["..%2Fsecret", "%2e%2e%2fsecret", "..%5Csecret", "secret", "*", "our-showroom.md"]
)
async def test_no_name_leads_out_of_the_teams_folder(running: Running, shelf: Shelf, name: str) -> None:
    secret = shelf.root / "secret.md"
    secret.write_text("---\ntitle: Secret\n---\n\ntext\n", encoding="utf-8")
    path = f"/knowledge/articles/{name}"
    async with signed_in(running, "Sam") as sam:
        assert (await sam.client.get(f"{API}{path}")).status_code == 404
        assert (await put(sam, {"title": "t", "body": "x", "version": "0"}, path)).status_code == 404
        assert (await delete(sam, "0", path)).status_code == 404
    assert "Secret" in secret.read_text(encoding="utf-8")


async def test_a_desk_without_articles_has_none(house: House) -> None:
    async with running_desk(house) as running, signed_in(running, "Sam") as sam:
        assert await sam.get("/knowledge/articles") == {"items": [], "next_cursor": None}
        await sam.get(PATH, status=404)
        assert (await put(sam, {"title": "t", "body": "x", "version": "0"})).status_code == 404
        assert (await delete(sam, "0")).status_code == 404


def test_a_file_that_is_no_article_says_why_when_it_is_opened(shelf: Shelf) -> None:
    (shelf.root / "articles" / "bad.md").write_text("no title", encoding="utf-8")
    assert [row.name for row in shelf.articles()] == ["our-showroom"]
    with pytest.raises(ArticleRefused, match="no title"):
        shelf.read_article("bad")
