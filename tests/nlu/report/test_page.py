from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlu.bootstrap import bootstrap
from nlu.dial_figures import DialFigures
from nlu.evaluation import Evaluation, Unseen, evaluate
from nlu.evidence import Nearest
from nlu.examples import Dataset, Example
from nlu.metrics import measure_predictions
from nlu.models import Model
from nlu.outcomes import tabulate
from nlu.predictions import Prediction, Span
from nlu.report.background import Background, EpochPoint, gather
from nlu.report.curves import Shot
from nlu.report.files import write_report
from nlu.report.mistakes import Mistake, find_mistakes
from nlu.report.page import render_report
from nlu.runtime import Understander
from nlu.several import SeveralFigures
from tests.nlu.conftest import small_dataset


class Page(HTMLParser):
    """The tags, the addresses and the words of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.addresses: list[str] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes.update(name for name, _ in attrs)
        self.addresses += [value or "" for name, value in attrs if name in {"src", "href", "action"}]

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def page_of(predictions: list[Prediction]) -> str:
    outcomes = tabulate(predictions)
    evaluation = Evaluation(
        model_id=predictions[0].expected,
        data=predictions[0].text,
        data_sha256="0" * 64,
        metrics=measure_predictions(predictions, outcomes),
        intervals=bootstrap(outcomes, resamples=5),
        unseen=Unseen(0, 0.0),
        unknown_intents=(),
        unknown_entities=(),
        dial=(DialFigures(0.05, 9, 3, 0.04, 0.01, 0.08, 0.7, 0.2, 0.1, None, 1),),
        several=SeveralFigures(2, 1, 1, 9, 0, 3, 0),
        notes=(predictions[0].text,),
        milliseconds_p50=1.0,
        milliseconds_p95=2.0,
        out_of_scope_threshold=0.5,
        versions={"python": "3"},
        model_versions={"torch": "2"},
    )
    mistakes = tuple(
        Mistake(m.prediction, m.kind, Nearest(m.prediction.text, m.prediction.expected, 0.5))
        for m in find_mistakes(predictions)
    )
    background = Background(
        mistakes, (EpochPoint(1, 0.5), EpochPoint(2, 0.75)), (Shot(1, 0.5), Shot(None, 0.9)), 9
    )
    return render_report(evaluation, predictions, background)


HOSTILE = st.sampled_from(
    [
        "<script>alert(1)</script>",
        "</title><img src=x onerror=alert(1)>",
        "\"><b onmouseover='x'>",
        "{{ 7 * 7 }}{% raw %}",
        "'\"&<>",
        "]]><!--",
        "%s {0} {x}",
    ]
)
PREDICTIONS = st.lists(
    st.builds(
        Prediction,
        text=HOSTILE,
        expected=HOSTILE | st.just("oos"),
        understood=HOSTILE,
        confidence=st.floats(0, 1),
        is_out_of_scope=st.booleans(),
        familiarity=st.floats(-1, 1),
        expected_entities=st.builds(Span, st.just(0), st.just(3), HOSTILE).map(lambda span: (span,)),
        entities=st.builds(Span, st.just(0), st.just(3), HOSTILE).map(lambda span: (span,)),
    ),
    min_size=1,
    max_size=8,
)


@settings(max_examples=40)
@given(PREDICTIONS)
def test_nothing_in_a_text_or_a_name_becomes_markup(predictions: list[Prediction]) -> None:
    page = Page(page_of(predictions))
    assert page.tags.count("script") == 1
    assert {"img", "b"}.isdisjoint(page.tags)
    assert not [name for name in page.attributes if name.startswith("on")]
    assert predictions[0].text in "".join(page.words)


def test_the_page_needs_nothing_but_itself() -> None:
    text = page_of([Prediction("hello", "a", "b", 0.9, False, 1.0)])
    assert Page(text).addresses == []
    assert re.findall(r"https?://|url\(|@import", text) == []
    assert "default-src 'none'" in text


def test_the_script_is_the_one_that_the_page_allows() -> None:
    import base64
    import hashlib

    text = page_of([Prediction("hello", "a", "b", 0.9, False, 1.0)])
    script = text.split("<script>")[1].split("</script>")[0]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in text


def test_the_page_shows_figures_curves_confusions_and_errors() -> None:
    words = "".join(
        Page(
            page_of(
                [
                    Prediction("where is it", "status", "status", 0.9, False, 1.0),
                    Prediction("i want it back", "refund", "status", 0.97, False, 1.0),
                    Prediction("sing", "oos", "status", 0.4, True, 0.1),
                    Prediction("dance", "oos", "refund", 0.6, False, 0.7),
                ]
            )
        ).words
    )
    for part in (
        "intent accuracy",
        "50.00 %",
        "Can its confidence be believed?",
        "What does refusing buy?",
        "What does answering risk?",
        "Did it learn long enough?",
        "Would more examples help?",
        "refund, taken for status: 1 of 1 (100 %). For example: i want it back",
        "(out of scope), taken for refund: 1 of 1 (100 %). For example: dance",
        "answered, but out of scope",
        "What comes of the dial",
        "1.0 to 8.0",
    ):
        assert part in words, part
    assert words.index("i want it back") < words.index("dance")


def test_of_many_intents_the_most_confused_are_drawn_and_it_says_so() -> None:
    predictions = [
        Prediction("t", f"intent {n}", f"intent {n if n % 3 else (n + 3) % 150}", 0.9, False, 1.0)
        for n in range(150)
    ]
    text = page_of(predictions)
    assert "The 30 most confused of 150 intents." in text
    assert len(re.findall(r'<rect class="(?:right|wrong)"', text)) <= 30 * 30


def test_a_model_without_mistakes_is_told_so() -> None:
    text = page_of([Prediction("hello", "a", "a", 1.0, False, 1.0)])
    assert "every text was understood as expected" in text


def test_out_of_scope_texts_alone_make_a_page_without_curves_over_intents() -> None:
    text = page_of([Prediction("hello", "oos", "a", 1.0, True, 0.0)])
    assert "Can its confidence be believed?" not in text
    assert "Each intent" not in text


@pytest.fixture
def report(understander: Understander, tiny_model: Model, tmp_path: Path) -> Path:
    strange = Example("my cat sings", "cats")
    evaluation, predictions = evaluate(
        understander, Dataset((*small_dataset().examples, strange)), name="data"
    )
    write_report(evaluation, predictions, gather(understander, predictions, tiny_model.folder), tmp_path)
    return tmp_path


def test_errors_name_the_nearest_training_example(report: Path, understander: Understander) -> None:
    records = [json.loads(line) for line in (report / "errors.jsonl").read_text().splitlines()]
    wrong = next(record for record in records if record["text"] == "my cat sings")
    assert wrong["kind"] in {"wrong_intent", "refused_in_scope"}
    assert wrong["nearest"]["text"] in {example.text for example in understander.bank_examples}


def test_a_real_report_has_its_learning_curves(report: Path) -> None:
    text = (report / "report.html").read_text()
    assert "Did it learn long enough?" in text
    assert "Would more examples help?" in text
