from __future__ import annotations

import numpy as np
import pytest

from nlu.dial import LEAST_COVER, DialPoint, Kind, decide
from nlu.dial_figures import measure_dial
from nlu.training.dial import ERROR, NO_INTENT, SHARES, Witnesses, fit_dial

INTENTS = 5
NAMES = tuple("abcde")


def draw(count: int, seed: int) -> Witnesses:
    """Draw texts whose probabilities are true: the intent is drawn by them; a tenth are foreign."""
    generator = np.random.default_rng(seed)
    logits = generator.normal(0, 3, (count, INTENTS))
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    drawn = (probabilities.cumsum(axis=1) < generator.random((count, 1))).sum(axis=1)
    intents = np.where(generator.random(count) < 0.1, NO_INTENT, np.minimum(drawn, INTENTS - 1))
    return Witnesses(probabilities.astype(np.float32), intents, generator.random(count) < 0.02)


def shares_of(texts: Witnesses, point: DialPoint) -> tuple[float, float]:
    """Measure the shares of all texts that are acted on wrongly, and that are asked about in vain."""
    order = np.argsort(-texts.probabilities, axis=1)
    rankings = [
        [(NAMES[i], float(row[i])) for i in ranks]
        for row, ranks in zip(texts.probabilities, order, strict=True)
    ]
    decisions = [
        decide(r, point, is_foreign=bool(f)) for r, f in zip(rankings, texts.is_refused, strict=True)
    ]
    expected = [None if i == NO_INTENT else NAMES[i] for i in texts.intents]
    asked_in_vain = sum(
        d.kind is Kind.ASK and right not in d.intents for d, right in zip(decisions, expected, strict=True)
    )
    figures = measure_dial(decisions, expected, max_wrong_share=point.max_wrong_share)
    return figures.wrong, asked_in_vain / len(expected)


def test_promises_are_broken_no_more_often_than_stated() -> None:
    everyone = draw(10_000, seed=1_000_000)
    seeds, share = 200, 0.10
    found = [shares_of(everyone, fit_dial(draw(150, seed))[SHARES.index(share)]) for seed in range(seeds)]
    assert sum(wrong > share for wrong, _ in found) <= ERROR * seeds
    assert sum(vain > share for _, vain in found) <= ERROR * seeds
    assert max(wrong for wrong, _ in found) > share / 2  # nor is it kept by doing nothing


@pytest.mark.parametrize("share", [0.02, 0.1, 0.2])
def test_on_the_texts_themselves_no_more_is_wrong_than_proves_the_share(share: float) -> None:
    texts = draw(400, seed=5)
    wrong, vain = shares_of(texts, fit_dial(texts)[SHARES.index(share)])
    assert wrong < share
    assert vain < share


def test_a_laxer_dial_never_acts_less() -> None:
    lines = [point.answer_above for point in fit_dial(draw(400, seed=2)) if point.answer_above is not None]
    assert lines == sorted(lines, reverse=True)
    assert len(set(lines)) > 5


def test_without_texts_nothing_is_promised() -> None:
    none = Witnesses(np.zeros((0, 3), np.float32), np.zeros(0, np.int64), np.zeros(0, np.bool_))
    assert fit_dial(none) == tuple(DialPoint(share, None, None) for share in SHARES)


def test_two_intents_are_both_named_in_a_question() -> None:
    probabilities = np.array([[0.6, 0.4]] * 100, dtype=np.float32)
    texts = Witnesses(probabilities, np.array([0, 1] * 50), np.zeros(100, np.bool_))
    point = fit_dial(texts)[SHARES.index(0.05)]
    assert point.answer_above == pytest.approx(0.6)
    assert decide([("a", 0.6), ("b", 0.4)], point, is_foreign=False).intents == ("a", "b")


def test_when_all_are_wrong_and_sure_nothing_is_acted_on() -> None:
    texts = Witnesses(np.array([[1.0, 0, 0, 0]] * 100, np.float32), np.full(100, 3), np.zeros(100, np.bool_))
    point = fit_dial(texts)[SHARES.index(0.05)]
    assert decide([("a", 1.0)], point, is_foreign=False).kind is not Kind.ANSWER
    assert point.ask_above == 1.0


def test_when_all_are_right_everything_is_acted_on() -> None:
    texts = Witnesses(
        np.array([[0.4, 0.3, 0.3]] * 100, np.float32), np.zeros(100, np.int64), np.zeros(100, np.bool_)
    )
    assert fit_dial(texts)[SHARES.index(0.05)] == DialPoint(0.05, 0.0, LEAST_COVER)
