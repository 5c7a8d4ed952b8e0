"""JSON Schema from the link's dataclasses, to be compared with what docs/link.asyncapi.yml says."""

from __future__ import annotations

import enum
import types
import typing
from dataclasses import MISSING, fields, is_dataclass
from datetime import datetime
from typing import Annotated, Any, get_args, get_origin

from desk.link_codec import MAX_INTEGER, Bounds

Schema = dict[str, Any]


def schema_of(cls: type, **replaced: Schema) -> Schema:
    """Describe a dataclass; ``replaced`` fields are described by the caller."""
    hints = typing.get_type_hints(cls, include_extras=True)
    properties = {f.name: replaced.get(f.name) or describe(hints[f.name]) for f in fields(cls)}
    required = [f.name for f in fields(cls) if f.default is MISSING and f.default_factory is MISSING]
    return {"type": "object", "additionalProperties": False, "required": required, "properties": properties}


def describe(hint: Any) -> Schema:
    """Describe one annotation."""
    bounds = None
    if get_origin(hint) is Annotated:
        hint, bounds = get_args(hint)
    arms = get_args(hint)
    if get_origin(hint) in (typing.Union, types.UnionType) and type(None) in arms:
        return nullable(describe(next(arm for arm in arms if arm is not type(None))))
    if get_origin(hint) is tuple:
        limits = {"minItems": int(bounds.low), "maxItems": int(bounds.high)} if bounds else {}
        return {"type": "array", "items": describe(arms[0]), **limits}
    if get_origin(hint) is dict:
        return {"type": "object"}
    return describe_plain(hint, bounds)


def describe_plain(hint: Any, bounds: Bounds | None) -> Schema:
    if hint is str:
        limits = bounds or Bounds(0, 300)
        return {"type": "string", "minLength": int(limits.low), "maxLength": int(limits.high)}
    if hint is bool:
        return {"type": "boolean"}
    if hint is int:
        limits = bounds or Bounds(0, MAX_INTEGER)
        return {"type": "integer", "minimum": int(limits.low), "maximum": int(limits.high)}
    if hint is datetime:
        return {"type": "string", "format": "date-time", "maxLength": 40}
    if issubclass(hint, enum.StrEnum):
        return {"type": "string", "enum": [member.value for member in hint]}
    assert isinstance(hint, type)
    assert is_dataclass(hint)
    return {"$ref": f"#/components/schemas/{hint.__name__}"}


def nullable(schema: Schema) -> Schema:
    if "$ref" in schema:
        return {"oneOf": [schema, {"type": "null"}]}
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    return {**schema, "type": [*kinds, "null"]}
