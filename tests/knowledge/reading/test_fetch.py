from __future__ import annotations

import contextlib
import gzip
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from knowledge.documents import Given
from knowledge.errors import DocumentRejected, FetchRefused, PageGone
from knowledge.reading import fetch
from knowledge.reading.fetch import Fetched, Fetcher, is_public
from knowledge.reading.web import is_sitemap, list_pages, read_fetched

LATIN = "<main><h1>A</h1><p>Caf\xe9</p></main>".encode("latin-1")


class Site(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path.startswith("/drip"):
            self.drip()
            return
        host = self.headers["Host"]
        pages: dict[str, tuple[int, dict[str, str], bytes]] = {
            "/a": (
                200,
                {"Content-Type": "text/html; charset=latin-1"},
                "<main><h1>A</h1><p>Caf\xe9</p></main>".encode("latin-1"),
            ),
            "/gone": (410, {}, b""),
            "/down": (503, {}, b""),
            "/image": (200, {"Content-Type": "image/png"}, b"x"),
            "/big": (200, {"Content-Type": "text/html"}, b"x" * 5000),
            "/bomb": (
                200,
                {"Content-Type": "text/html", "Content-Encoding": "gzip"},
                gzip.compress(b"x" * 10**6),
            ),
            "/loop": (302, {"Location": "/loop"}, b""),
            "/out": (302, {"Location": "http://internal.example/secret"}, b""),
            "/file": (302, {"Location": "file:///etc/passwd"}, b""),
            "/map": (
                200,
                {"Content-Type": "application/xml"},
                f"<sitemapindex><sitemap><loc>http://{host}/map2</loc></sitemap></sitemapindex>".encode(),
            ),
            "/map2": (
                200,
                {"Content-Type": "text/xml"},
                f"<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'><url><loc>http://{host}/a</loc></url><url><loc>http://elsewhere.example/b</loc></url></urlset>".encode(),
            ),
        }
        status, headers, body = pages.get(self.path, (404, {}, b""))
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def drip(self) -> None:
        """Send a byte now and then, until the other side has enough of it."""
        if self.path == "/drip-body":
            self.send_response(200)
            self.end_headers()
        with contextlib.suppress(OSError):
            for _ in range(100):
                self.wfile.write(b"H")
                time.sleep(0.1)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://help.example:{server.server_port}"
    server.shutdown()
    server.server_close()


def lookup(host: str, port: int) -> list[str]:
    """Give the loopback address for the shop's site, as its own network would, and a private one for others."""
    del port
    return ["127.0.0.1"] if host == "help.example" else ["10.0.0.7"]


@pytest.fixture
def fetcher() -> Fetcher:
    return Fetcher(allow_private=True, lookup=lookup)


def test_page_is_read_in_the_charset_that_the_server_told(site: str, fetcher: Fetcher) -> None:
    url = f"{site}/a"
    (document,) = read_fetched(fetcher.get(url), url, Given(language="en"), "web").documents
    assert (document.document_id, document.url, document.blocks[0].text) == ("web/a", f"{site}/a", "Café")


def test_page_that_is_gone_is_told_from_one_that_cannot_be_had(site: str, fetcher: Fetcher) -> None:
    for path in ("gone", "nowhere"):
        with pytest.raises(PageGone):
            fetcher.get(f"{site}/{path}")
    with pytest.raises(FetchRefused, match="status 503") as refused:
        fetcher.get(f"{site}/down")
    assert not isinstance(refused.value, PageGone)


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/loop", "redirects more than"),
        ("/file", "no http or https address"),
        ("/bomb", "compressed"),
        ("/image", "kind that can't be read"),
    ],
)
def test_what_cannot_be_read_says_why(site: str, fetcher: Fetcher, path: str, reason: str) -> None:
    url = f"{site}{path}"
    try:
        told = str(read_fetched(fetcher.get(url), url, Given(), "web").rejected[0])
    except FetchRefused as error:
        told = error.reason
    assert reason in told


def test_big_page_is_cut_off(site: str, fetcher: Fetcher, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch, "MAX_BODY_BYTES", 4000)
    with pytest.raises(FetchRefused, match="larger"):
        fetcher.get(f"{site}/big")


@pytest.mark.parametrize("path", ["/drip-head", "/drip-body"])
def test_page_that_drips_out_byte_by_byte_is_given_up(
    site: str, fetcher: Fetcher, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setattr(fetch, "TOTAL_SECONDS", 0.5)
    with pytest.raises(FetchRefused, match="in time"):
        fetcher.get(f"{site}{path}")


def test_sitemaps_are_followed_on_their_own_host_only(site: str, fetcher: Fetcher) -> None:
    fetched = fetcher.get(f"{site}/map")
    assert is_sitemap(fetched)
    assert list_pages(fetched, fetcher) == [f"{site}/a"]


@pytest.mark.parametrize(
    "url", ["ftp://x/y", "http://", "http://u:p@host/", "http://host:99999/", "javascript:1", "/etc/passwd"]
)
def test_what_is_no_web_address_is_refused(fetcher: Fetcher, url: str) -> None:
    with pytest.raises(FetchRefused):
        fetcher.get(url)


def test_private_address_is_refused_also_where_it_is_redirected_to(site: str) -> None:
    port = int(site.rpartition(":")[2])
    strict = Fetcher()
    for host in ("127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "169.254.169.254"):
        with pytest.raises(FetchRefused, match="not a public one"):
            strict.get(f"http://{host}:{port}/a")

    class Redirected(Fetcher):
        def _address(self, url: str, host: str, port: int) -> str:
            return "127.0.0.1" if host == "help.example" else super()._address(url, host, port)

    with pytest.raises(FetchRefused, match="not a public one"):
        Redirected(lookup=lookup).get(f"{site}/out")


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "192.168.0.1",
        "172.16.0.1",
        "169.254.1.1",
        "100.64.0.1",
        "::1",
        "fe80::1%eth0",
        "fc00::1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "::7f00:1",
        "::ffff:0:7f00:1",
        "64:ff9b:1::7f00:1",
        "fec0::1",
        "224.0.0.1",
        "0.0.0.0",
        "nonsense",
    ],
)
def test_private_addresses_are_known(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1::1", "64:ff9b::5db8:d822"])
def test_public_addresses_are_known(address: str) -> None:
    assert is_public(address)


def given(kind: str, body: bytes) -> Fetched:
    return Fetched("http://help.example/place", kind, None, body, "")


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("text/xml", b"<sm:urlset xmlns:sm='x'><sm:url/></sm:urlset>"),
        ("text/html", b"<?xml version='1.0'?>\n<urlset></urlset>"),
        ("application/octet-stream", b"\xef\xbb\xbf<?xml version='1.0'?><sitemapindex>"),
    ],
)
def test_sitemaps_are_known_by_what_they_are(kind: str, body: bytes) -> None:
    assert is_sitemap(given(kind, body))


def test_page_about_sitemaps_is_none() -> None:
    assert not is_sitemap(given("text/html", b"<html><pre><urlset></pre></html>"))


def test_sitemap_of_too_many_sitemaps_is_refused_rather_than_cut(
    fetcher: Fetcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    entries = b"".join(b"<sitemap><loc>http://help.example/%d</loc></sitemap>" % n for n in range(60))
    empty = given("text/xml", b"<urlset></urlset>")
    monkeypatch.setattr(fetcher, "get", lambda _url: empty)
    with pytest.raises(DocumentRejected, match="more than 50 sitemaps"):
        list_pages(given("text/xml", b"<sitemapindex>" + entries + b"</sitemapindex>"), fetcher)


@pytest.mark.parametrize("kind", ["text/html", "application/octet-stream", "application/pdf"])
def test_file_is_known_by_what_it_is_whatever_its_server_calls_it(kind: str) -> None:
    reading = read_fetched(given(kind, b"%PDF-1.4 cut off"), "http://help.example/place", Given(), "s")
    assert "no PDF" in str(reading.rejected[0])


def test_bytes_that_a_server_calls_a_page_are_refused() -> None:
    reading = read_fetched(given("text/html", b"\0\1\2" * 50), "http://help.example/place", Given(), "s")
    assert "no text" in str(reading.rejected[0])


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("text/csv", b"question,answer\nOne?,A.\nTwo?,B.\n"),
        (
            "application/x-ndjson",
            b'{"question": "One?", "answer": "A."}\n{"question": "Two?", "answer": "B."}',
        ),
    ],
)
def test_list_of_questions_is_read_from_an_address(kind: str, body: bytes) -> None:
    reading = read_fetched(given(kind, body), "http://help.example/faq", Given(), "s")
    assert [one.title for one in reading.documents] == ["One?", "Two?"]
    assert {one.url for one in reading.documents} == {"http://help.example/place"}
