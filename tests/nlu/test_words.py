from __future__ import annotations

import itertools
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlu.words import spans, split

ANY_TEXT = st.text(
    st.one_of(
        st.characters(blacklist_categories=["Cs"]),
        st.sampled_from("👍🏽👨‍👩‍👧🇳🇱🇧1️⃣我要退货注文をキャンセル\u0301\u200d\ufe0f éa '-.@#/"),
    ),
    max_size=60,
)


def cut(text: str) -> list[str]:
    return [text[start:end] for start, end in spans(text)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        (" \t\n", []),
        ("\u200b", []),
        ("where's NL-10234?", ["where", "'", "s", "NL", "-", "10234", "?"]),
        ("maya.jansen@example.com", ["maya", ".", "jansen", "@", "example", ".", "com"]),
        ("€25", ["€", "25"]),
        ("我要退货", ["我", "要", "退", "货"]),
        ("cafe\u0301 bar", ["cafe\u0301", "bar"]),
        ("👍🏽👎", ["👍🏽", "👎"]),
        ("👨‍👩‍👧!", ["👨‍👩‍👧", "!"]),
        ("🇳🇱🇧🇪", ["🇳🇱", "🇧🇪"]),
        ("1️⃣ok", ["1️⃣", "ok"]),
        ("5kg", ["5", "kg"]),
        ("NL10234", ["NL", "10234"]),
        ("100€", ["100", "€"]),
        ("12.5kg", ["12", ".", "5", "kg"]),
        ("a3f9c2", ["a3f9c2"]),
        ("140x200", ["140x200"]),
        ("cafe\u03015", ["cafe\u0301", "5"]),
        ("m²", ["m²"]),
        ("٥كغ", ["٥", "كغ"]),
        ("שלום “עולם”", ["שלום", "“", "עולם", "”"]),
        ("he said ‘blue lamp’", ["he", "said", "‘", "blue", "lamp", "’"]),
        ("“‘x’”", ["“", "‘", "x", "’", "”"]),
        ("我要5件", ["我", "要", "5", "件"]),
        ("so\u00adfa", ["so\u00adfa"]),
        ("می\u200cخواهم", ["می\u200cخواهم"]),
    ],
)
def test_words_are_cut_where_people_see_them(text: str, words: list[str]) -> None:
    assert cut(text) == words


@pytest.mark.parametrize(
    ("text", "surface"),
    [
        ("ok 👍🏽!", "ok  thumbs up sign !"),
        ("🇳🇱", " nl "),
        ("１０２３４", " 10234 "),
        ("plain text", "plain text"),
    ],
)
def test_encoder_reads_what_a_sign_means(text: str, surface: str) -> None:
    assert split(text).surface == surface


@given(ANY_TEXT)
def test_words_stand_in_order_without_overlap_and_miss_no_visible_character(text: str) -> None:
    found = spans(text)
    assert all(left[1] <= right[0] for left, right in itertools.pairwise(found))
    covered = {place for start, end in found for place in range(start, end)}
    missed = {text[place] for place in range(len(text)) if place not in covered}
    assert all(unicodedata.category(character)[0] in "ZC" for character in missed)


@given(ANY_TEXT)
def test_spaced_surface_holds_the_same_words_apart(text: str) -> None:
    plain, spaced = split(text), split(text, is_spaced=True)
    read = [[one.surface[w.surface_start : w.surface_end] for w in one.words] for one in (plain, spaced)]
    assert read[0] == read[1]
    assert [(w.start, w.end) for w in spaced.words] == [(w.start, w.end) for w in plain.words]
    for left, right in itertools.pairwise(spaced.words):
        touches = left.surface_end == right.surface_start
        assert not touches or text[left.end - 1 : right.start + 1].isalnum() or text[left.end - 1] >= "\u0300"


@given(ANY_TEXT)
def test_every_word_has_its_place_in_what_the_encoder_reads(text: str) -> None:
    result = split(text)
    assert [(word.start, word.end) for word in result.words] == spans(text)
    for word in result.words:
        assert 0 <= word.surface_start < word.surface_end <= len(result.surface)
    places = [(word.surface_start, word.surface_end) for word in result.words]
    assert all(left[1] <= right[0] for left, right in itertools.pairwise(places))
