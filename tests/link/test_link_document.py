"""docs/link.asyncapi.yml says what the dataclasses do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from desk.link_protocol import (
    FRAME_OF,
    MAX_FRAME_BYTES,
    PARAMS_OF,
    RESULT_OF,
    CloseCode,
    LinkCustomer,
    LinkSource,
    Refusal,
    Request,
    Response,
    encode_frame,
    parse_frame,
)
from tests.link.schema import schema_of

DOCUMENT = yaml.safe_load((Path(__file__).parents[2] / "docs" / "link.asyncapi.yml").read_text())
SCHEMAS = DOCUMENT["components"]["schemas"]
MESSAGES = DOCUMENT["components"]["messages"]
PARTS = (LinkCustomer, LinkSource, Refusal, *PARAMS_OF.values(), *RESULT_OF.values())
EXAMPLES = [
    (name, example["payload"]) for name, message in MESSAGES.items() for example in message["examples"]
]


def reference(cls: type) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{cls.__name__}"}


def validator(cls: type) -> Draft202012Validator:
    return Draft202012Validator({**reference(cls), "components": DOCUMENT["components"]})


@pytest.mark.parametrize("part", PARTS, ids=lambda part: str(part.__name__))
def test_every_part_is_described_as_it_is(part: type) -> None:
    assert SCHEMAS[part.__name__] == schema_of(part)


@pytest.mark.parametrize("name", FRAME_OF)
def test_every_frame_is_described_as_it_is(name: str) -> None:
    cls, replaced = FRAME_OF[name], {}
    if cls is Request:
        replaced = {"params": {"anyOf": [reference(part) for part in PARAMS_OF.values()]}}
    if cls is Response:
        replaced = {"result": {"anyOf": [*map(reference, RESULT_OF.values()), {"type": "null"}]}}
    expected: dict[str, Any] = schema_of(cls, **replaced)
    expected["properties"] |= {"v": {"const": 1}, "type": {"const": name}}
    expected["required"] = ["v", "type", *expected["required"]]
    assert SCHEMAS[cls.__name__] == expected


def test_nothing_is_described_that_is_not_there() -> None:
    assert set(SCHEMAS) == {cls.__name__ for cls in (*PARTS, *FRAME_OF.values())}
    assert set(MESSAGES) == set(FRAME_OF) == set(DOCUMENT["channels"]["link"]["messages"])
    sent = {
        ref["$ref"].rpartition("/")[2] for op in DOCUMENT["operations"].values() for ref in op["messages"]
    }
    assert sent == set(FRAME_OF)


@pytest.mark.parametrize(("name", "payload"), EXAMPLES)
def test_examples_parse_and_are_what_is_written(name: str, payload: dict[str, Any]) -> None:
    frame = parse_frame(json.dumps(payload))
    assert type(frame) is FRAME_OF[name]
    written = json.loads(encode_frame(frame))
    assert parse_frame(json.dumps(written)) == frame
    for document in (payload, written):
        validator(FRAME_OF[name]).validate(document)


def test_every_method_has_an_example_both_ways() -> None:
    for name in ("request", "response"):
        shown = {payload["method"] for kind, payload in EXAMPLES if kind == name}
        assert shown == {method.value for method in PARAMS_OF}


def test_the_limits_in_the_text_are_the_limits() -> None:
    text = DOCUMENT["info"]["description"]
    assert str(MAX_FRAME_BYTES) in text
    assert all(str(int(code)) in text for code in CloseCode)
