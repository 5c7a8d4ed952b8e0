"""The model's name: a hash of everything that made it, so that the same name means the same model. Imports no torch."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from nlu.config import TRAINER_VERSION, TrainConfig
from nlu.examples import Dataset
from nlu.model_folder import FORMAT_VERSION, file_sha256
from nlu.software import versions_of
from nlu.training.location import locate_encoder

PACKAGES = ("torch", "transformers", "tokenizers", "onnxruntime", "onnx", "numpy")


@dataclass(frozen=True)
class Identity:
    """A model's name, and what of it the manifest repeats."""

    model_id: str
    data_sha256: str
    versions: Mapping[str, str]


def identify(dataset: Dataset, validation: Dataset | None, config: TrainConfig) -> Identity:
    """Name the model that these examples, this config, its encoder and the installed software make: 16 hex digits."""
    versions = {"trainer": TRAINER_VERSION, **versions_of(PACKAGES)}
    data = dataset.fingerprint()
    watched = validation.fingerprint() if validation else ""
    parts = [FORMAT_VERSION, data, watched, config.to_json(), versions, encoder_sha256(config.encoder)]
    digest = hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
    return Identity(digest[:16], data, versions)


def encoder_sha256(name: str) -> str:
    """Hash the encoder's weights and tokenizer where they lie in a folder, else its name."""
    folder = Path(locate_encoder(name))
    digest = hashlib.sha256()
    if not folder.is_dir():
        digest.update(name.encode())
    for file in sorted(folder.glob("*.safetensors")) + sorted(folder.glob("tokenizer.json")):
        digest.update(file_sha256(file).encode())
    return digest.hexdigest()
