"""How the cosines of a corpus spread around any query, known without comparing the query to every passage."""

from dataclasses import dataclass
from math import sqrt
from pathlib import Path

import numpy as np

from knowledge.encoder import FloatArray


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
        centred = vectors - mean
        return cls(mean, np.asarray(centred.T @ centred / len(vectors), dtype=np.float32))

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
