from __future__ import annotations

import math

import torch

from nlu.training.batches import IGNORED, Item, collate
from nlu.training.objective import joint_loss

BATCH = collate([Item((5, 6, 7), 1, (IGNORED, 2, IGNORED))])


def test_loss_adds_the_tags_with_their_weight() -> None:
    intents, tags = torch.zeros(1, 4), torch.zeros(1, 3, 3)
    assert math.isclose(float(joint_loss(intents, tags, BATCH, tag_weight=0.0)), math.log(4), rel_tol=1e-6)
    expected = math.log(4) + 0.5 * math.log(3)
    assert math.isclose(float(joint_loss(intents, tags, BATCH, tag_weight=0.5)), expected, rel_tol=1e-6)


def test_loss_without_entities_is_the_intents_alone() -> None:
    loss = joint_loss(torch.zeros(1, 4), torch.zeros(1, 3, 1), BATCH, tag_weight=1.0)
    assert math.isclose(float(loss), math.log(4), rel_tol=1e-6)
