"""Numbers, addresses, a yes and a no, in whatever way people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.recognise import (
    count_words,
    find_email,
    find_order_number,
    find_order_numbers,
    find_position,
    find_ticket_number,
    is_in_other_script,
    is_mere_ok,
    is_plain_no,
    is_question,
    looks_like_order_number,
    normalise,
    points_back,
    points_to_other_order,
    read_yes_no,
)


@pytest.mark.parametrize(
    "text",
    [
        "NL-10234",
        "nl10234",
        "NL 10234",
        "nl.10234",
        "#10234",
        "# 10234",
        "10234",
        "#NL-10234",
        "it's 10234 I think",
        "ＮＬ－１０２３４",
        "NL–10234",
        "order NL-10234?",
        "(NL-10234)",
        "我的订单NL-10234在哪",
        "NL-\u200b10234",
    ],
)
def test_an_order_number_is_read_in_every_spelling(text: str) -> None:
    assert find_order_number(text) == "NL-10234"


@pytest.mark.parametrize(
    "text", ["NL-1023", "NL-102345", "tel 0612345678", "€ 10234.50", "a10234b", "", "maya10234@example.com"]
)
def test_other_digits_are_no_order_number(text: str) -> None:
    assert find_order_number(text) is None


def test_a_postcode_is_not_taken_where_bare_digits_are_not_allowed() -> None:
    assert find_order_number("Schillerplatz 2, 70173 Stuttgart", allow_bare=False) is None


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("I meant NL-10243, not NL-10234", "NL-10243"),
        ("not NL-10234, I meant NL-10243", "NL-10243"),
        ("NL-10234, sorry, NL-10243", "NL-10243"),
        ("NL-10243 instead of NL-10234", "NL-10243"),
    ],
)
def test_the_number_that_is_meant_wins(text: str, meant: str) -> None:
    assert find_order_number(text) == meant


@pytest.mark.parametrize(
    ("text", "is_like"),
    [("NL-1023", True), ("#123", True), ("1234567", True), ("hello", False), ("NL-10234", False)],
)
def test_a_misspelt_number_is_noticed(text: str, is_like: bool) -> None:
    assert looks_like_order_number(text) is is_like


@pytest.mark.parametrize(
    "text",
    [
        "T-1042",
        "t1042",
        "ticket 1042",
        "Ticket number: 1042".replace(":", ""),
        "ticket no. 1042",
        "ticket #1042",
    ],
)
def test_a_ticket_number_is_read(text: str) -> None:
    assert find_ticket_number(text) == "T-1042"


def test_bare_digits_are_a_ticket_only_when_asked() -> None:
    assert find_ticket_number("1042") is None
    assert find_ticket_number("1042", allow_bare=True) == "T-1042"


@pytest.mark.parametrize(
    ("text", "email"),
    [
        ("Maya.Jansen@Example.com.", "maya.jansen@example.com"),
        ("<kim+shop@mail.example.co.uk>", "kim+shop@mail.example.co.uk"),
        ("not a@b.example but c@d.example", "c@d.example"),
        ("maya.jansen@example", None),
        ("@example.com", None),
        ("ｍａｙａ＠example.com", "maya@example.com"),
    ],
)
def test_an_address_is_read(text: str, email: str | None) -> None:
    assert find_email(text) == email


@pytest.mark.parametrize(
    "text", ["yes", "Yes please!", "yep", "sure, go ahead", "👍", "no problem, do it", "that’s right", "ja"]
)
def test_a_yes_is_read(text: str) -> None:
    assert read_yes_no(text) is True


@pytest.mark.parametrize(
    "text", ["no", "Nope.", "no thanks", "don't", "rather not", "👎", "no, please keep it"]
)
def test_a_no_is_read(text: str) -> None:
    assert read_yes_no(text) is False


@pytest.mark.parametrize(
    "text", ["", "maybe", "I am not sure", "yes and no", "where is my order", "yes " * 20]
)
def test_neither_yes_nor_no_is_not_guessed(text: str) -> None:
    assert read_yes_no(text) is None


@pytest.mark.parametrize(
    ("text", "is_one"),
    [("why?", True), ("how do I pay", True), ("can", False), ("too small", False), ("really？", True)],
)
def test_a_question_is_noticed(text: str, is_one: bool) -> None:
    assert is_question(text) is is_one


@pytest.mark.parametrize(
    ("text", "is_back"),
    [
        ("cancel it", True),
        ("cancel another one", False),
        ("send it back, the other one", False),
        ("return", False),
    ],
)
def test_pointing_back_is_noticed(text: str, is_back: bool) -> None:
    assert points_back(text) is is_back


@pytest.mark.parametrize(
    ("text", "is_one"),
    [("no", True), ("nope, not now", True), ("no thanks", True), ("I don't know it", False), ("", False),
     ("no it was the other one, in blue", False)],
)  # fmt: skip
def test_a_plain_no_is_a_no_and_little_else(text: str, is_one: bool) -> None:
    assert is_plain_no(text) is is_one


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("ok", True),
        ("oh I see", True),
        ("Alright!", True),
        ("👍", True),
        ("yes", False),
        ("ok but why", False),
        ("", False),
    ],
)
def test_an_ok_takes_note_and_asks_for_nothing(text: str, is_one: bool) -> None:
    assert is_mere_ok(text) is is_one


@pytest.mark.parametrize(
    ("text", "is_other"),
    [
        ("it's a different order", True),
        ("Wrong order, sorry", True),
        ("the other one", True),
        ("my order", False),
    ],
)
def test_another_order_is_noticed(text: str, is_other: bool) -> None:
    assert points_to_other_order(text) is is_other


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("the latest one", 0),
        ("my most recent", 0),
        ("the second", 1),
        ("third please", 2),
        ("NL-10234", None),
    ],
)
def test_a_place_in_a_list_is_read(text: str, position: int | None) -> None:
    assert find_position(text) == position


@pytest.mark.parametrize(
    ("text", "is_other"),
    [
        ("我的订单在哪里", True),
        ("где мой заказ?", True),
        ("NL-10234 在哪", False),
        ("Où est-ce", False),
        ("🙂 12", False),
    ],
)
def test_another_script_is_noticed(text: str, is_other: bool) -> None:
    assert is_in_other_script(text) is is_other


def test_words_are_counted_in_scripts_without_spaces() -> None:
    assert count_words("颜色不对的台灯") >= 3
    assert count_words("") == 0


@given(st.text())
def test_any_text_is_read_without_error(text: str) -> None:
    clean = normalise(text)
    assert normalise(clean) == clean
    assert len(find_order_numbers(text)) == len(set(find_order_numbers(text)))
    (
        find_email(text),
        find_ticket_number(text, allow_bare=True),
        read_yes_no(text),
        is_question(text),
        points_back(text),
    )


@given(
    st.integers(min_value=10000, max_value=99999), st.sampled_from(["NL-{}", "nl{}", "#{}", "{}", " Nl {} "])
)
def test_every_number_survives_every_spelling(number: int, spelling: str) -> None:
    assert find_order_number(spelling.format(number)) == f"NL-{number}"
