from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.sparse import MAX_QUERY_WORDS, WordIndex, WordSplitter, top_rows

TEXTS = ["Returning a lamp", "The lamp's warranty", "Delivery to Zürich", "我的订单在哪里", ""]


@pytest.fixture(scope="module")
def splitter() -> WordSplitter:
    return WordSplitter()


@pytest.fixture(scope="module")
def index(splitter: WordSplitter) -> WordIndex:
    return WordIndex.build(TEXTS, splitter)


@pytest.mark.parametrize(
    ("query", "best"),
    [("how do i return this", 0), ("WARRANTIES", 1), ("zürich", 2), ("ZU\u0308RICH", 2), ("订单", 3)],
)
def test_words_are_found_in_other_forms_and_scripts(
    index: WordIndex, splitter: WordSplitter, query: str, best: int
) -> None:
    assert int(np.argmax(index.scores(splitter.split(query)))) == best


def test_unknown_words_and_nothing_score_nothing(index: WordIndex, splitter: WordSplitter) -> None:
    for query in ("xyzzy", "", "\ud800", "🙂"):
        assert not index.scores(splitter.split(query)).any()


def test_stop_words_count_only_when_there_is_nothing_else(splitter: WordSplitter) -> None:
    assert splitter.split("what is the lamp") == ["lamp"]
    assert splitter.split("who are you") == ["who", "are", "you"]


@given(st.lists(st.sampled_from(["lamp", "return", "warranti", "nowher"]), max_size=12))
def test_no_passage_scores_above_the_ceiling(index: WordIndex, words: list[str]) -> None:
    assert index.scores(words).max() <= index.ceiling(words) + 1e-4


def test_a_long_query_is_cut(index: WordIndex) -> None:
    many = ["lamp"] * (MAX_QUERY_WORDS * 3)
    np.testing.assert_allclose(index.scores(many), index.scores(many[:MAX_QUERY_WORDS]))


def test_a_saved_index_scores_the_same(index: WordIndex, splitter: WordSplitter, tmp_path: Path) -> None:
    index.save(tmp_path)
    again = WordIndex.load(tmp_path, len(TEXTS), splitter)
    np.testing.assert_array_equal(again.scores(["lamp", "return"]), index.scores(["lamp", "return"]))


@pytest.mark.parametrize("texts", [[], [""], ["", "!?"]])
def test_an_index_without_words_scores_nothing(
    texts: list[str], splitter: WordSplitter, tmp_path: Path
) -> None:
    WordIndex.build(texts, splitter).save(tmp_path)
    again = WordIndex.load(tmp_path, len(texts), splitter)
    assert again.scores(["lamp"]).tolist() == [0.0] * len(texts)


@given(st.lists(st.integers(0, 5), max_size=30), st.integers(1, 40))
def test_top_rows_are_a_stable_sort(values: list[int], top_k: int) -> None:
    scores = np.asarray(values, dtype=np.float32)
    expected = sorted(range(len(values)), key=lambda row: (-values[row], row))[:top_k]
    assert top_rows(scores, top_k).tolist() == expected


@given(st.lists(st.sampled_from(["lamp", "return", "warranti", "nowher"]), max_size=8), st.data())
def test_named_rows_score_as_all_rows_do(index: WordIndex, words: list[str], data: st.DataObject) -> None:
    rows = np.asarray(data.draw(st.lists(st.integers(0, len(TEXTS) - 1))), dtype=np.int64)
    np.testing.assert_allclose(index.scores_of(words, rows), index.scores(words)[rows], rtol=1e-6)
