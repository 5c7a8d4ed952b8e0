"""What fingers do in a hurry: letters that slip, and the key beside the right one."""

from __future__ import annotations

import random
from collections.abc import Mapping

from nlu.examples import Example
from nlu.training.edits import edit
from nlu.words import spans

SHORTEST_SLIP = 4
"""Letters slip only in words of this many letters or more: in shorter ones they make other words."""

_ROWS = (("qwertyuiop", 0.0), ("asdfghjkl", 0.25), ("zxcvbnm", 0.75))
"""The letters of a QWERTY keyboard, and how far each row is shifted to the right, in keys."""

_REACH = 1.3
"""Keys whose middles are at most this many keys apart are neighbours."""


def _build_neighbours() -> dict[str, str]:
    places = {
        key: (column + shift, row)
        for row, (keys, shift) in enumerate(_ROWS)
        for column, key in enumerate(keys)
    }
    return {
        key: "".join(
            other
            for other, (left, top) in places.items()
            if other != key and (left - x) ** 2 + (top - y) ** 2 <= _REACH**2
        )
        for key, (x, y) in places.items()
    }


NEIGHBOURS: Mapping[str, str] = _build_neighbours()
"""The keys around each letter's key."""


def slip_a_letter(example: Example, generator: random.Random) -> Example:
    """Swap two neighbouring letters of a word, leave one out, or type one twice."""
    words = long_words(example.text)
    if not words:
        return example
    start, end = generator.choice(words)
    place = generator.randrange(start, end - 1)
    first, second = example.text[place], example.text[place + 1]
    typed = generator.choice([second + first, second, first + first + second])
    return edit(example, place, place + 2, typed)


def hit_a_neighbour(example: Example, generator: random.Random) -> Example:
    """Type the key beside a letter's own instead of it, or as well as it."""
    places = [
        place
        for start, end in long_words(example.text)
        for place in range(start, end)
        if example.text[place].lower() in NEIGHBOURS
    ]
    if not places:
        return example
    place = generator.choice(places)
    letter = example.text[place]
    beside = generator.choice(NEIGHBOURS[letter.lower()])
    beside = beside.upper() if letter.isupper() else beside
    return edit(example, place, place + 1, generator.choice([beside, letter + beside, beside + letter]))


def long_words(text: str) -> list[tuple[int, int]]:
    """Find the words in which a slip leaves the word to be guessed: long, and of letters alone."""
    return [
        (start, end)
        for start, end in spans(text)
        if end - start >= SHORTEST_SLIP and text[start:end].isalpha()
    ]
