from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from knowledge.abstain import AnswerRule, Evidence, MadeEvidence, default_rule, experience, fit_rule
from knowledge.answer import (
    MAX_ANSWER_CHARS,
    Found,
    answering_text,
    quote,
    shorten,
)
from knowledge.documents import Passage, plain_document, split_passages, split_sentences
from knowledge.encoder import Encoder, FloatArray
from knowledge.index import Query, Ranked
from knowledge.markdown import Block
from knowledge.sentences import WHOLE_PASSAGE_CHARS, sentence_vectors

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


def found(text: str, best: int) -> Found:
    """Make a finding of a document with a passage for each paragraph."""
    blocks = tuple(Block((str(number),), part) for number, part in enumerate(text.split("\n\n")))
    document = replace(plain_document("x", "T", ""), blocks=blocks)
    passages = split_passages(document, passage_tokens=999, count_tokens=len)
    return Found(passages[best], Ranked(best, 1, 1, 1), Evidence(1, 1, 1, 1), tuple(passages))


def asked(text: str, tiny: Encoder) -> Query:
    return Query(text, tiny.encode([text])[0], tuple(text.split()))


def test_a_short_passage_is_quoted_whole(tiny: Encoder) -> None:
    text = "word " * (WHOLE_PASSAGE_CHARS // 5 - 1) + "end."
    assert answering_text(found(text, 0), asked("word", tiny), sentence_vectors(tiny))[0] == text


def test_where_there_is_nothing_to_choose_nothing_is_embedded() -> None:
    def refuse(passage: Passage) -> FloatArray:
        raise AssertionError(passage.text)

    query = Query("word", np.zeros(32, dtype=np.float32), ("word",))
    assert answering_text(found("One. Two.", 0), query, refuse)[0] == "One. Two."


def test_the_first_passage_leads_when_it_is_as_near(tiny: Encoder) -> None:
    finding = found("Parcels take three days.\n\nParcels take four days in December.", best=1)
    text, passages = answering_text(finding, asked("parcels take days", tiny), sentence_vectors(tiny))
    assert [passage.passage_id for passage in passages] == ["x#0", "x#1"]
    assert text.startswith("Parcels take three days.")


def test_a_passage_with_a_nearer_sentence_is_quoted_instead_of_the_first(tiny: Encoder) -> None:
    finding = found("You can use cards.\n\nCash is never taken here.", best=1)
    text, (passage,) = answering_text(finding, asked("is cash taken here", tiny), sentence_vectors(tiny))
    assert (text, passage.passage_id) == ("Cash is never taken here.", "x#1")


@given(words=st.lists(st.integers(1, 150), min_size=2, max_size=4), best=st.integers(0, 1))
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_an_answer_of_two_passages_is_not_too_long(tiny: Encoder, words: list[int], best: int) -> None:
    finding = found("\n\n".join("word " * count + "end." for count in words), best)
    assert (
        0
        < len(answering_text(finding, asked("word end", tiny), sentence_vectors(tiny))[0])
        <= MAX_ANSWER_CHARS
    )


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
    low = default_rule().confidence(Evidence(min(cosine, more), min(margin, wider), 0.2, 0.3))
    high = default_rule().confidence(Evidence(max(cosine, more), max(margin, wider), 0.4, 0.5))
    assert 0 < low <= high < 1


def evidence(cosine: float, count: int) -> list[Evidence]:
    return [Evidence(cosine + step / (10 * count), 0.1, 0.2, 0.5) for step in range(count)]


def test_the_fitted_rule_tells_apart_what_can_be_told_apart() -> None:
    made = MadeEvidence(right=evidence(0.7, 60), misled=evidence(0.3, 20), unanswerable=evidence(0.2, 60))
    rule = fit_rule(made, max_wrong_share=0.05)
    assert all(rule.confidence(item) > 0.5 for item in made.right)
    assert all(rule.confidence(item) < 0.5 for item in (*made.misled, *made.unanswerable))
    assert rule.weights[0] > 0


@given(st.floats(0, 0.5))
def test_no_more_made_questions_than_allowed_are_answered_wrongly(max_wrong: float) -> None:
    made = MadeEvidence(right=evidence(0.55, 40), misled=evidence(0.5, 40), unanswerable=evidence(0.5, 40))
    rule = fit_rule(made, max_wrong_share=max_wrong)
    misled = sum(rule.confidence(item) >= rule.threshold for item in made.misled) / 80
    unanswerable = sum(rule.confidence(item) >= rule.threshold for item in made.unanswerable) / 40
    assert 0.75 * misled + 0.25 * unanswerable <= max_wrong + 1e-9


def test_too_few_questions_give_the_default_rule() -> None:
    few = MadeEvidence(evidence(0.7, 5), [], evidence(0.1, 5))
    assert fit_rule(few) == default_rule()
    assert fit_rule(few, max_wrong_share=0.1) == default_rule(0.1)


def wrong_elsewhere(rule: AnswerRule) -> list[float]:
    """Share of the questions to each of the other corpora that the rule would answer wrongly."""
    known = experience()
    return [
        sum(rule.confidence(item) >= rule.threshold for item in corpus) / known.questions
        for corpus in known.wrong
    ]


@pytest.mark.parametrize("max_wrong", [0.01, 0.05, 0.2])
def test_the_default_rule_keeps_the_dial_on_what_other_corpora_were_asked(max_wrong: float) -> None:
    rule = default_rule(max_wrong)
    assert sum(wrong <= max_wrong for wrong in wrong_elsewhere(rule)) >= 0.8 * len(experience().wrong)
    looser = replace(rule, threshold=rule.threshold - 0.1)
    assert sum(wrong <= max_wrong for wrong in wrong_elsewhere(looser)) < 0.8 * len(experience().wrong)
    assert min(rule.weights) >= 0


def test_questions_that_are_too_easy_do_not_lower_the_threshold_below_that_of_other_corpora() -> None:
    made = MadeEvidence(right=evidence(0.8, 60), misled=evidence(0.12, 20), unanswerable=evidence(0.1, 60))
    rule = fit_rule(made, max_wrong_share=0.05)
    assert sum(wrong <= 0.05 for wrong in wrong_elsewhere(rule)) >= 0.8 * len(experience().wrong)


def test_a_rule_survives_json_and_nonsense_does_not() -> None:
    assert AnswerRule.from_json(default_rule().to_json()) == default_rule()
    for nonsense in (
        None,
        {},
        {"weights": 1, "bias": 0, "threshold": 0},
        {"weights": [1], "bias": 0, "threshold": 0},
    ):
        with pytest.raises(ValueError, match="not a rule"):
            AnswerRule.from_json(nonsense)
