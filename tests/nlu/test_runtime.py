from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlu import runtime
from nlu.config import TrainConfig
from nlu.dial import Decision, DialPoint, Kind
from nlu.models import Model, train_model
from nlu.runtime import Network, Parse, Understander, load
from tests.nlu.conftest import small_dataset

TRICKY = "NL-10234 👍🏽 我的订单 cafe\u0301 café 🇳🇱\u200b\u200d ١٠٢٣٤ where is my order ｎｌ"
ANY_TEXT = st.text(
    st.one_of(st.characters(blacklist_categories=["Cs"]), st.sampled_from(TRICKY)), max_size=80
)


def view(parse: Parse) -> tuple[object, ...]:
    return parse.intent, parse.ranking, parse.entities, parse.is_out_of_scope


def test_training_texts_are_understood(understander: Understander) -> None:
    parses = understander.parse(
        ["where is my order 10204", "please cancel the blue lamp 3", "thank you so much"]
    )
    assert [parse.intent for parse in parses] == ["order_status", "cancel_order", "thank"]
    assert [(e.entity, e.value) for e in parses[0].entities] == [("order_number", "10204")]
    assert [(e.entity, e.value) for e in parses[1].entities] == [("product", "blue lamp")]


def test_loading_again_understands_the_same(understander: Understander, tiny_model: Model) -> None:
    texts = ["where is my order 10204", "cancel", TRICKY, ""]
    assert [view(p) for p in load(tiny_model.folder).parse(texts)] == [
        view(p) for p in understander.parse(texts)
    ]


@given(texts=st.lists(ANY_TEXT, max_size=6), workers=st.integers(1, 4))
def test_company_order_and_workers_do_not_change_one_number(
    understander: Understander, texts: list[str], workers: int
) -> None:
    alone = [understander.parse([text])[0] for text in reversed(texts)][::-1]
    assert understander.parse(texts, workers=workers) == alone
    assert understander.parse(texts) == alone


def test_together_as_on_a_gpu_each_text_is_understood_as_alone(
    tiny_config: TrainConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = replace(tiny_config, quantize=False)  # int8 is not asked of a GPU
    understander = load(train_model(small_dataset(), None, tmp_path, config, lambda _: None).folder)
    texts = ["thank you so much", "", TRICKY, "cancel", *(f"where is my order {n}" * n for n in range(9))]
    alone, vectors = understander.parse(texts), understander.embed(texts)
    monkeypatch.setattr(Network, "is_on_gpu", property(lambda _: True))
    monkeypatch.setattr(runtime, "MOST_TOKENS_TOGETHER", 60)
    for one, other in zip(understander.parse(texts), alone, strict=True):
        assert (one.text, one.intent, one.is_out_of_scope) == (
            other.text,
            other.intent,
            other.is_out_of_scope,
        )
        assert [(e.start, e.end, e.entity) for e in one.entities] == [
            (e.start, e.end, e.entity) for e in other.entities
        ]
        assert one.confidence == pytest.approx(other.confidence, abs=1e-5)
    np.testing.assert_allclose(understander.embed(texts), vectors, atol=1e-5)
    assert understander.parse([]) == []


def test_texts_of_several_callers_at_once_keep_their_answers(understander: Understander) -> None:
    texts = [f"where is my order 1020{n}" for n in range(10)] + ["thank you so much", "", TRICKY]
    alone = [understander.parse([text])[0] for text in texts]
    with ThreadPoolExecutor(4) as callers:
        for parses in callers.map(lambda _: understander.parse(texts, workers=3), range(8)):
            assert parses == alone


@given(text=ANY_TEXT)
def test_any_text_gets_a_ranking_and_entities_that_lie_in_it(understander: Understander, text: str) -> None:
    parse = understander.parse([text])[0]
    shares = [share for _, share in parse.ranking]
    assert parse.text == text
    assert len(parse.ranking) == 3
    assert shares == sorted(shares, reverse=True)
    assert sum(shares) == pytest.approx(1, abs=1e-4)
    last = 0
    for entity in parse.entities:
        assert last <= entity.start < entity.end <= len(text)
        assert text[entity.start : entity.end] == entity.value
        assert 0 <= entity.confidence <= 1 + 1e-6
        last = entity.end


@given(before=ANY_TEXT, after=ANY_TEXT)
def test_exact_entity_is_found_in_any_company(understander: Understander, before: str, after: str) -> None:
    text = f"{before[:20]} NL-10234 {after[:20]}"
    found = [e for e in understander.parse([text])[0].entities if e.entity == "order_number"]
    assert "NL-10234" in [e.value for e in found]


@pytest.mark.parametrize("text", ["", "  \n", "\u200b", "\x00"])
def test_text_without_words_means_nothing(understander: Understander, text: str) -> None:
    parse = understander.parse([text])[0]
    assert (parse.intent, parse.confidence, parse.entities, parse.is_out_of_scope) == (None, 0.0, (), True)
    assert len(parse.ranking) == 3


def test_50_kb_take_no_longer_than_the_longest_text_that_is_read(understander: Understander) -> None:
    longest, huge = "a " * 600, "a " * 25_000
    assert view(understander.parse([huge])[0])[0] == view(understander.parse([longest])[0])[0]
    began = time.perf_counter()
    understander.parse([huge])
    assert time.perf_counter() - began < 2


def test_synonym_gives_the_canonical_value_and_keeps_the_place(understander: Understander) -> None:
    found = understander._found("the Azure Light please", 4, 15, "product", 1.0)
    assert (found.value, found.start, found.end) == ("blue lamp", 4, 15)


def test_threshold_of_the_caller_overrules_the_calibrated_one(understander: Understander) -> None:
    text = ["thank you so much"]
    assert understander.parse(text, out_of_scope_threshold=1e9)[0].is_out_of_scope
    assert not understander.parse(text, out_of_scope_threshold=-1e9)[0].is_out_of_scope


def test_dial_of_the_caller_decides(understander: Understander) -> None:
    dial = (DialPoint(0.05, answer_above=0.0, ask_above=0.0), DialPoint(0.1, answer_above=1.0, ask_above=0.0))
    labels = replace(understander.labels, dial=dial, out_of_scope_threshold=-1e9)
    dialled = Understander(
        understander.manifest,
        labels,
        understander._encoder,
        understander._network,
        understander.bank,
        understander.bank_examples,
    )
    texts = ["thank you so much"]
    assert dialled.parse(texts)[0].decision == Decision(Kind.ANSWER, ("thank",))
    asked = dialled.parse(texts, max_wrong_share=0.1)[0].decision
    assert (asked.kind, len(asked.intents)) == (Kind.ASK, 2)
    assert dialled.parse(texts, max_wrong_share=0.01)[0].decision.kind is Kind.PASS_ON
    assert dialled.parse(texts, out_of_scope_threshold=1e9)[0].decision.kind is Kind.PASS_ON
    assert dialled.parse([""])[0].decision.kind is Kind.PASS_ON


def test_model_knows_the_text_of_each_row_of_its_bank(understander: Understander) -> None:
    taught = sorted((e.text, e.intent) for e in small_dataset().in_scope)
    assert sorted((e.text, e.intent) for e in understander.bank_examples) == taught
    rows = understander.embed([example.text for example in understander.bank_examples])
    assert rows == pytest.approx(understander.bank, abs=1e-3)


def test_embeddings_have_unit_length(understander: Understander) -> None:
    rows = understander.embed(["thank you", "where is my order"])
    assert rows.shape == (2, 32)
    assert (rows**2).sum(axis=1) == pytest.approx([1, 1], abs=1e-3)
    assert understander.embed([]).shape == (0, 32)
