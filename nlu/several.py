"""Messages with several wishes, measured: how many are told apart, and how many others are cut that should not be.

What is expected of such a message is written "a+b" (or ``"intents": ["a", "b"]`` in JSON Lines).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from nlu.binomial import share_interval
from nlu.examples import COMPOUND, Example
from nlu.runtime import Parse


@dataclass(frozen=True)
class SeveralFigures:
    """Counts of texts.

    Attributes:
        several: texts with several wishes that the model can all name.
        cut: those of them in which several wishes are found.
        right: those in which exactly the expected ones are found.
        one: texts in scope with one wish.
        one_cut: those of them that are cut.
        foreign: texts out of scope.
        foreign_cut: those of them that are cut.
    """

    several: int
    cut: int
    right: int
    one: int
    one_cut: int
    foreign: int
    foreign_cut: int

    def __str__(self) -> str:
        """Say it in sentences; empty where nothing is of interest."""
        return " ".join(self._sentences())

    def _sentences(self) -> Iterator[str]:
        if self.several:
            yield (
                f"Of {self.several} messages with several wishes {_told(self.cut, self.several)} are told apart, "
                f"{_told(self.right, self.several)} into exactly the right ones."
            )
        if self.one and (self.several or self.one_cut):
            yield f"Of {self.one} with one wish {_told(self.one_cut, self.one)} are cut."
        if self.foreign and (self.several or self.foreign_cut):
            yield f"Of {self.foreign} out of scope {_told(self.foreign_cut, self.foreign)} are cut."


def measure_several(
    examples: Sequence[Example], parses: Sequence[Parse], *, known: Collection[str]
) -> SeveralFigures:
    """Count how messages were cut; a compound with a part that the model cannot name counts nowhere.

    Args:
        examples: what is expected.
        parses: what was understood, in the same order.
        known: the intents that the model can name.
    """
    several = one = foreign = cut = right = one_cut = foreign_cut = 0
    for example, parse in zip(examples, parses, strict=True):
        expected = set(example.intent.split(COMPOUND))
        found = {part.intent for part in parse.parts}
        if example.is_out_of_scope:
            foreign += 1
            foreign_cut += bool(found)
        elif len(expected) == 1:
            one += 1
            one_cut += bool(found)
        elif expected <= set(known):
            several += 1
            cut += bool(found)
            right += found == expected
    return SeveralFigures(several, cut, right, one, one_cut, foreign, foreign_cut)


def _told(count: int, total: int) -> str:
    low, high = share_interval(count, total)
    return f"{count} ({100 * count / total:.1f} %, 95 % interval {100 * low:.1f} to {100 * high:.1f} %)"
