"""A question that does not stand alone is understood from the one before; others are not led astray by it."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from knowledge.base import KnowledgeBase
from knowledge.build import BuildReport, build
from knowledge.encoder_export import DEFAULT_ENCODER, ensure_encoder
from knowledge.follow_up import leaning_on
from knowledge.index import Query

EXAMPLES = Path(__file__).with_name("follow_ups.jsonl")


def query(text: str, *vector: float) -> Query:
    return Query(text, np.asarray(vector).astype(np.float32), tuple(text.split()))


def test_a_follow_up_leans_on_the_question_before_and_keeps_the_lead() -> None:
    joined = leaning_on(query("and express", 1, 0, 0), query("delivery cost", 0, 1, 0))
    assert joined.vector[0] > joined.vector[1] > joined.vector[2] == 0
    assert np.linalg.norm(joined.vector) == pytest.approx(1)
    assert joined.words == ("and", "express", "delivery", "cost")
    assert joined.text == "and express"


@pytest.fixture
def tiny_base(
    articles: Path, build_tiny: Callable[..., BuildReport], tmp_path: Path, tiny: object
) -> KnowledgeBase:
    build_tiny(articles)
    return KnowledgeBase(tmp_path / "root", load_encoder=lambda _: tiny)  # type: ignore[arg-type, return-value]


def test_what_was_asked_before_counts_only_where_the_question_needs_it(tiny_base: KnowledgeBase) -> None:
    def found(text: str, *before: str) -> str | None:
        answer = tiny_base.answer(text, before=before, min_confidence=0)
        return answer.sources[0].passage_id.split("#")[0] if answer else None

    assert found("what delivery costs", "how long the warranty lasts") == "delivery"
    assert found("and for how long years", "how to return an item", "the warranty on oak") == "warranty"
    for foreign in ("zebra crossing", "costs", "?!"):
        assert found(foreign, "?!") == found(foreign)
    assert found("zebra crossing", "how to return an item") == found("zebra crossing")
    assert found("", "what is express delivery") is None


@pytest.fixture(scope="session")
def help_centre(root: Path) -> KnowledgeBase:
    """The demo's help centre, built once and kept until it changes."""
    folder = root / "var" / "tests" / "knowledge"
    exported = ensure_encoder(DEFAULT_ENCODER, root / "var" / "knowledge" / "encoders")
    (folder / "encoders").mkdir(parents=True, exist_ok=True)
    if not (folder / "encoders" / exported.name).exists():
        (folder / "encoders" / exported.name).symlink_to(exported)
    build(root / "data" / "knowledge", folder)
    return KnowledgeBase.open(folder)


@pytest.mark.parametrize(("part", "least"), [("tune", 0.8), ("held out", 0.6)])
def test_two_turns_lead_to_the_right_article(help_centre: KnowledgeBase, part: str, least: float) -> None:
    examples = [json.loads(line) for line in EXAMPLES.read_text().splitlines()]
    examples = [one for one in examples if one["part"] == part]
    assert sum(one["leans"] for one in examples) >= 10

    def place(one: dict[str, str], *before: str) -> str | None:
        answer = help_centre.answer(one["text"], before=before, min_confidence=0)
        return answer.sources[0].passage_id.split("#")[0] if answer else None

    leaning = [one for one in examples if one["leans"]]
    alone = [one for one in examples if not one["leans"] and one["article"]]
    foreign = [one for one in examples if not one["article"]]
    right = sum(place(one, one["before"]) == one["article"] for one in leaning) / len(leaning)
    right_alone = sum(place(one) == one["article"] for one in leaning) / len(leaning)
    print(part, round(right, 3), round(right_alone, 3))  # noqa: T201 - shown with -s
    assert right >= least
    assert right > right_alone
    assert all(place(one, one["before"]) == one["article"] for one in alone)
    assert not any(help_centre.answer(one["text"], before=(one["before"],)) for one in foreign)
