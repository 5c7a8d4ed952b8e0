"""Finds the wish in a letter: customers tell of the rug they bought before they ask how to send it back.

An encoder puts the thing before the wish, so a letter is looked up by its whole and, leaning further, by the
sentences that ask. What asks is told by question marks, in any language, and where there are none by English words.
"""

import re

from knowledge.documents import split_sentences

# Measured 2026-11-25 on 360 letters around listed questions, each left out of its article: right article first 0.18 ->
# 0.28, among three 0.31 -> 0.49 (the bare question: 0.34, 0.54).
WISH_LEAN = 1.0
# Shorter texts tell little before they ask, and lose by it (StackFAQ, every eighth query: nDCG@10 0.962 -> 0.954).
_FEWEST_IN_LETTER = 25
# A wish of fewer words ("What can I do?") says nothing without its letter.
_FEWEST_WORDS = 5
_CLAUSE = re.compile(r"(?<=[:;–])\s+|,\s+(?:and|but|so)\s+|\s+(?:and|but)\s+now\s+")
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]{1,2}|[^\W_]+")
_MARKS = ("?", "？", "؟")
_ASKING = re.compile(
    r"\b(how|what|when|where|which|who|why|(can|could|may|should|do|must|am) (i|you|we)|(is|are) (it|there|this|that)"
    r"|(would|want|wish|need|have|like) to|would like|please|possible|wonder(ing)?|let me know|tell me)\b",
    re.IGNORECASE,
)


def wish_of(text: str) -> str | None:
    """Join the clauses of a letter that ask.

    None where the text is too short for a letter, all of it asks, nothing does, or what does is too short to say what for.
    """
    if len(_WORD.findall(text)) < _FEWEST_IN_LETTER:
        return None
    clauses = [clause for sentence in split_sentences(text) for clause in _CLAUSE.split(sentence) if clause]
    if len(clauses) < 2:
        return None
    marked = [clause for clause in clauses if any(mark in clause for mark in _MARKS)]
    asking = marked or [clause for clause in clauses if _ASKING.search(clause)]
    wish = " ".join(asking)
    if len(asking) == len(clauses) or len(_WORD.findall(wish)) < _FEWEST_WORDS:
        return None
    return wish
