"""Explanations on demand: bounded, one at a time, and in a form that no browser can misread."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from bot.errors import ExplainerBusy, NotExplainable
from bot.explain import (
    MAX_EXAMPLE_CHARACTERS,
    MAX_PART_CHARACTERS,
    MOST_ASKED,
    MOST_PARTS,
    Explainer,
    build_explanation,
)


def record(text: str, *words: str, **more: Any) -> dict[str, Any]:
    """Write what nlu.explain would of a text with these words."""
    found, end = [], 0
    for word in words:
        start = text.index(word, end)
        end = start + len(word)
        found.append({"start": start, "end": end, "word": word, "for_first": 1.5, "for_second": -0.25})
    return {"text": text, "intent": "greet", "words": found, "is_whole": True, **more}


def test_words_carry_what_stood_between_them_and_no_places() -> None:
    built = build_explanation(record("👍🏽 我的订单, ok", "👍🏽", "我", "的", "订", "单", ",", "ok"))
    said = "".join(" " * word["is_spaced"] + word["word"] for word in built["words"])
    assert said == "👍🏽 我的订单, ok"
    assert set(built["words"][0]) == {"word", "is_spaced", "for_first", "for_second"}


def test_long_words_long_examples_and_many_words_are_cut() -> None:
    long = {"text": "y" * 5000, "intent": "greet", "cosine": 0.123456}
    text = " ".join(["x" * 900] * 99)
    built = build_explanation(record(text, *["x" * 900] * 99, first_example=long))
    assert len(built["words"]) == MOST_PARTS
    assert len(built["words"][0]["word"]) == MAX_PART_CHARACTERS
    assert len(built["first_example"]["text"]) == MAX_EXAMPLE_CHARACTERS
    assert (built["first_example"]["cosine"], built["second_example"]) == (0.1235, None)


async def test_model_without_understanding_of_ours_is_not_explained() -> None:
    with pytest.raises(NotExplainable):
        await Explainer(None).answer("hello")


async def test_explanations_run_one_at_a_time_few_wait_and_more_are_refused() -> None:
    may_go, running, most = threading.Event(), [0], [0]

    def slow(text: str, most_parts: int) -> dict[str, Any]:
        running[0] += 1
        most[0] = max(most[0], running[0])
        may_go.wait(10)
        running[0] -= 1
        return record(text, text, most_parts=most_parts)

    explainer = Explainer(slow)
    waiting = [asyncio.create_task(explainer.answer("hi")) for _ in range(MOST_ASKED)]
    await asyncio.sleep(0)
    with pytest.raises(ExplainerBusy):
        await explainer.answer("hi")
    waiting[-1].cancel()
    may_go.set()
    done = await asyncio.gather(*waiting, return_exceptions=True)
    assert [isinstance(one, dict) for one in done] == [True] * (MOST_ASKED - 1) + [False]
    assert most == [1]
    assert (await explainer.answer("hi"))["words"][0]["word"] == "hi"


async def test_failed_explanation_leaves_room_for_the_next() -> None:
    def broken(text: str, most_parts: int) -> dict[str, Any]:
        raise OSError(text, most_parts)

    explainer = Explainer(broken)
    for _ in range(MOST_ASKED + 1):
        with pytest.raises(OSError, match="hi"):
            await explainer.answer("hi")
