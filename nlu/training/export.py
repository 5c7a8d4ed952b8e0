"""The trained network as one ONNX graph, with int8 weights where they cost nothing."""

from __future__ import annotations

import logging
import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.quantization.shape_inference import quant_pre_process
from torch import Tensor, nn

from nlu.device import Device
from nlu.runtime import OUTPUTS, Network, side_by_side
from nlu.scores import FloatArray
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


@dataclass(frozen=True)
class Exported:
    """The graph that was kept: how it compares, and the embedding that it gives each text, (n, width) fp32."""

    precision: Precision
    embeddings: FloatArray


def export(network: JointNetwork, items: Sequence[Item], path: Path, *, may_quantize: bool) -> Exported:
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
    before = _ask(fp32, items)
    after, kept = _UNASKED, "fp32"
    if may_quantize:
        quantize(fp32, int8)
        after = _ask(int8, items)
        loses = max(before.intents - after.intents, before.tags - after.tags)
        kept = "fp32" if loses > MAX_LOSS_POINTS else "int8"
    (int8 if kept == "int8" else fp32).replace(path)
    for leftover in (fp32, int8):
        leftover.unlink(missing_ok=True)
    precision = Precision(kept, before.intents, after.intents, before.tags, after.tags)
    return Exported(precision, (after if kept == "int8" else before).embeddings)


@dataclass(frozen=True)
class Asked:
    """Percent right of intents and of words' tags, NaN for none, and the embeddings."""

    intents: float
    tags: float
    embeddings: FloatArray


_UNASKED = Asked(math.nan, math.nan, np.zeros((0, 0), dtype=np.float32))


def _ask(path: Path, items: Sequence[Item]) -> Asked:
    """Ask a graph every text by itself, several at once on the processor, as they are in service."""
    graph = Network(path, device=Device.CPU)

    def ask(item: Item) -> tuple[bool, list[bool], FloatArray]:
        outputs = graph.run(item.ids)
        expected = np.asarray(item.tags)
        right = (outputs.tag_logits.argmax(axis=-1) == expected)[expected != IGNORED]
        return int(outputs.intent_logits.argmax()) == item.intent, right.tolist(), outputs.embedding

    if not items:
        return _UNASKED
    intents, tags, embeddings = zip(*side_by_side(ask, items, None), strict=True)
    return Asked(_percent(intents), _percent(list(chain.from_iterable(tags))), np.stack(embeddings))


def _percent(right: Sequence[bool]) -> float:
    return 100 * sum(right) / len(right) if right else math.nan
