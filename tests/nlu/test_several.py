"""Messages with several wishes, measured."""

from __future__ import annotations

from nlu.examples import Example
from nlu.runtime import Parse, Part
from nlu.several import SeveralFigures, measure_several

KNOWN = ("order", "refund", "hours")


def parse(*intents: str) -> Parse:
    parts = tuple(Part(intent, 1.0, 0, 1, (), ((intent, 1.0),)) for intent in intents)
    return Parse("text", "order", 1.0, (("order", 1.0),), (), False, 1.0, parts=parts)


def test_messages_are_counted_by_how_they_were_cut() -> None:
    cases = [
        ("order+refund", parse("refund", "order")),
        ("order+refund", parse("order", "hours")),
        ("order+refund", parse()),
        ("order+lost", parse("order", "refund")),
        ("order", parse("order", "refund")),
        ("hours", parse()),
        ("out_of_scope", parse("order", "refund")),
        ("oos", parse()),
        ("oos", parse()),
    ]
    examples = [Example("text", intent) for intent, _ in cases]
    found = measure_several(examples, [one for _, one in cases], known=KNOWN)
    assert found == SeveralFigures(several=3, cut=2, right=1, one=2, one_cut=1, foreign=3, foreign_cut=1)
    assert "Of 3 messages with several wishes 2 (66.7 %" in str(found)
    assert "1 (33.3 %" in str(found)


def test_nothing_is_said_where_all_messages_hold_one_wish_and_stay_whole() -> None:
    examples = [Example("text", "order"), Example("text", "oos")]
    assert str(measure_several(examples, [parse(), parse()], known=KNOWN)) == ""


def test_a_false_cut_is_said_even_where_no_message_holds_two() -> None:
    told = str(measure_several([Example("text", "order")], [parse("order", "refund")], known=KNOWN))
    assert told.startswith("Of 1 with one wish 1 (100.0 %")
