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
from knowledge.teaching.fit import precision, warmup_and_decay
from knowledge.teaching.reread import Choice
from nlu.training.machine import keep_memory


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
    torch.set_num_threads(config.threads)
    keep_memory()
    torch.manual_seed(config.seed)
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    model, tokenizer = _load(source, config)
    batches = [
        choices[start : start + config.batch_size]
        for choices in passes
        for start in range(0, len(choices), config.batch_size)
    ]
    if batches:
        _run(model, tokenizer, batches, config, progress)
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


def _run(
    model: Any,
    tokenizer: Any,
    batches: Sequence[Sequence[Choice]],
    config: RerankConfig,
    progress: Progress | None,
) -> None:
    model.get_input_embeddings().weight.requires_grad = False
    learned = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(learned, lr=config.learning_rate, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, warmup_and_decay(len(batches)))
    dtype = precision()
    model.train()
    if progress is not None:
        progress("train", 0, len(batches))
    for step, batch in enumerate(batches, start=1):
        with torch.autocast("cpu", dtype=dtype, enabled=dtype is not torch.float32):
            loss = _loss(model, tokenizer, batch, config.max_tokens)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(learned, 1.0)
        optimizer.step()
        schedule.step()
        if progress is not None:
            progress("train", step, len(batches))


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
