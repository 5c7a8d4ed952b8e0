from __future__ import annotations

import itertools
import random

from hypothesis import given
from hypothesis import strategies as st

from nlu.checks import comparable
from nlu.examples import Dataset, Entity, Example, without_overlaps
from nlu.settle import settle

TEXTS = st.sampled_from(["hello", "Hello!", "bye", "send the lamp"])
SPANS = st.tuples(st.integers(0, 5), st.integers(1, 5), st.sampled_from(["date", "product"]))


@st.composite
def examples(draw: st.DrawFn) -> list[Example]:
    entities = st.lists(SPANS, max_size=4).map(
        lambda spans: tuple(Entity(s, s + n, name, "x") for s, n, name in sorted(spans))
    )
    return draw(
        st.lists(
            st.builds(Example, TEXTS, st.sampled_from(["a", "b", "c"]), entities), min_size=1, max_size=12
        )
    )


@given(examples())
def test_settled_text_stands_once_under_an_intent_it_stands_under_most_often(given: list[Example]) -> None:
    settled = settle(Dataset(tuple(given))).examples
    assert len({(example.text, example.intent) for example in settled}) == len(settled)
    assert {comparable(example.text) for example in settled} == {comparable(e.text) for e in given}
    for example in settled:
        under = [e.intent for e in given if comparable(e.text) == comparable(example.text)]
        assert under.count(example.intent) == max(under.count(intent) for intent in under)


@given(examples(), st.integers(0, 1000))
def test_order_of_the_examples_settles_nothing(given: list[Example], seed: int) -> None:
    shuffled = random.Random(seed).sample(given, len(given))
    assert set(settle(Dataset(tuple(given))).examples) == set(settle(Dataset(tuple(shuffled))).examples)


@given(examples())
def test_settled_entities_do_not_overlap_and_each_dropped_one_met_one_as_long(given: list[Example]) -> None:
    for example in given:
        kept = without_overlaps(sorted(example.entities, key=lambda e: e.entity))
        assert all(left.end <= right.start for left, right in itertools.pairwise(kept))
        for entity in set(example.entities) - set(kept):
            met = [k for k in kept if k.start < entity.end and entity.start < k.end]
            assert max(k.end - k.start for k in met) >= entity.end - entity.start


def test_copy_with_the_commonest_entities_is_kept() -> None:
    lamp = (Entity(9, 13, "product", "lamp"),)
    copies = [Example("send the lamp", "a"), *(Example("send the lamp", "a", lamp) for _ in range(2))]
    assert settle(Dataset(tuple(copies))).examples == (Example("send the lamp", "a", lamp),)


@given(examples())
def test_texts_under_several_intents_are_counted_and_name_another_model(given: list[Example]) -> None:
    settled = settle(Dataset(tuple(given)))
    intents: dict[str, set[str]] = {}
    for example in given:
        intents.setdefault(comparable(example.text), set()).add(example.intent)
    assert settled.contradicting == sum(len(names) > 1 for names in intents.values())
    assert settle(settled).contradicting == settled.contradicting
    plain = Dataset(settled.examples)
    assert (plain.fingerprint() == settled.fingerprint()) == (settled.contradicting == 0)
