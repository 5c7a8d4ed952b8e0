"""A frozen encoder with a logistic regression on its embeddings: what fine-tuning has to be worth more than."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import version

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer

from bench.understanding.svm import FittedLinear
from nlu.encoding import TextEncoder
from nlu.examples import Dataset
from nlu.scores import FloatArray
from nlu.training.encoders import load_encoder
from nlu.training.network import mean_embedding

_BATCH = 32
_MAX_TOKENS = 128
_INVERSE_PENALTY = 10.0
"""On unit vectors scikit-learn's 1 holds the weights too small: measured on held-out parts of BANKING77's train."""


class Embedder:
    """The encoder as it comes, mean pooled, in torch and fp32."""

    def __init__(self, name: str) -> None:
        torch.set_num_threads(1)
        pretrained = load_encoder(name)
        limit = int(getattr(pretrained.model.config, "max_position_embeddings", _MAX_TOKENS))
        self._model = pretrained.model  # transformers loads a model in its evaluation mode
        self._encoder = TextEncoder(pretrained.tokenizer, max_tokens=min(_MAX_TOKENS, limit))

    def __call__(self, texts: Sequence[str]) -> FloatArray:
        """Embed texts: (n, d) float32, rows of unit length, in batches of like length."""
        ids = [encoded.ids for encoded in self._encoder.encode(texts)]
        order = sorted(range(len(ids)), key=lambda index: len(ids[index]))
        rows: dict[int, FloatArray] = {}
        for start in range(0, len(order), _BATCH):
            places = order[start : start + _BATCH]
            rows |= zip(places, self._embed([ids[place] for place in places]), strict=True)
        return np.stack([rows[index] for index in range(len(ids))])

    def _embed(self, batch: list[tuple[int, ...]]) -> FloatArray:
        longest = max(len(one) for one in batch)
        ids = torch.tensor([[*one, *[0] * (longest - len(one))] for one in batch])
        mask = torch.tensor([[1] * len(one) + [0] * (longest - len(one)) for one in batch])
        with torch.inference_mode():
            hidden = self._model(input_ids=ids, attention_mask=mask).last_hidden_state
            embedding: FloatArray = mean_embedding(hidden, mask).numpy()
        return embedding


def build_pipeline(embed: Embedder) -> Pipeline:
    """Build the encoder and the classifier into one, from texts to scores."""
    classifier = LogisticRegression(C=_INVERSE_PENALTY, max_iter=1000)
    return make_pipeline(FunctionTransformer(embed), classifier)


class Frozen:
    """The baseline, to be trained."""

    def __init__(self, encoder: str) -> None:
        self._embed = Embedder(encoder)

    def fit(self, train: Dataset, valid: Dataset | None) -> FittedLinear:
        """Embed once, then fit; the validation part only sets the threshold."""
        pipeline = build_pipeline(self._embed)
        pipeline.fit([e.text for e in train.examples], [e.intent for e in train.examples])
        return FittedLinear(pipeline, valid)

    def versions(self) -> Mapping[str, str]:
        """Name the software."""
        return {package: version(package) for package in ("scikit-learn", "torch", "transformers", "numpy")}
