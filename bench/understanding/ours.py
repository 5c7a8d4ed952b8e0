"""Careline: trained as `careline nlu train` does, asked as the engine asks it (ONNX Runtime, int8 where kept)."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import torch

from bench.understanding.results import Eager, Times, summarize
from nlu.config import TrainConfig
from nlu.device import Device
from nlu.encoding import TextEncoder
from nlu.examples import Dataset, Example
from nlu.models import train_model
from nlu.progress import Progress
from nlu.runtime import Parse, Understander, load
from nlu.tags import tag_names
from nlu.training.encoders import load_encoder
from nlu.training.identity import identify
from nlu.training.network import JointNetwork
from nlu.training.run import train as _train  # noqa: F401 - so that importing torch is no part of the training's time

EAGER_TEXTS = 200
EAGER_THREADS = (1, 2)
_WARM_UP = 10


class FittedOurs:
    """A model folder, served on the processor; the folder goes with it."""

    def __init__(self, store: tempfile.TemporaryDirectory[str], folder: Path, config: TrainConfig) -> None:
        self._store = store
        self._folder = folder
        self._config = config
        self._understander = load(folder, device=Device.CPU)
        self.model_id = self._understander.model_id

    def parse(self, text: str) -> Parse:
        """Understand one message with the threads of the default settings."""
        return self._understander.parse([text])[0]

    def compare_with_eager(self, examples: Sequence[Example]) -> Eager:
        """Time the served model and the same network in eager torch, on the first texts, with one thread and with two."""
        texts = [example.text for example in examples[:EAGER_TEXTS]]
        served, eager = {}, {}
        for threads in EAGER_THREADS:
            understander = load(self._folder, threads=threads, device=Device.CPU)
            served[str(threads)] = time_served(understander, texts)
            eager[str(threads)] = time_eager(self._understander, self._config, texts, threads=threads)
        return Eager(served, eager)


def time_served(understander: Understander, texts: Sequence[str]) -> Times:
    """Time the served model, one text at a time."""
    return _time(lambda text: understander.parse([text]), texts)


def time_eager(
    understander: Understander, config: TrainConfig, texts: Sequence[str], *, threads: int
) -> Times:
    """Time the network that was trained as torch would run it, from text to logits; weights do not change the time."""
    pretrained = load_encoder(config.encoder)
    network = JointNetwork(
        pretrained.model,
        intents=len(understander.labels.intents),
        tags=len(tag_names(understander.labels.entities)),
        scale=config.scale,
        dropout=config.dropout,
    ).eval()
    encoder = TextEncoder(pretrained.tokenizer, max_tokens=config.max_tokens)

    def run(text: str) -> None:
        ids = torch.tensor([encoder.encode([text])[0].ids])
        with torch.inference_mode():
            network(ids, torch.ones_like(ids))

    torch.set_num_threads(threads)
    try:
        return _time(run, texts)
    finally:
        torch.set_num_threads(1)


class Ours:
    """The default training, its seed given."""

    def __init__(self, config: TrainConfig) -> None:
        self._config = config

    def fit(self, train: Dataset, valid: Dataset | None) -> FittedOurs:
        """Train into a folder of its own, so that nothing is taken from an earlier training."""
        store = tempfile.TemporaryDirectory(prefix="bench-ours-")
        model = train_model(train, valid, Path(store.name), self._config, _tell)
        return FittedOurs(store, model.folder, self._config)

    def versions(self) -> Mapping[str, str]:
        """Name the software."""
        return identify(Dataset(), None, self._config).versions


def _time(run: Callable[[str], object], texts: Sequence[str]) -> Times:
    for text in texts[:_WARM_UP]:
        run(text)
    milliseconds = []
    for text in texts:
        began = time.perf_counter()
        run(text)
        milliseconds.append(1000 * (time.perf_counter() - began))
    return summarize(milliseconds)


def _tell(progress: Progress) -> None:
    print(progress.message, flush=True)
