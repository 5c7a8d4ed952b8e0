"""Sources: added, read again, removed; what is in the index follows."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from knowledge.base import KnowledgeBase
from knowledge.build import BuildReport, index_folders
from knowledge.documents import Audience, Given
from knowledge.errors import SourceUnknown
from knowledge.index import KnowledgeIndex
from knowledge.reading.apart import Apart
from knowledge.reading.fetch import Fetcher
from knowledge.reading.files import Reading
from knowledge.refresh import add_source, refresh_sources, remove_source
from knowledge.source_reading import Tools
from knowledge.source_store import STATE_FILE, Kind, Status, load_source, load_with_documents, sources_folder
from knowledge.sources import is_any_due, list_sources, load_sources

Build = Callable[..., BuildReport]
Write = Callable[..., Path]
START = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
NOTHING = Given()


@pytest.fixture
def tools() -> Iterator[Tools]:
    fetcher = Fetcher(allow_private=True)
    with Apart() as apart:
        yield Tools(fetcher, apart)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "root"


def at(minutes: float) -> Callable[[], datetime]:
    return lambda: START + timedelta(minutes=minutes)


def page(title: str, body: str, status: int = 200, kind: str = "text/html") -> tuple[int, str, bytes]:
    return status, kind, f"<html lang='en'><main><h1>{title}</h1><p>{body}</p></main>".encode()


@pytest.fixture
def site() -> Iterator[tuple[str, dict[str, tuple[int, str, bytes]]]]:
    pages: dict[str, tuple[int, str, bytes]] = {}

    class Site(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, kind, body = pages.get(self.path, (404, "text/html", b""))
            tag = f'"{hashlib.sha256(body).hexdigest()}"'
            if status == 200 and self.headers["If-None-Match"] == tag:
                status, body = 304, b""
            self.send_response(status)
            self.send_header("ETag", tag)
            if status == 302:
                self.send_header("Location", body.decode())
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", pages
    server.shutdown()
    server.server_close()


def sitemap(base: str, *paths: str) -> tuple[int, str, bytes]:
    urls = "".join(f"<url><loc>{base}{path}</loc></url>" for path in paths)
    return 200, "application/xml", f"<urlset>{urls}</urlset>".encode()


def test_a_folder_becomes_passages_that_keep_what_was_given(
    articles: Path, root: Path, tmp_path: Path, tools: Tools, build_tiny: Build, write_article: Write
) -> None:
    manuals = tmp_path / "Händbücher und mehr"
    (manuals / "deep").mkdir(parents=True)
    (manuals / "deep" / "Über Öl & Wachs.md").write_text("# Oil\n\n## Table\n\n- Wax it once a year\n")
    (manuals / "faq.csv").write_text("question,answer\nIs wax safe?,Yes it is safe.\n")
    write_article(manuals, "own", "Own words", "It says its own.", product="Chair", audience="signed_in")
    report = add_source(root, str(manuals), Given(Audience.AGENTS, "en", "Table"), tools)
    assert (report.status, report.documents, report.failures) == (Status.READ, 3, ())
    index = KnowledgeIndex.load(build_tiny(articles).folder)
    found = {p.title: p for p in index.passages if p.document_id.startswith(report.source_id + "/")}
    assert found["Oil"].headings == ("Table",)
    assert (found["Oil"].audience, found["Oil"].product, found["Oil"].language) == (
        Audience.AGENTS,
        "Table",
        "en",
    )
    assert (found["Own words"].audience, found["Own words"].product) == (Audience.SIGNED_IN, "Chair")
    (state,) = list_sources(root)
    assert (state.kind, state.status, state.documents, state.passages) == ("folder", "read", 3, 3)
    assert (state.location, state.product, state.audience) == (str(manuals), "Table", "agents")


def test_only_what_was_added_is_embedded_and_what_was_removed_leaves(
    articles: Path, root: Path, tmp_path: Path, tools: Tools, build_tiny: Build, tiny: object
) -> None:
    build_tiny(articles)
    tiny.encoded.clear()  # type: ignore[attr-defined]
    more = tmp_path / "more"
    more.mkdir()
    (more / "a.md").write_text("# Hinges\n\nOil the hinges.")
    source_id = add_source(root, str(more), NOTHING, tools).source_id
    build_tiny(articles)
    assert {text for text in tiny.encoded if "inges" not in text} == set()  # type: ignore[attr-defined]
    assert tiny.encoded  # type: ignore[attr-defined]
    tiny.encoded.clear()  # type: ignore[attr-defined]
    (more / "b.md").write_text("# Knobs\n\nTurn the knobs.")
    refresh_sources(root, tools)
    build_tiny(articles)
    assert set(tiny.encoded) >= {"Knobs", "Knobs. Turn the knobs."}  # type: ignore[attr-defined]
    assert all("nobs" in text for text in tiny.encoded)  # type: ignore[attr-defined]
    (more / "a.md").unlink()
    refresh_sources(root, tools)
    assert f"{source_id}/a" not in KnowledgeIndex.load(build_tiny(articles).folder).document_ids
    assert remove_source(root, str(more)) == source_id
    index = KnowledgeIndex.load(build_tiny(articles).folder)
    assert set(index.document_ids) == {"returns", "delivery", "warranty"}
    assert list_sources(root) == []
    with pytest.raises(SourceUnknown):
        remove_source(root, source_id)


def test_a_bad_file_is_told_and_the_rest_is_read(root: Path, tmp_path: Path, tools: Tools) -> None:
    folder = tmp_path / "mixed"
    folder.mkdir()
    (folder / "good.md").write_text("# Good\n\nIt is good.")
    (folder / "list.csv").write_text("frage;antwort\nA;B\n")
    (folder / "bad.pdf").write_bytes(b"%PDF-1.4 nonsense")
    (folder / "bad.docx").write_bytes(b"PK\x03\x04 nonsense")
    (folder / "loop").symlink_to(folder, target_is_directory=True)
    os.mkfifo(folder / "pipe.md")
    report = add_source(root, str(folder), NOTHING, tools)
    assert (report.status, report.documents) == (Status.PARTLY, 1)
    told = "\n".join(report.failures)
    assert len(report.failures) == 3
    assert "list.csv: it needs the columns question and answer" in told
    assert list_sources(root)[0].failures == report.failures


def test_nothing_is_kept_of_a_place_that_cannot_be_read(root: Path, tmp_path: Path, tools: Tools) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "x.exe").write_bytes(b"MZ")
    for name in ("nowhere", "empty", "x.exe"):
        report = add_source(root, str(tmp_path / name), NOTHING, tools)
        assert (report.source_id, report.status) == ("", Status.FAILED)
        assert report.failures
    assert list_sources(root) == []


def test_a_file_that_turns_bad_keeps_what_was_read_and_one_that_is_gone_leaves(
    root: Path, tmp_path: Path, tools: Tools
) -> None:
    folder = tmp_path / "f"
    folder.mkdir()
    for name in ("a", "b"):
        (folder / f"{name}.csv").write_text(f"question,answer\nWhat is {name}?,It is {name}.\n")
    source_id = add_source(root, str(folder), NOTHING, tools, clock=at(0)).source_id
    (folder / "a.csv").write_text("nothing")
    (folder / "b.csv").unlink()
    (report,) = refresh_sources(root, tools, clock=at(60))
    source, documents = load_with_documents(root, source_id)
    assert set(documents) == {"a.csv"}
    assert report.status is Status.FAILED
    assert "what was read on 2026-11-25 stays" in report.failures[0]
    assert (source.read_at[:16], source.checked_at[:16]) == ("2026-11-25T12:00", "2026-11-25T13:00")
    (folder / "a.csv").write_text("question,answer\nWhat is a?,It is new.\n")
    (report,) = refresh_sources(root, tools, clock=at(120))
    assert (report.status, report.failures) == (Status.READ, ())


def test_a_folder_that_is_not_there_or_empty_keeps_everything(
    root: Path, tmp_path: Path, tools: Tools
) -> None:
    folder = tmp_path / "mounted" / "docs"
    folder.mkdir(parents=True)
    file = folder / "a.md"
    file.write_text("# A\n\nText of a.")
    add_source(root, str(folder), NOTHING, tools)
    add_source(root, str(file), NOTHING, tools)
    folder.rename(tmp_path / "away")
    reports = refresh_sources(root, tools)
    assert {(report.status, report.documents) for report in reports} == {(Status.FAILED, 1)}
    (tmp_path / "away").rename(folder)
    file.unlink()
    again = {report.location: report for report in refresh_sources(root, tools)}
    assert (again[str(file)].status, again[str(file)].documents) == (Status.GONE, 0)
    assert (again[str(folder)].status, again[str(folder)].documents) == (Status.FAILED, 1)
    (folder / "b.md").write_text("# B\n\nText of b.")
    refresh_sources(root, tools)
    assert [document.title for document in load_sources(root).documents] == ["B"]


def test_pages_that_fail_stay_and_pages_that_are_gone_leave(
    root: Path, tools: Tools, site: tuple[str, dict[str, tuple[int, str, bytes]]]
) -> None:
    base, pages = site
    for path in ("/a", "/b", "/c", "/d/"):
        pages[path] = page(f"Page {path}", f"Text of {path}")
    pages["/d"] = page("Another d", "Text of another.")
    pages["/map.xml"] = sitemap(base, "/a", "/b", "/c", "/d", "/d/")
    report = add_source(root, f"{base}/map.xml", NOTHING, tools)
    assert (report.status, report.documents) == (Status.READ, 5)
    assert load_source(root, report.source_id).kind is Kind.SITEMAP
    ids = [document.document_id for document in load_sources(root).documents]
    assert len(set(ids)) == 5
    pages["/a"] = page("Page /a", "New text of a")
    pages["/b"] = (503, "text/html", b"")
    pages["/c"] = (410, "text/html", b"")
    pages["/map.xml"] = sitemap(base, "/a", "/b", "/c")
    (report,) = refresh_sources(root, tools)
    _, documents = load_with_documents(root, report.source_id)
    assert set(documents) == {f"{base}/a", f"{base}/b"}
    assert documents[f"{base}/a"][0].blocks[0].text == "New text of a"
    assert documents[f"{base}/a"][0].url == f"{base}/a"
    assert report.status is Status.PARTLY
    assert "status 503" in report.failures[0]
    pages["/map.xml"] = page("Sign in", "Please sign in.")
    (report,) = refresh_sources(root, tools)
    assert (report.status, report.documents) == (Status.FAILED, 2)


def test_a_page_is_read_again_only_when_it_or_the_way_of_reading_it_has_changed(
    root: Path, site: tuple[str, dict[str, tuple[int, str, bytes]]]
) -> None:
    base, pages = site
    read: list[str] = []

    class Noting(Apart):
        def read(self, name: str, reader: Callable[..., Reading], /, *arguments: Any) -> Reading:
            read.append(name.removeprefix(base))
            return super().read(name, reader, *arguments)

    with Noting() as apart:
        tools = Tools(Fetcher(allow_private=True), apart)
        pages["/a"], pages["/b"] = page("A", "Text of a"), page("B", "Text of b")
        pages["/map.xml"] = sitemap(base, "/a", "/b")
        add_source(root, f"{base}/map.xml", NOTHING, tools)
        pages["/b"] = page("B", "New text of b")
        (report,) = refresh_sources(root, tools)
        assert (report.status, report.documents, read) == (Status.READ, 2, ["/a", "/b", "/b"])
        _, documents = load_with_documents(root, report.source_id)
        texts = [documents[base + path][0].blocks[0].text for path in ("/a", "/b")]
        assert texts == ["Text of a", "New text of b"]
        add_source(root, f"{base}/map.xml", Given(product="lamps"), tools)
        assert read[3:] == ["/a", "/b"]


def test_a_page_of_a_sitemap_that_leads_to_another_host_is_refused(
    root: Path, tools: Tools, site: tuple[str, dict[str, tuple[int, str, bytes]]]
) -> None:
    base, pages = site
    other = base.replace("127.0.0.1", "localhost")
    pages["/a"], pages["/b"] = page("A", "Text of a"), page("B", "Text of b")
    pages["/out"] = (302, "text/html", f"{other}/b".encode())
    pages["/map.xml"] = sitemap(base, "/a", "/out")
    report = add_source(root, f"{base}/map.xml", NOTHING, tools)
    assert (report.status, report.documents) == (Status.PARTLY, 1)
    assert "leads to another host" in report.failures[0]


def test_private_addresses_are_refused_unless_allowed(root: Path, site: tuple[str, object]) -> None:
    with Apart() as apart:
        report = add_source(root, site[0] + "/a", NOTHING, Tools(Fetcher(), apart))
    assert (report.source_id, report.status) == ("", Status.FAILED)
    assert "not a public one" in report.failures[0]


def test_the_same_article_in_two_sources_is_indexed_once(
    articles: Path, root: Path, tmp_path: Path, tools: Tools, build_tiny: Build
) -> None:
    file = tmp_path / "copies" / "a.md"
    file.parent.mkdir()
    file.write_text("# Copies\n\nThe same text.")
    one = add_source(root, str(file.parent), NOTHING, tools).source_id
    two = add_source(root, str(file), NOTHING, tools).source_id
    index = KnowledgeIndex.load(build_tiny(articles).folder)
    assert len(index) == 7
    assert sorted(state.passages for state in list_sources(root)) == [0, 1]
    for source_id in (one, two):
        if f"{source_id}/a" in index.document_ids:
            remove_source(root, source_id)
    assert len(KnowledgeIndex.load(build_tiny(articles).folder)) == 7


def test_adding_again_changes_what_is_given(root: Path, tmp_path: Path, tools: Tools) -> None:
    file = tmp_path / "a.md"
    file.write_text("# A\n\nText of a.")
    add_source(root, str(file), NOTHING, tools)
    report = add_source(root, str(file), Given(Audience.AGENTS, product="Lamp"), tools)
    (document,) = load_sources(root).documents
    assert (document.audience, document.product) == (Audience.AGENTS, "Lamp")
    assert [state.source_id for state in list_sources(root)] == [report.source_id]


def test_an_unchanged_file_is_not_read_again(root: Path, tmp_path: Path, tools: Tools) -> None:
    file = tmp_path / "a.md"
    file.write_text("# A\n\nText of a.")
    add_source(root, str(file), NOTHING, tools, clock=at(0))
    (before,) = load_sources(root).documents
    os.utime(file, (0, 0))  # would date the article to 1970
    (report,) = refresh_sources(root, tools, clock=at(5))
    assert load_sources(root).documents == (before,)
    assert report.status is Status.READ


def test_due_sources_are_those_not_tried_for_so_long(root: Path, tmp_path: Path, tools: Tools) -> None:
    for name, minute in (("a", 0), ("b", 30)):
        (tmp_path / f"{name}.md").write_text(f"# {name}\n\nText.")
        add_source(root, str(tmp_path / f"{name}.md"), NOTHING, tools, clock=at(minute))
    assert not is_any_due(root, 60, at(59)())
    assert is_any_due(root, 60, at(60)())
    reports = refresh_sources(root, tools, due_minutes=60, clock=at(60))
    assert [Path(report.location).name for report in reports] == ["a.md"]
    assert not is_any_due(root, 60, at(89)())
    assert is_any_due(root, 60, at(-1)())  # the clock was set back


def test_a_damaged_source_is_told_and_the_others_are_built(
    articles: Path, root: Path, tmp_path: Path, tools: Tools, build_tiny: Build
) -> None:
    file = tmp_path / "a.md"
    file.write_text("# A\n\nText of a.")
    source_id = add_source(root, str(file), NOTHING, tools).source_id
    (sources_folder(root) / source_id / STATE_FILE).write_text("{")
    report = build_tiny(articles)
    assert report.documents == 3
    assert report.rejected == (f"{source_id}: what was kept of it is damaged; add it again",)
    assert list_sources(root)[0].status == "failed"
    assert add_source(root, str(file), NOTHING, tools).status is Status.READ


def test_sources_are_no_indexes(
    articles: Path, root: Path, tmp_path: Path, tools: Tools, build_tiny: Build
) -> None:
    (tmp_path / "a.md").write_text("# A\n\nText of a.")
    add_source(root, str(tmp_path / "a.md"), NOTHING, tools)
    for _ in range(4):
        build_tiny(articles, is_forced=True)
    assert len(index_folders(root)) == 2
    assert len(list_sources(root)) == 1


def test_a_killed_command_leaves_what_was_there(root: Path, tmp_path: Path, tools: Tools) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(20):
        (folder / f"{number}.md").write_text(f"# {number}\n\nOld text {number}.")
    add_source(root, str(folder), NOTHING, tools)
    before = load_sources(root).documents
    for number in range(20):
        (folder / f"{number}.md").write_text(f"# {number}\n\nNew text {number}.")
    script = (
        "import os, signal, sys; from pathlib import Path; from knowledge import source_store, refresh\n"
        "from knowledge.source_reading import Tools\n"
        "real = source_store.os.fsync; count = [0]\n"
        "def fsync(handle):\n"
        "    real(handle); count[0] += 1\n"
        "    if count[0] == int(sys.argv[2]): os.kill(os.getpid(), signal.SIGKILL)\n"
        "source_store.os.fsync = fsync\n"
        "refresh.refresh_sources(Path(sys.argv[1]), Tools(None, None))\n"
    )
    for killed_at in ("1", "2"):
        done = subprocess.run([sys.executable, "-c", script, str(root), killed_at], check=False)
        assert done.returncode == -signal.SIGKILL
        assert load_sources(root).documents == before
    refresh_sources(root, tools)
    assert all("New" in document.blocks[0].text for document in load_sources(root).documents)
    (source_id,) = [state.source_id for state in list_sources(root)]
    assert len(list((sources_folder(root) / source_id).iterdir())) == 2  # nothing of the killed ones is left


def test_what_a_source_is_can_be_read_by_people(root: Path, tmp_path: Path, tools: Tools) -> None:
    (tmp_path / "a.md").write_text("# A\n\nText of a.")
    source_id = add_source(root, str(tmp_path / "a.md"), NOTHING, tools).source_id
    kept = json.loads((sources_folder(root) / source_id / STATE_FILE).read_text())
    assert (kept["location"], kept["status"]) == (str(tmp_path / "a.md"), "read")


def test_readers_under_load_never_fail_while_sources_come_and_go(
    articles: Path,
    root: Path,
    tmp_path: Path,
    tools: Tools,
    build_tiny: Build,
    tiny: object,
) -> None:
    build_tiny(articles)
    base = KnowledgeBase(root, load_encoder=lambda _: tiny, look_every_seconds=0.0)  # type: ignore[arg-type, return-value]
    failed: list[BaseException] = []
    mixed: list[object] = []
    seen: set[str] = set()
    is_over = threading.Event()

    def read() -> None:
        try:
            while not is_over.is_set():
                hits = base.search("hinges version", 8)
                ours = {hit.text for hit in hits if "/" in hit.document_id}
                if len(ours) > 1 or len([hit for hit in hits if "/" in hit.document_id]) not in {0, 2}:
                    mixed.append(hits)
                seen.update(ours)
                assert base.answer("how to return lamps", min_confidence=0) is not None
        except BaseException as error:  # noqa: BLE001 - reported below
            failed.append(error)

    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    folder = tmp_path / "hinges"
    folder.mkdir()
    for number in range(9):
        for name in ("left", "right"):
            (folder / f"{name}.md").write_text(f"# The {name} hinges\n\nVersion {number} of the hinges.")
        add_source(root, str(folder), NOTHING, tools)
        build_tiny(articles)
        if number % 3 == 2:
            remove_source(root, str(folder))
            build_tiny(articles)
    is_over.set()
    for reader in readers:
        reader.join()
    assert not failed
    assert not mixed
    assert len(seen) > 2
    base.refresh()
    assert not [hit for hit in base.search("hinges", 10) if "/" in hit.document_id]


def test_name_of_a_file_keeps_to_its_line_and_steers_no_terminal(
    root: Path, tools: Tools, tmp_path: Path
) -> None:
    folder = tmp_path / "odd"
    folder.mkdir()
    (folder / "two\nlines\x1b[31m.md").write_text("")
    (failure,) = add_source(root, str(folder), NOTHING, tools).failures
    assert failure.isprintable()
    assert failure.startswith("two\ufffdlines\ufffd[31m.md")
