"""Tiny encoders with random weights, one of each family, as Hugging Face lays them out; tokenizers made by hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch
import transformers
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from transformers import AutoModel, PretrainedConfig, PreTrainedModel

from tests.nlu.conftest import LETTERS, WORDS

POSITIONS = 66


def word_pieces() -> tuple[Tokenizer, int]:
    """BERT's kind: pieces of lower-cased words, padding is 0."""
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *LETTERS, *(f"##{c}" for c in LETTERS), *WORDS]
    vocabulary = {piece: number for number, piece in enumerate(dict.fromkeys(pieces))}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    return tokenizer, 0


def mpnet_pieces() -> tuple[Tokenizer, int]:
    """MPNet's kind: the same pieces, but padding is 1."""
    pieces = ["<s>", "<pad>", "</s>", "[UNK]", *LETTERS, *(f"##{c}" for c in LETTERS), *WORDS]
    vocabulary = {piece: number for number, piece in enumerate(dict.fromkeys(pieces))}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0))
    return tokenizer, 1


def byte_pairs() -> tuple[Tokenizer, int]:
    """RoBERTa's kind: byte pairs, whose tokens begin with the space before the word; padding is 1."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    merges = [("Ġ", "m"), ("Ġm", "y"), ("o", "r"), ("Ġ", "or"), ("l", "a"), ("Ġ", "la")]
    pieces = ["<s>", "<pad>", "</s>", "<unk>", *alphabet, *(left + right for left, right in merges)]
    tokenizer = Tokenizer(models.BPE({piece: n for n, piece in enumerate(pieces)}, merges, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    # Without trimming, a token's place includes the space before its word.
    tokenizer.post_processor = processors.RobertaProcessing(
        ("</s>", 2), ("<s>", 0), trim_offsets=False, add_prefix_space=False
    )
    return tokenizer, 1


def sentence_pieces(padding: int) -> tuple[Tokenizer, int]:
    """The kind of XLM-R (padding 1) and DeBERTa-v3 (padding 0): likely pieces, whose first begins with a mark for the space."""
    marks = ["<s>", "<pad>", "</s>", "<unk>"] if padding == 1 else ["<pad>", "<s>", "</s>", "<unk>"]
    scored = [(mark, 0.0) for mark in marks]
    scored += [(f"▁{word}", -2.0) for word in WORDS] + [("▁", -3.0)]
    scored += [(letter, -6.0) for letter in dict.fromkeys(LETTERS + "ABCDEFGHIJKLMNOPQRSTUVWXYZ")]
    tokenizer = Tokenizer(models.Unigram(scored, unk_id=3, byte_fallback=False))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", marks.index("<s>")), ("</s>", 2)]
    )
    return tokenizer, padding


_SMALL: dict[str, object] = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 64,
    "max_position_embeddings": POSITIONS,
}
_DISENTANGLED: dict[str, object] = {
    "relative_attention": True,
    "position_biased_input": False,
    "pos_att_type": ["p2c", "c2p"],
}

FAMILIES: dict[str, tuple[str, Callable[[], tuple[Tokenizer, int]], dict[str, object]]] = {
    "bert": ("BertConfig", word_pieces, _SMALL),
    "minilm": ("BertConfig", word_pieces, {**_SMALL, "num_hidden_layers": 3}),
    "distilbert": (
        "DistilBertConfig",
        word_pieces,
        {"dim": 32, "n_layers": 2, "n_heads": 4, "hidden_dim": 64, "max_position_embeddings": POSITIONS},
    ),
    "electra": ("ElectraConfig", word_pieces, {**_SMALL, "embedding_size": 16}),
    "mpnet": ("MPNetConfig", mpnet_pieces, _SMALL),
    "roberta": ("RobertaConfig", byte_pairs, _SMALL),
    "xlm-roberta": ("XLMRobertaConfig", lambda: sentence_pieces(1), _SMALL),
    "deberta": ("DebertaConfig", byte_pairs, {**_SMALL, **_DISENTANGLED}),
    "deberta-v2": ("DebertaV2Config", lambda: sentence_pieces(0), {**_SMALL, **_DISENTANGLED}),
    "deberta-v3": (
        "DebertaV2Config",
        lambda: sentence_pieces(0),
        {
            **_SMALL,
            **_DISENTANGLED,
            "position_buckets": 16,
            "share_att_key": True,
            "norm_rel_ebd": "layer_norm",
        },
    ),
}


def write_encoder(family: str, folder: Path) -> Path:
    """Make an encoder of this family and write it with its tokenizer."""
    name, build_tokenizer, settings = FAMILIES[family]
    tokenizer, padding = build_tokenizer()
    tokenizer.save(str(folder / "tokenizer.json"))
    torch.manual_seed(0)
    kind = getattr(transformers, name)
    config: PretrainedConfig = kind(vocab_size=tokenizer.get_vocab_size(), pad_token_id=padding, **settings)
    model: PreTrainedModel = AutoModel.from_config(config)  # type: ignore[no-untyped-call]
    model.save_pretrained(folder)
    return folder
