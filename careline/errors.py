"""What can go wrong around the rooms.

CarelineError
├── SettingsError      a setting is unknown or does not fit
└── StartError         a process or something it needs is not as it should be
"""

from __future__ import annotations

from collections.abc import Sequence


class CarelineError(Exception):
    """An error whose text is one clear sentence for the person at the command line."""

    code = "careline_error"


class SettingsError(CarelineError):
    """A setting is unknown or its value does not fit."""

    code = "settings"

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__(problems)

    def __str__(self) -> str:
        return "The settings can't be used: " + "; ".join(self.problems) + "."


class StartError(CarelineError):
    """Something that the start needs is missing, taken or broken."""

    code = "start"
