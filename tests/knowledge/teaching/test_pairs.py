from pathlib import Path

import pytest

from knowledge.documents import plain_document
from knowledge.errors import PairsInvalid
from knowledge.teaching import pairs as pairs_module
from knowledge.teaching.pairs import Pair, read_pairs
from knowledge.teaching.topics import gather_material


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_bytes(text.encode("utf-8"))
    return path


def test_pairs_are_read_from_csv_and_json_lines_alike(tmp_path: Path) -> None:
    wanted = [Pair("Where is it?", answer="On its way,\nas we say."), Pair("How much?", document_id="prices")]
    csv = '\ufeffQuestion;Answer;document\nWhere is it?;"On its way,\nas we say.";\nHow much?;;prices\n'
    lines = (
        '{"question": "Where is it?", "answer": "On its way,\\nas we say."}\n\n'
        '{"question": "How much?", "document": "prices"}\n'
    )
    assert read_pairs(write(tmp_path, "a.csv", csv)) == wanted
    assert read_pairs(write(tmp_path, "a.jsonl", lines)) == wanted


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("a.csv", "", "names no question"),
        ("a.csv", "query,answer\na,b\n", "names no question"),
        ("a.csv", "question,reply\na,b\n", "neither answer nor document"),
        ("a.csv", "question,answer\n", "holds no pair"),
        ("a.csv", "question,answer\n,b\n", "line 2 has no question"),
        ("a.csv", "question,answer\na,\n", "line 2 needs an answer or a document"),
        ("a.csv", "question,answer,document\na,b,c\n", "not both"),
        ("a.csv", "question,answer\na," + "x" * 140_000, "is not CSV"),
        ("a.jsonl", "", "holds no pair"),
        ("a.jsonl", '{"question": "a"', "line 1 is not JSON"),
        ("a.jsonl", "[1]", "line 1 is no object"),
        ("a.jsonl", '{"question": 1, "answer": "b"}', "its question is no text"),
        ("a.jsonl", "[" * 100_000, "line 1 is not JSON"),
    ],
)
def test_what_is_wrong_with_a_file_is_said(tmp_path: Path, name: str, text: str, reason: str) -> None:
    with pytest.raises(PairsInvalid, match=reason):
        read_pairs(write(tmp_path, name, text))


def test_a_file_that_is_not_there_not_utf8_or_too_large_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(PairsInvalid, match="cannot be read"):
        read_pairs(tmp_path / "nowhere.csv")
    (tmp_path / "latin.csv").write_bytes("question,answer\nWo ist die Tür?,da\n".encode("latin-1"))
    with pytest.raises(PairsInvalid, match="not UTF-8"):
        read_pairs(tmp_path / "latin.csv")
    good = write(tmp_path, "a.csv", "question,answer\na,b\nc,d\n")
    monkeypatch.setattr(pairs_module, "MAX_PAIRS", 1)
    with pytest.raises(PairsInvalid, match="more than 1 pairs"):
        read_pairs(good)
    monkeypatch.setattr(pairs_module, "MAX_PAIRS_BYTES", 10)
    with pytest.raises(PairsInvalid, match="larger than 10 bytes"):
        read_pairs(good)


def test_pairs_give_documents_their_questions_and_answers_become_documents() -> None:
    prices = plain_document("prices", "Prices", "A lamp costs 20 euro.")
    material = gather_material(
        [prices],
        [
            Pair("how much", document_id="prices"),
            Pair("how much", document_id="prices"),
            Pair("when", answer="On Monday."),
            Pair("which day", answer="on  monday."),
            Pair("who", document_id="people"),
        ],
    )
    first, second = material.documents
    assert first.questions == ("how much",)
    assert second.questions == ("when", "which day")
    assert second.blocks[0].text == "On Monday."
    assert material.questions == 3
    assert material.unknown == ("people",)
