from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.documents import plain_document
from knowledge.teaching.judge import compare_places, judge
from knowledge.teaching.lessons import Example, Lesson, NearMiss, draw_batches, draw_examples, hold_out
from knowledge.teaching.topics import group_topics

EXAMPLES = st.lists(
    st.tuples(st.integers(0, 6), st.integers(0, 6)).filter(lambda both: both[0] != both[1]), max_size=60
).map(
    lambda rows: [Example(f"q{n}", "right", "wrong", topic, other) for n, (topic, other) in enumerate(rows)]
)


@settings(max_examples=200)
@given(examples=EXAMPLES, size=st.integers(2, 8))
def test_no_text_that_counts_as_wrong_is_of_a_questions_own_topic(examples: list[Example], size: int) -> None:
    seen: list[str] = []
    for batch in draw_batches(examples, size):
        assert 2 <= len(batch) <= size
        topics = [one.topic for one in batch]
        assert len(set(topics)) == len(topics)
        assert not set(topics) & {one.wrong_topic for one in batch}
        seen += [one.question for one in batch]
    assert len(set(seen)) == len(seen)


def test_documents_that_share_a_question_or_say_the_same_are_one_topic() -> None:
    documents = [
        replace(plain_document(name, name, name), questions=questions)
        for name, questions in (("a", ("Why?",)), ("b", ("why?",)), ("c", ()), ("d", ()), ("e", ()))
    ]
    vectors = np.eye(5, dtype=np.float32)
    vectors[3] = vectors[2]
    topics = group_topics(documents, vectors, same_cosine=0.9)
    assert topics["a"] == topics["b"]
    assert topics["c"] == topics["d"]
    assert len(set(topics.values())) == 3


def test_whole_topics_are_held_out_in_whatever_order_they_come() -> None:
    documents = [replace(plain_document(f"d{n}", "t", "x"), questions=("a", "b", "c")) for n in range(50)]
    topics = {document.document_id: n // 2 for n, document in enumerate(documents)}
    held = hold_out(documents, topics)
    share = sum(topics[document.document_id] in held for document in documents) / len(documents)
    assert 0.2 <= share <= 0.28
    assert hold_out(documents[::-1], topics) == held
    bare = [replace(document, questions=()) for document in documents]
    assert hold_out(bare, topics)


def test_a_gain_beyond_chance_is_better_and_what_forgets_is_not() -> None:
    before, after = np.full(40, 4.0), np.full(40, 1.0)
    same = compare_places(before, before)
    gain = compare_places(before, after)
    loss = compare_places(after, before)
    assert (gain.before.first, gain.after.first, gain.before.first_three) == (0, 1, 0)
    assert gain.p_first < 1e-6
    assert judge(gain, None).is_better
    assert judge(gain, same).is_better
    assert "forgets" in judge(gain, loss).reason
    assert not judge(same, None).is_better
    assert not judge(loss, None).is_better
    lucky = compare_places(before, np.where(np.arange(40) < 1, 1.0, before))
    assert "chance" in judge(lucky, None).reason
    assert compare_places(np.asarray([np.inf]), np.asarray([2.0])).after.mrr == 0.5


def test_a_near_miss_has_the_form_of_the_right_text() -> None:
    """Else what is right could be told by its form alone."""
    misses = (NearMiss("T. A sentence.", ("another question",), 2), NearMiss("U. A sentence.", (), 3))
    lessons = [Lesson(f"question {n}", 1, ("a sibling",), ("S. A sentence.",), misses) for n in range(40)]
    pairs = {
        (one.right, one.wrong, one.wrong_topic) for one in draw_examples(lessons, 1, has_near_misses=True)
    }
    assert pairs == {
        ("a sibling", "another question", 2),
        ("S. A sentence.", "T. A sentence.", 2),
        ("S. A sentence.", "U. A sentence.", 3),
    }
    assert {one.wrong for one in draw_examples(lessons, 1, has_near_misses=False)} == {""}
    again = draw_examples(lessons, 1, has_near_misses=True)
    assert again == draw_examples(lessons, 1, has_near_misses=True)
    assert again != draw_examples(lessons, 2, has_near_misses=True)
