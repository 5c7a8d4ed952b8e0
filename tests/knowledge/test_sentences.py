"""Sentences' vectors come from the index folder where they are there, and are embedded where not."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from knowledge.base import KnowledgeBase
from knowledge.build import BuildReport
from knowledge.documents import plain_document, split_passages, split_sentences
from knowledge.sentences import MOST_PASSAGES, StoredVectors, quotable_sentences, sentence_vectors
from tests.knowledge.conftest import TinyEncoder

Build = Callable[..., BuildReport]


def test_an_answer_embeds_nothing_but_the_question(
    articles: Path, build_tiny: Build, tmp_path: Path, tiny: TinyEncoder
) -> None:
    build_tiny(articles)
    base = KnowledgeBase(tmp_path / "root", load_encoder=lambda _: tiny)
    tiny.encoded.clear()
    assert base.answer("Express costs 9.95 euro", min_confidence=0) is not None
    assert tiny.encoded == ["Express costs 9.95 euro"]


def test_stored_vectors_are_those_of_the_encoder(
    articles: Path, build_tiny: Build, tiny: TinyEncoder
) -> None:
    stored = StoredVectors.open(build_tiny(articles).folder)
    assert stored is not None
    texts = ["Returning is free.", "Five years for oak."]
    found = stored.of(texts)
    assert found is not None
    assert np.allclose(found, tiny.encode(texts), atol=1e-3)
    assert stored.of([*texts, "nobody wrote this"]) is None
    assert stored.of([]) is None


def test_what_is_not_stored_is_embedded(tmp_path: Path, tiny: TinyEncoder) -> None:
    assert StoredVectors.open(tmp_path) is None
    empty = StoredVectors(np.zeros((0, 16), dtype=np.uint8), np.zeros((0, 32), dtype=np.float16))
    passage = split_passages(plain_document("x", "T", "One. Two."), passage_tokens=99, count_tokens=len)[0]
    assert len(sentence_vectors(tiny, empty)(passage)) == len(split_sentences(passage.text)) == 2


def test_sentences_are_kept_where_there_is_something_to_choose_and_room() -> None:
    short, *_ = split_passages(plain_document("x", "T", "One. Two."), passage_tokens=99, count_tokens=len)
    assert list(quotable_sentences([short])) == []
    assert list(quotable_sentences([short, short])) == ["One.", "Two."] * 2
    assert list(quotable_sentences([short] * (MOST_PASSAGES + 1))) == []
