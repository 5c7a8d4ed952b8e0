"""The threshold of cuts, found with the network that is still in training: pieces are understood as in service."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nlu.encoding import TextEncoder
from nlu.examples import COMPOUND
from nlu.multi import LEAST_WORDS, View
from nlu.scores import SCORES, Bank
from nlu.training.batches import Item
from nlu.training.calibrate import Calibration
from nlu.training.network import JointNetwork
from nlu.training.pairs import LookAtTexts, Said, SplitCalibration, calibrate_split
from nlu.training.parts import Parts
from nlu.training.predict import predict


def find_split(
    network: JointNetwork,
    encoder: TextEncoder,
    parts: Parts,
    bank: Bank,
    calibration: Calibration,
    *,
    seed: int,
) -> SplitCalibration:
    """Find how sure a cut must be, on the watched part while it is unknown; where nothing is watched nothing is cut."""
    watched = parts.examples[len(parts.learned) :]
    singles = [
        Said(example.text, (item.intent,))
        for example, item in zip(watched, parts.watched, strict=True)
        if COMPOUND not in parts.intents[item.intent]
    ]
    return calibrate_split(singles, look_with(network, encoder, bank, calibration), seed=seed)


def look_with(
    network: JointNetwork, encoder: TextEncoder, bank: Bank, calibration: Calibration
) -> LookAtTexts:
    """Understand many pieces at once by a network, its temperature and its line between familiar and foreign."""

    def look(texts: Sequence[str]) -> Sequence[View]:
        if not texts:
            return []
        encoded = encoder.encode(texts)
        predictions = predict(network, [Item(one.ids, 0, (0,) * len(one.ids)) for one in encoded])
        logits = (predictions.intent_logits / calibration.temperature).astype(np.float32)
        is_foreign = SCORES[calibration.score](logits, predictions.embeddings, bank) < calibration.threshold
        is_short = [len(one.words) < LEAST_WORDS for one in encoded]
        return [
            View(row, is_out_of_scope=bool(foreign) or short)
            for row, foreign, short in zip(logits, is_foreign, is_short, strict=True)
        ]

    return look
