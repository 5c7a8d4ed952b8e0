from __future__ import annotations

import math
from typing import cast

import torch

from nlu.config import TrainConfig
from nlu.training.batches import IGNORED, Item, collate
from nlu.training.network import JointNetwork
from nlu.training.objective import Objective, joint_loss

BATCH = collate([Item((5, 6, 7), 1, (IGNORED, 2, IGNORED))])


def test_loss_adds_the_tags_with_their_weight() -> None:
    intents, tags = torch.zeros(1, 4), torch.zeros(1, 3, 3)
    assert math.isclose(float(joint_loss(intents, tags, BATCH, tag_weight=0.0)), math.log(4), rel_tol=1e-6)
    expected = math.log(4) + 0.5 * math.log(3)
    assert math.isclose(float(joint_loss(intents, tags, BATCH, tag_weight=0.5)), expected, rel_tol=1e-6)


def test_loss_without_entities_is_the_intents_alone() -> None:
    loss = joint_loss(torch.zeros(1, 4), torch.zeros(1, 3, 1), BATCH, tag_weight=1.0)
    assert math.isclose(float(loss), math.log(4), rel_tol=1e-6)


def test_intents_are_learned_at_their_own_scale() -> None:
    logits = torch.tensor([[4.0, 0.0, 0.0, 0.0]])
    network = cast(JointNetwork, lambda *_: (logits, torch.zeros(1, 3, 1), None))
    objective = Objective(TrainConfig(scale=20.0, learning_scale=10.0))
    expected = joint_loss(logits / 2, torch.zeros(1, 3, 1), BATCH, tag_weight=1.0)
    assert torch.isclose(objective.loss(network, BATCH), expected)
