"""Text to words: the units that tags are given to, and the text that the encoder reads.

A word is a run of letters, digits and the marks on them, cut in two where letters meet digits ("5kg", "NL10234"), for
a detail may end there. A run in which they meet more than once ("a3f9c2", "140x200") is a code and stays whole. Every
other visible character is a word of its own, and so is every Chinese, Japanese or Korean ideograph. An emoji with its
modifiers is one word, and the encoder reads its name (``👍`` as "thumbs up sign"): in the vocabulary of most encoders
all emoji are the same unknown token, so a yes and a no would look alike. Every word keeps its place in the original
text, so a span can be told exactly whatever the encoder's tokenizer does to the text.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

_JOINER = "\u200d"
_INVISIBLE_IN_WORDS = frozenset("\u200c\u200d\u00ad")
_DRESSING = frozenset("\ufe0e\ufe0f\u20e3\u200c\u200d\u00ad")
_REGIONAL_INDICATOR_A = 0x1F1E6
_HALVES = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True)
class Word:
    """A word at ``text[start:end]`` which the encoder reads at ``surface[surface_start:surface_end]``."""

    start: int
    end: int
    surface_start: int
    surface_end: int


@dataclass(frozen=True)
class Words:
    """A text cut into words, and the surface that the encoder reads instead of it."""

    surface: str
    words: tuple[Word, ...]


def without_halves(text: str) -> str:
    """Put a space in the place of every lone surrogate: half of a character, which no tokenizer and no file takes."""
    return _HALVES.sub(" ", text)


def spans(text: str) -> list[tuple[int, int]]:
    """Find the words of a text: (start, end) in characters, in order, without overlap; none in a blank text."""
    found: list[tuple[int, int]] = []
    open_kind = ""
    for position, character in enumerate(text):
        kind = _kind(character)
        joins = bool(found) and found[-1][1] == position and _joins(open_kind, kind, text[position - 1])
        if joins:
            found[-1] = (found[-1][0], position + 1)
            # A flag is two indicators; a third one starts the next flag.
            if kind == "flag":
                open_kind = "symbol"
        elif kind != "space":
            found.append((position, position + 1))
            open_kind = kind
    return [part for start, end in found for part in _divided(text, start, end)]


def split(text: str, *, is_spaced: bool = False) -> Words:
    """Cut a text into words and build the surface for the encoder.

    Args:
        text: the text.
        is_spaced: put a space between any two words that touch, but where letters meet digits.
    """
    text = without_halves(text)
    pieces: list[str] = []
    words: list[Word] = []
    length = position = 0
    for start, end in spans(text):
        gap, read = text[position:start], _reading(text[start:end])
        if read != text[start:end]:
            gap, read = gap + " ", read + " "
        elif is_spaced and position == start and not _is_divided(text, start):
            gap = " "
        words.append(Word(start, end, length + len(gap), length + len(gap) + len(read.rstrip())))
        pieces += [gap, read]
        length += len(gap) + len(read)
        position = end
    return Words("".join(pieces) + text[position:], tuple(words))


def _divided(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Cut a word in two where its letters meet its digits, if they do so once."""
    borders = [place for place in range(start + 1, end) if _is_divided(text, place)]
    return [(start, borders[0]), (borders[0], end)] if len(borders) == 1 else [(start, end)]


def _is_divided(text: str, place: int) -> bool:
    """Tell whether a digit stands on one side of a place, marks apart, and a letter on the other."""
    before = place - 1
    while before > 0 and _kind(text[before]) == "mark":
        before -= 1
    kinds = [_kind(text[before]), _kind(text[place])] if before >= 0 else []
    if kinds != ["letter", "letter"]:
        return False
    return text[before].isdecimal() != text[place].isdecimal()


def _joins(open_kind: str, kind: str, previous: str) -> bool:
    if kind == "mark":
        return open_kind != "space"
    if previous == _JOINER and open_kind == "symbol":
        return kind == "symbol"
    return kind == open_kind and kind in {"letter", "flag"}


@lru_cache(maxsize=8192)
def _kind(character: str) -> str:
    """Tell what a character does in a word: letter, ideograph, mark, flag, symbol or space."""
    if character in _INVISIBLE_IN_WORDS:
        return "mark"
    category = unicodedata.category(character)
    if category[0] in "ZC":
        return "space"
    if category[0] == "M" or (category == "Sk" and ord(character) >= 0x1F3FB):
        return "mark"
    if _is_ideograph(ord(character)):
        return "ideograph"
    if category[0] in "LN":
        return "letter"
    if _REGIONAL_INDICATOR_A <= ord(character) < _REGIONAL_INDICATOR_A + 26:
        return "flag"
    return "symbol"


def _is_ideograph(point: int) -> bool:
    return 0x3400 <= point <= 0x9FFF or 0xF900 <= point <= 0xFAFF or 0x20000 <= point <= 0x323AF


@lru_cache(maxsize=8192)
def _reading(word: str) -> str:
    """Tell what the encoder reads for a word: an emoji's name, or the word in its compatibility form."""
    first = ord(word[0])
    if _REGIONAL_INDICATOR_A <= first < _REGIONAL_INDICATOR_A + 26:
        return "".join(chr(ord("a") + ord(c) - _REGIONAL_INDICATOR_A) for c in word if _kind(c) == "flag")
    if first > 0x2000 and unicodedata.category(word[0]) == "So":
        return unicodedata.name(word[0], word).lower()
    plain = "".join(character for character in word if character not in _DRESSING)
    return unicodedata.normalize("NFKC", plain).strip() or word
