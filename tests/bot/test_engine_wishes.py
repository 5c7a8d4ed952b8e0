"""What a message with several wishes is dealt with as, and in which order."""

from __future__ import annotations

from typing import Any

import pytest

from bot.wishes import Wish, find_wishes, read_waiting, with_order

TEXT = "where is my lamp, NL-10234, and change the address to Rue Haute 88"


def part(intent: str, words: str, *, text: str = TEXT, **entities: str) -> dict[str, Any]:
    start = text.index(words)
    found = [
        {
            "entity": name,
            "value": value,
            "start": text.index(value),
            "end": text.index(value) + len(value),
        }
        for name, value in entities.items()
    ]
    return {
        "intent": intent,
        "confidence": 0.9,
        "start": start,
        "end": start + len(words),
        "entities": found,
        "ranking": [{"name": intent, "confidence": 0.9}, {"name": "greet", "confidence": 0.1}],
    }


def parse(*parts: dict[str, Any], text: str = TEXT) -> dict[str, Any]:
    return {
        "text": text,
        "intent": {"name": "greet"},
        "entities": [],
        "understanding": {"parts": list(parts)},
    }


ORDER = part("order_status", "where is my lamp, NL-10234", product="lamp", order_number="NL-10234")
ADDRESS = part("change_address", "change the address to Rue Haute 88", address="Rue Haute 88")


def test_each_part_becomes_a_wish_whose_entities_lie_in_its_own_words() -> None:
    first, second = find_wishes(parse(ORDER, ADDRESS), is_in_form=False)
    assert (first.intent, first.text) == ("order_status", "where is my lamp, NL-10234")
    assert (second.intent, second.text) == ("change_address", "change the address to Rue Haute 88")
    for wish in (first, second):
        own = [e for e in wish.entities if e.get("extractor") != "shared"]
        assert own
        assert all(wish.text[e["start"] : e["end"]] == e["value"] for e in own)


def test_a_number_told_once_holds_for_the_other_part_too_and_a_product_does_not() -> None:
    _, second = find_wishes(parse(ORDER, ADDRESS), is_in_form=False)
    assert {e["entity"]: e["value"] for e in second.entities} == {
        "address": "Rue Haute 88",
        "order_number": "NL-10234",
    }


def test_a_part_with_its_own_number_keeps_it() -> None:
    text = "is NL-1 sent? cancel NL-2"
    first = part("order_status", "is NL-1 sent?", text=text, order_number="NL-1")
    second = part("cancel_order", "cancel NL-2", text=text, order_number="NL-2")
    wishes = find_wishes(parse(first, second, text=text), is_in_form=False)
    assert [[e["value"] for e in wish.entities] for wish in wishes] == [["NL-1"], ["NL-2"]]


@pytest.mark.parametrize("parts", [(), (ORDER,)])
def test_a_message_of_one_part_is_left_as_it_is(parts: tuple[dict[str, Any], ...]) -> None:
    assert find_wishes(parse(*parts), is_in_form=False) == []
    assert find_wishes({"text": "hi"}, is_in_form=False) == []


def test_a_courtesy_is_no_wish_and_the_whole_message_is_the_other_one() -> None:
    text = "thanks a lot. where is my lamp"
    thanks, order = (
        part("thank", "thanks a lot.", text=text),
        part("order_status", "where is my lamp", text=text),
    )
    (wish,) = find_wishes(parse(thanks, order, text=text), is_in_form=False)
    assert (wish.intent, wish.text) == ("order_status", text)


NUMBER = "it's NL-10234. where is it and what does delivery cost"
TOLD = part("inform", "it's NL-10234.", text=NUMBER, order_number="NL-10234")
ASKED = part("order_status", "where is it", text=NUMBER)
COST = part("delivery_cost", "what does delivery cost", text=NUMBER)


def test_a_detail_told_beside_a_wish_belongs_to_it_outside_a_form() -> None:
    (wish,) = find_wishes(parse(TOLD, ASKED, text=NUMBER), is_in_form=False)
    assert (wish.intent, wish.text) == ("order_status", NUMBER)
    wishes = find_wishes(parse(TOLD, ASKED, COST, text=NUMBER), is_in_form=False)
    assert [wish.intent for wish in wishes] == ["order_status", "delivery_cost"]
    assert all([e["value"] for e in wish.entities] == ["NL-10234"] for wish in wishes)


def test_a_detail_told_in_a_form_is_its_answer() -> None:
    wishes = find_wishes(parse(TOLD, COST, text=NUMBER), is_in_form=True)
    assert [wish.intent for wish in wishes] == ["inform", "delivery_cost"]


def test_courtesies_alone_are_left_as_they_are() -> None:
    text = "thanks a lot. have a nice day"
    parts = (part("thank", "thanks a lot.", text=text), part("goodbye", "have a nice day", text=text))
    assert find_wishes(parse(*parts, text=text), is_in_form=False) == []


def test_a_call_for_a_person_is_all_that_is_heard() -> None:
    text = "nothing came. give me a human"
    parts = (
        part("order_late", "nothing came.", text=text),
        part("talk_to_person", "give me a human", text=text),
    )
    (wish,) = find_wishes(parse(*parts, text=text), is_in_form=True)
    assert (wish.intent, wish.text) == ("talk_to_person", text)


def test_in_a_form_only_a_message_that_begins_with_an_answer_is_taken_apart() -> None:
    assert find_wishes(parse(ORDER, ADDRESS), is_in_form=True) == []
    answer = {**ORDER, "intent": "inform"}
    assert [wish.intent for wish in find_wishes(parse(answer, ADDRESS), is_in_form=True)] == [
        "inform",
        "change_address",
    ]


def test_what_waits_is_read_as_it_was_written_and_anything_else_falls_away() -> None:
    wishes = find_wishes(parse(ORDER, ADDRESS), is_in_form=False)
    assert read_waiting([wish.to_slot() for wish in wishes]) == wishes
    for odd in (None, "text", [3, {}, {"intent": "greet"}]):
        assert read_waiting(odd) == []


def test_a_wish_is_never_taken_for_a_pressed_button() -> None:
    for wish in find_wishes(parse(ORDER, ADDRESS), is_in_form=False):
        assert len(wish.to_parse()["intent_ranking"]) > 1


def test_a_wish_takes_over_the_order_just_spoken_of_unless_it_names_one_or_a_thing() -> None:
    bare = Wish("change_address", 0.9, "change the address")
    assert [e["value"] for e in with_order(bare, "NL-10301").entities] == ["NL-10301"]
    assert with_order(bare, None) == bare
    named = Wish("return_item", 0.9, "return the lamp", ({"entity": "product", "value": "lamp"},))
    assert with_order(named, "NL-10301") == named
