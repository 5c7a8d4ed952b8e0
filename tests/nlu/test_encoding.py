from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlu.encoding import MAX_CHARACTERS_PER_TOKEN, TextEncoder
from nlu.words import without_halves

MAX_TOKENS = 48


@pytest.fixture(scope="module")
def encoder(tiny_encoder: Path) -> TextEncoder:
    return TextEncoder.load(tiny_encoder / "tokenizer.json", max_tokens=MAX_TOKENS)


@given(text=st.text(max_size=80))
def test_each_word_points_to_a_token_of_its_own_or_of_its_neighbour(encoder: TextEncoder, text: str) -> None:
    encoded = encoder.encode([text])[0]
    assert len(encoded.first_tokens) == len(encoded.words)
    seen = [token for token in encoded.first_tokens if token >= 0]
    assert seen == sorted(seen)
    assert all(0 < token < len(encoded.ids) - 1 for token in seen)


@pytest.mark.parametrize("text", ["\ud83d", "my \ud83d lamp", "lamp\udc4d\udc4d"])
def test_half_of_a_character_is_passed_over_as_a_space_is(encoder: TextEncoder, text: str) -> None:
    assert encoder.encode([text]) == encoder.encode([without_halves(text)])
    assert len(without_halves(text)) == len(text)


def test_words_beyond_the_longest_length_have_no_token(encoder: TextEncoder) -> None:
    encoded = encoder.encode(["my " * 100])[0]
    assert len(encoded.ids) == MAX_TOKENS
    assert encoded.first_tokens[0] == 1
    assert encoded.first_tokens[-1] == -1


def test_long_text_is_cut_before_it_is_looked_at(encoder: TextEncoder) -> None:
    encoded = encoder.encode(["a " * 50_000])[0]
    assert encoded.words[-1].end <= MAX_TOKENS * MAX_CHARACTERS_PER_TOKEN


def test_word_of_several_tokens_points_to_the_first(encoder: TextEncoder) -> None:
    encoded = encoder.encode(["my xyz order"])[0]
    assert encoded.first_tokens == (1, 2, 5)


def test_words_that_one_unknown_token_would_join_are_read_apart(encoder: TextEncoder) -> None:
    encoded = encoder.encode(["€25", "my lamp"])
    assert encoded[0].first_tokens == (1, 2)
    assert encoded[1].first_tokens == (1, 2)
