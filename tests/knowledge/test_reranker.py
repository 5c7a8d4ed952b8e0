"""A cross-encoder is exported, served and measured; only the first of a ranking are read again."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from tokenizers.processors import TemplateProcessing
from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast

from knowledge.encoder import FloatArray
from knowledge.errors import EncoderForeign, EncoderMissing, EncoderTampered
from knowledge.reranker import RERANKED, OnnxReranker, reranked
from knowledge.reranker_export import ensure_reranker

WORDS = ("[PAD]", "[CLS]", "[SEP]", "[UNK]", "lamp", "van", "return", "delivery", "costs", "nothing")


def save_cross_encoder(folder: Path, *, labels: int = 1) -> Path:
    torch.manual_seed(3)
    core = Tokenizer(WordLevel({word: i for i, word in enumerate(WORDS)}, unk_token="[UNK]"))
    core.pre_tokenizer = Whitespace()
    core.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 1), ("[SEP]", 2)],
    )
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=core, pad_token="[PAD]", model_max_length=32)  # type: ignore[no-untyped-call]
    tokenizer.model_input_names = ["input_ids", "token_type_ids", "attention_mask"]
    config = BertConfig(
        vocab_size=len(WORDS), hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32,
        max_position_embeddings=32, initializer_range=0.5,
    )  # fmt: skip
    config.num_labels = labels
    BertForSequenceClassification(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def test_an_exported_cross_encoder_scores_as_the_original(tmp_path: Path) -> None:
    source = save_cross_encoder(tmp_path / "source")
    folder = ensure_reranker(str(source), tmp_path / "rerankers")
    assert ensure_reranker(str(source), tmp_path / "rerankers") == folder
    texts = ["return lamp", "van delivery costs", "nothing " * 60, "", "\ud800 lamp"]
    found = OnnxReranker.load(folder).scores("lamp return", texts)
    model = BertForSequenceClassification.from_pretrained(source).eval()  # type: ignore[no-untyped-call]
    tokenizer = PreTrainedTokenizerFast.from_pretrained(source)
    with torch.no_grad():
        given = tokenizer(["lamp return"] * 3, texts[:3], padding=True, truncation=True, return_tensors="pt")
        exact = model(**given).logits[:, 0].numpy()
    assert found.shape == (5,)
    assert found[:3] == pytest.approx(exact, abs=0.2)
    assert np.argsort(found[:3]).tolist() == np.argsort(exact).tolist()
    assert OnnxReranker.load(folder).scores("lamp", []).shape == (0,)


def test_what_is_no_reranker_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(EncoderForeign, match="3 scores"):
        ensure_reranker(str(save_cross_encoder(tmp_path / "three", labels=3)), tmp_path / "rerankers")
    with pytest.raises(EncoderMissing):
        ensure_reranker("no_such_package", tmp_path / "rerankers")
    assert not list(tmp_path.glob("rerankers/*"))


def test_a_changed_file_is_noticed(tmp_path: Path) -> None:
    folder = ensure_reranker(str(save_cross_encoder(tmp_path / "source")), tmp_path / "rerankers")
    (folder / "tokenizer.json").write_text("{}")
    with pytest.raises(EncoderTampered):
        OnnxReranker.load(folder)
    with pytest.raises(EncoderMissing):
        OnnxReranker.load(tmp_path / "nowhere")


class ByLength:
    reranker_id = "length"

    def __init__(self) -> None:
        self.read: list[str] = []

    def scores(self, question: str, texts: Sequence[str]) -> FloatArray:
        self.read = list(texts)
        return np.asarray([len(text) for text in texts], dtype=np.float32)


def test_only_the_first_are_read_again_and_equal_ones_keep_their_order() -> None:
    reranker = ByLength()
    texts = ["b", "a", "ccc", *["x"] * RERANKED, "the longest of all"]
    order = reranked("q", texts, reranker)
    assert order[:3] == [2, 0, 1]
    assert sorted(order) == list(range(len(texts)))
    assert order[RERANKED:] == list(range(RERANKED, len(texts)))
    assert len(reranker.read) == RERANKED
