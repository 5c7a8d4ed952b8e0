"""Files of a retrieval set are read, or refused by line and with what would be right."""

import json
from pathlib import Path

import pytest

from knowledge.errors import RetrievalSetInvalid
from knowledge.retrieval_set import RetrievalSet, read_retrieval_set

CORPUS = (
    '{"id": "a", "title": "Lamps", "text": "Return them."}\n{"id": "b", "title": "", "text": "Delivery."}\n'
)
QUERIES = '{"id": "q", "text": "lamp"}\n{"id": "r", "text": "van"}\n'
QRELS = "query-id\tdoc-id\trelevance\nq\ta\t1\nr\tb\t2\n"


def read(
    folder: Path, *, corpus: str | bytes = CORPUS, queries: str = QUERIES, qrels: str = QRELS
) -> RetrievalSet:
    paths = [folder / "corpus.jsonl", folder / "queries.jsonl", folder / "qrels.tsv"]
    for path, text in zip(paths, (corpus, queries, qrels), strict=True):
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_retrieval_set(*paths)


def test_a_whole_set_is_read_without_notes(tmp_path: Path) -> None:
    found = read(tmp_path)
    assert [document.document_id for document in found.documents] == ["a", "b"]
    assert found.queries == (("q", "lamp"), ("r", "van"))
    assert found.relevant == {"q": {"a": 1}, "r": {"b": 2}}
    assert (found.unanswerable, found.notes) == ((), ())


@pytest.mark.parametrize(
    "qrels",
    [
        "q\ta\t1\nr\tb\t2\n",
        "q 0 a 1\nr 0 b 2\n",
        "query-id\tcorpus-id\tscore\r\nq\ta\t1.0\r\nr\tb\t2\r\n\r\n",
    ],
)
def test_judgements_come_without_header_in_four_columns_or_with_windows_line_ends(
    tmp_path: Path, qrels: str
) -> None:
    assert read(tmp_path, qrels=qrels).relevant == {"q": {"a": 1}, "r": {"b": 2}}


def test_other_names_of_id_numbers_nulls_marks_and_line_separators_are_read(tmp_path: Path) -> None:
    odd = json.dumps({"_id": 7, "title": None, "text": "one\u2028two", "metadata": {}}, ensure_ascii=False)
    found = read(
        tmp_path,
        corpus=b"\xef\xbb\xbf" + odd.encode() + b'\n\n{"id": "t", "title": "only a title"}\n',
        qrels="h\th\th\nq\t7\t1\n",
    )
    assert [document.document_id for document in found.documents] == ["7", "t"]
    assert found.relevant == {"q": {"7": 1}}


def test_what_is_odd_is_counted(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        corpus=CORPUS + '{"id": "a", "text": "again"}\n{"id": "e", "text": " "}\n',
        queries=QUERIES + '{"id": "none", "text": "x"}\n{"id": "unjudged", "text": ""}\n',
        qrels=QRELS + "none\ta\t0\nq\tgone\t1\nr\tb\t0\nr\tgone\t1\nother\ta\t1\n",
    )
    assert found.unanswerable == (("none", "x"),)
    assert found.relevant["q"] == {"a": 1, "gone": 1}
    told = " | ".join(found.notes)
    for note in (
        "1 document id stands twice",
        "1 document has neither title nor text",
        "1 query is empty",
        "1 query has no judgement and is left out",
        "1 query is judged to have no relevant document",
        "1 judged query is not among the queries",
        "2 judgements name documents that are not in the corpus",
        "1 query has no relevant document in the corpus",
    ):
        assert note in told


@pytest.mark.parametrize(
    ("files", "name", "told"),
    [
        ({"corpus": CORPUS + "{broken\n"}, "corpus.jsonl", "line 3: it is not JSON"),
        ({"corpus": "[1]\n"}, "corpus.jsonl", "line 1: it is no JSON object"),
        ({"corpus": '{"title": "x", "text": "y"}\n'}, "corpus.jsonl", "line 1: it has no id"),
        ({"corpus": '{"id": "x", "text": 3}\n'}, "corpus.jsonl", 'no "text" that is a string'),
        ({"corpus": "\n"}, "corpus.jsonl", "it is empty"),
        ({"corpus": b"\xff\xfe\n"}, "corpus.jsonl", "not UTF-8"),
        ({"queries": '{"id": "q"}\n'}, "queries.jsonl", 'line 1: it has no "text"'),
        ({"queries": ""}, "queries.jsonl", "it is empty"),
        ({"qrels": ""}, "qrels.tsv", "no judgement"),
        ({"qrels": "query-id\tdoc-id\trelevance\n"}, "qrels.tsv", "no judgement"),
        ({"qrels": QRELS + "q\ta\n"}, "qrels.tsv", "line 4: it has 2 columns"),
        ({"qrels": QRELS + "q\ta\tyes\n"}, "qrels.tsv", "line 4: its relevance is no whole number: 'yes'"),
        ({"qrels": "x\ta\t1\n"}, "qrels.tsv", "'x' in qrels.tsv, 'q' in queries.jsonl"),
        ({"qrels": "q\tz\t1\n"}, "qrels.tsv", "'z' in qrels.tsv"),
    ],
)
def test_bad_files_are_refused_with_what_is_right(
    tmp_path: Path, files: dict[str, str], name: str, told: str
) -> None:
    with pytest.raises(RetrievalSetInvalid) as refusal:
        read(tmp_path, **files)
    assert refusal.value.path.endswith(name)
    assert told in str(refusal.value)


def test_a_missing_file_is_said_to_be_missing(tmp_path: Path) -> None:
    read(tmp_path)
    with pytest.raises(RetrievalSetInvalid, match="no such file"):
        read_retrieval_set(tmp_path / "none", tmp_path / "queries.jsonl", tmp_path / "qrels.tsv")
