from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from nlu.grouping import group_by_length


@given(lengths=st.lists(st.integers(1, 60)), most=st.integers(1, 200))
def test_every_text_is_in_one_group_that_is_small_enough_with_its_padding(
    lengths: list[int], most: int
) -> None:
    groups = list(group_by_length(lengths, most))
    assert sorted(place for group in groups for place in group) == list(range(len(lengths)))
    assert all(
        len(group) * max(lengths[place] for place in group) <= most or len(group) == 1 for group in groups
    )
    longest = [max(lengths[place] for place in group) for group in groups]
    assert longest == sorted(longest)
