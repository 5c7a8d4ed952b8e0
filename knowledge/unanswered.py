"""Questions that ask for the same, found by their meaning: `python -m knowledge.unanswered` groups what it reads.

Sentence vectors of the served encoder, average-linkage clustering by cosine (SciPy). A process of its own, so that who
asks for it carries neither the encoder nor the memory of the distances.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.cluster.hierarchy import fcluster, linkage

from knowledge.build import ENCODERS
from knowledge.encoder import Encoder, FloatArray, OnnxEncoder
from knowledge.errors import IndexMissing
from knowledge.folders import read_pointer
from knowledge.index import checked_manifest

# Questions are grouped while their mean distance (1 - cosine) is at most this; see docs/knowledge.md for how it was chosen.
MAX_DISTANCE = 0.4
# The distances of so many different questions take 100 MB.
MAX_DIFFERENT = 5_000


@dataclass(frozen=True, slots=True)
class Grouped:
    """Questions in groups.

    Attributes:
        labels: the group of each question, from 0 on, in the order of the questions.
        speakers: for each group the place of the question that is nearest to its middle.
    """

    labels: tuple[int, ...]
    speakers: tuple[int, ...]


def group_questions(
    questions: Sequence[str], encoder: Encoder, *, max_distance: float = MAX_DISTANCE
) -> Grouped:
    """Group questions that ask for the same.

    Args:
        questions: at most MAX_DIFFERENT different ones.
        encoder: makes the vectors.
        max_distance: see MAX_DISTANCE; 0 groups only the same words.
    """
    different = list(dict.fromkeys(questions))
    if len(different) > MAX_DIFFERENT:
        raise ValueError(f"more than {MAX_DIFFERENT} different questions")
    vectors = encoder.encode(different)
    of_text = dict(zip(different, _clusters(vectors, max_distance), strict=True))
    labels = np.asarray([of_text[question] for question in questions], dtype=np.int64)
    places = {text: place for place, text in enumerate(different)}
    rows = vectors[[places[question] for question in questions]] if questions else vectors
    speakers = [
        _speaker(rows, np.flatnonzero(labels == label)) for label in range(len(set(of_text.values())))
    ]
    return Grouped(tuple(labels.tolist()), tuple(speakers))


def _clusters(vectors: FloatArray, max_distance: float) -> list[int]:
    """Cluster unit vectors (n, d); labels from 0 in the order in which they appear."""
    if len(vectors) < 2:
        return [0] * len(vectors)
    distances = _condensed(vectors)
    found = fcluster(linkage(distances, method="average"), t=max_distance, criterion="distance")
    names: dict[int, int] = {}
    return [names.setdefault(int(label), len(names)) for label in found]


def _condensed(vectors: FloatArray) -> npt.NDArray[np.float64]:
    """Write 1 - cosine of every pair, as SciPy takes it: (n (n - 1) / 2,)."""
    pieces = [1.0 - vectors[row + 1 :] @ vectors[row] for row in range(len(vectors) - 1)]
    return np.asarray(np.clip(np.concatenate(pieces), 0.0, 2.0), dtype=np.float64)


def _speaker(vectors: FloatArray, rows: npt.NDArray[np.int64]) -> int:
    """Find the row nearest to the middle of a group; of the same words the first."""
    middle = vectors[rows].mean(axis=0)
    return int(rows[int(np.argmax(np.round(vectors[rows] @ middle, 6)))])


def served_encoder(root: Path) -> OnnxEncoder:
    """Open the encoder of the index that is served.

    Raises:
        KnowledgeError: there is no index, or it or its encoder is not to be trusted.
    """
    name = read_pointer(root)
    if name is None:
        raise IndexMissing(root, "no index is current; build one first")
    return OnnxEncoder.load(root / ENCODERS / str(checked_manifest(root / name)["encoder_id"]))


def main() -> int:
    """Read a JSON list of questions from stdin, write ``{"labels", "speakers"}`` to stdout."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, required=True, help="Folder of the indexes.")
    questions = [str(question) for question in json.load(sys.stdin)]
    grouped = group_questions(questions, served_encoder(parser.parse_args().root))
    json.dump({"labels": grouped.labels, "speakers": grouped.speakers}, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
