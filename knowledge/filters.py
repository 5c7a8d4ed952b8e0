"""Who asks, and which passages are theirs to see. Filters come before ranking: what they leave out takes no part in it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from knowledge.allowed import MaskArray
from knowledge.documents import CUSTOMERS, Audience, Passage

AUDIENCE_CODES = {audience: code for code, audience in enumerate(Audience)}
Codes = npt.NDArray[np.uint32]


@dataclass(frozen=True, slots=True)
class Reader:
    """Who asks.

    Attributes:
        audiences: passages of other audiences are never seen.
        language: such as "en" or "en-GB"; where the index has passages in it that the reader may see, those in other
            languages are left out. None leaves out none.
        product: passages about other products are left out; those about no product are for everybody. None leaves out none.
    """

    audiences: frozenset[Audience] = CUSTOMERS
    language: str | None = None
    product: str | None = None


CUSTOMER = Reader()


@dataclass(frozen=True, slots=True)
class Facets:
    """What passages are filtered and grouped by, each (passages,): a code, and for the last three the names of the codes.

    Attributes:
        audiences: see ``AUDIENCE_CODES``.
        documents: equal for passages of the same document.
        languages: the primary part only ("en" of "en-GB").
        products: folded; empty for none.
    """

    audiences: npt.NDArray[np.uint8]
    documents: Codes
    languages: Codes
    products: Codes
    language_names: tuple[str, ...]
    product_names: tuple[str, ...]

    @classmethod
    def build(cls, passages: Sequence[Passage]) -> "Facets":
        """Read the facets of passages."""
        documents, _ = _coded(passage.document_id for passage in passages)
        languages, language_names = _coded(_primary(passage.language) for passage in passages)
        products, product_names = _coded(passage.product.casefold() for passage in passages)
        audiences = np.asarray([AUDIENCE_CODES[passage.audience] for passage in passages], dtype=np.uint8)
        return cls(audiences, documents, languages, products, language_names, product_names)

    @classmethod
    def load(cls, path: Path) -> "Facets":
        """Read what ``save`` wrote.

        Raises:
            ValueError, KeyError: it is of another form.
        """
        with np.load(path) as arrays:
            return cls(
                arrays["audiences"],
                arrays["documents"],
                arrays["languages"],
                arrays["products"],
                tuple(str(name) for name in arrays["language_names"]),
                tuple(str(name) for name in arrays["product_names"]),
            )

    def save(self, path: Path) -> None:
        """Write the facets to a file."""
        np.savez(
            path,
            audiences=self.audiences,
            documents=self.documents,
            languages=self.languages,
            products=self.products,
            language_names=np.asarray(self.language_names, dtype=np.str_),
            product_names=np.asarray(self.product_names, dtype=np.str_),
        )

    def __len__(self) -> int:
        return len(self.audiences)

    def mask(self, reader: Reader) -> MaskArray | None:
        """Mark the passages that are the reader's to see; None when all are."""
        mask = np.isin(self.audiences, [AUDIENCE_CODES[audience] for audience in reader.audiences])
        if reader.product is not None:
            mask &= np.isin(self.products, self._codes(self.product_names, {"", reader.product.casefold()}))
        if reader.language is not None:
            spoken = mask & np.isin(
                self.languages, self._codes(self.language_names, {_primary(reader.language)})
            )
            mask = spoken if spoken.any() else mask
        return None if mask.all() else mask

    @staticmethod
    def _codes(names: Sequence[str], wanted: set[str]) -> list[int]:
        return [code for code, name in enumerate(names) if name in wanted]


def _coded(values: Iterable[str]) -> tuple[Codes, tuple[str, ...]]:
    """Number distinct values in the order in which they come."""
    known: dict[str, int] = {}
    codes = np.asarray([known.setdefault(value, len(known)) for value in values], dtype=np.uint32)
    return codes, tuple(known)


def _primary(language: str) -> str:
    return language.split("-")[0].casefold()
