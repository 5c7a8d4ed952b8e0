"""How sure a cut must be: pairs of examples stand in for the messages with two wishes that nobody wrote.

Two texts of different intents, joined as people join them, should be cut; a text alone should not, nor should two
texts of the same intent. The threshold is the least one at which hardly any of the latter are cut.

Some intents accompany others ("it's order 5, where is it?" tells a detail and asks). To cut them off is no fault and no
merit, so the threshold is found without them; which they are is seen from the texts alone.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from nlu.multi import LEAST_WORDS, View, evidence_of, find_cuts, find_pieces
from nlu.scores import FloatArray
from nlu.words import split

MAX_SPLIT_SHARE = 0.02
"""Share of the texts with one wish that may be cut."""

MAX_SAME_SPLIT_SHARE = 0.05
"""Share of the pairs of one intent that may be cut."""

MAX_LOST_SHARE = 0.1
"""Share of the true pairs that the threshold passes over even where nothing else asks for it: where few texts alone
have a place to cut, they say too little of how sure a cut must be."""

COMPANION_SHARE = 0.1
"""An intent accompanies others if it stands beside the right one in more than this share of the texts that have a place
to cut, and in at least `LEAST_COMPANIES` of them."""

LEAST_COMPANIES = 3

PAIRS = 150
"""Pairs of two intents, and as many of one: so many tell a threshold, and cost little."""

MAX_JOINED = 150
"""Pairs are made of at most this many texts, so that few different sides have to be looked at."""

MAX_SINGLES = 1000
"""Texts alone that are looked at; only those with a place to cut cost anything."""

JOINTS = (" and ", ", and ", ". ", ", also ", " and then ", ". Can you also ", "? ", ", ")

LookAtTexts = Callable[[Sequence[str]], Sequence[View]]
"""Understands each text by itself."""


@dataclass(frozen=True)
class Said:
    """A text and the intents of the examples it is made of."""

    text: str
    intents: tuple[int, ...]


@dataclass(frozen=True)
class SplitCalibration:
    """The threshold and what it does to the texts it was found on, as shares; None where it cannot be told.

    Attributes:
        threshold: least evidence of a cut; None: nothing is cut.
        found: pairs of two wishes that are cut.
        right: pairs of which both wishes are found, and nothing else.
        false_splits: texts alone that are cut into several wishes.
        same_splits: pairs of one intent that are cut into several wishes.
    """

    threshold: float | None = None
    found: float | None = None
    right: float | None = None
    false_splits: float | None = None
    same_splits: float | None = None


def calibrate_split(singles: Sequence[Said], look: LookAtTexts, *, seed: int) -> SplitCalibration:
    """Find the threshold on texts that were not trained on; none is given where they hold no two intents.

    Args:
        singles: texts of one wish each.
        look: called once, with every side of every place to cut.
        seed: draws the texts and the pairs.
    """
    generator = random.Random(seed)  # noqa: S311 - draws examples, keeps no secret
    alone = _draw(singles, MAX_SINGLES, generator)
    joined = _draw(alone, MAX_JOINED, generator)
    pairs = build_pairs(joined, PAIRS, generator, is_same=False)
    same = build_pairs(joined, PAIRS, generator, is_same=True)
    if not pairs:
        return SplitCalibration()
    views = _look_at_sides([*pairs, *same, *alone], look)
    companions = find_companions(alone, views)
    pairs = [said for said in pairs if not companions & set(said.intents)]
    of_alone, of_same, of_pairs = (_evidences(part, views, companions) for part in (alone, same, pairs))
    if not np.isfinite(of_pairs).any():
        return SplitCalibration()
    threshold = max(
        _threshold(of_alone, MAX_SPLIT_SHARE),
        _threshold(of_same, MAX_SAME_SPLIT_SHARE),
        _threshold_keeping(of_pairs[np.isfinite(of_pairs)], 1 - MAX_LOST_SHARE),
    )
    found = [_wishes(said, views, threshold, companions) for said in pairs]
    return SplitCalibration(
        threshold=threshold,
        found=_share([len(wishes) > 1 for wishes in found]),
        right=_share([wishes == said.intents for wishes, said in zip(found, pairs, strict=True)]),
        false_splits=_share([len(_wishes(said, views, threshold, companions)) > 1 for said in alone]),
        same_splits=_share([len(_wishes(said, views, threshold, companions)) > 1 for said in same]),
    )


def find_companions(singles: Sequence[Said], views: Mapping[str, View]) -> frozenset[int]:
    """Find the intents that stand beside the right one in many texts of one wish."""
    beside = [company for said in singles if (company := _beside(said, views)) is not None]
    counts = Counter(intent for company in beside for intent in company)
    least = max(LEAST_COMPANIES, COMPANION_SHARE * len(beside))
    return frozenset(intent for intent, count in counts.items() if count >= least)


def _beside(said: Said, views: Mapping[str, View]) -> set[int] | None:
    """Tell what stands beside the right intent at any place to cut; None for a text without such a place."""
    cuts = _sides(said.text, views)
    if not cuts:
        return None
    sides = [(left, right) for left, right in cuts if math.isfinite(evidence_of(left, right))]
    met = [{left.best, right.best} for left, right in sides]
    return {intent for both in met if said.intents[0] in both for intent in both - set(said.intents)}


def build_pairs(
    singles: Sequence[Said], count: int, generator: random.Random, *, is_same: bool
) -> list[Said]:
    """Join texts two by two, of the same intent or of different ones; fewer than `count` where chance finds none."""
    usable = [said for said in singles if len(split(said.text).words) >= LEAST_WORDS]
    pairs: list[Said] = []
    for _ in range(20 * count if len(usable) > 1 else 0):
        first, second = generator.sample(usable, 2)
        if (first.intents == second.intents) is is_same:
            intents = first.intents if is_same else first.intents + second.intents
            pairs.append(Said(join(first.text, second.text, generator.choice(JOINTS)), intents))
        if len(pairs) == count:
            break
    return pairs


def join(first: str, second: str, joint: str) -> str:
    """Join two texts; a second one that begins like a sentence goes on in the first one's."""
    goes_on = second[:1].isupper() and second[1:2].islower() and not joint.endswith(("? ", ". "))
    return first.rstrip(" .?!") + joint + (second[:1].lower() + second[1:] if goes_on else second)


def _draw(singles: Sequence[Said], count: int, generator: random.Random) -> list[Said]:
    return list(singles) if len(singles) <= count else generator.sample(list(singles), count)


def _look_at_sides(texts: Sequence[Said], look: LookAtTexts) -> Mapping[str, View]:
    """Look at every piece that trying the cuts can ask for, each once."""
    pieces = {said.text[start:end]: None for said in texts for start, end in _spans(said.text)}
    return dict(zip(pieces, look(list(pieces)), strict=True))


def _spans(text: str) -> list[tuple[int, int]]:
    """List the pieces that begin at the text's begin or after a cut, and end at a cut or at the text's end."""
    cuts = find_cuts(text, split(text).words)
    starts = [0, *(cut.right_start for cut in cuts)] if cuts else []
    ends = [*(cut.left_end for cut in cuts), len(text)]
    return [
        (start, end) for start in starts for end in ends if start < end and (start, end) != (0, len(text))
    ]


def _sides(text: str, views: Mapping[str, View]) -> list[tuple[View, View]]:
    cuts = find_cuts(text, split(text).words)
    return [(views[text[: cut.left_end]], views[text[cut.right_start :]]) for cut in cuts]


def _evidences(texts: Sequence[Said], views: Mapping[str, View], companions: frozenset[int]) -> FloatArray:
    return np.asarray([_best_evidence(said.text, views, companions) for said in texts], dtype=np.float32)


def _best_evidence(text: str, views: Mapping[str, View], companions: frozenset[int]) -> float:
    """Tell the evidence of the best first cut of a text; minus infinity where there is none between two wishes."""
    sides = _sides(text, views)
    wishes = [(left, right) for left, right in sides if not companions & {left.best, right.best}]
    return max((evidence_of(left, right) for left, right in wishes), default=-math.inf)


def _wishes(
    said: Said, views: Mapping[str, View], threshold: float, companions: frozenset[int]
) -> tuple[int, ...]:
    """Cut a text by a threshold: the intents of its pieces but for those that accompany; none if it stays whole."""
    text = said.text
    cuts = find_cuts(text, split(text).words)
    pieces = find_pieces(len(text), cuts, lambda start, end: views[text[start:end]], threshold)
    return tuple(piece.view.best for piece in pieces if piece.view.best not in companions)


def _threshold(evidence: FloatArray, share: float) -> float:
    """Find the least threshold that at most this share of the texts lies above."""
    allowed = int(share * len(evidence))
    return float(np.sort(evidence)[::-1][allowed]) if allowed < len(evidence) else -math.inf


def _threshold_keeping(evidence: FloatArray, share: float) -> float:
    """Find the greatest threshold that at least this share of the texts lies above."""
    return float(np.nextafter(np.quantile(evidence, 1 - share, method="lower"), -math.inf))


def _share(marks: Sequence[bool]) -> float | None:
    return round(sum(marks) / len(marks), 4) if marks else None
