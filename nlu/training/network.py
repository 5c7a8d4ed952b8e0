"""The network: one encoder, a cosine head for the intent, a tag layer for the entities."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional


class JointNetwork(nn.Module):
    """One encoder with two heads.

    The intent head holds one direction per intent; a logit is the cosine of the text's embedding to it, times a fixed
    scale. Directions start as the mean embedding of the intent's examples, so the untrained network is already a
    nearest-mean classifier and a few examples suffice.

    While it trains, `step_context` is entered around the encoder (mixed precision) and `step_encoder` stands in for
    the encoder (the same, compiled); measured and exported is always the plain network.
    """

    def __init__(self, encoder: nn.Module, *, intents: int, tags: int, scale: float, dropout: float) -> None:
        super().__init__()
        width = int(encoder.config.hidden_size)  # type: ignore[union-attr, arg-type]
        self.encoder = encoder
        self.directions = nn.Parameter(torch.randn(intents, width) / width**0.5)
        self.tag_layer = nn.Linear(width, tags)
        self.dropout = nn.Dropout(dropout)
        self.scale = scale
        self.padding = padding_of(encoder)
        self.step_context: Callable[[], AbstractContextManager[Any]] = nullcontext
        self.step_encoder: Callable[..., Any] | None = None

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Run a batch.

        Args:
            input_ids: (n, tokens) int64; what stands in padding does not matter.
            attention_mask: (n, tokens) int64, 1 for tokens, 0 for padding.

        Returns:
            Intent logits (n, intents), tag logits (n, tokens, tags) and embeddings (n, width) of unit length, fp32.
        """
        ids = fill_padding(input_ids, attention_mask, self.padding)
        encode = (self.training and self.step_encoder) or self.encoder
        with self.step_context() if self.training else nullcontext():
            states = encode(input_ids=ids, attention_mask=attention_mask).last_hidden_state
        # The heads always compute in fp32: a cosine times 20 needs more digits than bf16 has.
        hidden = states.float()
        embedding = mean_embedding(hidden, attention_mask)
        directions = functional.normalize(self.directions, dim=-1)
        return embedding @ directions.T * self.scale, self.tag_layer(self.dropout(hidden)), embedding

    @property
    def word_vectors(self) -> Tensor:
        """The encoder's vectors of its pieces: (pieces, width)."""
        encoder: Any = self.encoder
        return cast(Tensor, encoder.get_input_embeddings().weight)

    @property
    def device(self) -> torch.device:
        """Where the network computes."""
        return self.directions.device

    def freeze(self, layers: int) -> None:
        """Keep the word vectors as they are (half the weights, of which few examples move few), and the lowest layers.

        The pooler, which nothing here reads, is left out too.
        """
        encoder: Any = self.encoder
        self.word_vectors.requires_grad_(False)
        if isinstance(getattr(encoder, "pooler", None), nn.Module):
            encoder.pooler.requires_grad_(False)
        if not layers:
            return
        # What is no layer lies below them all (embeddings, and in some families the relative places).
        trained = {id(p) for layer in layers_of(encoder)[layers:] for p in layer.parameters()}
        for parameter in encoder.parameters():
            parameter.requires_grad_(id(parameter) in trained)


def padding_of(encoder: nn.Module) -> int:
    """Find the id that stands for no token, 0 unless the encoder's config names another."""
    return int(getattr(encoder.config, "pad_token_id", None) or 0)


def fill_padding(ids: Tensor, attention_mask: Tensor, padding: int) -> Tensor:
    """Put the encoder's own id where there is no token: some families count a token's place by the other ids."""
    return ids.masked_fill(attention_mask == 0, padding) if padding else ids


def layers_of(encoder: nn.Module) -> list[nn.Module]:
    """Find the encoder's layers, lowest first, whatever its family calls them."""
    stacks = [list(module) for module in encoder.modules() if isinstance(module, nn.ModuleList)]
    return max(stacks, key=len, default=[])


def mean_embedding(hidden: Tensor, attention_mask: Tensor) -> Tensor:
    """Average the token states (n, tokens, width) of each text without its padding; rows of unit length."""
    mask = attention_mask.unsqueeze(-1).to(hidden.dtype)
    return functional.normalize((hidden * mask).sum(dim=1) / mask.sum(dim=1).clamp(min=1.0), dim=-1)
