import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.abstain import DEFAULT_RULE, AnswerRule, Evidence, MadeEvidence, fit_rule
from knowledge.answer import MAX_ANSWER_CHARS, WHOLE_PASSAGE_CHARS, answering_text, quote, shorten
from knowledge.documents import plain_document, split_passages, split_sentences
from knowledge.encoder import Encoder
from knowledge.index import Query

shares = st.floats(0, 1)


@given(st.lists(st.tuples(st.integers(1, 30), st.floats(-1, 1), st.booleans()), min_size=1, max_size=30))
def test_quotes_are_whole_neighbouring_sentences(shape: list[tuple[int, float, bool]]) -> None:
    text = ""
    for number, (words, _, starts_line) in enumerate(shape):
        text += ("\n" if starts_line else " ") + f"S{number} " + "word " * words + "end."
    text = text.strip()
    sentences = split_sentences(text)
    answer = quote(text, [cosine for _, cosine, _ in shape][: len(sentences)])
    assert len(answer) <= MAX_ANSWER_CHARS
    assert answer in text
    assert split_sentences(answer) == [s for s in sentences if s in answer]


def test_the_best_sentence_is_quoted_with_its_near_neighbours() -> None:
    sentences = [f"Sentence {letter} " + "word " * 20 + "end." for letter in "abcdef"]
    cosines = [0.1, 0.1, 0.5, 0.8, 0.7, 0.1]
    assert quote(" ".join(sentences), cosines) == " ".join(sentences[3:5])


def test_a_short_passage_is_quoted_whole(tiny: Encoder) -> None:
    text = "word " * (WHOLE_PASSAGE_CHARS // 5 - 1) + "end."
    (passage,) = split_passages(plain_document("x", "T", text), passage_tokens=999, count_tokens=len)
    query = Query("word", tiny.encode(["word"])[0], ("word",))
    assert answering_text(passage, query, tiny) == text


def test_a_sentence_that_is_too_long_is_cut_between_words() -> None:
    text = "word " * 300 + "end."
    answer = quote(text, [1.0])
    assert len(answer) <= MAX_ANSWER_CHARS
    assert answer.endswith("word…")
    assert shorten("short", 10) == "short"


@given(shares, shares, shares, shares)
def test_more_evidence_never_lowers_the_confidence(
    cosine: float, margin: float, more: float, wider: float
) -> None:
    low = DEFAULT_RULE.confidence(Evidence(min(cosine, more), min(margin, wider), 0.2, 0.5))
    high = DEFAULT_RULE.confidence(Evidence(max(cosine, more), max(margin, wider), 0.4, 0.5))
    assert 0 < low <= high < 1


def evidence(cosine: float, count: int) -> list[Evidence]:
    return [Evidence(cosine + step / (10 * count), 0.1, 0.2, 0.5) for step in range(count)]


def test_the_fitted_rule_tells_apart_what_can_be_told_apart() -> None:
    made = MadeEvidence(right=evidence(0.7, 60), misled=evidence(0.3, 20), unanswerable=evidence(0.2, 60))
    rule = fit_rule(made, max_wrong_share=0.05)
    assert all(rule.confidence(item) > 0.5 for item in made.right)
    assert all(rule.confidence(item) < 0.5 for item in (*made.misled, *made.unanswerable))
    assert rule.weights[0] > 0


@settings(deadline=None)
@given(st.floats(0, 0.5))
def test_no_more_made_questions_than_allowed_are_answered_wrongly(max_wrong: float) -> None:
    made = MadeEvidence(right=evidence(0.55, 40), misled=evidence(0.5, 40), unanswerable=evidence(0.5, 40))
    rule = fit_rule(made, max_wrong_share=max_wrong)
    misled = sum(rule.confidence(item) >= rule.threshold for item in made.misled) / 80
    unanswerable = sum(rule.confidence(item) >= rule.threshold for item in made.unanswerable) / 40
    assert 0.75 * misled + 0.25 * unanswerable <= max_wrong + 1e-9


def test_too_few_questions_give_the_default_rule() -> None:
    assert fit_rule(MadeEvidence(evidence(0.7, 5), [], evidence(0.1, 5))) == DEFAULT_RULE


def test_a_rule_survives_json_and_nonsense_does_not() -> None:
    assert AnswerRule.from_json(DEFAULT_RULE.to_json()) == DEFAULT_RULE
    for nonsense in (
        None,
        {},
        {"weights": 1, "bias": 0, "threshold": 0},
        {"weights": [1], "bias": 0, "threshold": 0},
    ):
        with pytest.raises(ValueError, match="not a rule"):
            AnswerRule.from_json(nonsense)
