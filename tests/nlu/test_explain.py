from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from typer.testing import CliRunner

from careline.commands.nlu import app
from nlu.explain import explain, explanation_record
from nlu.models import Model
from nlu.runtime import Understander
from tests.nlu.test_runtime import ANY_TEXT

TEXT = "please cancel the blue lamp NL-10234"


def test_word_is_worth_what_is_lost_without_it(understander: Understander) -> None:
    found = explain(understander, "thank you so much")
    place = understander.labels.intents.index("thank")
    whole, without = understander.intent_logits(["thank you so much", "  you so much"])
    assert found.words[0].word == "thank"
    assert found.words[0].for_first == pytest.approx(whole[place] - without[place], abs=1e-5)


def test_margin_and_leans_are_between_the_first_two_intents(understander: Understander) -> None:
    found = explain(understander, TEXT)
    ranking = found.parse.ranking
    shares = dict(ranking)
    assert found.evidence.second == ranking[1][0]
    assert found.logit_margin >= 0
    assert found.evidence.margin == pytest.approx(shares[ranking[0][0]] - shares[ranking[1][0]])
    assert all(word.lean == word.for_first - word.for_second for word in found.words)


def test_each_of_the_two_intents_has_its_nearest_example(understander: Understander) -> None:
    found = explain(understander, TEXT)
    assert found.first_example is not None
    assert found.second_example is not None
    assert found.first_example.intent == found.parse.intent
    assert found.second_example.intent == found.evidence.second
    cosines = understander.bank @ understander.embed([TEXT])[0]
    of_first = [
        cosine
        for cosine, example in zip(cosines, understander.bank_examples, strict=True)
        if example.intent == found.parse.intent
    ]
    assert found.first_example.cosine == pytest.approx(max(of_first), abs=1e-3)


def test_pattern_and_network_are_told_apart(understander: Understander) -> None:
    by_value = {entity.value: entity.is_exact for entity in explain(understander, TEXT).parse.entities}
    assert by_value["NL-10234"]
    assert not by_value["blue lamp"]


def test_text_without_words_is_explained_by_nothing(understander: Understander) -> None:
    found = explain(understander, " \n")
    assert (found.words, found.first_example, found.parse.is_out_of_scope) == ((), None, True)


def test_what_the_network_does_not_read_is_not_weighed_and_that_is_said(understander: Understander) -> None:
    found = explain(understander, "a " * 200)
    assert len(found.words) == len(understander.read_words("a " * 200)) < 200
    assert not found.is_whole


@settings(max_examples=25)
@given(text=ANY_TEXT)
def test_any_text_is_explained_with_words_that_lie_in_it(understander: Understander, text: str) -> None:
    found = explain(understander, text)
    assert [text[word.start : word.end] for word in found.words] == [word.word for word in found.words]
    json.dumps(explanation_record(found), allow_nan=False)


def test_command_explains_in_lines_whose_signs_need_no_colour(
    tiny_model: Model, understander: Understander
) -> None:
    intent = understander.parse([TEXT])[0].intent
    arguments = ["explain", TEXT, "--model", str(tiny_model.folder)]
    shown = CliRunner().invoke(app, arguments, catch_exceptions=False).stdout
    assert shown.startswith(f"{intent} ")
    assert "lamp+" in shown or "lamp-" in shown
    assert "rather than that" in shown
    assert "familiarity" in shown
    assert "NL-10234 1.00 by pattern" in shown
    record = json.loads(CliRunner().invoke(app, [*arguments, "--json"], catch_exceptions=False).stdout)
    assert record["intent"] == intent
    assert len(record["words"]) > 4


def test_long_text_is_weighed_in_runs_of_neighbouring_words_to_its_end(understander: Understander) -> None:
    runs, words = explain(understander, TEXT, most_parts=3, workers=1), explain(understander, TEXT)
    assert (len(words.words), words.words_together, words.is_whole) == (8, 1, True)
    assert ([run.word for run in runs.words], runs.words_together, runs.is_whole) == (
        ["please cancel the", "blue lamp NL", "-10234"],
        3,
        True,
    )
    assert explanation_record(runs)["words_together"] == 3
