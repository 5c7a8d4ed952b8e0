"""The ways in which a text may count as right."""

from __future__ import annotations

from enum import Enum


class View(str, Enum):
    """What is right: the intent, intent and entities, or answer against refusal as well."""

    INTENT = "intent"
    SENTENCE = "sentence"
    DECISION = "decision"
