"""Checks what a generator wrote: a sentence stays only if passages that it cites say so. What wrote it is never trusted."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from knowledge.contradiction import matter_of
from knowledge.documents import Passage, clean_text, split_sentences
from knowledge.encoder import FloatArray
from knowledge.facts import read_statement

# A written sentence must be so near to one of a cited passage.
LEAST_COSINE = 0.6
_MAX_SENTENCES = 12
# Small words that change what a sentence promises: they have to stand in the very sentence that supports it.
_TELLING_WORDS = (
    "used using always all every everything any anything each only just minimum maximum least most more less than before "
    "after until from up need needs still even too well"
)
_TELLING = frozenset(_TELLING_WORDS.split())
_MARK = re.compile(r"\s*\[(\d{1,2})\]")
_MARKS_BEHIND = re.compile(r"([.!?])((?:\s*\[\d{1,2}\])+)")
_DIGITS = re.compile(r"\d+(?:[.,:]\d+)*")
_ADDRESS = re.compile(r"\S*(?:@|://|www\.|\w\.(?:com|net|org|io|example)\b)\S*", re.IGNORECASE)
_NAME = re.compile(r"(?<!^)\b[^\W\d_a-z][^\W_]*\b")

# Embeds the sentences of a passage, and sentences that were written.
OfPassage = Callable[[Passage], FloatArray]
OfTexts = Callable[[Sequence[str]], FloatArray]


@dataclass(frozen=True, slots=True)
class SupportedSentence:
    """A sentence that passages support: its text without marks, and the places of the passages, from 0."""

    text: str
    cited: tuple[int, ...]


def supported_sentences(
    written: str, passages: Sequence[Passage], of_passage: OfPassage, of_texts: OfTexts
) -> list[SupportedSentence]:
    """Keep the sentences that passages support, in order.

    A sentence cites passages ("[1]", counted from 1), all of them given. All its numbers, names and addresses stand in
    those, and so do its words, apart from small ones and synonyms; it is near to one of their sentences and says yes or
    no as that one does.

    Args:
        written: by a generator; anything at all.
        passages: that it was given.
        of_passage: (sentences, d) unit rows.
        of_texts: (texts, d) unit rows.
    """
    marked = [sentence for line in written.splitlines() for sentence in _split(line)][:_MAX_SENTENCES]
    candidates = [one for sentence in marked if (one := _read(sentence, len(passages)))]
    plausible = [one for one in candidates if _says_nothing_new(one, passages)]
    if not plausible:
        return []
    vectors = of_texts([one.text for one in plausible])
    return [
        one
        for one, vector in zip(plausible, vectors, strict=True)
        if any(_is_said(one.text, vector, passages[place], of_passage) for place in one.cited)
    ]


def _split(line: str) -> list[str]:
    """Split a line into sentences; marks behind a full stop belong to the sentence before it."""
    return split_sentences(clean_text(_MARKS_BEHIND.sub(r"\2\1", line)))


def _read(sentence: str, given: int) -> SupportedSentence | None:
    """Take the marks out of a sentence; None when it cites nothing, or what was not given."""
    cited = tuple(dict.fromkeys(int(number) - 1 for number in _MARK.findall(sentence)))
    text = _MARK.sub("", sentence).strip(" *#>")
    is_citing = bool(cited) and all(0 <= place < given for place in cited)
    return SupportedSentence(text, cited) if text and is_citing else None


def _says_nothing_new(sentence: SupportedSentence, passages: Sequence[Passage]) -> bool:
    """Tell whether every number, name, address and word that matters stands in the cited passages."""
    sources = [f"{passages[place].label}\n{passages[place].text}" for place in sentence.cited]
    said = "\n".join(sources)
    facts = {
        fact
        for line in said.splitlines()
        for part in split_sentences(line)
        for fact in read_statement(part).facts
    }
    return (
        set(_DIGITS.findall(sentence.text)) <= set(_DIGITS.findall(said))
        and set(read_statement(sentence.text).facts) <= facts
        and all(name.casefold() in said.casefold() for name in _NAME.findall(sentence.text))
        and all(address.strip(".,;:()") in said for address in _ADDRESS.findall(sentence.text))
        and matter_of(sentence.text) <= matter_of(said)
    )


def _is_said(text: str, vector: FloatArray, passage: Passage, of_passage: OfPassage) -> bool:
    """Tell whether the nearest sentence of a passage says it: near enough, the same yes or no, the same measures of the same."""
    cosines = of_passage(passage) @ vector
    nearest = int(np.argmax(cosines))
    if float(cosines[nearest]) < LEAST_COSINE:
        return False
    source = split_sentences(passage.text)[nearest]
    own, said = read_statement(text), read_statement(source)
    telling = _TELLING & set(own.words)
    if own.is_denied != said.is_denied or not telling <= set(said.words):
        return False
    if not own.facts and not _DIGITS.search(text):
        return True
    # A number of another sentence would be right in its place and wrong here.
    is_measured = set(own.facts) <= set(said.facts) and set(_DIGITS.findall(text)) <= set(
        _DIGITS.findall(source)
    )
    return is_measured and matter_of(text) <= matter_of(source) | matter_of(passage.label)
