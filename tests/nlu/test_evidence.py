from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlu.evidence import (
    MAX_TEXT_CHARACTERS,
    NEAREST,
    Evidence,
    evidence_record,
    find_nearest,
    gather_evidence,
)
from nlu.model_folder import BankExample
from nlu.runtime import Understander
from tests.nlu.test_runtime import ANY_TEXT

MAX_RECORD_BYTES = 4_000
"""Three texts whose every character JSON writes as two escapes of six, and the rest."""


@given(st.integers(0, 12), st.integers(1, 5), st.integers(0, 2**32 - 1))
def test_nearest_are_those_that_a_full_sort_finds(rows: int, count: int, seed: int) -> None:
    bank = np.random.default_rng(seed).normal(size=(rows, 4)).astype(np.float32)
    bank /= np.linalg.norm(bank, axis=1, keepdims=True) + 1e-9
    examples = [BankExample(str(number), f"intent {number}") for number in range(rows)]
    query = np.array([1, 0, 0, 0], dtype=np.float32)
    found = find_nearest(query, bank, examples, count)
    expected = np.argsort(-(bank @ query), kind="stable")[:count]
    assert [near.text for near in found] == [str(number) for number in expected]
    assert [near.cosine for near in found] == pytest.approx([float(bank[n] @ query) for n in expected])


def test_a_training_text_is_nearest_to_itself(understander: Understander) -> None:
    parse = understander.parse(["thank you so much"])[0]
    evidence = gather_evidence(understander, parse)
    assert evidence.nearest[0].text == "thank you so much"
    assert evidence.nearest[0].cosine == pytest.approx(1, abs=1e-3)
    assert evidence.second == parse.ranking[1][0]
    assert evidence.margin == pytest.approx(parse.confidence - parse.ranking[1][1])


@given(text=ANY_TEXT)
def test_evidence_of_any_text_is_small_and_agrees_with_the_parse(
    understander: Understander, text: str
) -> None:
    parse = understander.parse([text])[0]
    evidence = gather_evidence(understander, parse)
    assert (evidence.familiarity < evidence.threshold) == parse.is_out_of_scope
    record = json.dumps(evidence_record(evidence), allow_nan=False)
    assert len(record) <= MAX_RECORD_BYTES


def test_threshold_of_the_operator_is_the_one_that_is_told(understander: Understander) -> None:
    parse = understander.parse(["hello"], out_of_scope_threshold=7.0)[0]
    assert gather_evidence(understander, parse, 7.0).threshold == 7.0


def test_text_without_words_has_no_neighbours(understander: Understander) -> None:
    record = evidence_record(gather_evidence(understander, understander.parse([""])[0]))
    assert (record["nearest"], record["familiarity"]) == ([], None)


def test_long_training_texts_are_cut() -> None:
    bank = np.eye(4, dtype=np.float32)
    examples = [BankExample("x" * 1000, "talk")] * 4
    near = find_nearest(bank[0], bank, examples, NEAREST)
    record = evidence_record(Evidence(near, 1.0, 0.5, None, 1.0))
    assert {len(entry["text"]) for entry in record["nearest"]} == {MAX_TEXT_CHARACTERS}
