"""How sure a cut must be: pairs of examples stand in for the messages with two wishes that nobody wrote.

Two texts of different intents, joined as people join them, should be cut; a text alone should not, nor should two
texts of the same intent. The threshold is the least one at which both of the latter stay whole.

Before that is found what people say within other wishes ("hello", "my order is 10234"): an intent that is surely read in
clauses of texts of many other intents is an aside. Without them three cuts of a single wish in four are gone.
"""

from __future__ import annotations

import math
import random
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nlu.multi import LEAST_WORDS, View, evidence_of, find_cuts, find_pieces
from nlu.scores import softmax
from nlu.words import split

MAX_SPLIT_SHARE = 0.02
"""Share of the texts with one wish that may be cut."""

MAX_SAME_SPLIT_SHARE = 0.03
"""Share of the pairs of one intent that may be cut."""

MAX_LOST_SHARE = 0.1
"""Share of the true pairs that the threshold passes over even where nothing else asks for it: where few texts alone
have a place to cut, they say too little of how sure a cut must be."""

PAIRS = 150
"""Pairs of two intents, and as many of one: so many tell a threshold, and cost little."""

MAX_JOINED = 150
"""Pairs are made of at most this many texts, so that few different sides have to be looked at."""

MAX_SINGLES = 1000
"""Texts alone that are looked at; only those with a place to cut cost anything."""

SURE = 0.9
"""So sure both sides of a cut must be for the one that the text does not mean to count as an aside in it."""

ASIDE_SHARE = 0.1
"""An aside is found in texts of at least this share of the intents, and of `LEAST_HOSTS`."""

LEAST_HOSTS = 3

MAX_TAUGHT = 1000
"""Taught texts with a place to cut that asides are looked for in, besides the held-out ones."""

JOINTS = (" and ", ", and ", ". ", ", also ", " and then ", ". Can you also ", "? ", ", ")

EvidenceArray = npt.NDArray[np.float64]
"""Evidences as they are compared in service: a threshold rounded down would let through what it was set to stop."""

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
        found: pairs of two intents that are cut.
        right: pairs of which both intents are found, and nothing else.
        false_splits: texts alone that are cut.
        same_splits: pairs of one intent that are cut.
        asides: names of the intents that are no wish beside another, sorted.
    """

    threshold: float | None = None
    found: float | None = None
    right: float | None = None
    false_splits: float | None = None
    same_splits: float | None = None
    asides: tuple[str, ...] = ()


def calibrate_split(
    singles: Sequence[Said], taught: Sequence[Said], intents: Sequence[str], look: LookAtTexts, *, seed: int
) -> SplitCalibration:
    """Find asides and threshold; none is given where the held-out texts hold no two intents.

    Args:
        singles: texts of one wish each that were not trained on.
        taught: such texts that were; they help to find the asides.
        intents: the names of the classes.
        look: called once, with every text that has a place to cut and every side of it.
        seed: draws the texts and the pairs.
    """
    generator = random.Random(seed)  # noqa: S311 - draws examples, keeps no secret
    alone = _draw(singles, MAX_SINGLES, generator)
    joined = _draw(alone, MAX_JOINED, generator)
    pairs = build_pairs(joined, PAIRS, generator, is_same=False)
    same = build_pairs(joined, PAIRS, generator, is_same=True)
    if not pairs:
        return SplitCalibration()
    divisible = [said for said in taught if find_cuts(said.text, split(said.text).words)]
    hosts = [*_draw(divisible, MAX_TAUGHT, generator), *alone]
    views = _look_at_sides([*pairs, *same, *hosts], look)
    asides = find_asides(hosts, views, count=len(intents))
    threshold = _find_threshold(*(_evidences(part, views, asides) for part in (alone, same, pairs)))
    if threshold is None:
        return SplitCalibration()
    found = [[_intents(said, views, threshold, asides) for said in part] for part in (alone, same, pairs)]
    return SplitCalibration(
        threshold=threshold,
        found=_share([bool(one) for one in found[2]]),
        right=_share([one == said.intents for one, said in zip(found[2], pairs, strict=True)]),
        false_splits=_share([bool(one) for one in found[0]]),
        same_splits=_share([bool(one) for one in found[1]]),
        asides=tuple(intents[number] for number in sorted(asides)),
    )


def find_asides(texts: Sequence[Said], views: Mapping[str, View], *, count: int) -> frozenset[int]:
    """Find the intents that are surely read in clauses of texts of many others; `count` is how many intents there are.

    The other side of the cut must be read as what the text means, so a text that is misread tells nothing.
    """
    hosts: dict[int, set[int]] = defaultdict(set)
    for said in texts:
        meant = said.intents[0]
        for cut in find_cuts(said.text, split(said.text).words):
            sides = views[said.text[: cut.left_end]], views[said.text[cut.right_start :]]
            read = {side.best for side in sides if _is_sure(side)}
            if meant in read and len(read) > 1:
                hosts[(read - {meant}).pop()].add(meant)
    least = max(LEAST_HOSTS, ASIDE_SHARE * count)
    return frozenset(guest for guest, found in hosts.items() if len(found) >= least)


def _is_sure(view: View) -> bool:
    return not view.is_out_of_scope and float(softmax(view.logits[None]).max()) >= SURE


def _find_threshold(of_alone: EvidenceArray, of_same: EvidenceArray, of_pairs: EvidenceArray) -> float | None:
    possible = of_pairs[np.isfinite(of_pairs)]
    if not len(possible):
        return None
    return max(
        _threshold(of_alone, MAX_SPLIT_SHARE),
        _threshold(of_same, MAX_SAME_SPLIT_SHARE),
        _threshold_keeping(possible, 1 - MAX_LOST_SHARE),
    )


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
    return [(start, end) for start in starts for end in ends if start < end]


def _evidences(texts: Sequence[Said], views: Mapping[str, View], asides: Collection[int]) -> EvidenceArray:
    return np.asarray([_best_evidence(said.text, views, asides) for said in texts], dtype=np.float64)


def _best_evidence(text: str, views: Mapping[str, View], asides: Collection[int]) -> float:
    """Tell the evidence of the best first cut of a text; minus infinity where there is none."""
    evidences = [
        evidence_of(cut, views[text], views[text[: cut.left_end]], views[text[cut.right_start :]], asides)
        for cut in find_cuts(text, split(text).words)
    ]
    return max(evidences, default=-math.inf)


def _intents(
    said: Said, views: Mapping[str, View], threshold: float, asides: Collection[int]
) -> tuple[int, ...]:
    """Cut a text by a threshold: the intents of its pieces, none if it stays whole."""
    text = said.text
    cuts = find_cuts(text, split(text).words)
    if not cuts:
        return ()
    pieces = find_pieces(len(text), cuts, lambda start, end: views[text[start:end]], threshold, asides)
    return tuple(piece.view.best for piece in pieces)


def _threshold(evidence: EvidenceArray, share: float) -> float:
    """Find the least threshold that at most this share of the texts lies above."""
    allowed = int(share * len(evidence))
    return float(np.sort(evidence)[::-1][allowed]) if allowed < len(evidence) else -math.inf


def _threshold_keeping(evidence: EvidenceArray, share: float) -> float:
    """Find the greatest threshold that at least this share of the texts lies above."""
    return float(np.nextafter(np.quantile(evidence, 1 - share, method="lower"), -math.inf))


def _share(marks: Sequence[bool]) -> float | None:
    return round(sum(marks) / len(marks), 4) if marks else None
