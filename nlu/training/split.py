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
    said = [
        Said(example.text, (item.intent,))
        for example, item in zip(parts.examples, parts.learned + parts.watched, strict=True)
        if COMPOUND not in parts.intents[item.intent]
    ]
    taught = sum(COMPOUND not in parts.intents[item.intent] for item in parts.learned)
    look = look_with(network, encoder, bank, calibration)
    return calibrate_split(said[taught:], said[:taught], parts.intents, look, seed=seed)


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
        familiar = SCORES[calibration.score](logits, predictions.embeddings, bank).tolist()
        is_short = [len(one.words) < LEAST_WORDS for one in encoded]
        return [
            View(row, short or score < calibration.threshold, score)
            for row, score, short in zip(logits, familiar, is_short, strict=True)
        ]

    return look
