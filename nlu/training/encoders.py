"""Loading the pretrained encoder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tokenizers import Tokenizer
from transformers import AutoModel, AutoTokenizer, PreTrainedModel
from transformers.utils import logging as transformers_logging

from nlu.errors import EncoderNotFound
from nlu.training.location import locate_encoder


@dataclass(frozen=True)
class Pretrained:
    """An encoder and its tokenizer, as they are before training."""

    model: PreTrainedModel
    tokenizer: Tokenizer


def load_encoder(name: str) -> Pretrained:
    """Load an encoder and its fast tokenizer.

    Raises:
        EncoderNotFound: it is not there, or has no fast tokenizer.
    """
    where = locate_encoder(name)
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        # Eager attention is what the ONNX exporter traces.
        model = AutoModel.from_pretrained(where, attn_implementation="eager")
        tokenizer = _load_tokenizer(where)
    except (OSError, ValueError) as error:
        raise EncoderNotFound(name, str(error).split("\n")[0]) from error
    return Pretrained(model, tokenizer)


def _load_tokenizer(where: str) -> Tokenizer:
    file = Path(where) / "tokenizer.json"
    if file.is_file():
        return Tokenizer.from_file(str(file))
    backend = getattr(AutoTokenizer.from_pretrained(where, use_fast=True), "backend_tokenizer", None)
    if backend is None:
        raise ValueError("it has no fast tokenizer")
    return Tokenizer.from_str(backend.to_str())
