"""Which kind of dense index a corpus gets, why, and how much it finds of what the exact one would."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import faiss
import numpy as np

from knowledge.dense import DenseIndex, FlatIndex
from knowledge.encoder import FloatArray
from knowledge.errors import IndexForeign
from knowledge.graph import GraphIndex
from knowledge.quantised import QuantisedIndex

MOST_EXACT = 50_000
MOST_IN_GRAPH = 1_000_000
# What an approximate index is set to find of the ten nearest; where rounding keeps it from that, nearly what it can.
RECALL_AT = 10
WANTED_RECALL = 0.99
_NEARLY = 0.001
KINDS: dict[str, type[FlatIndex] | type[GraphIndex] | type[QuantisedIndex]] = {
    kind.kind: kind for kind in (FlatIndex, GraphIndex, QuantisedIndex)
}
_SAME = 1e-5  # scores this near are equal


@dataclass(frozen=True, slots=True)
class DenseReport:
    """Which kind was built and how good it is.

    Attributes:
        kind: see ``KINDS``.
        reason: one sentence for whoever runs the build.
        vectors: how many it holds.
        effort: what a search looks at (``efSearch``, ``nprobe``); 0 where it looks at everything.
        recall_at_10: share of the ten truly nearest that it finds, on ``probes`` questions.
    """

    kind: str
    reason: str
    vectors: int
    effort: int
    recall_at_10: float
    probes: int

    def to_json(self) -> dict[str, Any]:
        """Write the report for the manifest."""
        return {**asdict(self), "recall_at_10": round(self.recall_at_10, 4)}


def choose_kind(vectors: int) -> tuple[str, str]:
    """Choose the kind for so many vectors; returns its name and the reason."""
    if vectors <= MOST_EXACT:
        return FlatIndex.kind, f"up to {MOST_EXACT:,} vectors every one is compared: exact"
    if vectors <= MOST_IN_GRAPH:
        return GraphIndex.kind, f"over {MOST_EXACT:,} vectors near ones are linked and the links followed"
    return (
        QuantisedIndex.kind,
        f"over {MOST_IN_GRAPH:,} vectors short codes are searched and the best scored again from disk",
    )


def build_dense(
    vectors: FloatArray, probes: Callable[[], FloatArray], kind: str | None = None
) -> tuple[DenseIndex, DenseReport]:
    """Build the index that fits, set its effort, and measure it.

    Args:
        vectors: (n, d) float32, rows of unit length.
        probes: makes (p, d) unit vectors of what might be asked; only called for an approximate kind.
        kind: takes the place of the choice.
    """
    chosen, reason = choose_kind(len(vectors))
    if kind is not None and kind != chosen:
        chosen, reason = kind, "asked for by name"
    index = KINDS[chosen].build(vectors)
    if isinstance(index, FlatIndex):
        return index, DenseReport(chosen, reason, len(vectors), 0, 1.0, 0)
    asked = probes()
    recall = set_effort(index, vectors, asked)
    return index, DenseReport(chosen, reason, len(vectors), index.effort, recall, len(asked))


def open_dense(folder: Path, report: Any) -> DenseIndex:
    """Open the dense index of a folder.

    Args:
        folder: of an index.
        report: what ``DenseReport.to_json`` wrote.

    Raises:
        IndexForeign: it is of a kind that is not known here.
        IndexTampered: its files are cut or damaged.
    """
    kind = report.get("kind") if isinstance(report, dict) else None
    if kind not in KINDS:
        raise IndexForeign(folder, "its manifest names no kind of dense index that is known here")
    return KINDS[kind].load(folder)


def set_effort(index: GraphIndex | QuantisedIndex, vectors: FloatArray, probes: FloatArray) -> float:
    """Set the least effort that finds ``WANTED_RECALL``, or nearly what the greatest finds; returns the recall@10."""
    floors = _exact_floors(vectors, probes)
    index.effort = index.efforts[-1]
    recall = _recall(index, vectors, probes, floors)
    enough = min(WANTED_RECALL, recall - _NEARLY)
    for effort in index.efforts[:-1]:
        index.effort = effort
        found = _recall(index, vectors, probes, floors)
        if found >= enough:
            return found
    index.effort = index.efforts[-1]
    return recall


def measure_recall(
    index: DenseIndex, vectors: FloatArray, probes: FloatArray, top_k: int = RECALL_AT
) -> float:
    """Measure the share of the top_k truly nearest that an index finds; 1 where there is nothing to find.

    A row that is as near as the last of the nearest counts as one of them.
    """
    return _recall(index, vectors, probes, _exact_floors(vectors, probes, top_k), top_k)


def _exact_floors(vectors: FloatArray, probes: FloatArray, top_k: int = RECALL_AT) -> FloatArray:
    """Score the last of the top_k nearest to each probe by comparing with every vector: (p,) float32."""
    wanted = min(top_k, len(vectors))
    if wanted == 0 or len(probes) == 0:
        return np.zeros(len(probes), dtype=np.float32)
    scores, _ = faiss.knn(
        np.ascontiguousarray(probes, dtype=np.float32),
        np.ascontiguousarray(vectors, dtype=np.float32),
        wanted,
        metric=faiss.METRIC_INNER_PRODUCT,
    )
    return np.asarray(scores[:, -1], dtype=np.float32)


def _recall(
    index: DenseIndex, vectors: FloatArray, probes: FloatArray, floors: FloatArray, top_k: int = RECALL_AT
) -> float:
    wanted = min(top_k, len(vectors))
    if wanted == 0 or len(probes) == 0:
        return 1.0
    found = 0
    for probe, floor in zip(probes, floors, strict=True):
        rows = index.search(probe, wanted)[1]
        found += int(np.count_nonzero(vectors[rows] @ probe >= floor - _SAME))
    return found / (wanted * len(probes))
