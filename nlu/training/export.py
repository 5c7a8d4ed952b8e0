"""The trained network as one ONNX graph, with int8 weights where they cost nothing."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.quantization.shape_inference import quant_pre_process
from torch import Tensor, nn

from nlu.runtime import OUTPUTS, Network
from nlu.training.batches import IGNORED, Item
from nlu.training.network import JointNetwork

MAX_LOSS_POINTS = 0.3
"""Int8 weights are kept unless they cost more percentage points than this, of intents or of tags."""

TOKEN_AXES = {0: "batch", 1: "tokens"}
_OPSET = 17


@dataclass(frozen=True)
class Precision:
    """What the check of int8 against fp32 found, in percent right on the same items, and which was kept."""

    kept: str
    fp32_intents: float
    int8_intents: float
    fp32_tags: float
    int8_tags: float


def export_fp32(network: JointNetwork, path: Path) -> None:
    """Write the network with fp32 weights; both batch and length stay free."""
    ids = torch.tensor([[2, 3, 4, 0], [2, 3, 4, 5]])
    mask = torch.tensor([[1, 1, 1, 0], [1, 1, 1, 1]])
    axes = ({0: "batch"}, TOKEN_AXES, {0: "batch"})
    write_onnx(
        network, {"input_ids": ids, "attention_mask": mask}, dict(zip(OUTPUTS, axes, strict=True)), path
    )


def write_onnx(
    network: nn.Module, inputs: Mapping[str, Tensor], outputs: Mapping[str, dict[int, str]], path: Path
) -> None:
    """Write a network as an ONNX graph.

    Args:
        network: takes the inputs in their order.
        inputs: an example of each, (n, tokens); both lengths stay free.
        outputs: the names of what it gives, each with the axes whose lengths stay free.
        path: the .onnx file to write.
    """
    with warnings.catch_warnings(), torch.no_grad():
        # The tracing exporter is deprecated in favour of one that needs two more packages; the graph is as good.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network.eval(),
            tuple(inputs.values()),
            str(path),
            input_names=list(inputs),
            output_names=list(outputs),
            dynamic_axes={**dict.fromkeys(inputs, TOKEN_AXES), **outputs},
            opset_version=_OPSET,
            dynamo=False,
        )


def quantize(fp32: Path, int8: Path) -> None:
    """Write the graph with int8 weights, one scale per column.

    The weights use 7 bits of the 8: on processors without VNNI the 8th can overflow the products, silently.
    """
    prepared = int8.with_suffix(".prepared.onnx")
    level = logging.root.level
    logging.root.setLevel(logging.ERROR)  # the quantiser advises about its own options at warning level
    try:
        quant_pre_process(str(fp32), str(prepared), skip_symbolic_shape=True)
        quantize_dynamic(
            str(prepared), str(int8), weight_type=QuantType.QInt8, per_channel=True, reduce_range=True
        )
    finally:
        logging.root.setLevel(level)
        prepared.unlink(missing_ok=True)


def export(network: JointNetwork, items: Sequence[Item], path: Path, *, may_quantize: bool) -> Precision:
    """Write the graph to `path`, int8 if it may and if that holds on these items.

    Args:
        network: trained.
        items: texts to compare on, as many as there are: on 200 a single one is half a point. With none int8 is kept
            unchecked (the figures are then NaN).
        path: the .onnx file to write.
        may_quantize: whether int8 is wanted at all.
    """
    fp32, int8 = path.with_suffix(".fp32.onnx"), path.with_suffix(".int8.onnx")
    export_fp32(network, fp32)
    before = _percent_right(fp32, items)
    after = (float("nan"), float("nan"))
    kept = "fp32"
    if may_quantize:
        quantize(fp32, int8)
        after = _percent_right(int8, items)
        loses = max(before[0] - after[0], before[1] - after[1])
        kept = "fp32" if loses > MAX_LOSS_POINTS else "int8"
    (int8 if kept == "int8" else fp32).replace(path)
    for leftover in (fp32, int8):
        leftover.unlink(missing_ok=True)
    return Precision(kept, before[0], after[0], before[1], after[1])


def _percent_right(path: Path, items: Sequence[Item]) -> tuple[float, float]:
    """Measure percent right of intents and of words' tags; NaN for none."""
    graph = Network(path)
    intents: list[bool] = []
    tags: list[bool] = []
    for item in items:
        outputs = graph.run(item.ids)
        intents.append(int(outputs.intent_logits.argmax()) == item.intent)
        expected = np.asarray(item.tags)
        tags += (outputs.tag_logits.argmax(axis=-1) == expected)[expected != IGNORED].tolist()
    return _percent(intents), _percent(tags)


def _percent(right: list[bool]) -> float:
    return 100 * sum(right) / len(right) if right else float("nan")
