"""The pipeline that Rasa 3.6 gives a new project, its defaults spelled out. Both benchmarks stand beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def default_pipeline(learned: Mapping[str, Any]) -> list[dict[str, Any]]:
    """List the pipeline's parts.

    Args:
        learned: settings of the two parts that are trained over epochs.
    """
    return [
        {"name": "WhitespaceTokenizer"},
        {"name": "RegexFeaturizer"},
        {"name": "LexicalSyntacticFeaturizer"},
        {"name": "CountVectorsFeaturizer"},
        {"name": "CountVectorsFeaturizer", "analyzer": "char_wb", "min_ngram": 1, "max_ngram": 4},
        {"name": "DIETClassifier", **learned},
        {"name": "EntitySynonymMapper"},
        {"name": "ResponseSelector", **learned},
        {"name": "FallbackClassifier", "threshold": 0.3, "ambiguity_threshold": 0.1},
    ]
