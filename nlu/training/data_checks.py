"""Faults of the examples that only show through the encoder: texts it cannot tell apart, characters it cannot read."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from tokenizers import Tokenizer

from nlu.checks import comparable
from nlu.config import TrainConfig
from nlu.encoding import TextEncoder
from nlu.examples import Dataset, Example
from nlu.findings import Finding, Severity, percent, place_of, worst_first
from nlu.scores import FloatArray
from nlu.training.batches import build_items, ordered_batches
from nlu.training.encoders import Pretrained
from nlu.training.machine import mixed_precision
from nlu.training.network import fill_padding, mean_embedding
from nlu.words import split

ALIKE = 0.9
"""Texts of two intents whose untrained embeddings have at least this cosine are reported. Measured with the default
encoder: of 3 million pairs of ``data/nlu`` 7 are as near, all but a few of them worth a look."""

MOST_PAIRS = 20
MOST_COMPARED = 20_000
"""With more examples than this, an even sample of them is compared."""

MOST_UNKNOWN = 0.05
"""Share of the characters that an encoder may not know before another one is advised."""

_ADVICE = 'set "encoder" to one that reads them: paraphrase-multilingual-MiniLM-L12-v2 or xlm-roberta-base'
_BATCH = 64
_ROWS = 1024
_EXAMPLES_TOLD = 8


@dataclass(frozen=True)
class Pair:
    """Two examples of different intents, and the cosine of their embeddings."""

    left: Example
    right: Example
    cosine: float


def find_encoder_faults(dataset: Dataset, pretrained: Pretrained, config: TrainConfig) -> list[Finding]:
    """List what the encoder cannot read or tell apart, the worst first."""
    findings = find_unknown_characters(
        [e.text for e in dataset.in_scope], pretrained.tokenizer, config.encoder
    )
    examples = dataset.in_scope[:: max(1, -(-len(dataset.in_scope) // MOST_COMPARED))]
    embeddings = embed_untrained(examples, pretrained, config)
    for pair in find_alike(examples, embeddings, least=ALIKE, most=MOST_PAIRS):
        left, right = (f"{e.text[:80]!r} ({e.intent}, {place_of(e)})" for e in (pair.left, pair.right))
        message = f"to the encoder {left} and {right} are nearly the same (cosine {pair.cosine:.2f})"
        findings.append(Finding("near_duplicate", message, Severity.NOTE))
    return worst_first(findings)


def embed_untrained(examples: Sequence[Example], pretrained: Pretrained, config: TrainConfig) -> FloatArray:
    """Embed each text as the encoder does before training: (n, d), rows of unit length."""
    encoder = TextEncoder(pretrained.tokenizer, max_tokens=pretrained.tokens_read(config.max_tokens))
    items = build_items(examples, encoder, (), ())
    has_gpu = torch.cuda.is_available()
    device = torch.device("cuda" if has_gpu else "cpu")
    kind = {"bf16": torch.bfloat16, "fp16": torch.float16}.get(mixed_precision(config, has_gpu=has_gpu))
    rows = np.zeros((len(items), int(pretrained.model.config.hidden_size)), dtype=np.float32)
    pretrained.model.to(device).train(False)  # type: ignore[arg-type]  # its stub takes no device
    with torch.inference_mode(), torch.autocast(device.type, dtype=kind, enabled=kind is not None):
        for places, batch in ordered_batches(items, size=_BATCH):
            batch = batch.to(device)
            ids = fill_padding(batch.ids, batch.mask, pretrained.padding)
            hidden = pretrained.model(input_ids=ids, attention_mask=batch.mask).last_hidden_state
            rows[places] = mean_embedding(hidden.float(), batch.mask).cpu().numpy()
    return rows


def find_alike(examples: Sequence[Example], embeddings: FloatArray, *, least: float, most: int) -> list[Pair]:
    """Find the nearest pairs of examples of different intents.

    Args:
        examples: n examples.
        embeddings: (n, d), rows of unit length.
        least: the least cosine of a pair.
        most: pairs at most.

    Returns:
        The nearest first. Copies of one text are left out: they are reported as such.
    """
    intents = np.unique([example.intent for example in examples], return_inverse=True)[1]
    found: list[Pair] = []
    for start in range(0, len(examples), _ROWS):
        cosines = embeddings[start : start + _ROWS] @ embeddings[start:].T
        is_pair = (intents[start : start + _ROWS, None] != intents[None, start:]) & (cosines >= least)
        rows, columns = np.nonzero(np.triu(is_pair))
        found += [
            Pair(examples[start + r], examples[start + c], float(cosines[r, c]))
            for r, c in zip(rows.tolist(), columns.tolist(), strict=True)
        ]
    different = [pair for pair in found if comparable(pair.left.text) != comparable(pair.right.text)]
    return sorted(different, key=lambda pair: -pair.cosine)[:most]


def find_unknown_characters(texts: Sequence[str], tokenizer: Tokenizer, encoder: str) -> list[Finding]:
    """Report an encoder that does not know more than `MOST_UNKNOWN` of the visible characters."""
    unknown, total = count_unknown(texts, tokenizer)
    share = unknown.total() / total if total else 0.0
    if share <= MOST_UNKNOWN:
        return []
    some = " ".join(character for character, _ in unknown.most_common(_EXAMPLES_TOLD))
    message = (
        f"{percent(share)} of the characters mean nothing to encoder {encoder!r}, such as {some}; {_ADVICE}"
    )
    return [Finding("unknown_characters", message, Severity.GRAVE)]


def count_unknown(texts: Sequence[str], tokenizer: Tokenizer) -> tuple[Counter[str], int]:
    """Count the visible characters that stand in an unknown token or in none, and all visible characters.

    What lies beyond the longest length of the tokenizer is not counted.
    """
    unknown_id = _unknown_id(tokenizer)
    unknown: Counter[str] = Counter()
    total = 0
    surfaces = [split(text).surface for text in texts]
    for surface, encoding in zip(surfaces, tokenizer.encode_batch(surfaces), strict=True):
        known: set[int] = set()
        end = 0
        for token, (start, stop) in zip(encoding.ids, encoding.offsets, strict=True):
            end = max(end, stop)
            if token != unknown_id:
                known.update(range(start, stop))
        visible = [place for place in range(end) if not surface[place].isspace()]
        unknown.update(surface[place] for place in visible if place not in known)
        total += len(visible)
    return unknown, total


def _unknown_id(tokenizer: Tokenizer) -> int | None:
    """Give the number of the unknown token; None if the tokenizer has none (it reads bytes)."""
    model = json.loads(tokenizer.to_str())["model"]
    if model.get("unk_token"):
        number: int | None = tokenizer.token_to_id(model["unk_token"])
        return number
    place: int | None = model.get("unk_id")
    return place
