"""Loading the pretrained encoder."""

from __future__ import annotations

import importlib.util
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer
from torch import nn
from transformers import AutoModel, AutoTokenizer, PreTrainedModel
from transformers.utils import logging as transformers_logging

from nlu.errors import EncoderNotFound
from nlu.training.location import locate_encoder
from nlu.training.network import padding_of

_HUB_NAME = re.compile(r"\w[\w.-]*(/\w[\w.-]*)?")


@dataclass(frozen=True)
class Pretrained:
    """An encoder and its tokenizer, as they are before training; it reads `max_tokens` at most, None: any number."""

    model: PreTrainedModel
    tokenizer: Tokenizer
    max_tokens: int | None

    def tokens_read(self, max_tokens: int) -> int:
        """Tell how many tokens of a text are read where `max_tokens` are wanted."""
        return min(max_tokens, self.max_tokens or max_tokens)

    @property
    def padding(self) -> int:
        """The id that stands for no token."""
        return padding_of(self.model)


def load_encoder(name: str) -> Pretrained:
    """Load an encoder and its fast tokenizer.

    Raises:
        EncoderNotFound: it is not there, is no encoder, or has no tokenizer that can be used.
    """
    where = locate_encoder(name)
    if not _HUB_NAME.fullmatch(where) and not (where and Path(where).is_dir()):
        raise EncoderNotFound(name, "there is no such folder, and it is no hub name (name, or owner/name)")
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        # Eager attention is what the ONNX exporter traces.
        model = AutoModel.from_pretrained(where, attn_implementation="eager")
        tokenizer = _load_tokenizer(where)
        _check_vocabulary(model, tokenizer)
    except (
        Exception
    ) as error:  # the libraries raise bare Exceptions of many kinds for a file they cannot read
        reason = str(error).strip().split("\n")[0] or type(error).__name__
        raise EncoderNotFound(name, reason) from error
    if getattr(model.config, "is_encoder_decoder", False):
        raise EncoderNotFound(name, "it writes texts; what is needed is an encoder alone")
    return Pretrained(model, tokenizer, longest_input(model))


def longest_input(encoder: nn.Module) -> int | None:
    """Find how many tokens have a place of their own; None where places are relative.

    Families that number places by the padding id begin after it.
    """
    for name, module in encoder.named_modules():
        if name.endswith("position_embeddings") and isinstance(module, nn.Embedding):
            return module.num_embeddings - (0 if module.padding_idx is None else module.padding_idx + 1)
    return None


def _load_tokenizer(where: str) -> Tokenizer:
    file = Path(where) / "tokenizer.json"
    if file.is_file():
        return Tokenizer.from_file(str(file))
    if list(Path(where).glob("*.model")) and importlib.util.find_spec("sentencepiece") is None:
        raise ValueError(
            "it has only a SentencePiece vocabulary: a tokenizer.json or the package sentencepiece is needed"
        )
    backend = getattr(AutoTokenizer.from_pretrained(where, use_fast=True), "backend_tokenizer", None)
    if backend is None:
        raise ValueError("it has no fast tokenizer")
    return Tokenizer.from_str(backend.to_str())


def _check_vocabulary(model: PreTrainedModel, tokenizer: Tokenizer) -> None:
    """Refuse a tokenizer of another encoder, and the empty one that stands in where the vocabulary's file is missing."""
    weight: Any = model.get_input_embeddings().weight
    known, vectors = tokenizer.get_vocab_size(), len(weight)
    if not vectors / 2 < known <= vectors:
        raise ValueError(f"its tokenizer knows {known} pieces, but it has vectors for {vectors}")
