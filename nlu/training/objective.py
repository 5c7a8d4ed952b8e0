"""What training makes small: the loss of both heads on a batch."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

from nlu.config import TrainConfig
from nlu.training.batches import IGNORED, Batch
from nlu.training.network import JointNetwork


class Objective:
    """The loss of a training step. It runs the network itself, so that a term may run it more than once."""

    def __init__(self, config: TrainConfig) -> None:
        self._tag_weight = config.tag_weight

    def loss(self, network: JointNetwork, batch: Batch) -> Tensor:
        """Run the network on a batch and compute what is to be made smaller: a scalar, fp32."""
        intent_logits, tag_logits, _ = network(batch.ids, batch.mask)
        return joint_loss(intent_logits.float(), tag_logits.float(), batch, tag_weight=self._tag_weight)


def joint_loss(intent_logits: Tensor, tag_logits: Tensor, batch: Batch, *, tag_weight: float) -> Tensor:
    """Add the cross entropies of both heads: a scalar.

    Args:
        intent_logits: (n, intents).
        tag_logits: (n, tokens, tags); with a single tag there are no entities and nothing is added.
        batch: the right answers.
        tag_weight: weight of the tags' part.
    """
    loss = functional.cross_entropy(intent_logits, batch.intents, ignore_index=IGNORED)
    if tag_logits.shape[-1] == 1:
        return loss
    tags = functional.cross_entropy(tag_logits.flatten(0, 1), batch.tags.flatten(), ignore_index=IGNORED)
    return loss + tag_weight * tags
