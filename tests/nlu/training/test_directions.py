from __future__ import annotations

import numpy as np
import pytest

from nlu.scores import FloatArray
from nlu.training.directions import name_texts, names_help


def test_name_is_read_as_words_whatever_joins_them() -> None:
    names = name_texts(["card_arrival", "CardArrival", "card/arrival", "Refund_not_showing_up", "atm", "??"])
    assert names == ["card arrival", "card arrival", "card arrival", "refund not showing up", "atm", "??"]


@pytest.fixture
def scattered() -> tuple[FloatArray, np.ndarray, FloatArray]:
    """Three examples of each of eight classes, scattered widely about their true directions."""
    generator = np.random.default_rng(0)
    true = generator.normal(size=(8, 16))
    intents = np.repeat(np.arange(8), 3)
    embeddings = true[intents] + 1.6 * generator.normal(size=(24, 16))
    return unit(embeddings), intents, unit(true)


def unit(rows: np.ndarray) -> FloatArray:
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)


def test_names_that_say_what_the_intents_are_help(
    scattered: tuple[FloatArray, np.ndarray, FloatArray],
) -> None:
    embeddings, intents, true = scattered
    assert names_help(embeddings, intents, true)


def test_names_that_say_something_else_do_not(scattered: tuple[FloatArray, np.ndarray, FloatArray]) -> None:
    embeddings, intents, true = scattered
    assert not names_help(embeddings, intents, np.roll(true, 1, axis=0))


def test_names_that_are_all_alike_do_not(scattered: tuple[FloatArray, np.ndarray, FloatArray]) -> None:
    embeddings, intents, true = scattered
    assert not names_help(embeddings, intents, np.repeat(true[:1], 8, axis=0))
