"""A tiny encoder with random weights that knows the words of a small world."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

from knowledge.documents import Document
from knowledge.teaching.config import TeachConfig
from tests.knowledge.teaching.world import MATTERS, SAID, THINGS, world


@pytest.fixture(scope="session")
def documents() -> list[Document]:
    return world()


@pytest.fixture(scope="session")
def tiny_source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT of two small layers that knows the world's words, in sentence-transformers' form."""
    words = [*THINGS, *THINGS.values(), *MATTERS, *MATTERS.values(), *SAID]
    pieces = {piece: n for n, piece in enumerate(("[PAD]", "[UNK]", "[CLS]", "[SEP]", *dict.fromkeys(words)))}
    tokenizer = Tokenizer(models.WordPiece(pieces, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    bare = tmp_path_factory.mktemp("bert")
    PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=tokenizer, unk_token="[UNK]", pad_token="[PAD]", cls_token="[CLS]", sep_token="[SEP]"
    ).save_pretrained(bare)
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(pieces),
        hidden_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=128,
        max_position_embeddings=64,
        initializer_range=0.3,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
    )
    BertModel(config).save_pretrained(bare)
    transformer = Transformer(str(bare), max_seq_length=48)
    model = SentenceTransformer(modules=[transformer, Pooling(64, pooling_mode="mean")], device="cpu")
    folder = tmp_path_factory.mktemp("tiny") / "tiny"
    model.save(str(folder), create_model_card=False)
    return folder


@pytest.fixture(scope="session")
def tiny_config(tiny_source: Path) -> Callable[..., TeachConfig]:
    """Settings under which the tiny encoder learns the world in seconds."""

    def make(**changes: object) -> TeachConfig:
        settings: dict[str, object] = {
            "encoder": str(tiny_source),
            "epochs": 40,
            "learning_rate": 3e-3,
            "same_cosine": 0.999,
        }
        return TeachConfig(**{**settings, **changes})  # type: ignore[arg-type]

    return make
