"""When a baseline says that a text is none of its business."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from nlu.examples import Example
from nlu.scores import FloatArray


def choose_threshold(scores: FloatArray, is_right: Sequence[bool], examples: Sequence[Example]) -> float:
    """Choose the least score of a text in scope, so that most validation texts come out right.

    A text in scope is right when its intent is and it is not refused, one out of scope when it is refused: the rule
    that published figures on CLINC150 call oos-threshold.

    Args:
        scores: (n,) how sure the system is of its best intent.
        is_right: whether that intent is right.
        examples: the n validation examples.

    Returns:
        A score below which texts are refused; minus infinity where no example is out of scope.
    """
    foreign = np.asarray([example.is_out_of_scope for example in examples], dtype=bool)
    if not foreign.any():
        return -math.inf
    right = np.asarray(is_right, dtype=bool) & ~foreign
    order = np.argsort(scores, kind="stable")
    # Refusing the k lowest wins the foreign ones among them and loses the right ones.
    gained = np.concatenate([[0], np.cumsum(foreign[order].astype(int) - right[order].astype(int))])
    refused = int(gained.argmax())
    return float(scores[order[refused]]) if refused < len(order) else math.inf
