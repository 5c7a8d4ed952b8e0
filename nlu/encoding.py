"""Texts to token numbers, the same for training and for serving, with the place of every word among the tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from tokenizers import Tokenizer

from nlu.words import Word, Words, split

MAX_CHARACTERS_PER_TOKEN = 24
"""A text is cut to this many characters for each token that the encoder reads, before anything looks at it."""


@dataclass(frozen=True)
class Encoded:
    """A text for the encoder.

    `first_tokens` holds, for each of `words`, the index of its first token, or -1 where the encoder never sees it
    (beyond the longest length, or invisible). Two words share an index when the tokenizer makes one token of both; that
    is left only where letters meet digits ("2nd").
    """

    ids: tuple[int, ...]
    words: tuple[Word, ...]
    first_tokens: tuple[int, ...]


class TextEncoder:
    """A tokenizer with a longest length."""

    def __init__(self, tokenizer: Tokenizer, *, max_tokens: int) -> None:
        self._tokenizer = tokenizer
        self._max_characters = max_tokens * MAX_CHARACTERS_PER_TOKEN
        tokenizer.no_padding()
        tokenizer.enable_truncation(max_tokens)

    @classmethod
    def load(cls, path: Path, *, max_tokens: int) -> TextEncoder:
        """Read a `tokenizer.json`."""
        return cls(Tokenizer.from_file(str(path)), max_tokens=max_tokens)

    def save(self, path: Path) -> None:
        """Write the `tokenizer.json` that `load` reads."""
        self._tokenizer.save(str(path), pretty=False)

    def encode(self, texts: Sequence[str]) -> list[Encoded]:
        """Encode each text; a blank text has no words and only the tokenizer's own marks as ids.

        Where the tokenizer makes one token of a sign and a word ("£20" may begin with "£2"), the encoder reads the
        text with a space between them: else no tag could tell them apart.
        """
        short = [text[: self._max_characters] for text in texts]
        encoded = self._encode([split(text) for text in short])
        shared = [place for place, one in enumerate(encoded) if _shares_a_token(one.first_tokens)]
        spaced = self._encode([split(short[place], is_spaced=True) for place in shared])
        for place, one in zip(shared, spaced, strict=True):
            encoded[place] = one
        return encoded

    def _encode(self, cut: Sequence[Words]) -> list[Encoded]:
        encodings = self._tokenizer.encode_batch([words.surface for words in cut])
        return [
            Encoded(tuple(encoding.ids), words.words, _first_tokens(words.words, encoding))
            for words, encoding in zip(cut, encodings, strict=True)
        ]


def _shares_a_token(first_tokens: Sequence[int]) -> bool:
    return any(left == right >= 0 for left, right in pairwise(first_tokens))


def _first_tokens(words: tuple[Word, ...], encoding: object) -> tuple[int, ...]:
    offsets = encoding.offsets  # type: ignore[attr-defined]
    special = encoding.special_tokens_mask  # type: ignore[attr-defined]
    tokens = [(i, s, e) for i, (s, e) in enumerate(offsets) if not special[i] and e > s]
    firsts: list[int] = []
    place = 0
    for word in words:
        while place < len(tokens) and tokens[place][2] <= word.surface_start:
            place += 1
        reaches = place < len(tokens) and tokens[place][1] < word.surface_end
        firsts.append(tokens[place][0] if reaches else -1)
    return tuple(firsts)
