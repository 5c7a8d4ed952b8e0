"""The training itself: multiple negatives, with a near miss each; this is where torch is imported."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.losses import MultipleNegativesRankingLoss
from transformers.utils import logging as transformers_logging

from knowledge.encoder import Progress
from knowledge.errors import TooLittleToLearn
from knowledge.teaching.config import TeachConfig
from knowledge.teaching.lessons import Example, Lesson, draw_batches, draw_examples
from nlu.training.machine import keep_memory, multiplies_in_bf16
from nlu.training.schedule import warmup_and_decay

B = TypeVar("B")
_WARMUP_SHARE = 0.1


def train_encoder(
    source: Path,
    lessons: Sequence[Lesson],
    out: Path,
    config: TeachConfig,
    progress: Progress | None = None,
) -> int:
    """Train a sentence-transformers encoder on lessons and save it; word embeddings stay as they are.

    Args:
        source: folder of the encoder to begin with.
        lessons: at least two, of different topics.
        out: folder to write, for ``export_encoder``.
        config: the settings.
        progress: called with (stage, steps done, steps).

    Returns:
        How many steps were made.

    Raises:
        TooLittleToLearn: no two questions are of different topics.
    """
    prepare(config.threads, config.seed)
    model = SentenceTransformer(str(source), device="cpu")
    whole_tokens = model.max_seq_length
    model.max_seq_length = min(config.max_tokens, whole_tokens or config.max_tokens)
    batches = [
        batch
        for epoch in range(config.epochs)
        for batch in draw_batches(
            draw_examples(lessons, config.seed + epoch, has_near_misses=config.has_near_misses),
            config.batch_size,
        )
    ]
    if not batches:
        raise TooLittleToLearn("no two questions of different topics")
    _run(model, batches, config, progress)
    model.max_seq_length = whole_tokens
    model.save(str(out), create_model_card=False)
    return len(batches)


def prepare(threads: int, seed: int) -> None:
    """Make a training the same for the same input; models are loaded without a bar."""
    torch.set_num_threads(threads)
    keep_memory()
    torch.manual_seed(seed)
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]


def run_steps(
    model: torch.nn.Module,
    batches: Sequence[B],
    loss_of: Callable[[B], torch.Tensor],
    learning_rate: float,
    progress: Progress | None,
) -> None:
    """Make a step of each batch, with AdamW on all that is not frozen.

    Args:
        model: changed in place, and left as in training.
        batches: one or more.
        loss_of: computes what a step makes smaller, a scalar.
        learning_rate: highest; see ``warmup_and_decay``.
        progress: called with (stage, steps done, steps).
    """
    learned = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(learned, lr=learning_rate, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, warmup_and_decay(len(batches), _WARMUP_SHARE))
    model.train()
    if progress is not None:
        progress("train", 0, len(batches))
    for step, batch in enumerate(batches, start=1):
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=multiplies_in_bf16()):
            loss = loss_of(batch)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(learned, 1.0)
        optimizer.step()
        schedule.step()
        if progress is not None:
            progress("train", step, len(batches))


def _run(
    model: SentenceTransformer,
    batches: Sequence[Sequence[Example]],
    config: TeachConfig,
    progress: Progress | None,
) -> None:
    for embedding in _word_embeddings(model):
        embedding.requires_grad = False
    loss_of = MultipleNegativesRankingLoss(model, scale=config.scale)
    run_steps(
        model,
        batches,
        lambda batch: loss_of([_features(model, texts) for texts in _columns(batch)], torch.empty(0)),
        config.learning_rate,
        progress,
    )
    model.eval()


def _columns(batch: Sequence[Example]) -> list[list[str]]:
    columns = [[one.question for one in batch], [one.right for one in batch]]
    wrongs = [one.wrong for one in batch]
    return [*columns, wrongs] if all(wrongs) else columns


def _features(model: SentenceTransformer, texts: list[str]) -> dict[str, Any]:
    return dict(model.preprocess(texts))


def _word_embeddings(model: SentenceTransformer) -> list[torch.Tensor]:
    """Find the table of word vectors: half of a small encoder, and the gradient that costs most memory."""
    return [
        module.weight
        for name, module in model.named_modules()
        if name.endswith("word_embeddings") and isinstance(module, torch.nn.Embedding)
    ]
