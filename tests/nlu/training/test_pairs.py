"""The threshold of cuts: pairs of texts, and a network that knows words instead of one that was trained."""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np

from nlu.multi import View
from nlu.training.pairs import (
    MAX_SINGLES,
    Said,
    SplitCalibration,
    build_pairs,
    calibrate_split,
    find_companions,
    join,
)

TOPICS = ("order", "refund", "address")
SINGLES = [
    Said(f"{opening} {topic} number {number}", (intent,))
    for intent, topic in enumerate(TOPICS)
    for number, opening in enumerate(["where is my", "tell me of the", "what about that", "the"])
]


def view(text: str) -> View:
    """Know a topic by its word; a text that names none is foreign."""
    logits = np.asarray([4.0 * (topic in text) for topic in TOPICS], dtype=np.float32)
    return View(logits, is_out_of_scope=not logits.any())


class Looker:
    """Counts what is looked at."""

    def __init__(self) -> None:
        self.calls: list[Sequence[str]] = []

    def __call__(self, texts: Sequence[str]) -> list[View]:
        self.calls.append(texts)
        return [view(text) for text in texts]


def test_pairs_of_known_wishes_are_cut_and_texts_alone_stay_whole() -> None:
    found = calibrate_split(SINGLES, Looker(), seed=1)
    assert found.threshold is not None
    assert found.threshold < 8.0
    assert found.false_splits == 0.0
    assert found.same_splits == 0.0


def test_the_threshold_rises_above_texts_that_sound_like_two_wishes_and_are_one() -> None:
    tricky = [Said("the order is here, the refund is sure", (2,)) for _ in range(10)]
    plain, raised = (calibrate_split([*SINGLES, *more], Looker(), seed=1) for more in ([], tricky))
    assert plain.threshold is not None
    assert raised.threshold is not None
    assert raised.threshold >= 8.0
    assert raised.false_splits == 0.0


def test_without_held_out_texts_or_with_one_intent_nothing_is_cut() -> None:
    assert calibrate_split([], Looker(), seed=1) == SplitCalibration()
    assert calibrate_split(SINGLES[:4], Looker(), seed=1).threshold is None


def test_all_is_looked_at_in_one_call_and_each_piece_once() -> None:
    looker = Looker()
    calibrate_split(SINGLES, looker, seed=1)
    (texts,) = looker.calls
    assert len(set(texts)) == len(texts)


def test_many_texts_without_a_place_to_cut_cost_no_more_than_few() -> None:
    few, many = Looker(), Looker()
    calibrate_split(SINGLES * 20, few, seed=1)
    calibrate_split(SINGLES * (MAX_SINGLES // 2), many, seed=1)
    assert len(many.calls[0]) <= 2 * len(few.calls[0])


def test_the_same_seed_gives_the_same_threshold() -> None:
    assert calibrate_split(SINGLES, Looker(), seed=3) == calibrate_split(SINGLES, Looker(), seed=3)


def test_pairs_are_of_the_intents_that_are_asked_for() -> None:
    generator = random.Random(5)
    different = build_pairs(SINGLES, 30, generator, is_same=False)
    same = build_pairs(SINGLES, 30, generator, is_same=True)
    assert len(different) == len(same) == 30
    assert all(said.intents[0] != said.intents[1] for said in different)
    assert all(len(said.intents) == 1 for said in same)


def test_a_second_text_goes_on_in_the_first_ones_sentence_or_begins_its_own() -> None:
    assert join("Where is it?", "Can I pay?", " and ") == "Where is it and can I pay?"
    assert join("Where is it?", "Can I pay?", ". ") == "Where is it. Can I pay?"
    assert join("Where is it", "DHL has it", ", ") == "Where is it, DHL has it"


def test_an_intent_that_accompanies_others_does_not_raise_the_threshold() -> None:
    telling = [Said(f"the address is {n}, where is my order", (0,)) for n in range(6)]
    telling += [Said(f"the address is {n}, what of the refund", (1,)) for n in range(6)]
    found = calibrate_split([*SINGLES, *telling], Looker(), seed=1)
    assert found.threshold is not None
    assert found.threshold < 8.0
    assert found.found == 1.0
    assert found.false_splits == 0.0


def test_companions_are_those_that_stand_beside_the_right_intent_often() -> None:
    sides = ("the order", "the refund", "the address", "the hours")
    views = {side: view(side) for side in sides}

    def beside(companion: str, times: int) -> list[Said]:
        return [Said(f"{companion}, the order", (0,))] * times

    assert find_companions([], views) == frozenset()
    assert find_companions(beside("the address", 2), views) == frozenset()
    assert find_companions(beside("the address", 3), views) == {2}
    assert find_companions([*beside("the address", 3), *beside("the refund", 40)], views) == {1}
