"""The passages of an index on disk: one JSON object a line, read when it is asked for."""

import json
import mmap
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from knowledge.documents import Audience, Passage, fields_of

PASSAGES_FILE = "passages.jsonl"
OFFSETS_FILE = "passages.offsets.npy"


class PassageStore:
    """Passages by row; safe to share between threads. It outlives the removal of its folder."""

    def __init__(self, folder: Path) -> None:
        self._offsets: npt.NDArray[np.int64] = np.load(folder / OFFSETS_FILE, mmap_mode="r")
        with (folder / PASSAGES_FILE).open("rb") as file:
            self._lines = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if len(self) else b""

    def __len__(self) -> int:
        return len(self._offsets) - 1

    def __iter__(self) -> Iterator[Passage]:
        return (self[row] for row in range(len(self)))

    def __getitem__(self, row: int) -> Passage:
        fields = json.loads(self._lines[self._offsets[row] : self._offsets[row + 1]])
        fields["audience"] = Audience(fields["audience"])
        fields["headings"] = tuple(fields["headings"])
        fields["questions"] = tuple(fields["questions"])
        return Passage(**fields)


def write_passages(folder: Path, passages: Iterable[Passage]) -> None:
    """Write passages where ``PassageStore`` finds them."""
    offsets = [0]
    with (folder / PASSAGES_FILE).open("wb") as file:
        for passage in passages:
            file.write(json.dumps(fields_of(passage), ensure_ascii=False).encode("utf-8") + b"\n")
            offsets.append(file.tell())
    np.save(folder / OFFSETS_FILE, np.asarray(offsets, dtype=np.int64))
