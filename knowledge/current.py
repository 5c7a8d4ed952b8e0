"""What the articles say now, read from the current index without its vectors; what was quoted is compared with it."""

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from knowledge.documents import Passage
from knowledge.folders import read_pointer
from knowledge.passages import PassageStore

# So alike, in words that both have in order, a passage must be to count as what took another's place.
_LIKENESS = 0.3
_COMPARED_WORDS = 400


@dataclass(frozen=True, slots=True)
class QuotedPassage:
    """A passage as it was when somebody was answered with it; ``text`` is empty where it was not kept."""

    document_id: str
    passage_id: str
    passage_hash: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """A quoted passage beside the articles of today.

    Attributes:
        is_current: its text still stands in its document, in this place or another.
        now: what stands in its place; None where nothing like it is left, and where it is current.
    """

    quoted: QuotedPassage
    is_current: bool
    now: Passage | None = None


def passages_of(root: Path, document_ids: frozenset[str]) -> dict[str, list[Passage]]:
    """Read the passages of some documents from the current index; documents that are not in it are left out.

    Raises:
        OSError, ValueError: the index went away, or cannot be read.
    """
    name = read_pointer(root)
    found: dict[str, list[Passage]] = {}
    if name is None or not document_ids:
        return found
    for passage in PassageStore(root / name):
        if passage.document_id in document_ids:
            found.setdefault(passage.document_id, []).append(passage)
    return found


def compare(root: Path, quoted: Sequence[QuotedPassage]) -> list[Comparison]:
    """Compare what was quoted with the current index, in the order given (see ``passages_of`` for the errors)."""
    documents = passages_of(root, frozenset(one.document_id for one in quoted))
    hashes = {name: {passage.content_hash for passage in group} for name, group in documents.items()}
    return [
        Comparison(one, is_current=True)
        if one.passage_hash in hashes.get(one.document_id, ())
        else Comparison(one, is_current=False, now=_successor(one, documents.get(one.document_id, ())))
        for one in quoted
    ]


def _successor(old: QuotedPassage, passages: Iterable[Passage]) -> Passage | None:
    """Find what took a passage's place: the likest text of its document, or what has its number where its text is lost."""
    if not old.text:
        return next((passage for passage in passages if passage.passage_id == old.passage_id), None)
    likest = max(((_likeness(old.text, one.text), one) for one in passages), key=_first, default=None)
    return likest[1] if likest is not None and likest[0] >= _LIKENESS else None


def _first(pair: tuple[float, Passage]) -> float:
    return pair[0]


def _likeness(old: str, new: str) -> float:
    before, after = (text.split()[:_COMPARED_WORDS] for text in (old, new))
    return difflib.SequenceMatcher(None, before, after, autojunk=False).ratio()
