"""Some of the rows of an index: what a reader may see, in the forms that searches want, made once and kept."""

from functools import cached_property

import numpy as np
import numpy.typing as npt

RowArray = npt.NDArray[np.int64]
MaskArray = npt.NDArray[np.bool_]


class Allowed:
    """The passages that take part in a search, and the vectors that are theirs; safe to share between threads.

    Args:
        mask: (rows,) bool.
        owners: (vectors,) the row of each vector; None when every row has one vector, its own.
    """

    def __init__(self, mask: MaskArray, owners: npt.NDArray[np.integer] | None = None) -> None:
        self.mask = mask
        self._owners = owners

    @cached_property
    def count(self) -> int:
        """How many are allowed."""
        return int(np.count_nonzero(self.mask))

    @cached_property
    def rows(self) -> RowArray:
        """Those allowed, in order."""
        return np.flatnonzero(self.mask).astype(np.int64)

    @cached_property
    def bits(self) -> npt.NDArray[np.uint8]:
        """The mask, one bit a row, lowest first, as FAISS reads it."""
        return np.packbits(self.mask, bitorder="little")

    @cached_property
    def vectors(self) -> "Allowed":
        """The same in terms of vectors."""
        return self if self._owners is None else Allowed(self.mask[self._owners])
