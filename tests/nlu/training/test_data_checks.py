from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from nlu.config import TrainConfig
from nlu.examples import Dataset, Example
from nlu.findings import Severity
from nlu.training.data_checks import (
    MOST_UNKNOWN,
    count_unknown,
    embed_untrained,
    find_alike,
    find_encoder_faults,
    find_unknown_characters,
)
from nlu.training.encoders import load_encoder


@pytest.fixture(scope="module")
def tokenizer(tiny_encoder: Path) -> Tokenizer:
    return Tokenizer.from_file(str(tiny_encoder / "tokenizer.json"))


@given(st.integers(0, 1000), st.integers(2, 2500), st.sampled_from([0.3, 0.6]))
def test_nearest_pairs_are_those_that_comparing_all_finds(seed: int, count: int, least: float) -> None:
    generator = np.random.default_rng(seed)
    embeddings = generator.normal(size=(count, 8)).astype(np.float32)
    embeddings /= np.linalg.norm(embeddings, axis=1, keepdims=True)
    examples = [Example(f"text {n}", f"intent {generator.integers(3)}") for n in range(count)]
    cosines = embeddings @ embeddings.T

    intents = np.array([example.intent for example in examples])
    allowed = np.triu(intents[:, None] != intents[None, :]) & (cosines >= least)
    expected = np.sort(cosines[allowed])[::-1][:20]
    found = find_alike(examples, embeddings, least=least, most=20)
    assert np.allclose([pair.cosine for pair in found], expected, atol=1e-5)
    assert all(pair.left.intent != pair.right.intent for pair in found)


def test_copies_of_a_text_are_no_pair() -> None:
    examples = [Example("hello", "greet"), Example("Hello!", "thank")]
    assert find_alike(examples, np.ones((2, 1), dtype=np.float32), least=0.5, most=5) == []


def test_untrained_embeddings_keep_the_order_and_have_unit_length(
    tiny_encoder: Path, tiny_config: TrainConfig
) -> None:
    pretrained = load_encoder(str(tiny_encoder))
    texts = ["where is my order", "thank you", "cancel the blue lamp please", "thank you"]
    rows = embed_untrained([Example(text, "x") for text in texts], pretrained, tiny_config)
    assert np.allclose(np.linalg.norm(rows, axis=1), 1.0, atol=1e-5)
    assert np.allclose(rows[1], rows[3], atol=1e-5)
    assert not np.allclose(rows[0], rows[2], atol=1e-2)


def test_texts_that_the_encoder_reads_alike_are_reported_with_both_places(
    tiny_encoder: Path, tiny_config: TrainConfig
) -> None:
    examples = (
        Example("你好", "greet", source="a.jsonl:1"),
        Example("谢谢", "thank", source="a.jsonl:2"),
    )
    found = find_encoder_faults(Dataset(examples), load_encoder(str(tiny_encoder)), tiny_config)
    assert [finding.code for finding in found] == ["unknown_characters", "near_duplicate"]
    assert "'你好' (greet, a.jsonl:1) and '谢谢' (thank, a.jsonl:2)" in found[1].message


def test_no_examples_have_no_faults(tiny_encoder: Path, tiny_config: TrainConfig) -> None:
    assert find_encoder_faults(Dataset(), load_encoder(str(tiny_encoder)), tiny_config) == []


@pytest.mark.parametrize(
    ("text", "unknown", "total"),
    [
        ("where is it", "", 9),
        ("我要 lamp", "我要", 6),
        ("", "", 0),
        ("👍", "", 12),
        ("É", "", 1),
    ],
)
def test_unknown_characters_are_counted_as_the_encoder_reads_them(
    tokenizer: Tokenizer, text: str, unknown: str, total: int
) -> None:
    counts, visible = count_unknown([text], tokenizer)
    assert ("".join(sorted(counts)), visible) == ("".join(sorted(unknown)), total)


def test_characters_beyond_the_longest_length_are_not_counted(tokenizer: Tokenizer) -> None:
    short = Tokenizer.from_str(tokenizer.to_str())
    short.enable_truncation(6)
    assert count_unknown(["my my my my 我 my my"], short) == ({}, 8)


@pytest.mark.parametrize(("strange", "is_reported"), [(5, False), (6, True)])
def test_other_encoder_is_advised_beyond_the_limit(
    tokenizer: Tokenizer, strange: int, is_reported: bool
) -> None:
    texts = ["我"] * strange + ["a"] * (100 - strange)
    found = find_unknown_characters(texts, tokenizer, "tiny")
    assert bool(found) is is_reported
    assert MOST_UNKNOWN == 0.05
    for finding in found:
        assert finding.severity == Severity.GRAVE
        assert "paraphrase-multilingual-MiniLM-L12-v2" in finding.message
