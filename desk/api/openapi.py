"""The console's API as an OpenAPI document, request bodies included.

The handlers read their bodies themselves, because the framework would take "2" for 2; so the framework does not
know the bodies' shapes, and this puts them in.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec
from litestar import Litestar, get
from litestar.openapi.config import OpenAPIConfig
from litestar.routes import HTTPRoute

from desk.requests import AnyRequest
from desk.wire import Json

REF = "#/components/schemas/{name}"
ERROR = {
    "type": "object",
    "required": ["code", "message", "details"],
    "properties": {"code": {"type": "string"}, "message": {"type": "string"}, "details": {"type": "object"}},
}


def build_document(handlers: Sequence[Any]) -> Json:
    """Write the document: the framework's, with the bodies of the handlers that name one."""
    config = OpenAPIConfig(title="Careline desk", version="1", path="/schema")
    app = Litestar(handlers, openapi_config=config)
    document: Json = app.openapi_schema.to_schema()
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    schemas["Error"] = ERROR
    for path, method, struct in _bodies(app):
        operation = document["paths"].get(path, {}).get(method)
        if operation is not None:
            operation["requestBody"] = _body(struct, schemas)
    return document


def _bodies(app: Litestar) -> list[tuple[str, str, type]]:
    routes = [route for route in app.routes if isinstance(route, HTTPRoute)]
    return [
        (route.path_format, method.lower(), handler.opt["body"])
        for route in routes
        for handler in route.route_handlers
        if "body" in handler.opt
        for method in handler.http_methods
    ]


def _body(struct: type, schemas: Json) -> Json:
    (schema,), parts = msgspec.json.schema_components([struct], ref_template=REF)
    schemas.update(parts)
    return {"required": True, "content": {"application/json": {"schema": schema}}}


@get("/console/api/openapi.json", include_in_schema=False)
async def openapi(request: AnyRequest) -> Json:
    """Describe the console's API."""
    document: Json = await asyncio.to_thread(request.app.state.describe)
    return document
