from __future__ import annotations

import pytest

from nlu.dial import Decision, DialPoint, Kind, decide, point_at
from nlu.dial_figures import measure_dial

POINT = DialPoint(0.05, answer_above=0.8, ask_above=0.7)


def ranked(*shares: float) -> list[tuple[str, float]]:
    return list(zip("abcdef", shares, strict=False))


@pytest.mark.parametrize(
    ("shares", "kind", "intents"),
    [
        ((0.81, 0.1, 0.09), Kind.ANSWER, "a"),
        ((0.8, 0.1, 0.1), Kind.ASK, "ab"),
        ((0.5, 0.3, 0.2), Kind.ASK, "ab"),
        ((0.4, 0.3, 0.2, 0.1), Kind.ASK, "abc"),
        ((0.3, 0.2, 0.2, 0.2, 0.1), Kind.PASS_ON, ""),
    ],
)
def test_decision_follows_the_probabilities(shares: tuple[float, ...], kind: Kind, intents: str) -> None:
    assert decide(ranked(*shares), POINT, is_foreign=False) == Decision(kind, tuple(intents))


def test_foreign_message_is_passed_on_however_sure() -> None:
    assert decide(ranked(1.0, 0.0), POINT, is_foreign=True) == Decision(Kind.PASS_ON, ())


def test_nothing_understood_is_passed_on() -> None:
    assert decide([], POINT, is_foreign=False).kind is Kind.PASS_ON


def test_without_a_promise_nothing_is_acted_on_or_asked() -> None:
    never = DialPoint(0.01, None, None)
    assert decide(ranked(1.0, 0.0), never, is_foreign=False).kind is Kind.PASS_ON


def test_of_a_single_intent_the_question_names_it() -> None:
    assert decide([("a", 0.75)], POINT, is_foreign=False) == Decision(Kind.ASK, ("a",))


@pytest.mark.parametrize(("wanted", "found"), [(0.02, 0.02), (0.025, 0.02), (0.9, 0.05)])
def test_dial_between_two_points_stands_at_the_stricter(wanted: float, found: float) -> None:
    dial = [DialPoint(share, 0.5, 0.5) for share in (0.01, 0.02, 0.05)]
    assert point_at(dial, wanted).max_wrong_share == found


@pytest.mark.parametrize("dial", [(), (DialPoint(0.01, 0.5, 0.5),)])
def test_dial_below_its_first_point_promises_by_never_acting(dial: tuple[DialPoint, ...]) -> None:
    assert point_at(dial, 0.005) == DialPoint(0.005, None, None)


def test_figures_count_wrong_actions_among_all_texts() -> None:
    answer = Decision(Kind.ANSWER, ("a",))
    ask = Decision(Kind.ASK, ("a", "b"))
    decisions = [answer, answer, answer, ask, ask, Decision(Kind.PASS_ON, ())]
    figures = measure_dial(decisions, ["a", "b", None, "b", None, "a"], max_wrong_share=0.05)
    assert (figures.wrong, figures.answered, figures.asked) == (2 / 6, 3 / 6, 2 / 6)
    assert figures.passed_on == pytest.approx(1 / 6)
    assert figures.asked_right == 0.5
    assert (figures.texts, figures.foreign, figures.foreign_answered) == (6, 2, 1)
    assert figures.wrong_low < figures.wrong < figures.wrong_high


def test_of_no_questions_it_is_unknown_how_many_were_right() -> None:
    figures = measure_dial([Decision(Kind.ANSWER, ("a",))], ["a"], max_wrong_share=0.05)
    assert figures.asked_right is None
    assert "asked about," in str(figures)


def test_figures_are_told_in_a_sentence() -> None:
    decisions = [Decision(Kind.ANSWER, ("a",)), Decision(Kind.ASK, ("a", "b"))]
    assert str(measure_dial(decisions, ["a", "b"], max_wrong_share=0.05)) == (
        "With the dial at 5 %: 0.0 % acted on wrongly (95 % interval 0.0 % to 84.2 %), 50.0 % answered,"
        " 50.0 % asked about (100.0 % of these name the right intent), 0.0 % passed on."
    )
