"""Several wishes in one message: where a text could be cut, and when the pieces say more than the whole.

A cut is looked for only where people put one: at a sentence's end, a comma, a dash, a new line, or a word that joins
(`JOINING_WORDS`). The two sides are then understood as texts of their own, and the cut stands when both are more
familiar than the whole, and mean different things. How clear that must be is calibrated at training on pairs of
examples, so no example of two wishes is needed (`nlu.training.pairs`).

Plain NumPy and no model: whoever calls gives the function that looks at a piece.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

from nlu.examples import COMPOUND
from nlu.scores import COSINE_SCALE, FloatArray
from nlu.words import Word

MAX_CUTS = 4
"""Cuts that are tried in one text, the strongest first."""

MAX_PARTS = 3
"""Wishes that are found in one text."""

LEAST_WORDS = 2
"""A piece of fewer words, not counting those that join, is no wish of its own."""

JOINING_WORDS = frozenset(["and", "also", "but", "plus", "then", "or", "so", "btw"])
"""English words that join two wishes; other languages are cut at punctuation only."""

_ENDING = frozenset(".?!…;。？！；؟।")
_PAUSING = frozenset(",:-–—&+，、：،()")
WHOLE_WEIGHT = 0.75
"""What the whole's familiarity counts against its sides', which counts 1."""

STRENGTH_WEIGHT = 0.05
"""What a step of strength counts beside familiarity and cosines: wishes are joined at a sentence's end more often."""

_STRENGTH = {"ending": 3, "line": 3, "joining": 2, "pausing": 1}


@dataclass(frozen=True)
class Cut:
    """A place to cut: the left side ends at `left_end`, the right one starts at `right_start`, in characters."""

    left_end: int
    right_start: int
    strength: int


@dataclass(frozen=True)
class View:
    """What the network makes of a piece by itself.

    `logits` are calibrated, (intents,); `familiarity` is the score that the model goes by (`nlu.scores`).
    """

    logits: FloatArray
    is_out_of_scope: bool
    familiarity: float

    @property
    def best(self) -> int:
        """The number of the likeliest intent."""
        return int(self.logits.argmax())


@dataclass(frozen=True)
class Piece:
    """A piece ``text[start:end]`` and what the network makes of it."""

    start: int
    end: int
    view: View


Look = Callable[[int, int], View]
"""Understands ``text[start:end]`` as a text of its own."""


def find_pieces(
    end: int, cuts: Sequence[Cut], look: Look, threshold: float, asides: Collection[int] = ()
) -> list[Piece]:
    """Cut a text where its pieces are surely different wishes, at the best place first.

    Args:
        end: the text's length, in characters.
        cuts: where it could be cut; what `find_cuts` gives.
        look: called for the whole text and for the sides of each cut that could still be made, for some twice.
        threshold: least evidence of a cut.
        asides: the intents that are said within other wishes, and are no wish beside them.

    Returns:
        The pieces in the order of the text, at most `MAX_PARTS`, no two of the same intent; none for no cut.
    """
    pieces = [Piece(0, end, look(0, end))]
    while len(pieces) < MAX_PARTS:
        tried = [(piece, cut) for piece in pieces for cut in cuts if _lies_in(cut, piece)]
        halvings = [_halve(piece, cut, look) for piece, cut in tried]
        evidences = [
            _evidence(cut, halving, pieces, asides) for (_, cut), halving in zip(tried, halvings, strict=True)
        ]
        best = max(evidences, default=float("-inf"))
        if best <= threshold:
            break
        whole, left, right = halvings[evidences.index(best)]
        others = [piece for piece in pieces if piece is not whole]
        pieces = sorted([*others, left, right], key=lambda piece: piece.start)
    return pieces if len(pieces) > 1 else []


def _halve(piece: Piece, cut: Cut, look: Look) -> tuple[Piece, Piece, Piece]:
    left, right = (piece.start, cut.left_end), (cut.right_start, piece.end)
    return piece, Piece(*left, look(*left)), Piece(*right, look(*right))


def _evidence(
    cut: Cut, halving: tuple[Piece, Piece, Piece], pieces: Sequence[Piece], asides: Collection[int]
) -> float:
    """Tell the evidence of a cut; none if a piece elsewhere means one of the sides already."""
    whole, left, right = halving
    others = {piece.view.best for piece in pieces if piece is not whole}
    is_known = bool(others & {left.view.best, right.view.best})
    return float("-inf") if is_known else evidence_of(cut, whole.view, left.view, right.view, asides)


def evidence_of(cut: Cut, whole: View, left: View, right: View, asides: Collection[int] = ()) -> float:
    """Tell how surely a text is two wishes: minus infinity if a side is out of scope or an aside, or both mean the same.

    Two wishes read as one resemble neither, so both sides are more familiar than the whole; the sides of one long wish
    are as sure of themselves, but not more familiar than it. And neither side may just as well mean what the other does:
    the less clear of the two, as the difference of its cosines to both intents. The weights are those that found most
    pairs of held-out examples of `data/nlu` with as few single texts cut.
    """
    a, b = left.best, right.best
    is_idle = left.is_out_of_scope or right.is_out_of_scope or a in asides or b in asides
    if is_idle or a == b:
        return float("-inf")
    gained = min(left.familiarity, right.familiarity) - WHOLE_WEIGHT * whole.familiarity
    apart = min(left.logits[a] - left.logits[b], right.logits[b] - right.logits[a])
    return gained + float(apart) / COSINE_SCALE + STRENGTH_WEIGHT * cut.strength


def find_compounds(intents: Sequence[str]) -> dict[str, tuple[int, ...]]:
    """List the classes that name several wishes ("a+b") of which each is a class too: the numbers of these."""
    numbers = {intent: number for number, intent in enumerate(intents)}
    named = {intent: intent.split(COMPOUND) for intent in intents if COMPOUND in intent}
    return {
        intent: tuple(numbers[name] for name in names)
        for intent, names in named.items()
        if len(names) > 1 and all(name in numbers for name in names)
    }


def place_compound(
    parts: Sequence[int], end: int, cuts: Sequence[Cut], look: Look
) -> list[tuple[int, int, int]]:
    """Find where the wishes of a compound class stand: (intent, start, end), in the order of the text.

    Without a cut, and where there are more than two of them, each is said by the whole text.
    """
    placed = [(float("-inf"), [(part, 0, end) for part in parts])]
    for cut in cuts if len(parts) == 2 else ():
        left, right = look(0, cut.left_end).logits, look(cut.right_start, end).logits
        for a, b in itertools.permutations(parts):
            halves = [(a, 0, cut.left_end), (b, cut.right_start, end)]
            placed.append((float(left[a] + right[b]), halves))
    return max(placed, key=lambda one: one[0])[1]


def find_cuts(text: str, words: Sequence[Word]) -> list[Cut]:
    """Find where a text could be cut into two wishes.

    Args:
        text: the whole text.
        words: its words, in order.

    Returns:
        At most `MAX_CUTS`, in the order of the text; none in a text of one clause.
    """
    kinds = [_kind(text, words, place) for place in range(len(words))]
    runs = sorted([*_runs(kinds), *_lines(text, words, kinds)])
    cuts = [cut for run in runs if (cut := _cut_at(words, kinds, run)) is not None]
    strongest = sorted(cuts, key=lambda cut: -cut.strength)[:MAX_CUTS]
    return sorted(strongest, key=lambda cut: cut.left_end)


def _kind(text: str, words: Sequence[Word], place: int) -> str:
    """Tell what a word does between clauses: nothing (``""``), or end, pause or join them."""
    word = words[place]
    surface = text[word.start : word.end]
    is_apart = word.end == len(text) or text[word.end].isspace() or ord(surface[0]) > 0x2000
    if surface in _ENDING:
        return "ending" if is_apart or _is_symbol(text, words, place + 1) else ""
    if surface in _PAUSING:
        return "pausing" if is_apart else ""
    return "joining" if surface.casefold() in JOINING_WORDS else ""


def _is_symbol(text: str, words: Sequence[Word], place: int) -> bool:
    return place < len(words) and text[words[place].start] in _ENDING


def _runs(kinds: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Find runs of words that stand between clauses: (first, one past the last)."""
    place = 0
    while place < len(kinds):
        first = place
        while place < len(kinds) and kinds[place]:
            place += 1
        if place > first:
            yield first, place
        place += 1


def _lines(text: str, words: Sequence[Word], kinds: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Find the places where only the end of a line stands between clauses: empty runs."""
    for place in range(1, len(words)):
        is_bare = not kinds[place - 1] and not kinds[place]
        if is_bare and "\n" in text[words[place - 1].end : words[place].start]:
            yield place, place


def _cut_at(words: Sequence[Word], kinds: Sequence[str], run: tuple[int, int]) -> Cut | None:
    first, last = run
    if _count(kinds[:first]) < LEAST_WORDS or _count(kinds[last:]) < LEAST_WORDS:
        return None
    left = first
    while left < last and kinds[left] == "ending":
        left += 1
    return Cut(
        left_end=words[left - 1].end,
        right_start=words[last].start,
        strength=max((_STRENGTH[kinds[place]] for place in range(first, last)), default=_STRENGTH["line"]),
    )


def _count(kinds: Sequence[str]) -> int:
    return sum(not kind for kind in kinds)


def _lies_in(cut: Cut, piece: Piece) -> bool:
    return piece.start < cut.left_end and cut.right_start < piece.end
