"""Questions that an article lists lead to it, and to the passage they are nearest to."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from knowledge.base import KnowledgeBase
from knowledge.build import BuildReport
from knowledge.documents import parse_document
from knowledge.errors import DocumentRejected
from knowledge.index import Method

QUESTIONED = """---
title: Gift cards
audience: {audience}
questions:
  - does my voucher expire
  - where do I type the code of my present
  - where do I type the code of my present
---
A gift card does expire after five years.

## Paying

Type the code of the card in the basket.
"""


@pytest.fixture
def base(
    articles: Path, build_tiny: Callable[..., BuildReport], tmp_path: Path, tiny: object
) -> KnowledgeBase:
    (articles / "gift-cards.md").write_text(QUESTIONED.format(audience="public"))
    (articles / "hidden.md").write_text(QUESTIONED.format(audience="agents"))
    build_tiny(articles)
    return KnowledgeBase(tmp_path / "root", load_encoder=lambda _: tiny)  # type: ignore[arg-type, return-value]


def test_each_question_goes_to_its_nearest_passage_once(base: KnowledgeBase) -> None:
    passages = {p.passage_id: p for p in base.index.passages}
    assert passages["gift-cards#0"].questions == ("does my voucher expire",)
    assert passages["gift-cards#1"].questions == ("where do I type the code of my present",)


def test_a_listed_question_finds_its_passage(base: KnowledgeBase) -> None:
    answer = base.answer("where do I type the code of my present", min_confidence=0)
    assert answer is not None
    assert (answer.source.passage_id, answer.text) == (
        "gift-cards#1",
        "Type the code of the card in the basket.",
    )


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    query=st.lists(
        st.sampled_from(["voucher", "expire", "code", "present", "lamp", "card", "type"]), min_size=1
    ).map(" ".join)
)
def test_a_passage_is_as_near_as_the_nearest_of_its_vectors(base: KnowledgeBase, query: str) -> None:
    index = base.index
    prepared = index.prepare(query, base.encoder)
    everything = index.only(np.ones(len(index), dtype=np.bool_))
    ranking = index.rank(prepared, everything, method=Method.DENSE)
    entries = index.dense.scores(prepared.vector, np.arange(index.dense.size))
    texts = [1 + len(passage.questions) for passage in index.passages]
    ends = np.cumsum(texts)
    expected = sorted(
        (entries[end - size : end].max() for end, size in zip(ends, texts, strict=True)), reverse=True
    )
    assert [ranked.score for ranked in ranking] == pytest.approx(expected, abs=1e-5)
    assert len({ranked.row for ranked in ranking}) == len(index)


def test_questions_of_hidden_articles_lead_nowhere(base: KnowledgeBase) -> None:
    hits = base.search("does my voucher expire", 50)
    assert hits[0].document_id == "gift-cards"
    assert "hidden" not in {hit.document_id for hit in hits}


@pytest.mark.parametrize("value", ["one string", "[1, 2]", "{a: b}"])
def test_questions_that_are_no_list_of_sentences_are_refused(value: str) -> None:
    with pytest.raises(DocumentRejected):
        parse_document(f"---\ntitle: T\nquestions: {value}\n---\nx", document_id="t")
