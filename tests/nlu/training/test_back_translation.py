from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import MarianConfig, MarianMTModel, PreTrainedTokenizerFast

from nlu.checks import comparable
from nlu.config import TrainConfig, parse_config
from nlu.errors import TranslatorNotFound
from nlu.examples import Example
from nlu.models import train_model
from nlu.progress import Progress
from nlu.training.back_translation import back_translate, keep_faithful
from nlu.training.translator import Translator
from tests.nlu.conftest import WORDS, annotated, small_dataset

LAMP = annotated("send the blue lamp on Friday", "order", product="blue lamp", date="Friday")


@pytest.fixture(scope="module")
def translators(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two Marian models of random weights with word tokenizers, on disk as Hugging Face lays them out."""
    return tuple(save_translator(tmp_path_factory.mktemp(name), n) for n, name in enumerate(("out", "back")))  # type: ignore[return-value]


def save_translator(folder: Path, seed: int) -> Path:
    vocabulary = {word: n for n, word in enumerate(["<pad>", "</s>", "<unk>", *WORDS])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=tokenizer, pad_token="<pad>", eos_token="</s>", unk_token="<unk>"
    ).save_pretrained(folder)
    torch.manual_seed(seed)
    sizes: dict[str, Any] = {
        f"{side}_{key}": value
        for side in ("encoder", "decoder")
        for key, value in (("layers", 1), ("attention_heads", 2), ("ffn_dim", 32))
    }
    config = MarianConfig(
        vocab_size=len(vocabulary),
        d_model=16,
        max_position_embeddings=160,
        pad_token_id=0,
        eos_token_id=1,
        decoder_start_token_id=0,
        forced_eos_token_id=None,
        init_std=1.0,
        **sizes,
    )
    MarianMTModel(config).save_pretrained(folder)
    return folder


@pytest.fixture
def config(tiny_config: TrainConfig, translators: tuple[Path, Path]) -> TrainConfig:
    out, back = map(str, translators)
    return dataclasses.replace(tiny_config, epochs=1, translation_model_out=out, translation_model_back=back)


def test_text_is_translated_alike_alone_and_in_company(translators: tuple[Path, Path]) -> None:
    translator = Translator(str(translators[0]))
    texts = ["where is my order", "thank you", "please cancel the blue lamp"] * 7
    together = translator.translate(texts)
    assert together == translator.translate(texts[:3]) * 7
    assert len(set(together)) > 1
    assert translator.translate([]) == []


def test_model_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(TranslatorNotFound, match="nowhere"):
        Translator(str(tmp_path / "nowhere"))


def test_what_was_translated_is_kept(tmp_path: Path, config: TrainConfig) -> None:
    examples = small_dataset().in_scope
    made = back_translate(examples, (), config, tmp_path)
    kept = next((tmp_path / ".paraphrases").glob("*.json"))
    assert set(json.loads(kept.read_text())) == {example.text for example in examples}
    kept.write_text(json.dumps({example.text: "said in another way" for example in examples}))
    again = back_translate(examples, (), config, tmp_path)
    assert [one.example.text for one in again] == ["said in another way"]
    assert made != again


def test_training_says_how_many_paraphrases_it_learns_and_counts_them_in_the_models_name(
    tmp_path: Path, config: TrainConfig
) -> None:
    told: list[Progress] = []
    dataset = small_dataset()
    train_model(dataset, None, tmp_path, config, told.append)
    assert any(progress.message.startswith("translating 30 examples out and back gave ") for progress in told)
    kept = next((tmp_path / ".paraphrases").glob("*.json"))
    kept.write_text(json.dumps({example.text: f"again: {example.text}" for example in dataset.in_scope}))
    model = train_model(dataset, None, tmp_path, config, told.append)
    assert not model.is_reused
    assert model.metrics["examples"] == {"learned": 48, "held_out": 6, "out_of_scope": 3}
    assert train_model(dataset, None, tmp_path, config, told.append).is_reused


@pytest.mark.parametrize(
    ("paraphrase", "is_kept"),
    [
        ("the blue lamp should come on Friday", True),
        ("on Friday I want the blue lamp", False),
        ("the Blue Lamp should come on Friday", False),
        ("the blue lamp, the blue lamp on Friday", False),
        ("it should come on Friday", False),
        ("Send the blue lamp on Friday!", False),
        (" ", False),
        ("", False),
    ],
)
def test_paraphrase_is_kept_if_it_is_new_and_names_every_detail(paraphrase: str, is_kept: bool) -> None:
    made = keep_faithful([LAMP], {LAMP.text: paraphrase})
    assert bool(made) is is_kept
    for one in made:
        assert one.origin == LAMP.text
        assert [paraphrase[e.start : e.end] for e in one.example.entities] == ["blue lamp", "Friday"]


TEXTS = st.sampled_from(["a b", "A b.", "b c", "c d", ""])


@given(st.dictionaries(TEXTS.filter(bool), TEXTS, min_size=1))
def test_no_paraphrase_is_a_copy(paraphrases: dict[str, str]) -> None:
    examples = [Example(text, f"intent {n}") for n, text in enumerate(paraphrases)]
    texts = [comparable(one.example.text) for one in keep_faithful(examples, paraphrases)]
    assert len(set(texts)) == len(texts)
    assert not set(texts) & {comparable(text) for text in paraphrases}
    assert all(one.example.text != "c d" for one in keep_faithful(examples, paraphrases, ["C D"]))


@pytest.mark.parametrize("key", ["translation_model_out", "translation_model_back"])
def test_one_translation_model_alone_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match="together"):
        parse_config({key: "somewhere"})
