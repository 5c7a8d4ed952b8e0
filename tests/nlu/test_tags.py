from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlu.scores import softmax
from nlu.tags import allowed_steps, decode_tags, encode_tags, find_adjacent, tag_names

NAMES = ("date", "product")


def certain(tags: list[int]) -> np.ndarray:
    return np.eye(len(tag_names(NAMES)), dtype=np.float32)[tags]


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(1, 3), st.sampled_from(NAMES)), max_size=5))
def test_encoding_and_decoding_spans_is_identity(layout: list[tuple[int, int, str]]) -> None:
    words: list[tuple[int, int]] = []
    entities: list[tuple[int, int, str]] = []
    for gap, length, name in layout:
        words += [(len(words) * 2 + i * 2, len(words) * 2 + i * 2 + 1) for i in range(gap)]
        first = len(words)
        words += [((first + i) * 2, (first + i) * 2 + 1) for i in range(length)]
        entities.append((words[first][0], words[-1][1], name))
    tags = encode_tags(words, entities, NAMES)
    spans = decode_tags(certain(tags), NAMES, allowed_steps(NAMES, NAMES))
    assert [(words[s.first][0], words[s.last][1], s.entity) for s in spans] == entities


def test_word_that_an_entity_only_touches_gets_its_tag() -> None:
    assert encode_tags([(0, 5), (6, 10)], [(2, 8, "date")], NAMES) == [1, 2]


@pytest.mark.parametrize(
    ("before", "after", "is_allowed"),
    [
        ("O", "I-date", False),
        ("B-date", "I-date", True),
        ("I-date", "I-date", True),
        ("B-product", "I-date", False),
        ("B-date", "B-date", False),
        ("I-product", "B-product", True),
        ("I-date", "B-product", True),
        ("I-date", "O", True),
    ],
)
def test_steps_are_well_formed_and_split_only_what_may_stand_side_by_side(
    before: str, after: str, is_allowed: bool
) -> None:
    tags = tag_names(NAMES)
    allowed = allowed_steps(NAMES, adjacent=("product",))
    assert bool(allowed[tags.index(before), tags.index(after)]) is is_allowed


@given(st.integers(1, 4), st.randoms(use_true_random=False))
def test_decoding_finds_the_best_of_all_allowed_sequences(length: int, random: object) -> None:
    generator = np.random.default_rng(random.randrange(2**32))  # type: ignore[attr-defined]
    probabilities = softmax(generator.normal(0, 2, (length, 5)).astype(np.float32))
    allowed = allowed_steps(NAMES)
    paths = [
        path
        for path in itertools.product(range(5), repeat=length)
        if all(allowed[a, b] for a, b in itertools.pairwise((0, *path)))
    ]
    best = max(
        paths, key=lambda path: sum(np.log(probabilities[i, tag] + 1e-9) for i, tag in enumerate(path))
    )
    found = [(s.first, s.last, s.entity) for s in decode_tags(probabilities, NAMES, allowed)]
    assert found == [(s.first, s.last, s.entity) for s in decode_tags(certain(list(best)), NAMES, allowed)]


def test_confidence_is_that_of_the_least_certain_word() -> None:
    probabilities = np.array([[0.1, 0.9, 0, 0, 0], [0.4, 0, 0.6, 0, 0]], dtype=np.float32)
    span = decode_tags(probabilities, NAMES, allowed_steps(NAMES))[0]
    assert (span.first, span.last, span.entity) == (0, 1, "date")
    assert span.confidence == pytest.approx(0.6)


def test_no_words_hold_no_spans() -> None:
    assert decode_tags(np.zeros((0, 5), dtype=np.float32), NAMES, allowed_steps(NAMES)) == []


def test_entities_side_by_side_are_found_in_the_examples() -> None:
    assert find_adjacent([[0, 1, 2, 1], [3, 4, 0, 3]], NAMES) == ("date",)
