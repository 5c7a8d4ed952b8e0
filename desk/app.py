"""The desk as a web application."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import lru_cache
from typing import Any

import structlog
from litestar import Litestar, Request, Response, Router
from litestar.datastructures import State
from litestar.di import Provide
from litestar.exceptions import HTTPException

from desk.announce import Announcer, LocalAnnouncer
from desk.api import articles, auth, conversations, explanations, knowledge, openapi, socket, tickets
from desk.api.guard import provide_session
from desk.channels import widget, widget_socket
from desk.config import DeskConfig, check_config
from desk.context import Clock, Desk
from desk.database import Database
from desk.engine import EngineClient
from desk.errors import DeskError
from desk.frames import utc_now
from desk.health import Remembered, health
from desk.hours import parse_hours
from desk.house import build_house
from desk.library import Library
from desk.live import Live
from desk.pages import demo, static
from desk.pages import help as help_pages
from desk.security import EdgeMiddleware
from desk.wire import Json

log = structlog.get_logger()

CODES = {
    400: "bad_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    413: "body_too_large",
}


def build_desk(config: DeskConfig, announcer: Announcer | None = None, clock: Clock = utc_now) -> Desk:
    """Open the database and put a desk together; refuses an unsafe configuration."""
    check_config(config)
    hours = parse_hours(config.people.opening_hours, config.people.time_zone)
    return Desk(config, Database(config.database_url), announcer or LocalAnnouncer(), clock, hours)


def create_app(
    config: DeskConfig,
    desk: Desk | None = None,
    engine: EngineClient | None = None,
    library: Library | None = None,
) -> Litestar:
    """Build the application; the database must have been migrated.

    Args:
        config: everything the desk must be told.
        desk: a desk that others share (the turn worker); one of its own where None.
        engine: a client of the engine; likewise.
        library: the articles and their index; none where None.
    """
    the_desk = desk or build_desk(config)
    the_engine = engine or EngineClient(config.engine)
    live = Live(the_desk.announcer)
    house = build_house(the_desk, live, the_engine, library)

    @asynccontextmanager
    async def lifespan(_app: Litestar) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            if desk is None:
                stack.push_async_callback(the_desk.database.close)
            if engine is None:
                stack.push_async_callback(the_engine.close)
            stack.enter_context(live.open())
            yield

    app = Litestar(
        route_handlers=_handlers(),
        lifespan=[lifespan],
        state=State({"house": house, "remembered": Remembered(), "describe": describe}),
        exception_handlers={DeskError: _say_no, HTTPException: _say_http, Exception: _say_sorry},
        openapi_config=None,
        request_max_body_size=config.limits.max_body_bytes,
        logging_config=None,
        debug=False,
    )
    # Outermost: the framework's own middleware sees only requests for which it found a handler.
    app.asgi_handler = EdgeMiddleware(app.asgi_handler, config)
    return app


def _handlers() -> Sequence[Any]:
    api = Router(
        "/console/api",
        route_handlers=[
            auth.logout,
            auth.me,
            auth.put_presence,
            auth.list_agents,
            *conversations.HANDLERS,
            explanations.explain_entry,
            *tickets.HANDLERS,
            *knowledge.HANDLERS,
            *articles.HANDLERS,
        ],
        dependencies={"session": Provide(provide_session)},
    )
    return [
        Router("/console/api", route_handlers=[auth.login]),
        api,
        openapi.openapi,
        socket.console_socket,
        widget.open_session,
        widget.poll_entries,
        widget.post_message,
        widget_socket.widget_socket,
        demo.demo_identity,
        health,
        *help_pages.HANDLERS,
        *static.HANDLERS,
    ]


@lru_cache(maxsize=1)
def describe() -> Json:
    """Describe the API; the document is the same for every application."""
    return openapi.build_document(_handlers())


def _answer(code: str, message: str, status: int, details: Json, headers: dict[str, str]) -> Response[Json]:
    body = {"code": code, "message": message, "details": details}
    return Response(body, status_code=status, headers={"cache-control": "no-store"} | headers)


def _say_no(_request: Request[Any, Any, Any], error: DeskError) -> Response[Json]:
    details = error.details()
    wait = details.get("retry_after_seconds")
    headers = {"retry-after": str(int(wait) + 1)} if wait is not None else {}
    return _answer(error.code, str(error), error.status, details, headers)


def _say_http(_request: Request[Any, Any, Any], error: HTTPException) -> Response[Json]:
    """Answer what the framework refused, without repeating what came in."""
    code = CODES.get(error.status_code, "bad_request" if error.status_code < 500 else "internal_error")
    headers = {name: value for name, value in (error.headers or {}).items() if name.lower() == "allow"}
    return _answer(code, code.replace("_", " ").capitalize() + ".", error.status_code, {}, headers)


def _say_sorry(request: Request[Any, Any, Any], error: Exception) -> Response[Json]:
    log.error("request_failed", path=request.url.path, exc_info=error)
    return _answer("internal_error", "Something went wrong here.", 500, {}, {})
