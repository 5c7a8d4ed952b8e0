"""Corpora of several kinds from the sets of the data folder; no test part of them is read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from bench.knowledge.experience import main, read_corpora
from knowledge.documents import plain_document


def write(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def judge(path: Path, pairs: Sequence[tuple[str, str, int]]) -> None:
    lines = ["query-id\tdoc-id\trelevance", *("\t".join(map(str, pair)) for pair in pairs)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    faq, scifact, bitext = (tmp_path / name for name in ("stackfaq", "scifact", "bitext_customer_service"))
    threads = ("d0", "d1", "d2")
    write(
        faq / "corpus.jsonl",
        [{"id": f"{t}_{n}", "title": t, "text": f"{t} {n}"} for t in threads for n in (0, 1)],
    )
    write(faq / "queries.jsonl", [{"id": f"q{t}", "text": f"about {t}?"} for t in threads])
    judge(faq / "qrels.tsv", [(f"q{t}", f"{t}_{n}", 1) for t in threads for n in (0, 1)])
    write(scifact / "corpus.jsonl", [{"id": n, "title": f"t{n}", "text": f"x{n}"} for n in range(3)])
    write(scifact / "train_queries.jsonl", [{"id": 7, "text": "a claim"}, {"id": 8, "text": "unjudged"}])
    judge(scifact / "train_qrels.tsv", [("7", "1", 1), ("7", "2", 0)])
    write(bitext / "responses.jsonl", [{"intent": "refund", "response": f"r{n}"} for n in range(3)])
    write(bitext / "train.jsonl", [{"intent": "refund", "text": "money back"}])
    write(bitext / "valid.jsonl", [{"intent": "refund", "text": "refund me"}, {"intent": "x", "text": "y"}])
    write(tmp_path / "banking77" / "train_5shot.jsonl", [{"intent": "card", "text": "my card"}])
    write(
        tmp_path / "banking77" / "train.jsonl", [{"intent": "card", "text": t} for t in ("my card", "card?")]
    )
    return tmp_path


def test_every_kind_is_made_and_asked_what_its_documents_answer(data: Path) -> None:
    corpora = {corpus.name: corpus for corpus in read_corpora(data)}
    assert len(corpora) == 10
    for corpus in corpora.values():
        known = {one.document_id for one in corpus.documents}
        assert corpus.questions
        assert all(relevant and relevant <= known for _, relevant in corpus.questions)
    assert [text for text, _ in corpora["faq"].questions] == ["about d0?", "about d2?"]
    assert {one.title for one in corpora["faq-bodies"].documents} == {""}
    assert [one.document_id for one in corpora["faq-small"].documents] == ["d0_0", "d2_0"]
    assert corpora["abstracts"].questions == [("a claim", frozenset({"1"}))]
    assert corpora["questions"].documents == [plain_document("refund-0", "money back", "")]
    assert corpora["banking"].questions == [("card?", frozenset({"card-0"}))]


def test_a_missing_data_folder_is_said_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--data", str(tmp_path / "nowhere")]) == 2
    assert "--data" in capsys.readouterr().err
