"""Fine-tuning few parameters: matrices of low rank beside the encoder's linear maps, merged into them in the end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn

from nlu.config import TrainConfig
from nlu.training.checkpoint import Snapshot, named
from nlu.training.network import JointNetwork, layers_of

_START_SHARE, _END_SHARE = 0.1, 0.3
"""AdaLoRA keeps every rank for this first share of the steps, and changes none in this last one."""

_IMPORTANCES = ("ipt", "exp_avg_ipt", "exp_avg_unc")


class NoAdapter:
    """Nothing stands beside the encoder: it is trained itself."""

    def penalty(self) -> Tensor | float:
        """Give what the loss gains."""
        return 0.0

    def stepped(self) -> None:
        """Hear of a step, whose gradients are still there."""

    def state(self) -> Snapshot:
        """Give what a checkpoint must hold besides the parameters."""
        return Snapshot()

    def restore(self, snapshot: Snapshot) -> None:
        """Go on from that."""

    def merge(self, network: JointNetwork) -> None:
        """Make the network one without adapters that computes the same."""


class LoraAdapter(NoAdapter):
    """Plain low-rank matrices."""

    def merge(self, network: JointNetwork) -> None:
        """Add the products of the matrices to the linear maps."""
        encoder: Any = network.encoder
        network.encoder = encoder.merge_and_unload()


class AdaLoraAdapter(LoraAdapter):
    """Low-rank matrices whose rank moves to where it helps, by a count of steps."""

    def __init__(self, model: Any) -> None:
        self._model = model.base_model
        self._config = model.peft_config["default"]
        self._step = 0

    def penalty(self) -> Tensor | float:
        """Keep the singular vectors orthogonal (peft adds this only to a loss that the encoder computes itself)."""
        gaps = [torch.linalg.matrix_norm(gram - torch.eye(len(gram)).to(gram)) for gram in self._grams()]
        return float(self._config.orth_reg_weight) * torch.stack(gaps).mean()

    def _grams(self) -> Iterator[Tensor]:
        for name, parameter in self._model.named_parameters():
            if ".lora_A." in name:
                yield parameter @ parameter.T
            elif ".lora_B." in name:
                yield parameter.T @ parameter

    def stepped(self) -> None:
        """Move the ranks by the gradients."""
        self._step += 1
        self._model.update_and_allocate(self._step)

    def state(self) -> Snapshot:
        """Give the importance of every weight so far, and the ranks."""
        allocator = self._model.rankallocator
        tensors = dict(item for name in _IMPORTANCES for item in named(name, getattr(allocator, name)))
        return Snapshot(tensors, {"step": self._step, "rank_pattern": self._config.rank_pattern})

    def restore(self, snapshot: Snapshot) -> None:
        """Go on from that."""
        self._step = snapshot.record["step"]
        self._config.rank_pattern = snapshot.record["rank_pattern"]
        device = next(self._model.parameters()).device
        for name in _IMPORTANCES:
            tensors = {key: tensor.to(device) for key, tensor in snapshot.under(name).items()}
            setattr(self._model.rankallocator, name, tensors)


def add_adapter(network: JointNetwork, config: TrainConfig, *, steps: int) -> NoAdapter:
    """Put the adapter that the config names beside the encoder, whose own parameters then stay as they are.

    Args:
        network: its encoder is exchanged for one with adapters.
        config: the settings.
        steps: of the whole training, by which AdaLoRA plans.
    """
    if config.adapter == "none":
        return NoAdapter()
    # Loaded only here: the package takes longer to load than a small training lasts.
    from peft import AdaLoraConfig, LoraConfig, get_peft_model

    common: dict[str, Any] = {
        "target_modules": linear_maps(network.encoder, above=config.frozen_layers),
        "lora_alpha": config.adapter_alpha,
    }
    if config.adapter == "lora":
        network.encoder = get_peft_model(network.encoder, LoraConfig(r=config.adapter_rank, **common))
        return LoraAdapter()
    plan = AdaLoraConfig(
        init_r=config.adapter_rank + config.adapter_rank // 2,
        target_r=config.adapter_rank,
        tinit=int(steps * _START_SHARE),
        tfinal=int(steps * _END_SHARE),
        total_step=steps,
        **common,
    )
    model = get_peft_model(network.encoder, plan)
    network.encoder = model
    return AdaLoraAdapter(model)


def linear_maps(encoder: nn.Module, *, above: int) -> list[str]:
    """Name the linear maps inside the encoder's layers but the lowest ones, whatever its family calls them."""
    inside = {id(module) for layer in layers_of(encoder)[above:] for module in layer.modules()}
    return [
        name
        for name, module in encoder.named_modules()
        if isinstance(module, nn.Linear) and id(module) in inside
    ]
