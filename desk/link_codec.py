"""Dataclasses from JSON and back, by their annotations; what ``link_protocol`` is written with.

Pure. A field's annotation says its type and, as ``Annotated[..., Bounds(low, high)]``, how long or how large
it may be. Everything else is refused with the field's name.
"""

from __future__ import annotations

import enum
import json
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Annotated, Any, TypeVar, cast, get_args, get_origin

MAX_FRAME_BYTES = 64 * 1024
MAX_DATA_DEPTH = 8
MAX_INTEGER = 2**53 - 1


class LinkProtocolError(Exception):
    """A frame that cannot be read or written; ``code`` is stable, the sentence is for logs."""

    code = "link_protocol_error"
    is_retryable = False


class FrameTooLarge(LinkProtocolError):
    """A frame is larger than MAX_FRAME_BYTES."""

    code = "frame_too_large"

    def __init__(self, size_bytes: int) -> None:
        self.size_bytes = size_bytes

    def __str__(self) -> str:
        return f"A frame of {self.size_bytes} bytes is larger than {MAX_FRAME_BYTES}."


class FrameMalformed(LinkProtocolError):
    """A frame is not a JSON object."""

    code = "frame_malformed"

    def __init__(self, reason: str) -> None:
        self.reason = reason

    def __str__(self) -> str:
        return f"A frame is not a JSON object: {self.reason}."


class FrameForeign(LinkProtocolError):
    """A frame names a version, type or method that this side does not speak."""

    code = "frame_foreign"

    def __init__(self, what: str, name: object) -> None:
        self.what = what
        self.name = repr(name)[:80]

    def __str__(self) -> str:
        return f"Unknown {self.what} {self.name}."


class FieldRejected(LinkProtocolError):
    """A field of a frame is missing, unknown, of another type or out of its bounds."""

    code = "field_rejected"

    def __init__(self, field: str, reason: str) -> None:
        self.field = field
        self.reason = reason

    def __str__(self) -> str:
        return f"Field {self.field}: {self.reason}."


@dataclass(frozen=True)
class Bounds:
    """Smallest and largest length of a text or list, or value of a number."""

    low: float
    high: float


JsonValue = str | int | float | bool | None | list[Any] | dict[str, Any]
"""What a JSON document may hold, at most MAX_DATA_DEPTH deep."""


def parse_object(text: str) -> dict[str, Any]:
    """Read JSON strictly: no repeated keys, no NaN, no lone surrogates, an object at the top."""
    try:
        size_bytes = len(text.encode())
        if size_bytes > MAX_FRAME_BYTES:
            raise FrameTooLarge(size_bytes)
        members = json.loads(text, object_pairs_hook=_unique_members, parse_constant=_refuse_constant)
    except LinkProtocolError:
        raise
    except (ValueError, RecursionError) as error:
        raise FrameMalformed(type(error).__name__) from error
    if not isinstance(members, dict):
        raise FrameMalformed("the top is not an object")
    return members


def _unique_members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise FrameMalformed("a key is repeated")
    return members


def _refuse_constant(name: str) -> None:
    raise FrameMalformed(f"{name} is not JSON")


Built = TypeVar("Built")


def build(cls: type[Built], members: object, path: str, given: Mapping[str, object] | None = None) -> Built:
    """Build a dataclass from a JSON object; ``given`` members are built already."""
    if not isinstance(members, dict):
        raise FieldRejected(path.rstrip(".") or "frame", "not an object")
    done = dict(given or {})
    readers = _readers(cast(type, cls))
    unknown = members.keys() - readers.keys()
    if unknown:
        raise FieldRejected(f"{path}{sorted(map(str, unknown))[0][:60]}", "unknown")
    for name, (read, is_required) in readers.items():
        if name in done:
            continue
        if name in members:
            done[name] = read(members[name], f"{path}{name}")
        elif is_required:
            raise FieldRejected(f"{path}{name}", "missing")
    return cls(**done)


Reader = Callable[[Any, str], Any]


@cache
def _readers(cls: type) -> dict[str, tuple[Reader, bool]]:
    hints = typing.get_type_hints(cls, include_extras=True)
    return {
        field.name: (
            _reader(hints[field.name]),
            field.default is MISSING and field.default_factory is MISSING,
        )
        for field in fields(cls)
    }


def _reader(hint: Any) -> Reader:
    """Choose the function that checks and reads a value of this annotation."""
    bounds = None
    if get_origin(hint) is Annotated:
        hint, bounds = get_args(hint)
    if get_origin(hint) in (typing.Union, types.UnionType) and type(None) in get_args(hint):
        return _optional_reader([arm for arm in get_args(hint) if arm is not type(None)])
    if get_origin(hint) is tuple:
        return _tuple_reader(_reader(get_args(hint)[0]), bounds or Bounds(0, 100))
    if get_origin(hint) is dict:
        return _read_data
    if hint is str:
        return _text_reader(bounds or Bounds(0, 300))
    if hint is int:
        return _integer_reader(bounds or Bounds(0, MAX_INTEGER))
    return _plain_reader(hint)


def _plain_reader(hint: Any) -> Reader:
    if hint is bool:
        return _read_bool
    if hint is datetime:
        return _read_time
    if isinstance(hint, type) and issubclass(hint, enum.StrEnum):
        return _enum_reader(hint)
    if is_dataclass(hint) and isinstance(hint, type):
        return lambda value, path: build(hint, value, f"{path}.")
    return _read_nothing  # Params and Result: built by their method, never from here


def _read_nothing(value: Any, path: str) -> Any:  # noqa: ARG001 - the shape of a reader
    raise FieldRejected(path, "not allowed here")


def _optional_reader(arms: list[Any]) -> Reader:
    read = _reader(arms[0]) if len(arms) == 1 else _read_nothing
    return lambda value, path: None if value is None else read(value, path)


def _tuple_reader(read: Reader, bounds: Bounds) -> Reader:
    def read_tuple(value: Any, path: str) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise FieldRejected(path, "not a list")
        if not bounds.low <= len(value) <= bounds.high:
            raise FieldRejected(path, "too many or too few")
        return tuple(read(item, f"{path}[{index}]") for index, item in enumerate(value))

    return read_tuple


def _text_reader(bounds: Bounds) -> Reader:
    def read_text(value: Any, path: str) -> str:
        if not isinstance(value, str):
            raise FieldRejected(path, "not a text")
        if not bounds.low <= len(value) <= bounds.high:
            raise FieldRejected(path, f"{len(value)} characters long")
        return _check_characters(value, path)

    return read_text


def _check_characters(value: str, path: str) -> str:
    """Refuse NUL, which PostgreSQL cannot keep, and lone surrogates, which no encoding can."""
    if "\x00" in value or any("\ud800" <= character <= "\udfff" for character in value):
        raise FieldRejected(path, "holds a character that cannot be stored")
    return value


def _integer_reader(bounds: Bounds) -> Reader:
    def read_integer(value: Any, path: str) -> int:
        if not isinstance(value, int) or isinstance(value, bool):
            raise FieldRejected(path, "not an integer")
        if not bounds.low <= value <= bounds.high:
            raise FieldRejected(path, "out of bounds")
        return value

    return read_integer


def _enum_reader(cls: type[enum.StrEnum]) -> Reader:
    def read_enum(value: Any, path: str) -> enum.StrEnum:
        if not isinstance(value, str) or value not in cls._value2member_map_:
            raise FieldRejected(path, "not one of the known values")
        return cls(value)

    return read_enum


def _read_bool(value: Any, path: str) -> bool:
    if not isinstance(value, bool):
        raise FieldRejected(path, "not true or false")
    return value


def _read_time(value: Any, path: str) -> datetime:
    """Read an ISO 8601 time with an offset; the result is UTC."""
    if not isinstance(value, str) or len(value) > 40:
        raise FieldRejected(path, "not a time")
    try:
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            raise FieldRejected(path, "a time without an offset")
        return moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise FieldRejected(path, "not a time") from error


def _read_data(value: Any, path: str) -> dict[str, JsonValue]:
    if not isinstance(value, dict):
        raise FieldRejected(path, "not an object")
    _check_data(value, path, MAX_DATA_DEPTH)
    return value


def _check_data(value: Any, path: str, depth: int) -> None:
    if depth == 0:
        raise FieldRejected(path, "nested too deeply")
    if isinstance(value, dict):
        for key, item in value.items():
            _check_characters(key, path)
            _check_data(item, path, depth - 1)
    elif isinstance(value, list):
        for item in value:
            _check_data(item, path, depth - 1)
    elif isinstance(value, str):
        _check_characters(value, path)
    elif isinstance(value, int) and not isinstance(value, bool) and abs(value) > MAX_INTEGER:
        raise FieldRejected(path, "an integer out of bounds")
    elif isinstance(value, float) and value in (float("inf"), float("-inf")):
        raise FieldRejected(path, "a number out of bounds")


def encode_members(value: Any) -> Any:
    """Turn a dataclass of this module into plain JSON values."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: encode_members(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, enum.StrEnum):
        return value.value
    if isinstance(value, tuple):
        return [encode_members(item) for item in value]
    return value
