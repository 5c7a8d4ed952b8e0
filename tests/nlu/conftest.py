"""A tiny encoder with random weights and a model trained on it, made once for the whole run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import BertConfig, BertModel

from nlu.config import TrainConfig
from nlu.examples import Dataset, Entity, Example, Pattern
from nlu.models import Model, train_model
from nlu.runtime import Understander, load

LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789-.@#/'!?,"
WORDS = (
    "where",
    "is",
    "my",
    "order",
    "when",
    "will",
    "the",
    "blue",
    "lamp",
    "please",
    "cancel",
    "thank",
    "you",
    "a",
)


def annotated(text: str, intent: str, **details: str) -> Example:
    """Build an example whose entities are given by their surface."""
    entities = tuple(
        Entity(text.index(surface), text.index(surface) + len(surface), entity, surface)
        for entity, surface in details.items()
    )
    return Example(text, intent, tuple(sorted(entities, key=lambda entity: entity.start)))


def small_dataset() -> Dataset:
    """Three intents of ten examples each, two entities, one pattern, one synonym, three texts out of scope."""
    examples: list[Example] = []
    for number in range(10):
        examples += [
            annotated(f"where is my order 1020{number}", "order_status", order_number=f"1020{number}"),
            annotated(f"please cancel the blue lamp {number}", "cancel_order", product="blue lamp"),
            Example(f"thank you {'so ' * number}much", "thank"),
        ]
    examples += [Example(f"what is the weather {word}", "out_of_scope") for word in ("now", "here", "there")]
    return Dataset(tuple(examples), (("azure light", "blue lamp"),), (Pattern("order_number", r"NL-\d{5}"),))


@pytest.fixture(scope="session")
def tiny_encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT of two small layers with a word-piece tokenizer, on disk as Hugging Face lays it out."""
    folder = tmp_path_factory.mktemp("encoder")
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *LETTERS, *(f"##{c}" for c in LETTERS), *WORDS]
    vocabulary = {piece: number for number, piece in enumerate(dict.fromkeys(pieces))}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    tokenizer.save(str(folder / "tokenizer.json"))
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=64,
        max_position_embeddings=64,
    )
    BertModel(config).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def tiny_config(tiny_encoder: Path) -> TrainConfig:
    """Settings under which the tiny encoder learns the small dataset in a second or two."""
    return TrainConfig(
        encoder=str(tiny_encoder),
        max_tokens=48,
        epochs=20,
        patience=20,
        precision="fp32",
        learning_rate=3e-3,
        tag_learning_rate=1e-2,
        held_out_share=0.2,
    )


@pytest.fixture(scope="session")
def train_tiny(tiny_config: TrainConfig) -> Callable[[Path], Model]:
    """Train the small dataset into a store."""

    def run(store: Path) -> Model:
        return train_model(small_dataset(), None, store, tiny_config, lambda _: None)

    return run


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory, train_tiny: Callable[[Path], Model]) -> Model:
    """A trained model; do not change its folder."""
    return train_tiny(tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="session")
def understander(tiny_model: Model) -> Understander:
    """The trained model, loaded."""
    return load(tiny_model.folder)
