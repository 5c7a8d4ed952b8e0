"""Explanations on demand: which words spoke for what was understood, for whoever teaches the bot.

An explanation costs one run of the network a word, a hundred times what a message costs. So they are computed one
after the other on one thread of their own, few may wait, and a long text is weighed in runs of words.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from bot.errors import ExplainerBusy, NotExplainable

MOST_PARTS = 40
MOST_ASKED = 4
MAX_PART_CHARACTERS = 80
MAX_EXAMPLE_CHARACTERS = 120

Explain = Callable[[str, int], Mapping[str, Any]]
"""Explain a text in so many parts at most; gives the record of nlu.explain."""


class Explainer:
    """Explains one text at a time; None for `explain` where the model has nothing that could be explained."""

    def __init__(self, explain: Explain | None) -> None:
        self._explain = explain
        self._asked = 0
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="explain")

    async def answer(self, text: str) -> dict[str, Any]:
        """Explain a text as the channel writes it.

        Raises:
            NotExplainable: the model cannot be.
            ExplainerBusy: `MOST_ASKED` explanations are waited for already.
        """
        if self._explain is None:
            raise NotExplainable
        if self._asked >= MOST_ASKED:
            raise ExplainerBusy
        self._asked += 1
        try:
            # Whoever stops waiting before the turn comes is left out by the thread.
            loop = asyncio.get_running_loop()
            record = await loop.run_in_executor(self._thread, self._explain, text, MOST_PARTS)
        finally:
            self._asked -= 1
        return build_explanation(record)


def build_explanation(record: Mapping[str, Any]) -> dict[str, Any]:
    """Build the answer of ``/explain`` from the record of nlu.explain.

    The words carry no places in the text, which Python and browsers count differently where there are emoji:
    `is_spaced` says that something invisible stood before the word.
    """
    kept = (
        "model_id",
        "intent",
        "confidence",
        "second",
        "margin",
        "logit_margin",
        "words_together",
        "is_whole",
    )
    return {
        **{name: record.get(name) for name in kept},
        "first_example": _build_example(record.get("first_example")),
        "second_example": _build_example(record.get("second_example")),
        "words": _build_words(record),
    }


def _build_words(record: Mapping[str, Any]) -> list[dict[str, Any]]:
    built = []
    end = 0
    for word in record["words"][:MOST_PARTS]:
        built.append(
            {
                "word": _cut(word["word"], MAX_PART_CHARACTERS),
                "is_spaced": word["start"] > end,
                "for_first": word["for_first"],
                "for_second": word["for_second"],
            }
        )
        end = word["end"]
    return built


def _build_example(example: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if example is None:
        return None
    text = _cut(example["text"], MAX_EXAMPLE_CHARACTERS)
    return {"text": text, "intent": example["intent"], "cosine": round(example["cosine"], 4)}


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"
