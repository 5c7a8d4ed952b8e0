"""Exports a cross-encoder to ONNX, int8 where that keeps its order: this is where torch is imported."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from knowledge.encoder import MODEL_FILE, TOKENIZER_FILE, FloatArray
from knowledge.encoder_export import hash_source, resolve_source
from knowledge.errors import EncoderForeign
from knowledge.folders import new_folder, seal
from knowledge.reranker import RERANKER_FORMAT, RERANKER_KIND, OnnxReranker

# Int8 scores must go with fp32's at least so closely (Pearson) on the sample; else fp32 is served.
_AGREEMENT_FLOOR = 0.95
_EXPORT_REVISION = 1
_MOST_TOKENS = 256
_QUESTION = "How do I send a lamp back?"
_SAMPLE = (
    "You can return a lamp within 30 days: print the label and hand the parcel in.",
    "Delivery to Austria takes three working days.",
    "A lamp that flickers often has a loose bulb.",
    "Refunds are paid to the account you paid from.",
    "Our showroom is closed on Mondays.",
    "Send it back in any sturdy box.",
)


def ensure_reranker(source: str, rerankers: Path) -> Path:
    """Return the folder of the exported reranker, exporting it first when it is not there yet.

    Args:
        source: a folder in Hugging Face's form (sentence-transformers' CrossEncoder saves such), or an installed package
            that carries one in ``model/``.
        rerankers: where exports are kept.

    Raises:
        EncoderMissing: there is no such model.
        EncoderForeign: it does not give one score for a pair of texts.
    """
    folder = rerankers / f"{Path(source).name}-{hash_source(source, _EXPORT_REVISION)}"
    if not folder.is_dir():
        _export(source, folder)
    return folder


def _export(source: str, folder: Path) -> None:
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    path = str(resolve_source(source))
    try:
        model = AutoModelForSequenceClassification.from_pretrained(path).eval()
        tokenizer = AutoTokenizer.from_pretrained(path)
        backend = json.loads(tokenizer.backend_tokenizer.to_str())
    except (OSError, ValueError, AttributeError) as error:
        raise EncoderForeign(source, "it is no cross-encoder with a fast tokenizer") from error
    labels = int(model.config.num_labels)
    if labels != 1:
        raise EncoderForeign(source, f"it gives {labels} scores for a pair of texts; a reranker gives one")
    known = {"input_ids", "attention_mask", "token_type_ids"}
    inputs = [name for name in tokenizer.model_input_names if name in known]
    manifest = {
        "kind": RERANKER_KIND,
        "format_version": RERANKER_FORMAT,
        "reranker_id": folder.name,
        "source": Path(source).name,
        "inputs": inputs,
        "max_tokens": min(_MOST_TOKENS, int(tokenizer.model_max_length)),
    }
    with new_folder(folder) as work:
        (work / TOKENIZER_FILE).write_text(json.dumps(backend), encoding="utf-8")
        _write_onnx(model, inputs, work / MODEL_FILE)
        _make_small(work, manifest)


def _make_small(work: Path, manifest: dict[str, Any]) -> None:
    """Seal the folder with the int8 model, or with fp32 where int8 strays from it."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    seal(work, manifest)
    exact = OnnxReranker.load(work).scores(_QUESTION, _SAMPLE)
    whole = work / "fp32.onnx"
    (work / MODEL_FILE).rename(whole)
    quantize_dynamic(str(whole), str(work / MODEL_FILE), weight_type=QuantType.QInt8, per_channel=True)
    seal(work, manifest)
    agreement = _agreement(exact, OnnxReranker.load(work).scores(_QUESTION, _SAMPLE))
    is_small = agreement >= _AGREEMENT_FLOOR
    if is_small:
        whole.unlink()
    else:
        whole.replace(work / MODEL_FILE)
    seal(
        work, {**manifest, "precision": "int8" if is_small else "fp32", "int8_agreement": round(agreement, 5)}
    )


def _agreement(exact: FloatArray, small: FloatArray) -> float:
    """Correlate two lists of scores (Pearson); 0 where one of them never changes."""
    if min(float(exact.std()), float(small.std())) < 1e-9:
        return 0.0
    return float(np.corrcoef(exact, small)[0, 1])


def _write_onnx(model: Any, inputs: list[str], path: Path) -> None:
    import torch

    from nlu.training.export import write_onnx

    class Scoring(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, *given: Any) -> Any:
            return self.model(**dict(zip(inputs, given, strict=True))).logits[:, 0]

    ids = torch.ones((2, 9), dtype=torch.int64)
    write_onnx(Scoring(), dict.fromkeys(inputs, ids), {"score": {0: "batch"}}, path)
