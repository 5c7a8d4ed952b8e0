"""The network: one encoder, a cosine head for the intent, a tag layer for the entities."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import PreTrainedModel


class JointNetwork(nn.Module):
    """One encoder with two heads.

    The intent head holds one direction per intent; a logit is the cosine of the text's embedding to it, times a fixed
    scale. Directions start as the mean embedding of the intent's examples, so the untrained network is already a
    nearest-mean classifier and a few examples suffice.
    """

    def __init__(
        self, encoder: PreTrainedModel, *, intents: int, tags: int, scale: float, dropout: float
    ) -> None:
        super().__init__()
        width = int(encoder.config.hidden_size)
        self.encoder = encoder
        self.directions = nn.Parameter(torch.randn(intents, width) / width**0.5)
        self.tag_layer = nn.Linear(width, tags)
        self.dropout = nn.Dropout(dropout)
        self.scale = scale

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Run a batch.

        Args:
            input_ids: (n, tokens) int64.
            attention_mask: (n, tokens) int64, 1 for tokens, 0 for padding.

        Returns:
            Intent logits (n, intents), tag logits (n, tokens, tags) and embeddings (n, width) of unit length.
        """
        hidden = self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        embedding = mean_embedding(hidden, attention_mask)
        directions = functional.normalize(self.directions, dim=-1)
        return embedding @ directions.T * self.scale, self.tag_layer(self.dropout(hidden)), embedding

    def freeze(self, layers: int) -> None:
        """Keep the word vectors as they are (half the weights, of which few examples move few), and the lowest layers."""
        self.encoder.get_input_embeddings().weight.requires_grad_(False)
        if layers:
            self.encoder.embeddings.requires_grad_(False)
            for layer in _layers(self.encoder)[:layers]:
                layer.requires_grad_(False)


def _layers(encoder: PreTrainedModel) -> list[nn.Module]:
    """Find the encoder's layers, lowest first, whatever its family calls them."""
    stacks = [list(module) for module in encoder.modules() if isinstance(module, nn.ModuleList)]
    return max(stacks, key=len, default=[])


def mean_embedding(hidden: Tensor, attention_mask: Tensor) -> Tensor:
    """Average the token states (n, tokens, width) of each text without its padding; rows of unit length."""
    mask = attention_mask.unsqueeze(-1).to(hidden.dtype)
    return functional.normalize((hidden * mask).sum(dim=1) / mask.sum(dim=1).clamp(min=1.0), dim=-1)
