"""Trains a cross-encoder to choose the right passage among wrong ones; this is where torch is imported."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig, AutoModelForSequenceClassification, AutoTokenizer
from transformers.utils import logging as transformers_logging

from knowledge.encoder import Progress
from knowledge.errors import EncoderForeign
from knowledge.teaching.config import RerankConfig
from knowledge.teaching.fit import prepare, run_steps
from knowledge.teaching.reread import Choice


def train_cross_encoder(
    source: Path,
    passes: Sequence[Sequence[Choice]],
    out: Path,
    config: RerankConfig,
    progress: Progress | None = None,
) -> int:
    """Train a cross-encoder with one score and save it in Hugging Face's form; word embeddings stay as they are.

    Args:
        source: folder of the model to begin with.
        passes: what is learned in each pass; none saves the model as it is.
        out: folder to write, for ``ensure_reranker``.
        config: the settings.
        progress: called with (stage, steps done, steps).

    Returns:
        How many steps were made.

    Raises:
        EncoderForeign: it cannot give one score for a pair of texts.
    """
    prepare(config.threads, config.seed)
    model, tokenizer = _load(source, config)
    batches = [
        choices[start : start + config.batch_size]
        for choices in passes
        for start in range(0, len(choices), config.batch_size)
    ]
    if batches:
        model.get_input_embeddings().weight.requires_grad = False
        run_steps(
            model,
            batches,
            lambda batch: _loss(model, tokenizer, batch, config.max_tokens),
            config.learning_rate,
            progress,
        )
    model.eval().save_pretrained(out)
    tokenizer.model_max_length = config.max_tokens
    tokenizer.save_pretrained(out)
    return len(batches)


def _load(source: Path, config: RerankConfig) -> tuple[Any, Any]:
    before = transformers_logging.get_verbosity()
    transformers_logging.set_verbosity(
        logging.ERROR
    )  # an encoder has no head for a score yet, and that is as it should be
    try:
        settings = AutoConfig.from_pretrained(source)
        if config.epochs:
            settings.num_labels = 1
        if config.layers:
            settings.num_hidden_layers = min(config.layers, settings.num_hidden_layers)
        model = AutoModelForSequenceClassification.from_pretrained(source, config=settings)
        return model.float(), AutoTokenizer.from_pretrained(source)
    except (OSError, ValueError, RuntimeError) as error:
        raise EncoderForeign(source, "it cannot be made to give one score for a pair of texts") from error
    finally:
        transformers_logging.set_verbosity(before)


def _loss(model: Any, tokenizer: Any, batch: Sequence[Choice], max_tokens: int) -> torch.Tensor:
    """Average what the right passage's share of the softmax lacks, over the choices of a batch."""
    given = tokenizer(
        [choice.question for choice in batch for _ in choice.texts],
        [text for choice in batch for text in choice.texts],
        padding=True,
        truncation="longest_first",
        max_length=max_tokens,
        return_tensors="pt",
    )
    scores = model(**given).logits[:, 0].float()
    groups = scores.split([len(choice.texts) for choice in batch])
    return torch.stack([-group.log_softmax(0)[0] for group in groups]).mean()
