"""Findings: what is wrong with examples, in sentences for people."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum

from nlu.examples import Example

SHOWN_PER_KIND = 10
"""Findings of one kind that are told one by one; the rest is counted."""


class Severity(IntEnum):
    """How bad a finding is. A grave one stops a strict training, a fatal one every training."""

    NOTE = 0
    GRAVE = 1
    FATAL = 2


_LABELS = {Severity.NOTE: "note", Severity.GRAVE: "PROBLEM", Severity.FATAL: "ERROR"}


@dataclass(frozen=True)
class Finding:
    """A fault in the examples; `code` names its kind."""

    code: str
    message: str
    severity: Severity

    @property
    def label(self) -> str:
        """The severity as people read it."""
        return _LABELS[self.severity]


def worst_first(findings: Iterable[Finding]) -> list[Finding]:
    """Sort findings by severity; of one severity they keep their order."""
    return sorted(findings, key=lambda finding: -finding.severity)


def shorten(findings: Sequence[Finding]) -> list[Finding]:
    """Keep `SHOWN_PER_KIND` findings of each kind, kind by kind; a last one of the kind says how many more there are."""
    kinds: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        kinds[finding.code].append(finding)
    shown: list[Finding] = []
    for found in kinds.values():
        shown += found[:SHOWN_PER_KIND]
        if len(found) > SHOWN_PER_KIND:
            message = f"and {len(found) - SHOWN_PER_KIND} more like the last"
            shown.append(replace(found[0], message=message))
    return shown


def describe(findings: Sequence[Finding]) -> list[str]:
    """Write a line for each finding that `shorten` keeps."""
    return [f"{finding.label}: {finding.message}" for finding in shorten(findings)]


def percent(share: float) -> str:
    """Write a share for people: 0.125 as "12.5 %"."""
    return f"{100 * share:.1f} %"


def counted(count: int, noun: str) -> str:
    """Write a number of things: "1 example", "2 examples"."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def place_of(example: Example) -> str:
    """Tell where an example is written; by its text if nobody knows."""
    return example.source or repr(example.text[:60])
