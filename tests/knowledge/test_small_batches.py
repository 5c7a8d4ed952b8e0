from knowledge.small_batches import BATCH_TOKENS, small_batches


def test_every_text_is_in_one_batch_that_stays_small_with_its_padding() -> None:
    lengths = [7, 300, 12, 64, 64, 1, 200, 64, 64, 60]
    batches = list(small_batches(lengths))
    assert sorted(place for batch in batches for place in batch) == list(range(len(lengths)))
    assert all(
        len(batch) == 1 or len(batch) * max(lengths[place] for place in batch) <= BATCH_TOKENS
        for batch in batches
    )
    assert batches[-1] == [1]
    assert list(small_batches([])) == []
