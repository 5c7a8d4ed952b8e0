"""How the cosines of a corpus spread around any query, known without comparing the query to every passage."""

from dataclasses import dataclass
from math import sqrt
from pathlib import Path

import numpy as np

from knowledge.encoder import FloatArray

_AT_ONCE = 50_000


@dataclass(frozen=True, slots=True)
class Spread:
    """The mean (d,) and the covariance (d, d) of the passages' vectors."""

    mean: FloatArray
    covariance: FloatArray

    @classmethod
    def build(cls, vectors: FloatArray) -> "Spread":
        """Measure vectors: (n, d) float32."""
        dimension = vectors.shape[1]
        if len(vectors) == 0:
            return cls(
                np.zeros(dimension, dtype=np.float32), np.zeros((dimension, dimension), dtype=np.float32)
            )
        mean = vectors.mean(axis=0)
        covariance = np.zeros((dimension, dimension), dtype=np.float64)
        for start in range(0, len(vectors), _AT_ONCE):  # a million centred vectors would take 1.5 GB more
            centred = vectors[start : start + _AT_ONCE] - mean
            covariance += centred.T @ centred
        return cls(mean, np.asarray(covariance / len(vectors), dtype=np.float32))

    @classmethod
    def load(cls, path: Path) -> "Spread":
        """Read what ``save`` wrote."""
        with np.load(path) as arrays:
            return cls(arrays["mean"], arrays["covariance"])

    def save(self, path: Path) -> None:
        """Write the spread to a file."""
        np.savez(path, mean=self.mean, covariance=self.covariance)

    def of(self, query: FloatArray) -> tuple[float, float]:
        """Mean and standard deviation of the cosines of a query (d,) with all passages.

        Source: the variance of a projection is its quadratic form with the covariance.
        """
        variance = float(query @ self.covariance @ query)
        return float(query @ self.mean), sqrt(max(0.0, variance))
