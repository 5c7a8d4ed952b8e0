"""Which texts are computed together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence


def group_by_length(lengths: Sequence[int], most_tokens: int) -> Iterator[list[int]]:
    """Yield the places of texts that are computed together, the shortest texts first.

    Args:
        lengths: tokens of each text.
        most_tokens: of a group, padding included; a longer text is alone.
    """
    group: list[int] = []
    for place in sorted(range(len(lengths)), key=lengths.__getitem__):
        if group and (len(group) + 1) * lengths[place] > most_tokens:
            yield group
            group = []
        group.append(place)
    if group:
        yield group
