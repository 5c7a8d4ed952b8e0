from __future__ import annotations

import pytest

from actions.goals.answer import asker_of
from actions.goals.talk import Talk
from actions.ports import Asker, Customer
from actions.turn import Turn


def talk(text: str, customer: Customer | None, locale: str = "en") -> Talk:
    return Talk(Turn("c", "m", text, "warranty", 0.9, customer=customer, locale=locale), [])


@pytest.mark.parametrize(
    ("customer", "is_signed_in"),
    [
        (None, False),
        (Customer("", "Maya", "maya@example.com"), False),
        (Customer("17", "Maya", "maya@example.com"), True),
    ],
)
def test_only_whom_the_shop_vouches_for_is_signed_in(customer: Customer | None, is_signed_in: bool) -> None:
    assert asker_of(talk("how long is the warranty", customer)) == Asker(is_signed_in, "en")


def test_language_is_that_of_the_chat_unless_the_text_is_chinese() -> None:
    assert asker_of(talk("how long", None, "zh")).language == "zh"
    assert asker_of(talk("保修多久", None)).language == "zh"
