import itertools
import zlib
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.assembly import assemble, embedded_texts
from knowledge.documents import plain_document, split_passages
from knowledge.embeddings import Embeddings
from knowledge.encoder import FloatArray, Progress
from knowledge.fusion import Side, best_first, dense_weight, fuse, supported, trust_in_meaning
from knowledge.vectors import passage_vectors, title_lean, unit_rows
from tests.knowledge.conftest import TinyEncoder


def side(scores: list[float], *, certainty: float = 0.5, prominence: float = 5.0, floor: float = 0.0) -> Side:
    array = np.asarray(scores, dtype=np.float32)
    return Side(array, floor, float(array.max()), certainty, prominence)


numbers = st.lists(st.floats(0, 1, width=32), min_size=4, max_size=4)
certainties = st.floats(0, 1)


@given(numbers, numbers, certainties, certainties, st.floats(0.3, 0.7))
def test_fused_scores_are_shares_and_raising_both_sides_never_lowers(
    dense: list[float], sparse: list[float], sure_dense: float, sure_sparse: float, weight: float
) -> None:
    fused = fuse(side(dense, certainty=sure_dense), side(sparse, certainty=sure_sparse), weight)
    assert ((fused >= 0) & (fused <= 1 + 1e-6)).all()
    for i in range(4):
        for j in range(4):
            if dense[i] >= dense[j] and sparse[i] >= sparse[j]:
                assert fused[i] >= fused[j] - 1e-6


def test_the_surer_side_decides() -> None:
    by_meaning, by_words = [1.0, 0.0], [0.0, 1.0]
    assert np.argmax(fuse(side(by_meaning, certainty=0.9), side(by_words, certainty=0.3), 0.5)) == 0
    assert np.argmax(fuse(side(by_meaning, certainty=0.3), side(by_words, certainty=0.9), 0.5)) == 1


def test_cosines_are_trusted_unless_the_encoder_knows_too_few_of_the_tokens() -> None:
    assert trust_in_meaning(1.0) == trust_in_meaning(0.9) == trust_in_meaning(0.8) == 1
    assert 1 > trust_in_meaning(0.7) > trust_in_meaning(0.6) > trust_in_meaning(0.0) > 0


def test_a_side_without_trust_has_no_say() -> None:
    distrusted = replace(side([1.0, 0.0], certainty=0.9), trust=0.0)
    assert fuse(distrusted, side([0.0, 1.0], certainty=0.1), 0.5).tolist() == [0, 1]


def test_two_sides_without_certainty_score_nothing() -> None:
    assert fuse(side([1, 0], certainty=0), side([1, 0], certainty=0), 0.5).tolist() == [0, 0]


def test_equal_scores_count_as_top_when_there_is_a_score() -> None:
    assert fuse(side([0.4, 0.4], floor=0.4), side([0.0, 0.0], certainty=0), 0.5).tolist() == [1, 1]


def test_the_corpus_weight_follows_the_better_side_within_bounds() -> None:
    assert dense_weight(0.9, 0.6) > dense_weight(0.8, 0.8) > dense_weight(0.6, 0.9)
    assert dense_weight(1, 0) == 0.65
    assert dense_weight(0, 1) == 0.35


@given(st.lists(st.sampled_from([0.1, 0.5, 0.9]), max_size=20))
def test_best_first_sorts_and_keeps_rows_in_order(values: list[float]) -> None:
    scores, rows = np.asarray(values, dtype=np.float32), np.arange(len(values))
    order = best_first(scores, rows)
    assert [values[i] for i in order] == sorted(values, reverse=True)
    assert all(a < b for a, b in itertools.pairwise(order) if values[a] == values[b])


@pytest.mark.parametrize(("words", "lean"), [(0, 0), (1, 0), (2, 0.2), (9, 0.5)])
def test_a_title_leans_as_far_as_it_says_something(words: int, lean: float) -> None:
    assert title_lean(words) == pytest.approx(lean)


def test_passage_vectors_are_of_unit_length_or_zero() -> None:
    texts = unit_rows(np.asarray([[1.0, 2.0], [0.0, 0.0]], dtype=np.float32))
    zeros = np.zeros_like(texts)
    joined = passage_vectors(texts, texts, [3, 3], zeros)
    assert np.linalg.norm(joined, axis=1).tolist() == pytest.approx([1.0, 0.0])


def test_passages_of_one_document_support_each_other() -> None:
    raised = supported(np.asarray([0.8, 0.75, 0.7, 0.1], dtype=np.float32), ["a", "b", "b"])
    assert raised[1] > raised[0]
    assert raised[1] > raised[2] > raised[3] == pytest.approx(0.1)


@given(st.lists(st.tuples(st.floats(0, 1, width=32), st.sampled_from("abc")), max_size=20))
def test_support_stays_in_scale_and_keeps_the_order_within_a_document(
    passages: list[tuple[float, str]],
) -> None:
    passages = sorted(passages, reverse=True)
    scores = np.asarray([score for score, _ in passages], dtype=np.float32)
    raised = supported(scores, [name for _, name in passages])
    assert all(0 <= score <= 1 for score in raised)
    for name in "abc":
        own = [raised[place] for place, (_, other) in enumerate(passages) if other == name]
        assert own == pytest.approx(sorted(own, reverse=True), abs=1e-6)


class ForeignEncoder(TinyEncoder):
    """To it all texts are nearly the same, in a script that it never learned."""

    def known_share(self, text: str) -> float:
        return 0.4

    def encode(self, texts: Sequence[str], *, progress: Progress | None = None) -> FloatArray:
        vectors = np.ones((len(texts), self.dimension), dtype=np.float32)
        for row, text in enumerate(texts):
            seed = zlib.crc32(text.encode())
            vectors[row] += np.random.default_rng(seed).normal(size=self.dimension) / 2
        return unit_rows(vectors)


def test_words_decide_where_the_encoder_does_not_know_the_script() -> None:
    encoder = ForeignEncoder()
    names = [f"word{number} thing{number} place{number}" for number in range(60)]
    passages = [
        passage
        for number, text in enumerate(names)
        for passage in split_passages(
            plain_document(str(number), "", text), passage_tokens=50, count_tokens=encoder.count_tokens
        )
    ]
    embeddings = Embeddings(encoder)
    embeddings.embed(embedded_texts(passages))
    index = assemble(passages, embeddings, {})
    asked = [f"please tell me now about place{number} and others there" for number in range(60)]
    first = [index.rank(index.prepare(text, encoder), None)[0].row for text in asked]
    assert first == list(range(60))
    wordless = index.rank(index.prepare("nothing of that occurs", encoder), None)
    assert wordless[0].cosine == max(ranked.cosine for ranked in wordless)
