"""The part of a letter that asks is found, and what is looked up leans towards it."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from knowledge.base import KnowledgeBase
from knowledge.build import BuildReport
from knowledge.vectors import lean
from knowledge.wish import WISH_LEAN, wish_of


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        ("Hello. I bought a rug in May. How do I send it back? Kind regards", "How do I send it back?"),
        ("My lamp came on Monday, and I would like to send it back", "I would like to send it back"),
        (
            "The sofa is lovely. Please tell me how it is cleaned best.",
            "Please tell me how it is cleaned best.",
        ),
        (
            "I ordered a shelf. Is assembly included? It is for my mother. What does it cost?",
            "Is assembly included? What does it cost?",
        ),
        ("我上周买了一盏灯。请问我怎么申请退货？谢谢。", "请问我怎么申请退货？"),
        ("The lamp flickers. What now?", None),
        ("The lamp flickers. It is broken.", None),
        ("How long is the warranty? What does it cover?", "How long is the warranty? What does it cover?"),
        ("", None),
        ("?!", None),
    ],
)
def test_what_asks_is_found(text: str, wish: str | None) -> None:
    before = "We live in a small town by the sea with two dogs and a cat that sleeps most of the day on the old blue sofa. "
    assert wish_of(before + text) == wish


def test_a_short_text_is_no_letter() -> None:
    assert wish_of("I bought a rug in May. How do I send it back?") is None


def test_a_vector_leans_towards_the_wish_and_keeps_its_length() -> None:
    whole, wish = np.eye(2, 4).astype(np.float32)
    leaning = lean(whole, wish, WISH_LEAN)
    assert np.linalg.norm(leaning) == pytest.approx(1)
    assert leaning[1] == leaning[0] > leaning[2] == 0
    assert lean(whole, -whole, WISH_LEAN).tolist() == [0, 0, 0, 0]


def test_a_letter_finds_what_it_asks_for(
    articles: Path, build_tiny: Callable[..., BuildReport], tmp_path: Path, tiny: object
) -> None:
    build_tiny(articles)
    base = KnowledgeBase(tmp_path / "root", load_encoder=lambda _: tiny)  # type: ignore[arg-type, return-value]
    told = "Last week I paid for express delivery of a lamp, delivery was quick, express is great, and so I pay for it."
    asked = "How long does the warranty on it last?"
    assert base.search(told)[0].document_id == "delivery"
    assert base.search(f"{told} {asked}")[0].document_id == "warranty"
