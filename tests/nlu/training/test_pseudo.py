from __future__ import annotations

import dataclasses
import json
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from nlu.config import TrainConfig
from nlu.encoding import TextEncoder
from nlu.examples import Dataset, Entity, Example, Made
from nlu.models import Model, train_with_unlabelled
from nlu.progress import Progress
from nlu.runtime import FoundEntity, Parse
from nlu.training.parts import build_parts
from nlu.training.pseudo import choose
from tests.nlu.conftest import small_dataset


def parse(
    text: str,
    intent: str | None,
    confidence: float,
    *entities: FoundEntity,
    is_out_of_scope: bool = False,
) -> Parse:
    return Parse(text, intent, confidence, (), entities, is_out_of_scope, familiarity=0.0)


PARSES = st.lists(
    st.builds(
        parse,
        st.sampled_from(["hi", "Hi!", "hello", "bye", "thanks", "ok"]),
        st.sampled_from(["a", "b", None]),
        st.sampled_from([0.5, 0.9, 0.95]),
        is_out_of_scope=st.booleans(),
    ),
    max_size=12,
)


def chosen(parses: list[Parse], *known: str, most: int = 9) -> list[Example]:
    made = choose(parses, known, least_confidence=0.9, most_per_intent=most)
    assert all(one.origin == "" for one in made)
    return [one.example for one in made]


@given(PARSES, st.integers(1, 3))
def test_only_sure_and_familiar_messages_are_chosen_and_few_of_an_intent(
    parses: list[Parse], most: int
) -> None:
    examples = chosen(parses, "OK", most=most)
    fit = {(p.text, p.intent) for p in parses if p.confidence >= 0.9 and not p.is_out_of_scope and p.intent}
    assert {(e.text, e.intent) for e in examples} <= fit
    assert "ok" not in {e.text for e in examples}
    for intent in ("a", "b"):
        assert sum(e.intent == intent for e in examples) <= most
    assert len({e.text.strip("!").lower() for e in examples}) == len(examples)


def test_surest_messages_are_chosen() -> None:
    parses = [parse("x", "a", 0.91), parse("y", "a", 0.99), parse("z", "b", 0.9)]
    assert [e.text for e in chosen(parses, most=1)] == ["y", "z"]


def test_message_with_a_doubtful_detail_is_left_out() -> None:
    details = [FoundEntity(0, 4, "product", "sofa", confidence) for confidence in (0.95, 0.85)]
    examples = chosen([parse("sofa", "a", 0.95, details[0]), parse("sofa 2", "a", 0.95, details[1])])
    assert examples == [Example("sofa", "a", (Entity(0, 4, "product", "sofa"),))]


def test_made_examples_are_learned_and_nothing_is_measured_by_them(
    tiny_encoder: Path, tiny_config: TrainConfig
) -> None:
    encoder = TextEncoder.load(tiny_encoder / "tokenizer.json", max_tokens=48)
    plain = build_parts(small_dataset(), None, encoder, tiny_config)
    watched = [example.text for example in plain.taught[len(plain.learned) :]]
    made = (
        Made(Example("so long", "thank")),
        Made(Example("of a watched one", "thank"), origin=watched[0]),
        Made(Example("of a learned one", "thank"), origin=plain.taught[0].text),
    )
    wide = build_parts(dataclasses.replace(small_dataset(), made=made), None, encoder, tiny_config)
    assert wide.watched == plain.watched
    texts = [example.text for example in wide.taught[: len(wide.learned)]]
    assert texts[len(plain.learned) :] == ["so long", "of a learned one"]


def test_second_training_learns_what_the_first_was_sure_of(
    tmp_path: Path, tiny_model: Model, tiny_config: TrainConfig
) -> None:
    config = dataclasses.replace(tiny_config, pseudo_confidence=0.5)
    told: list[Progress] = []
    unlabelled = ["please cancel the blue lamp 77", "where is my order 10299", "thank you so much"]
    model = train_with_unlabelled(small_dataset(), None, unlabelled, tmp_path, config, told.append)
    assert model.model_id != tiny_model.model_id
    sure = next(p.message for p in told if "unlabelled" in p.message)
    count = int(sure.split("sure of ")[1].split()[0])
    assert 1 <= count <= 2, sure  # the third is taught
    assert model.metrics["examples"]["learned"] == 24 + count
    assert len(list(tmp_path.glob("*/manifest.json"))) == 2
    assert json.loads((tmp_path / model.model_id / "labels.json").read_text())["intents"]


def test_without_a_sure_message_the_first_model_is_given(tmp_path: Path, tiny_config: TrainConfig) -> None:
    config = dataclasses.replace(tiny_config, epochs=1, pseudo_confidence=1.1)
    model = train_with_unlabelled(small_dataset(), None, ["hello"], tmp_path, config, lambda _: None)
    assert [file.parent.name for file in tmp_path.glob("*/manifest.json")] == [model.model_id]


def test_made_examples_do_not_count_as_taught() -> None:
    dataset = Dataset(made=(Made(Example("hi", "greet")),))
    assert dataset.intents == ()
