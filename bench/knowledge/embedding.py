"""Embedding speed: our int8 and fp32 exports beside sentence-transformers in fp32, same texts, same threads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from bench.knowledge.results import Figures, Stopwatch
from knowledge.encoder import OnnxEncoder
from knowledge.encoder_export import DEFAULT_ENCODER, ensure_encoder, export_encoder, resolve_source

SYSTEMS = ("int8", "fp32", "sentence-transformers")
_BATCH = 32
# The systems take turns, so that other work on the machine meets all alike.
_TURNS = 4


def measure_embedding(texts: Sequence[str], encoders: Path, threads: int) -> dict[str, Figures]:
    """Embed the same texts with every system."""
    encode = {
        "int8": OnnxEncoder.load(ensure_encoder(DEFAULT_ENCODER, encoders), threads=threads).encode,
        "fp32": OnnxEncoder.load(ensure_fp32(encoders), threads=threads).encode,
        "sentence-transformers": _sentence_transformers(threads),
    }
    spent = dict.fromkeys(SYSTEMS, (0.0, 0.0))
    for turn in range(_TURNS):
        part = texts[turn::_TURNS]
        for name in SYSTEMS:
            encode[name](part[:_BATCH])
            watch = Stopwatch()
            encode[name](part)
            took = watch.read("embed")
            spent[name] = (
                spent[name][0] + float(took["embed_wall_s"]),
                spent[name][1] + float(took["embed_cpu_s"]),
            )
    return {
        name: {
            "texts": len(texts),
            "passages_per_wall_s": round(len(texts) / wall, 1),
            "passages_per_cpu_s": round(len(texts) / processor, 1),
        }
        for name, (wall, processor) in spent.items()
    }


def ensure_fp32(encoders: Path) -> Path:
    """Return the folder of the encoder in single precision, exporting it first when it is not there yet."""
    folder = encoders / f"{DEFAULT_ENCODER}-fp32"
    if not folder.is_dir():
        export_encoder(DEFAULT_ENCODER, folder, is_int8=False)
    return folder


def _sentence_transformers(threads: int) -> Callable[[Sequence[str]], object]:
    import torch
    from sentence_transformers import SentenceTransformer

    torch.set_num_threads(threads)
    model = SentenceTransformer(str(resolve_source(DEFAULT_ENCODER)), device="cpu")
    return lambda texts: model.encode(list(texts), batch_size=_BATCH, normalize_embeddings=True)
