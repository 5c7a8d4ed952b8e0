"""The language of a text that does not say it."""

from __future__ import annotations

from functools import cache
from typing import Any

DEFAULT_LANGUAGE = "en"
LEAST_CHARS = 20
"""A shorter text says too little of its language (fewer do where the script tells)."""

_MOST_CHARS = 2_000
_SURE = 0.5


@cache
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


def detect_language(text: str) -> str:
    """Name the language of a text, ISO 639-1; ``DEFAULT_LANGUAGE`` where it does not tell."""
    if len(text) < LEAST_CHARS and text.isascii():
        return DEFAULT_LANGUAGE
    language, probability = _identifier().classify(text[:_MOST_CHARS])
    return str(language) if probability >= _SURE else DEFAULT_LANGUAGE
