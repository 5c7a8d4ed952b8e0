"""TF-IDF of words and letters with a linear support vector machine: the baseline that any transformer has to beat."""

from __future__ import annotations

import math
from collections.abc import Mapping
from importlib.metadata import version

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import Pipeline, make_pipeline, make_union
from sklearn.svm import LinearSVC

from bench.understanding.refusal import choose_threshold
from nlu.examples import Dataset
from nlu.runtime import Parse
from nlu.scores import FloatArray, softmax


def build_pipeline() -> Pipeline:
    """Build word 1-2-grams and character 2-5-grams, both lower-cased and with logarithmic counts, into one SVM."""
    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
    letters = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True)
    return make_pipeline(make_union(words, letters), LinearSVC(random_state=0))


class FittedLinear:
    """A linear classifier of one row a text, with a threshold below which texts are refused."""

    def __init__(self, pipeline: Pipeline, valid: Dataset | None) -> None:
        self._pipeline = pipeline
        self._intents: list[str] = [str(intent) for intent in pipeline.classes_]
        self._threshold = -math.inf
        if valid is not None and valid.out_of_scope:
            rows = self._scores([example.text for example in valid.examples])
            is_right = [
                self._intents[best] == example.intent
                for best, example in zip(rows.argmax(axis=1), valid.examples, strict=True)
            ]
            self._threshold = choose_threshold(rows.max(axis=1), is_right, valid.examples)

    def parse(self, text: str) -> Parse:
        """Classify one text; its margins as a softmax stand for a confidence, which they are not."""
        row = self._scores([text])
        probabilities = softmax(row)[0]
        order = np.argsort(-row[0], kind="stable")
        best = float(row[0, order[0]])
        return Parse(
            text=text,
            intent=self._intents[order[0]],
            confidence=float(probabilities[order[0]]),
            ranking=tuple((self._intents[i], float(probabilities[i])) for i in order),
            entities=(),
            is_out_of_scope=best < self._threshold,
            familiarity=best,
        )

    def _scores(self, texts: list[str]) -> FloatArray:
        """Score texts: (n, intents) float32, whatever the number of classes."""
        raw = np.asarray(self._pipeline.decision_function(texts), dtype=np.float32)
        return raw if raw.ndim == 2 else np.stack([-raw, raw], axis=1)


class Svm:
    """The baseline, to be trained."""

    def fit(self, train: Dataset, valid: Dataset | None) -> FittedLinear:
        """Train on the texts; the validation part only sets the threshold."""
        pipeline = build_pipeline()
        pipeline.fit([e.text for e in train.examples], [e.intent for e in train.examples])
        return FittedLinear(pipeline, valid)

    def versions(self) -> Mapping[str, str]:
        """Name the software."""
        return {package: version(package) for package in ("scikit-learn", "numpy")}
