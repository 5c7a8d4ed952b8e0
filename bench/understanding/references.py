"""What a result is held against: the bars, and figures that others have published for the same test texts."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Bar:
    """The least percentage wanted of one figure of `results.Scores` on one set."""

    set: str
    figure: str
    percent: float


BARS: tuple[Bar, ...] = (
    Bar("banking77", "intent_accuracy", 94.0),
    Bar("banking77-10", "intent_accuracy", 89.0),
    Bar("banking77-5", "intent_accuracy", 83.0),
    Bar("clinc150", "in_scope_accuracy", 96.5),
    Bar("clinc150", "oos_recall", 70.0),
    Bar("clinc150-10", "intent_accuracy", 94.5),
    Bar("clinc150-5", "intent_accuracy", 92.6),
    Bar("snips", "intent_accuracy", 98.6),
    Bar("snips", "entity_f1", 96.5),
    Bar("snips", "sentence_accuracy", 92.0),
)

POINTS_ABOVE_SVM = 2.0
"""On texts of MultiDoGO that do not stand in train."""

PARSE_MILLISECONDS = 4.0
TIMES_FASTER_THAN_EAGER = 5.0
TRAINING_SECONDS = 300.0
TIMES_FASTER_THAN_DIET = 5.0
TIMED_TRAINING_SET = "banking77-10"

PUBLISHED: dict[str, str] = {
    "banking77-5": "CPFT 80.9, DNNC 80.4, USE + ConveRT 77.8, RoBERTa 74.0; ICDA, with generated data, 84.0",
    "banking77-10": "CPFT 87.2, DNNC 86.7, USE + ConveRT 85.2, RoBERTa 84.3; ICDA, with generated data, 89.8",
    "banking77": "BERT-large 93.7, USE + ConveRT 93.4, ConvFiT 94.2, ICDA 94.4",
    "clinc150-5": "CPFT 92.3, DNNC 91.0, USE + ConveRT 90.5, RoBERTa 88.0; ICDA, with generated data, 92.6",
    "clinc150-10": "CPFT 94.2, DNNC 93.8, USE + ConveRT 93.3, RoBERTa 91.6; ICDA, with generated data, 94.8",
    "clinc150": "BERT 96.2 with oos recall 52.3, Rasa NLU (2019) 90.9 with 31.2, SVM 88.2 with 18.0",
    "snips": "JointBERT 98.6 intent, 97.0 slot F1, 92.8 sentence; DistilBERT 98.0, 96.1, 91.0",
}
"""Percent, by set; BANKING77: arXiv 2003.04807, few-shot: the README of jianguoz/Few-Shot-Intent-Detection, ConvFiT:
arXiv 2109.10126, ICDA: arXiv 2302.05096; CLINC150: Larson et al. 2019, Table 2, oos-threshold; SNIPS: arXiv 1902.10909
and the README of monologg/JointBERT (DistilBERT)."""
