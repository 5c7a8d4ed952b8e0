"""Annotated spans survive the way to tags and back, character by character."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlu.encoding import TextEncoder
from nlu.examples import read_dataset
from nlu.tags import allowed_steps, decode_tags, encode_tags, tag_names
from nlu.words import spans
from tests.nlu.test_words import ANY_TEXT

ROOT = Path(__file__).parents[2]
NAMES = ("amount", "product")
Span = tuple[int, int, str]


def round_trip(text: str, entities: list[Span]) -> list[Span]:
    """Turn spans to tags, and what a network that is sure of these tags gives back to spans."""
    words = spans(text)
    tags = encode_tags(words, entities, NAMES)
    certain = np.eye(len(tag_names(NAMES)), dtype=np.float32)[tags]
    found = decode_tags(certain, NAMES, allowed_steps(NAMES, NAMES))
    return [(words[span.first][0], words[span.last][1], span.entity) for span in found]


@st.composite
def a_text_with_spans(draw: st.DrawFn) -> tuple[str, list[Span]]:
    text = draw(ANY_TEXT)
    words = spans(text)
    edges = sorted(draw(st.sets(st.integers(0, len(words)), max_size=6)))
    pairs = list(zip(edges[::2], edges[1::2], strict=False))
    return text, [
        (words[first][0], words[last - 1][1], draw(st.sampled_from(NAMES))) for first, last in pairs
    ]


@given(a_text_with_spans())
def test_spans_on_the_borders_of_words_come_back_as_they_were(given: tuple[str, list[Span]]) -> None:
    text, entities = given
    assert round_trip(text, entities) == entities


@pytest.mark.parametrize(
    ("text", "amount", "product"),
    [
        ("5kg flour", "5", "kg"),
        ("100€ lamp", "100", "€"),
        ("I want £20", "20", "£"),
        ("order NL10234", "10234", "NL"),
        ("he said ‘blue lamp’ 2x", "2", "blue lamp"),
        ("“‘lamp’” 3", "3", "lamp"),
        ("我要5件蓝色的灯", "5", "蓝色的灯"),
        ("two 👨‍👩‍👧 for 👍🏽", "👍🏽", "👨‍👩‍👧"),
        ("cafe\u0301 5", "5", "cafe\u0301"),
        ("אני רוצה 3 מנורות", "3", "מנורות"),
    ],
)
def test_details_that_touch_keep_their_exact_characters(text: str, amount: str, product: str) -> None:
    places = sorted(
        (text.index(part), text.index(part) + len(part), name)
        for part, name in ((amount, "amount"), (product, "product"))
    )
    assert round_trip(text, places) == places


def test_encoder_tells_a_sign_from_the_number_beside_it(tiny_encoder: Path) -> None:
    encoder = TextEncoder.load(tiny_encoder / "tokenizer.json", max_tokens=48)
    for text in ("€25", "25€", "我€5", "😀€"):
        firsts = encoder.encode([text])[0].first_tokens
        assert len(set(firsts)) == len(firsts), text


def test_no_annotation_of_the_bots_own_examples_cuts_a_word() -> None:
    for example in read_dataset(ROOT / "data" / "nlu").examples:
        words = spans(example.text)
        starts, ends = {start for start, _ in words}, {end for _, end in words}
        assert all(e.start in starts and e.end in ends for e in example.entities), example
