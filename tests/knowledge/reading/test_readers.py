from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path

import pytest

from knowledge.documents import Audience, Given
from knowledge.errors import DocumentRejected
from knowledge.reading.docx import read_docx
from knowledge.reading.fetch import Fetched
from knowledge.reading.files import list_files, read_file
from knowledge.reading.html import read_html
from knowledge.reading.language import detect_language
from knowledge.reading.pdf import _BULLET, NO_TEXT, _readable, _Table, _table, read_pdf
from knowledge.reading.web import read_fetched

PAGE = """<html lang="en-GB"><head><title>Returns | Shop</title>
<meta property="article:modified_time" content="2026-03-04T10:00:00+01:00"><script>alert(1)</script></head>
<body><header>Shop menu</header><nav><a href="/">Home</a></nav><main><h1>Returns</h1><p>Send it back.</p>
<h2>How long</h2><ul><li>30 days for sofas</li><li>14 days for lamps</li></ul>
<table><tr><th>Country</th><th>Fee</th></tr><tr><td>Norway</td><td>9 €</td></tr></table>
<p hidden>secret</p></main><footer>© Shop</footer></body></html>"""


def written(path: Path, content: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def docx(body: str, **more: str) -> bytes:
    """Write the least that a word processor's file holds."""
    space = "http://schemas.openxmlformats.org"
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{space}/package/2006/content-types">'
        '<Default Extension="xml" ContentType="application/xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{space}/package/2006/relationships"><Relationship Id="r1" '
        f'Type="{space}/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>',
        "word/document.xml": f'<w:document xmlns:w="{space}/wordprocessingml/2006/main"><w:body>{body}</w:body></w:document>',
        "word/styles.xml": f'<w:styles xmlns:w="{space}/wordprocessingml/2006/main"><w:style w:type="paragraph" '
        'w:styleId="H1"><w:name w:val="heading 1"/></w:style></w:styles>',
        "word/_rels/document.xml.rels": f'<Relationships xmlns="{space}/package/2006/relationships"><Relationship '
        f'Id="s" Type="{space}/officeDocument/2006/relationships/styles" Target="styles.xml"/></Relationships>',
        **more,
    }
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as package:
        for name, text in parts.items():
            package.writestr(name, text)
    return file.getvalue()


def pdf(*lines: tuple[str, int, int]) -> bytes:
    """Write a file of one page from (text, size, points from the bottom)."""
    content = "".join(f"BT /F1 {size} Tf 72 {y} Td ({text}) Tj ET\n" for text, size, y in lines).encode()
    bodies = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n" % len(content) + content + b"endstream",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    out, places = b"%PDF-1.4\n", []
    for number, body in enumerate(bodies, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return (
        out
        + b"xref\n0 6\n0000000000 65535 f \n"
        + table
        + b"trailer << /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % len(out)
    )


def test_page_keeps_headings_lists_and_tables_and_loses_its_frame(tmp_path: Path) -> None:
    reading = read_file(written(tmp_path / "returns.html", PAGE), Given(), "shop", item="returns.html")
    (document,) = reading.documents
    assert (document.title, document.language, document.updated) == ("Returns", "en-GB", "2026-03-04")
    assert [(block.headings, block.text) for block in document.blocks] == [
        ((), "Send it back."),
        (("How long",), "• 30 days for sofas"),
        (("How long",), "• 14 days for lamps"),
        (("How long",), "• Norway: 9 €"),
    ]


@pytest.mark.parametrize(
    "page", ["", "<html><body><script>x()</script></body></html>", "<p hidden>secret</p>"]
)
def test_page_without_text_is_refused(page: str) -> None:
    with pytest.raises(DocumentRejected, match="no text"):
        read_html(page.encode(), name="empty.html")


def test_page_nested_without_end_is_refused() -> None:
    with pytest.raises(DocumentRejected, match="nested"):
        read_html(b"<div>" * 20_000 + b"text", name="deep.html")


def test_word_document_keeps_headings_and_text() -> None:
    def paragraph(text: str, style: str = "") -> str:
        return f"<w:p><w:pPr>{style}</w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>"

    body = paragraph("Warranty", '<w:pStyle w:val="H1"/>') + paragraph("Two years on frames.")
    article = read_docx(docx(body), name="warranty.docx", stem="Warranty paper")
    assert article.title == "Warranty"
    assert "Two years on frames." in article.markdown


@pytest.mark.parametrize(
    ("rows", "texts"),
    [
        (["Country Fee Days", "Norway 9 4"], ["• Norway – Fee: 9; Days: 4"]),
        (["E-mail a@b.example", "Phone 123"], ["• E-mail: a@b.example", "• Phone: 123"]),
    ],
)
def test_table_of_a_word_document_names_its_columns_and_loses_no_row(
    tmp_path: Path, rows: list[str], texts: list[str]
) -> None:
    def cell(text: str) -> str:
        return f"<w:tc><w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:tc>"

    table = "".join(f"<w:tr>{''.join(map(cell, row.split()))}</w:tr>" for row in rows)
    path = written(tmp_path / "fees.docx", docx(f"<w:tbl>{table}</w:tbl>"))
    (document,) = read_file(path, Given(), "s", item="fees.docx").documents
    assert [block.text for block in document.blocks] == texts


@pytest.mark.parametrize("raw", [b"", b"PK\x03\x04 cut", b"\xd0\xcf\x11\xe0 an encrypted one is no zip file"])
def test_word_document_that_is_none_is_refused(raw: bytes) -> None:
    with pytest.raises(DocumentRejected, match="no DOCX"):
        read_docx(raw, name="x.docx", stem="x")


def test_word_document_with_entities_or_of_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = docx("", **{"word/document.xml": '<!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>'})
    with pytest.raises(DocumentRejected, match="entities"):
        read_docx(bomb, name="x.docx", stem="x")
    monkeypatch.setattr("knowledge.reading.docx.MAX_UNPACKED_BYTES", 100)
    with pytest.raises(DocumentRejected, match="unpacks"):
        read_docx(docx("<w:p/>"), name="x.docx", stem="x")


def test_pdf_keeps_headings_and_joins_lines_to_paragraphs() -> None:
    raw = pdf(
        ("Assembly", 24, 700),
        ("Put the legs into the frame and turn them until", 11, 660),
        ("they hold. This takes ten minutes.", 11, 647),
        ("Tools", 16, 610),
        ("A hex key is in the box.", 11, 590),
    )
    article = read_pdf(raw, name="sofa.pdf", stem="Sofa")
    assert article.title == "Assembly"
    assert article.markdown == (
        "# Assembly\n\nPut the legs into the frame and turn them until they hold. This takes ten minutes.\n\n"
        "## Tools\n\nA hex key is in the box."
    )


@pytest.mark.parametrize("bullet", ["(cid:127)", "\uf0b7", "■"])
def test_bullets_of_a_symbol_font_are_bullets(bullet: str) -> None:
    assert _BULLET.match(_readable(f"{bullet}  Turn it (cid:3)off."))
    assert _readable(f"{bullet}  Turn it (cid:3)off.").endswith(" Turn it off.")
    assert _readable("(cid:1)(cid:2) (cid:3)") == ""


def test_table_of_two_columns_in_a_pdf_loses_no_row() -> None:
    assert _table(_Table((("E-mail", "a@b.example"), ("Phone", "1")), 0)).splitlines() == [
        "|  |  |",
        "| --- | --- |",
        "| E-mail | a@b.example |",
        "| Phone | 1 |",
    ]


def test_pdf_without_text_and_what_is_no_pdf_are_refused() -> None:
    with pytest.raises(DocumentRejected, match=r"OCR"):
        read_pdf(pdf(), name="scan.pdf", stem="scan")
    assert "OCR" in NO_TEXT
    with pytest.raises(DocumentRejected, match="damaged"):
        read_pdf(b"no pdf at all", name="x.pdf", stem="x")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_list_of_questions_is_read_in_each_usual_form(tmp_path: Path, encoding: str, mark: str) -> None:
    rows = [
        ["Question", "Answer", "product"],
        ["How do I wash it?", "By hand, é.", "Willow"],
        ["Empty?", "", ""],
    ]
    path = written(
        tmp_path / "faq.csv",
        "\n".join(mark.join(f'"{cell}"' for cell in row) for row in rows).encode(encoding),
    )
    reading = read_file(path, Given(audience=Audience.SIGNED_IN, language="en"), "faq", item="faq.csv")
    (document,) = reading.documents
    assert (document.title, document.product, document.audience) == (
        "How do I wash it?",
        "Willow",
        Audience.SIGNED_IN,
    )
    assert [str(error) for error in reading.rejected] == ["faq.csv, line 3: its answer is empty"]


@pytest.mark.parametrize("header", ["question,answer", '"question","answer"'])
def test_cell_with_quotes_commas_and_line_ends_is_one_answer(tmp_path: Path, header: str) -> None:
    text = (
        f'{header}\n"Who, then?","He said ""hello, you"", and left;\nthen he came back, twice."\nNext?,Yes.\n'
    )
    documents = read_file(written(tmp_path / "x.csv", text), Given(), "x", item="x.csv").documents
    assert [(one.title, " ".join(block.text for block in one.blocks)) for one in documents] == [
        ("Who, then?", 'He said "hello, you", and left; then he came back, twice.'),
        ("Next?", "Yes."),
    ]


def test_row_with_more_cells_than_columns_is_refused_rather_than_cut(tmp_path: Path) -> None:
    text = "question,answer\nHow long?,Ten days, but not at Easter.\nHow much?,Nothing.,,\n"
    reading = read_file(written(tmp_path / "x.csv", text), Given(), "x", item="x.csv")
    assert [one.title for one in reading.documents] == ["How much?"]
    assert "more cells" in str(reading.rejected[0])


def test_question_with_several_answers_keeps_each_with_its_reader(tmp_path: Path) -> None:
    text = (
        "question,answer,product,audience\nHow do I reset it?,Red button.,Lamp,\nHow do I reset it?,Pull the plug.,Fan,\n"
        "How do I reset it?,Code 77.,,agents\nHow do I reset it?,Red button.,Lamp,\n"
    )
    documents = read_file(written(tmp_path / "x.csv", text), Given(), "x", item="x.csv").documents
    assert [(one.blocks[0].text, one.product, one.audience.value) for one in documents] == [
        ("Red button.", "Lamp", "public"),
        ("Pull the plug.", "Fan", "public"),
        ("Code 77.", "", "agents"),
    ]
    assert len({one.document_id for one in documents}) == 3


def test_language_of_a_row_is_a_tag(tmp_path: Path) -> None:
    path = written(tmp_path / "x.csv", "question,answer,language\nHow?,So.,German\n")
    assert "no tag" in str(read_file(path, Given(), "x", item="x.csv").rejected[0])


def test_lines_of_json_may_hold_any_text_and_only_texts(tmp_path: Path) -> None:
    text = (
        '{"Question": "One?", "Answer": "a\u2028b\x85c", "Audience": "agents"}\r\n{"question": ["x"], "answer": "y"}\n'
        '{"question": "Two?", "answer": {"b": 1}}'
    )
    reading = read_file(written(tmp_path / "a.jsonl", text), Given(), "a", item="a.jsonl")
    assert [(one.title, one.audience.value) for one in reading.documents] == [("One?", "agents")]
    assert [str(error) for error in reading.rejected] == [
        "a.jsonl, line 2: its question is no text",
        "a.jsonl, line 3: its answer is no text",
    ]


def test_table_without_the_columns_says_which_it_needs(tmp_path: Path) -> None:
    reading = read_file(written(tmp_path / "x.csv", "q,a\n1,2"), Given(), "x", item="x.csv")
    assert "needs the columns question and answer" in str(reading.rejected[0])
    assert "names q, a" in str(reading.rejected[0])


def test_lines_of_json_are_read_and_faulty_ones_told(tmp_path: Path) -> None:
    text = '{"question": "Do you ship to Norway?", "answer": "Yes."}\n[1]\n{"question": "x"}\n'
    reading = read_file(written(tmp_path / "a.jsonl", text), Given(), "a", item="a.jsonl")
    assert len(reading.documents) == 1
    assert [error.path for error in reading.rejected] == ["a.jsonl, line 2", "a.jsonl, line 3"]


def test_folder_is_read_but_for_hidden_files_links_and_other_kinds(tmp_path: Path) -> None:
    folder = tmp_path / "help centre ä"
    written(folder / "a.md", "---\ntitle: A\naudience: agents\n---\nText.")
    written(folder / "b" / "plain.txt", "# Plain\n\nWords.")
    written(folder / "broken.pdf", "no pdf")
    for passed_over in (".git/x.md", "photo.png", "README.md"):
        written(folder / passed_over, "x")
    (folder / "loop").symlink_to(folder, target_is_directory=True)
    (folder / "link.md").symlink_to(tmp_path / "elsewhere.md")
    items = {path.relative_to(folder).as_posix(): path for path in list_files(folder)}
    readings = {
        item: read_file(path, Given(product="Sofa"), "src", item=item) for item, path in items.items()
    }
    assert set(readings) == {"a.md", "b/plain.txt", "broken.pdf"}
    assert readings["a.md"].documents[0].document_id == "src/a"
    assert readings["a.md"].documents[0].audience is Audience.AGENTS
    assert {document.product for reading in readings.values() for document in reading.documents} == {"Sofa"}
    assert readings["broken.pdf"].rejected


def test_folder_of_which_a_part_cannot_be_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(tmp_path / "a.md", "Words.")
    written(tmp_path / "locked" / "b.md", "Words.")
    scan = os.scandir

    def guarded(path: str) -> object:
        if str(path).endswith("locked"):
            raise PermissionError(13, "no", str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", guarded)
    with pytest.raises(DocumentRejected, match="cannot be read"):
        list_files(tmp_path)


def test_audience_of_a_source_holds_for_every_article_that_says_none(tmp_path: Path) -> None:
    path = written(tmp_path / "a.md", "---\ntitle: A\n---\nText.")
    (document,) = read_file(path, Given(audience=Audience.AGENTS), "src", item="a.md").documents
    assert document.audience is Audience.AGENTS
    assert document.url == ""


@pytest.mark.parametrize("name", ["a.md", "a.markdown", "a.txt", "A.MD"])
@pytest.mark.parametrize("before", ["", "\ufeff", "\n \n", " "])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_front_matter_says_who_may_read_whatever_the_file_is_called_and_how_it_is_written(
    tmp_path: Path, name: str, before: str, encoding: str, end: str
) -> None:
    text = f"{before}---\nTitle: Vouchers\nAudience: agents\n---\nThe code is 77.".replace("\n", end)
    (document,) = read_file(
        written(tmp_path / name, text.encode(encoding)), Given(), "s", item=name
    ).documents
    assert (document.title, document.audience) == ("Vouchers", Audience.AGENTS)
    assert [block.text for block in document.blocks] == ["The code is 77."]


def test_page_of_markdown_may_say_in_front_matter_who_may_read_it() -> None:
    body = b"---\ntitle: Vouchers\naudience: agents\n---\nThe code is 77."
    fetched = Fetched("https://help.example/v.md", "text/markdown", None, body, "")
    (document,) = read_fetched(fetched, fetched.url, Given(), "s").documents
    assert (document.title, document.audience, document.url) == ("Vouchers", Audience.AGENTS, fetched.url)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("---\naudience: agents\n\nThe code is 77.", "not closed"),
        ("+++\naudience = 'agents'\n+++\nThe code is 77.", "TOML"),
        ("---\naudience: staff\n---\nThe code is 77.", "none of public"),
    ],
)
def test_front_matter_that_cannot_be_told_is_refused(tmp_path: Path, text: str, reason: str) -> None:
    reading = read_file(written(tmp_path / "a.md", text), Given(), "s", item="a.md")
    assert not reading.documents
    assert reason in str(reading.rejected[0])


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("---\nsidebar_position: 2\n---\n\n# Returns\n\nSend it back.", "Returns"),
        ("---\nsidebar_position: 2\n---\nSend it back.", "Send back"),
        ("---\n\nSend it back.\n\n---\n\nIn its box.", "Send back"),
    ],
)
def test_title_that_front_matter_lacks_is_the_first_heading_or_the_files_name(
    tmp_path: Path, text: str, title: str
) -> None:
    (document,) = read_file(written(tmp_path / "send-back.md", text), Given(), "s", item="x.md").documents
    assert document.title == title
    assert document.blocks[0].text == "Send it back."


def test_language_of_an_article_that_does_not_say_it_is_found_in_its_text(tmp_path: Path) -> None:
    path = written(
        tmp_path / "a.md", "---\ntitle: Rückgabe\n---\nSie können das Sofa dreißig Tage lang zurückgeben."
    )
    (document,) = read_file(path, Given(), "src", item="a.md").documents
    assert document.language == "de"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("How long do I have to send a sofa back to the shop?", "en"),
        ("Wie lange kann ich das Sofa an das Geschäft zurückgeben?", "de"),
        ("退货需要多长时间？请问运费由谁承担？", "zh"),
        ("ok", "en"),
    ],
)
def test_language_is_found_in_the_text(text: str, language: str) -> None:
    assert detect_language(text) == language


@pytest.mark.parametrize(
    "page",
    [
        "<h1>Returns<p>You have 30 days.<h2>How<ul><li>pack it</li></ul>",
        "<main><h1><b>Returns</b><p>You have 30 days.</p><h2>How<ul><li>pack it</li></ul></main>",
    ],
)
def test_a_heading_that_is_never_closed_ends_where_a_block_begins(page: str) -> None:
    article = read_html(page.encode(), name="page")
    assert article.title == "Returns"
    assert "\n\nYou have 30 days.\n\n## How\n\n* pack it" in article.markdown


def test_a_heading_may_hold_a_block_that_is_all_of_it() -> None:
    article = read_html(b"<h1><p>Returns</p></h1><p>You have 30 days.</p>", name="page")
    assert article.markdown.split() == ["#", "Returns", "You", "have", "30", "days."]
