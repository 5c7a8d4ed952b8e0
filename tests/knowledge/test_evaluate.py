import json
from collections.abc import Callable
from pathlib import Path

import pytest

from knowledge.base import KnowledgeBase
from knowledge.build import BuildReport
from knowledge.errors import RetrievalSetInvalid
from knowledge.evaluate import evaluate_answers
from knowledge.metrics import auroc, average_precision, mean_metrics, ndcg, precision, recall, reciprocal_rank

RANKING = ["a", "b", "c", "d"]
GRADES = {"b": 2, "d": 1, "z": 1}


def test_measures_agree_with_sums_by_hand() -> None:
    gain = 2 / 1.5849625 + 1 / 2.3219281
    best = 2 + 1 / 1.5849625 + 1 / 2
    assert ndcg(RANKING, GRADES, 10) == pytest.approx(gain / best)
    assert recall(RANKING, GRADES, 2) == pytest.approx(1 / 3)
    assert precision(RANKING, GRADES, 5) == pytest.approx(2 / 5)
    assert reciprocal_rank(RANKING, GRADES) == 0.5
    assert average_precision(RANKING, GRADES) == pytest.approx((1 / 2 + 2 / 4) / 3)


def test_nothing_relevant_or_nothing_found_measures_zero() -> None:
    for ranking, grades in (([], GRADES), (RANKING, {})):
        values = [ndcg(ranking, grades, 10), recall(ranking, grades, 5), average_precision(ranking, grades)]
        assert values == [0, 0, 0]
    assert mean_metrics([], []).queries == 0


def lines(path: Path, *objects: object) -> Path:
    path.write_text("".join(json.dumps(item) + "\n" for item in objects), encoding="utf-8")
    return path


def test_auroc_agrees_with_counting_pairs() -> None:
    assert auroc([0.9, 0.5, 0.5], [0.5, 0.1]) == pytest.approx((2 + 1.5 + 1.5) / 6)
    assert auroc([], [0.5]) == 0.5


def test_answers_are_counted_right_wrong_and_withheld(
    articles: Path, build_tiny: Callable[..., BuildReport], tmp_path: Path, tiny: object
) -> None:
    build_tiny(articles)
    base = KnowledgeBase(tmp_path / "root", load_encoder=lambda _: tiny)  # type: ignore[arg-type, return-value]
    questions = lines(
        tmp_path / "questions.jsonl",
        {"id": "1", "text": "what delivery costs", "article": "delivery"},
        {"id": "2", "text": "how long the warranty lasts", "article": "warranty"},
        {"id": "3", "text": "zebra crossing", "article": None},
    )
    report = evaluate_answers(base.index, base.encoder, questions)
    assert (report.questions, report.answerable) == (3, 2)
    assert (report.first, report.first_three, report.answerable_auroc) == (1.0, 1.0, 1.0)
    assert report.right_at_5_percent_wrong == 1.0
    with pytest.raises(RetrievalSetInvalid):
        evaluate_answers(base.index, base.encoder, lines(tmp_path / "empty.jsonl"))
