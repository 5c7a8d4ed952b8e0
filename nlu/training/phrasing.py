"""What differs between two people who write the same sentence: capitals, the last mark, short forms, a word left out."""

from __future__ import annotations

import random
import re
from dataclasses import replace

from nlu.examples import Example
from nlu.training.edits import edit, touches_entity

LEAST_WORDS_TO_DROP = 4
"""A text with fewer words keeps them all."""

_MARKS = ("", ".", "!", "?", "...")
_WIDE_MARKS = ("", "。", "！", "？")
_END = re.compile(r"[\s.!?…。！？]*\Z")

_NEGATED = ["do", "does", "did", "is", "are", "was", "were", "have", "has", "had", "could", "should", "would"]
_NEGATION = re.compile(
    rf"(?:no|not|none|never|cannot|without|\w+n['’]t|(?:{'|'.join(_NEGATED)}|ca|wo)nt)\W*", re.IGNORECASE
)
_FORMS: tuple[tuple[str, ...], ...] = (
    *((f"{verb} not", f"{verb}n't", f"{verb}nt") for verb in _NEGATED),
    ("cannot", "can not", "can't", "cant"),
    ("will not", "won't", "wont"),
    ("i am", "i'm", "im"),
    *((f"{who} are", f"{who}'re", f"{who}re") for who in ("you", "we", "they")),
    *(
        (f"{what} is", f"{what}'s", f"{what}s")
        for what in ("it", "that", "what", "where", "there", "how", "who")
    ),
    *((f"{who} have", f"{who}'ve", f"{who}ve") for who in ("i", "you", "we", "they")),
    *((f"{who} will", f"{who}'ll", f"{who}ll") for who in ("i", "you", "we", "they", "it")),
    *((f"{who} would", f"{who}'d", f"{who}d") for who in ("i", "you", "we", "they")),
    ("let us", "let's", "lets"),
)
"""Each line says one thing in full, with an apostrophe, and as it is typed without one."""

_OTHER_WORDS = frozenset({"were", "its", "ill", "well", "id", "wed", "lets"})
"""Forms without apostrophe that are, or may be, another word: they are not taken for the short form."""

_FORMS_OF = {form: forms for forms in _FORMS for form in forms if form not in _OTHER_WORDS}
_ANY_FORM = re.compile(
    r"(?<![\w'’])(?:"
    + "|".join(re.escape(form).replace("'", "['’]") for form in sorted(_FORMS_OF, key=lambda f: (-len(f), f)))
    + r")(?![\w'’])",
    re.IGNORECASE,
)


def change_case(example: Example, generator: random.Random) -> Example:
    """Write the text in small letters, in capitals, With Capitals, or with a capital at its beginning."""
    text = example.text
    written = [
        _lower(text),
        _upper(text),
        re.sub(r"\w+", lambda word: _upper(word[0][:1]) + word[0][1:], text),
        _upper(text[:1]) + text[1:],
    ]
    other = [one for one in written if one != text]
    return _rewritten(example, generator.choice(other)) if other else example


def change_end_mark(example: Example, generator: random.Random) -> Example:
    """Leave the marks at the end out, or end with others."""
    end = _END.search(example.text)
    if end is None or end.start() == 0 or touches_entity(example, end.start(), end.end()):
        return example
    marks = _WIDE_MARKS if ord(example.text[end.start() - 1]) >= 0x3000 else _MARKS
    mark = generator.choice([mark for mark in marks if mark != end[0]])
    return edit(example, end.start(), end.end(), mark)


def change_contraction(example: Example, generator: random.Random) -> Example:
    """Write one "do not" as "don't" or "dont", or the other way."""
    found = list(_ANY_FORM.finditer(example.text))
    if not found:
        return example
    match = generator.choice(found)
    form = match[0].lower().replace("’", "'")
    other = generator.choice([other for other in _FORMS_OF[form] if other != form])
    if match[0][0].isupper():
        other = other[0].upper() + other[1:]
    return edit(example, match.start(), match.end(), other)


def drop_a_word(example: Example, generator: random.Random) -> Example:
    """Leave out one word that is no part of an entity and denies nothing."""
    words = list(re.finditer(r"\S+\s*", example.text))
    if len(words) < LEAST_WORDS_TO_DROP:
        return example
    free = [
        word
        for word in words
        if not _NEGATION.fullmatch(word[0]) and not touches_entity(example, word.start(), word.end())
    ]
    if not free:
        return example
    word = generator.choice(free)
    return edit(example, word.start(), word.end(), "")


def _lower(text: str) -> str:
    return "".join(c.lower() if len(c.lower()) == 1 else c for c in text)


def _upper(text: str) -> str:
    """Write capitals, but for the few letters whose capital is two: every character keeps its place."""
    return "".join(c.upper() if len(c.upper()) == 1 else c for c in text)


def _rewritten(example: Example, text: str) -> Example:
    """Take a text of the same length; a value that is no canonical one follows."""
    entities = tuple(
        replace(e, value=text[e.start : e.end]) if e.value == example.text[e.start : e.end] else e
        for e in example.entities
    )
    return replace(example, text=text, entities=entities)
