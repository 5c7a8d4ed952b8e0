"""Reading requests strictly: JSON only, of the right shape, and not too much of it."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec
from litestar import Request

from desk.errors import BadRequest
from desk.house import House

AnyRequest = Request[Any, Any, Any]
T = TypeVar("T")


def house_of(request: AnyRequest) -> House:
    """Find the house a request came to."""
    house: House = request.app.state.house
    return house


async def read_body(request: AnyRequest) -> bytes:
    """Read a body, as JSON only; one that is too large is refused by the framework with 413.

    Raises:
        BadRequest: another content type.
    """
    if not request.headers.get("content-type", "").lower().startswith("application/json"):
        raise BadRequest("Bodies are JSON.", "json_expected")
    return await request.body()


async def read_struct(request: AnyRequest, kind: type[T]) -> T:
    """Read a JSON body into its struct; anything else is refused.

    Raises:
        BadRequest: the body has another shape.
    """
    body = await read_body(request)
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as exc:
        raise BadRequest("The body has a field of the wrong shape.") from exc
