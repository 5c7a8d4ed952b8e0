"""A retrieval set is measured with every method in one run, and told in files."""

import json
from collections.abc import Callable, Sequence
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from knowledge.build import BuildConfig
from knowledge.encoder import Encoder, FloatArray
from knowledge.index import Method
from knowledge.report.files import write_report
from knowledge.reranker import Reranker
from knowledge.retrieval import Asked, RetrievalReport, answering, evaluate_retrieval, rejects

Measure = Callable[..., RetrievalReport]


def lines(path: Path, *objects: object) -> Path:
    path.write_text("".join(json.dumps(item) + "\n" for item in objects), encoding="utf-8")
    return path


@pytest.fixture
def measure(tmp_path: Path, tiny: Encoder) -> Measure:
    def run(
        documents: list[tuple[str, str, str]],
        queries: dict[str, str],
        judged: list[tuple[str, str, int]],
        reranker: Reranker | None = None,
    ) -> RetrievalReport:
        corpus = lines(
            tmp_path / "corpus.jsonl",
            *({"id": i, "title": title, "text": text} for i, title, text in documents),
        )
        asked = lines(tmp_path / "queries.jsonl", *({"id": i, "text": text} for i, text in queries.items()))
        qrels = tmp_path / "qrels.tsv"
        rows = "".join(f"{query}\t{doc}\t{grade}\n" for query, doc, grade in judged)
        qrels.write_text("query-id\tdoc-id\trelevance\n" + rows)
        config = BuildConfig(passage_tokens=60)
        return evaluate_retrieval(
            corpus, asked, qrels, tmp_path / "work", config, load_encoder=lambda _: tiny, reranker=reranker
        )

    return run


DOCUMENTS = [
    ("1", "Returning a lamp", "Send it back."),
    ("2", "Delivery to Austria", "Two days.\nBy van."),
    ("3", "", "The warranty lasts two years."),
]


def test_every_method_is_measured_in_one_run(measure: Measure) -> None:
    report = measure(DOCUMENTS, {"q": "returning lamp", "unjudged": "x"}, [("q", "1", 1), ("q", "2", 0)])
    written = report.to_json()
    assert written["served"] == "hybrid"
    for method in Method:
        measured = written[method.value]
        assert measured["ndcg_at_10"] == 1.0
        assert measured["queries"] == 1
        assert {f"recall_at_{k}" for k in (1, 5, 10, 100)} <= measured.keys()
        assert {"mrr_at_10", "map", "p_at_5"} <= measured.keys()
    assert written["notes"] == ["1 query has no judgement and is left out"]
    assert written["answering"]["answerable"] == written["answering"]["unanswerable"] == 1
    assert written["answering"]["answerable_auroc"] == 1.0


class Wanting:
    """Puts the texts with a word first."""

    reranker_id = "wanting"

    def scores(self, question: str, texts: Sequence[str]) -> FloatArray:
        return np.asarray(["warranty" in text for text in texts], dtype=np.float32)


def test_a_reranker_is_measured_beside_the_others(measure: Measure, tmp_path: Path) -> None:
    report = measure(DOCUMENTS, {"q": "returning lamp years"}, [("q", "3", 1)], reranker=Wanting())
    assert report.metrics["reranked"].ndcg_at_10 == 1.0 > report.metrics["hybrid"].ndcg_at_10
    assert report.to_json()["served"] == "hybrid"
    assert report.latency.rerank_p50 > 0
    write_report(report, tmp_path / "report")
    assert ">reranked<" in (tmp_path / "report" / "report.html").read_text()


def test_a_query_without_its_documents_is_unanswerable_and_never_right(measure: Measure) -> None:
    report = measure(
        DOCUMENTS, {"q": "returning lamp", "none": "warranty years"}, [("q", "1", 1), ("none", "3", 0)]
    )
    assert [(one.is_answerable, one.is_right) for one in report.asked] == [
        (True, True),
        (False, False),
        (False, False),
    ]


@pytest.mark.parametrize(
    "documents",
    [
        [("only", "Lamps", "Send it back.")],
        [("a", "", "lamp"), ("b", "", "van"), ("c", "", "x")],
        [("a", "Same", "lamp one"), ("b", "Same", "van two"), ("c", "Same", "shelf three")],
        [("a", "", "退货政策是什么"), ("b", "", "配送费用多少"), ("c", "", "保修期两年")],
        [("a", "", ""), ("b", "", "lamp"), ("c", "...", "!!!")],
        [("a", "Long", "lamp " * 3000), ("b", "", "van " * 2000)],
    ],
    ids=["one document", "no titles", "one title", "Chinese", "empty documents", "long documents"],
)
def test_odd_corpora_are_measured(
    measure: Measure, documents: list[tuple[str, str, str]], tmp_path: Path
) -> None:
    queries = {name: f"{title} {text}"[:200] for name, title, text in documents if (title + text).strip(".!")}
    report = measure(
        documents, {**queries, "empty": "", "signs": "?!"}, [(name, name, 1) for name in queries]
    )
    assert report.metrics["hybrid"].ndcg_at_10 == 1.0
    assert report.metrics["bm25"].recall_at_1 == 1.0
    write_report(report, tmp_path / "report")


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [tag, *(f"{name}={value}" for name, value in attrs if name in {"src", "href"})]


def test_the_page_tells_the_worst_queries_and_escapes_what_they_hold(
    measure: Measure, tmp_path: Path
) -> None:
    report = measure(
        [*DOCUMENTS, ("4", "<img src=x onerror=alert(1)>", "unlike anything")],
        {"good": "returning lamp", "bad": "<script>alert(2)</script> returning lamp"},
        [("good", "1", 1), ("bad", "4", 1), ("bad", "gone", 1)],
    )
    write_report(report, tmp_path / "report")
    page = (tmp_path / "report" / "report.html").read_text()
    tags = Tags()
    tags.feed(page)
    assert tags.found.count("script") == 1
    assert not {"img", "link", "iframe"} & set(tags.found)
    assert not [tag for tag in tags.found if "=" in tag]
    assert "prefers-color-scheme: dark" in page
    assert "&lt;script&gt;alert(2)" in page
    assert "gone" in page
    told = [json.loads(line) for line in (tmp_path / "report" / "queries.jsonl").read_text().splitlines()]
    assert [one["id"] for one in told] == ["bad", "good"]
    assert {"id": "gone", "place": None} in told[0]["relevant"]
    metrics = json.loads((tmp_path / "report" / "metrics.json").read_text())
    assert metrics["served"] in metrics


def test_what_comes_of_the_dial_is_counted_with_its_interval() -> None:
    asked = [
        Asked(True, True, 0.9),
        Asked(True, False, 0.8),
        Asked(False, False, 0.3),
        Asked(True, True, 0.2),
    ]
    counted = answering(asked, 0.5, 0.05)
    assert (counted["answered"], counted["wrong"], counted["answered_right"]) == (0.5, 0.25, 0.3333)
    assert counted["wrong_low"] < 0.25 < counted["wrong_high"]
    assert rejects(asked, 4) == [(0.25, 1.0), (0.5, 0.5), (0.75, 0.3333), (1.0, 0.5)]
